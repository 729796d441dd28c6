package web

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/chromedp/chromedp"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/internal/testenv/browser"
	"hunyue/server/auth"
	"hunyue/slots"
)

// The day of the crowd, and its names, whose first character is in nothing else.
const (
	crowdDay  = "2026-06-02"
	rareNames = "龘"
)

// How the way to the server is cut.
const (
	cutWhole     = iota
	cutLost      // the server acts, and its answer never comes
	cutHalf      // it comes in part
	cutAway      // nothing comes through
	cutUnplugged // the browser knows that it has no network
	cutBefore    // a check-in hangs on its way there
	cutBehind    // or on its way back
)

// gate is the way from the desks to the server.
type gate struct {
	*httptest.Server
	how   atomic.Int32
	hangs atomic.Int32 // so many have
}

func (g *gate) open(t *testing.T, to http.Handler) {
	t.Helper()
	over := make(chan struct{})
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		how := g.how.Load()
		if how == cutAway || how == cutUnplugged {
			panic(http.ErrAbortHandler)
		}
		arrives := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/check-in")
		if how == cutWhole || how >= cutBefore && !arrives {
			to.ServeHTTP(w, r)
			return
		}
		if how >= cutBefore {
			if how == cutBehind {
				to.ServeHTTP(httptest.NewRecorder(), r)
			}
			_, _ = io.Copy(io.Discard, r.Body) // only then it is heard that nobody waits any more
			g.hangs.Add(1)
			select {
			case <-r.Context().Done():
			case <-over:
			}
			panic(http.ErrAbortHandler)
		}
		kept := httptest.NewRecorder()
		to.ServeHTTP(kept, r)
		if how == cutHalf {
			w.Header().Set("Content-Type", kept.Header().Get("Content-Type"))
			w.Header().Set("Content-Length", fmt.Sprint(kept.Body.Len()))
			_, _ = w.Write(kept.Body.Bytes()[:kept.Body.Len()/2])
			_ = http.NewResponseController(w).Flush()
		}
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(g.Close)
	t.Cleanup(func() { close(over) })
}

// hallOf is a town on the morning of the crowd's day, with so many couples.
type hallOf struct {
	*town
	gate
	profile string
	chrome  *browser.Browser
	numbers []string
	secrets []string // what is in no file of the browser
}

func newHall(t *testing.T, couples int) *hallOf {
	t.Helper()
	h := &hallOf{town: newTown(t), profile: t.TempDir()}
	h.broken = true // requests that are cut off in the middle
	morning := []slots.Period{{From: 9 * 60, To: 12 * 60}}
	from, to := date.Date{Year: 2026, Month: time.June, Day: 1}, date.Date{Year: 2026, Month: time.June, Day: 3}
	err := h.Offices.PutSchedule(t.Context(), office, from, slots.Template{
		SlotMinutes: 60, Weekdays: slots.Week{"tue": morning, "wed": morning}, Capacity: slots.Capacity{slots.Marriage: 60, slots.Other: 1},
	}, "test")
	if err == nil {
		_, err = h.Desk.Publish(t.Context(), office, from, to, slots.PublishOptions{}, "test")
	}
	if err != nil {
		t.Fatal(err)
	}
	for n := range couples {
		h.numbers = append(h.numbers, h.couple(n))
	}
	h.at(crowdDay + " 08:55")
	h.gate.open(t, h.server.Config.Handler)
	h.chrome = browser.OpenIn(t, h.profile)
	return h
}

// couple books for the nth couple of the crowd.
func (h *hallOf) couple(n int) string {
	h.t.Helper()
	var numbers []string
	for _, sex := range []identity.Sex{identity.Male, identity.Female} {
		number, err := identity.Synthetic(date.Date{Year: 1992, Month: time.May, Day: 4}, sex, n)
		if err != nil {
			h.t.Fatal(err)
		}
		numbers = append(numbers, number)
	}
	v, day, phone := h.visitor(), "/o/"+office+"/"+crowdDay, fmt.Sprintf("139000%05d", n)
	v.get(day).send(day, "slot", office+"-20260602-0900-marriage").want(http.StatusOK)
	v.send("/book/check", append(couple(), "parties.0.name", rareNames+"一", "parties.1.name", rareNames+"二",
		"parties.0.document.number", numbers[0], "parties.1.document.number", numbers[1], "phone", phone)...).want(http.StatusOK)
	v.send("/book/confirm", "code", v.codeFor(phone)).want(http.StatusOK, "预约成功")
	number := strings.TrimPrefix(v.URL.Path, "/b/")
	h.secrets = append(h.secrets, number, numbers[0], numbers[1], phone)
	return number
}

// desk is a tab at which somebody has signed in, with the store open.
type desk struct {
	*hallOf
	tab  *browser.Tab
	who  string
	told map[string]string // number -> ticket that the couple was told
}

func (h *hallOf) desk(tab *browser.Tab, who string) *desk {
	h.t.Helper()
	d := &desk{h, tab, who, map[string]string{}}
	d.go_("/staff/login")
	d.signIn()
	d.go_("/desk?lang=zh")
	d.openStore()
	kept := run[bool](d, `await navigator.serviceWorker.ready; for (let i = 0; i < 100 && !(await caches.match("/desk")); i++) await new Promise(r => setTimeout(r, 50)); return !!(await caches.match("/desk"))`)
	if !kept {
		h.t.Fatal("the desk's page is not kept")
	}
	return d
}

// hire makes an account that has been measured today.
func (h *hallOf) hire(who string) string {
	h.t.Helper()
	_, err := h.Accounts.AddUser(h.t.Context(), "test", auth.NewUser{Username: who, Name: who, Password: password, Roles: []string{auth.Hall}, Offices: []string{office}})
	if err != nil {
		h.t.Fatal(err)
	}
	h.measured(who)
	return who
}

func (h *hallOf) measured(who string) {
	h.t.Helper()
	_, err := h.Hall.RecordStaff(h.t.Context(), hall.StaffReading{
		Staff: who, Office: office, Actor: who, Readings: []hall.Reading{{Party: 1, Decicelsius: 364, Device: "T1"}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) go_(path string) { d.t.Helper(); d.must(d.tab.Do(chromedp.Navigate(d.URL + path))) }

func (d *desk) signIn() {
	d.t.Helper()
	at, err := browser.Ask[string](d.tab, fmt.Sprintf(`fetch("/staff/login", { method: "POST", body: new URLSearchParams({ username: %q, password: %q }) }).then(a => a.url)`, d.who, password))
	if err != nil || strings.Contains(at, "login") {
		d.t.Fatalf("%s signs in: at %s, %v", d.who, at, err)
	}
}

// run asks the page for the value of an async function's body.
func run[T any](d *desk, body string, args ...any) T {
	d.t.Helper()
	v, err := browser.Ask[T](d.tab, "(async () => { "+fmt.Sprintf(body, args...)+" })()")
	if err != nil {
		d.t.Fatalf("%s: %v", body, err)
	}
	return v
}

func (d *desk) openStore() {
	d.t.Helper()
	run[bool](d, `const { openStore } = await import(%q); window.store = await openStore({ office: %q, day: %q }); return true`,
		d.Pages.look.assets["deskstore.js"].at, office, crowdDay)
}

// stand is the state of the store.
type stand struct {
	Online                  bool
	Waiting, Failed, Others int
	SignedOut               bool
}

func (d *desk) stand() stand {
	d.t.Helper()
	return run[stand](d, `return new Promise(done => store.onchange(done))`)
}

// settled waits until nothing waits to be sent.
func (d *desk) settled() stand {
	d.t.Helper()
	return run[stand](d, `let s; for (let i = 0; i < 40; i++) { await store.sync(); store.onchange(now => { s = now; }); if (!s.waiting && s.online) break; await new Promise(r => setTimeout(r, 250)); } return s`)
}

// cut changes the way to the server.
func (d *desk) cut(how int32) {
	d.t.Helper()
	d.how.Store(how)
	speed := -1.0
	if how == cutUnplugged {
		speed = 0
	}
	d.must(d.tab.Do(browser.Network(0, speed)))
}

const sending = `store.send({ kind: "check-in", number: %q, key: %q, readings: [{ party: 1, celsius: 365, device: "CANARY-T1" }, { party: 2, celsius: 366, device: "CANARY-T1" }] })`

// onceKept sends without waiting for an answer, and reports whether the deed is kept
// before there is one: from then on it is not lost with the tab.
const onceKept = `let now; store.onchange(s => { now = s.waiting; }); const before = now; window.gone = ` + sending + `;
	for (let i = 0; i < 1000 && now === before; i++) await new Promise(r => setTimeout(r, 5)); return now > before`

type sentAnswer struct {
	State, Ticket, Code, Outcome string
	Answer                       struct{ Ticket string }
}

// receive checks a couple in and notes what it was told.
func (d *desk) receive(number string) sentAnswer {
	d.t.Helper()
	a := run[sentAnswer](d, `return `+sending, number, "key-at-the-desk-of-"+number+d.who)
	switch a.State {
	case "sent":
		d.told[number] = a.Answer.Ticket
	case "saved":
		d.told[number] = a.Ticket
	}
	return a
}

// kill ends the tab in the middle of whatever it does, and opens another.
func (d *desk) kill() {
	d.t.Helper()
	d.must(chromedp.Cancel(d.tab.Context()))
	d.tab = d.chrome.Tab(d.t)
	if d.how.Load() == cutUnplugged {
		d.must(d.tab.Do(browser.Network(0, 0)))
	}
	d.go_("/desk?lang=zh")
	d.openStore()
}

func TestTheNetworkIsCutTwentyTimesAndNothingIsLostOrDoneTwice(t *testing.T) {
	h := newHall(t, 26)
	d := h.desk(h.chrome.Tab(t), h.hire("door"))
	cuts, killed, saved, reopened := 0, 0, 0, 0
	for i, number := range h.numbers[:24] {
		how := []int32{cutWhole, cutLost, cutHalf, cutAway, cutUnplugged, cutLost}[i%6]
		d.cut(how)
		if how != cutWhole {
			cuts++
		}
		if i%8 == 5 { // the tab goes in the middle of it
			if !run[bool](d, onceKept, number, "key-at-the-desk-of-"+number+d.who) {
				t.Fatalf("cut %d: nothing is kept", how)
			}
			d.kill()
			killed++
		} else {
			a := d.receive(number)
			if want := map[bool]string{true: "sent", false: "saved"}[how == cutWhole]; a.State != want || d.told[number] == "" {
				t.Fatalf("cut %d: %+v, want %s", how, a, want)
			}
			if a.State == "saved" {
				saved++
			}
			if i%8 == 3 { // and opens without a network
				before := d.stand().Waiting
				d.kill()
				killed, reopened = killed+1, reopened+1
				if now := d.stand().Waiting; now != before || now == 0 {
					t.Errorf("after the tab was killed %d wait, want %d", now, before)
				}
			}
		}
		if s := d.stand(); how != cutWhole && s.Waiting == 0 {
			t.Errorf("cut %d: nothing waits to be sent, and the answer never came", how)
		}
		if i%3 == 2 {
			d.cut(cutWhole)
			if s := d.settled(); s.Waiting != 0 || s.Failed != 0 {
				t.Fatalf("after the network came back: %+v", s)
			}
		}
	}
	d.cut(cutWhole)
	if s := d.settled(); s.Failed != 0 {
		t.Fatalf("conflicts: %+v", s)
	}
	h.counts(24, 24)
	for number, ticket := range d.told {
		if n := h.count(`SELECT count(*) FROM visit AS v JOIN appointment AS a ON a.id = v.appointment_id WHERE a.number = $1 AND v.ticket = $2`, number, ticket); n != 1 {
			t.Errorf("the couple was told %s, and the line has it otherwise", ticket)
		}
	}
	if !t.Failed() {
		t.Logf("count: network cut %d times in mid-scan, tab killed %d times (%d of them opened again without a network), %d saved: 24 check-ins done, 24 visits, 48 readings, none twice, none lost, %d tickets as told",
			cuts, killed, reopened, saved, len(d.told))
	}
	if cuts < 20 {
		t.Errorf("%d cuts, want 20 or more", cuts)
	}
}

// counts compares what is stored with what was done.
func (h *hallOf) counts(visits, tickets int) {
	h.t.Helper()
	if n := h.count(`SELECT count(*) FROM visit`); n != visits {
		h.t.Errorf("%d visits, want %d", n, visits)
	}
	if n := h.count(`SELECT count(DISTINCT ticket) FROM visit`); n != tickets {
		h.t.Errorf("%d tickets, want %d", n, tickets)
	}
	if n := h.count(`SELECT count(*) FROM temperature WHERE kind = 'party'`); n != 2*visits {
		h.t.Errorf("%d readings, want %d", n, 2*visits)
	}
}

func TestWhatADeskKeepsIsSealedAndWipedAtSignOut(t *testing.T) {
	h := newHall(t, 3)
	d := h.desk(h.chrome.Tab(t), h.hire("door"))
	d.cut(cutAway)
	d.receive(h.numbers[0])
	key := run[string](d, `return /deskkey=([\w-]+)/.exec(document.cookie)[1]`)
	rows := run[int](d, keptRows+`return rows.length`)
	plain := run[string](d, keptRows+`return rows.map(r => [...new Uint8Array(r.bytes || new ArrayBuffer(0))].map(b => String.fromCharCode(b)).join("") + JSON.stringify(Object.keys(r))).join("\n")`)
	if rows != 2 {
		t.Errorf("%d rows are kept, want the list and a check-in", rows)
	}
	secrets := append(slices.Clone(h.secrets), rareNames+"*", rareNames+"一", rareNames+"二", key, "CANARY-T1", `"celsius":365`, `"names":`, `"tails":`)
	looked := 0
	for _, secret := range secrets {
		if strings.Contains(plain, secret) {
			t.Errorf("what is kept tells %q", secret)
		}
	}
	var tails []string
	for i := 1; i < len(h.secrets); i += 4 {
		tails = append(tails, h.secrets[i][14:], h.secrets[i+1][14:])
	}
	files, size := h.read(func(name string, raw []byte) {
		for _, secret := range secrets {
			looked++
			if bytes.Contains(raw, []byte(secret)) || bytes.Contains(raw, wide(secret)) {
				t.Errorf("%s tells %q", name, secret)
			}
		}
		for _, tail := range tails {
			if strings.Contains(name, "indexeddb") && (bytes.Contains(raw, []byte(tail)) || bytes.Contains(raw, wide(tail))) {
				t.Errorf("%s tells the tail %s", name, tail)
			}
		}
	})
	if !h.holds("deskwaiting") && files < 10 {
		t.Errorf("only %d files of the browser were read", files)
	}

	d.cut(cutWhole)
	d.settled()
	h.counts(1, 1)
	run[bool](d, `document.querySelector('form[action="/staff/logout"] button').click(); return true`)
	d.must(d.tab.Await("#username"))
	left := run[string](d, `const names = (await indexedDB.databases()).map(b => b.name); const all = names.includes("hunyue-desk") ? (await (async () => { `+keptRows+` return rows })()).length : 0; return JSON.stringify([all, await caches.keys(), document.cookie])`)
	if left != `[0,[],""]` && !strings.HasPrefix(left, `[0,[],`) {
		t.Errorf("after signing out there is left: %s", left)
	}
	cookies, err := d.tab.Cookies(d.URL + "/desk")
	for _, c := range cookies {
		if c.Name == "deskkey" || err != nil {
			t.Errorf("the key is still there, %v", err)
		}
	}
	t.Logf("count: 2 rows kept; %d files of the browser with %d bytes read for %d secrets in two encodings: none found; after signing out 0 rows, 0 caches, no key", files, size, len(secrets))
}

// keptRows reads every row of the store.
const keptRows = `const db = await new Promise((done, failed) => { const o = indexedDB.open("hunyue-desk"); o.onsuccess = () => done(o.result); o.onerror = failed; });
	const rows = []; for (const name of ["list", "queue"].filter(n => db.objectStoreNames.contains(n))) rows.push(...await new Promise(done => { const a = db.transaction(name).objectStore(name).getAll(); a.onsuccess = () => done(a.result); })); db.close(); `

// read hands over every file of the browser's profile.
func (h *hallOf) read(look func(name string, raw []byte)) (files, size int) {
	h.t.Helper()
	err := filepath.WalkDir(h.profile, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil //nolint:nilerr // gone meanwhile, or a socket
		}
		if raw, err := os.ReadFile(path); err == nil {
			files, size = files+1, size+len(raw)
			look(strings.ToLower(strings.TrimPrefix(path, h.profile)), raw)
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return files, size
}

func (h *hallOf) holds(text string) (found bool) {
	h.read(func(_ string, raw []byte) { found = found || bytes.Contains(raw, []byte(text)) })
	return found
}

// wide is a text as browsers often write it.
func wide(text string) []byte {
	var all []byte
	for _, u := range utf16.Encode([]rune(text)) {
		all = append(all, byte(u), byte(u>>8))
	}
	return all
}

func TestADayLaterTheListIsGoneAndWhatWaitedCountsForItsDay(t *testing.T) {
	h := newHall(t, 2)
	d := h.desk(h.chrome.Tab(t), h.hire("door"))
	d.cut(cutAway)
	if a := d.receive(h.numbers[0]); a.State != "saved" {
		t.Fatalf("%+v", a)
	}
	if n := run[int](d, `return (await store.find(%q)).length`, h.numbers[1]); n != 1 {
		t.Errorf("found %d, want 1", n)
	}
	h.at("2026-06-03 09:00")
	d.kill()
	run[bool](d, `const real = Date.now; Date.now = () => real() + 86400000; const { openStore } = await import(%q); window.store = await openStore({ office: %q, day: "2026-06-03" }); return true`,
		d.Pages.look.assets["deskstore.js"].at, office)
	if n := run[int](d, keptRows+`return rows.length`); n != 1 {
		t.Errorf("%d rows are kept on the next day, want the check-in alone", n)
	}
	if a := d.receive(h.numbers[1]); a.State != "refused" || a.Code != "no_list" {
		t.Errorf("without a list: %+v, want refused", a)
	}
	d.cut(cutWhole)
	d.go_("/staff/login")
	d.signIn()
	d.measured("door")
	d.go_("/desk?lang=zh")
	d.openStore()
	if s := d.settled(); s.Failed != 0 || s.Waiting != 0 {
		t.Errorf("a day later: %+v, want nothing that waits", s)
	}
	h.counts(1, 1)
	if n := h.count(`SELECT count(*) FROM visit WHERE day = '2026-06-02' AND arrived_at < '2026-06-02 10:00+08'`); n != 1 {
		t.Errorf("%d couples came on their day, want 1", n)
	}
}

func TestTwoDesksAloneNeverGiveTheSameTicket(t *testing.T) {
	h := newHall(t, 12)
	one := h.desk(h.chrome.Tab(t), h.hire("door"))
	two := h.desk(h.chrome.Guest(t), h.hire("gate"))
	one.cut(cutAway)
	var both sync.WaitGroup
	for i, d := range []*desk{one, two} {
		both.Go(func() {
			for j := range 5 {
				d.receive(h.numbers[5*i+j])
			}
			d.receive(h.numbers[10]) // the same couple at both
		})
	}
	both.Wait()
	given := map[string]bool{}
	for _, d := range []*desk{one, two} {
		for _, ticket := range d.told {
			if given[ticket] || ticket == "" {
				t.Errorf("ticket %q was given twice", ticket)
			}
			given[ticket] = true
		}
	}
	h.later(10 * time.Minute)
	one.cut(cutWhole)
	waits := []stand{one.settled(), two.settled()}
	h.counts(11, 11)
	if n := h.count(`SELECT count(*) FROM desk_conflict WHERE code = $1`, hall.ErrAlreadyIn.Code); n != 1 {
		t.Errorf("%d conflicts, want 1: %+v", n, waits)
	}
	if n := h.count(`SELECT count(*) FROM visit WHERE outcome = 'admitted' AND arrived_at < (SELECT clock_now()) - interval '9 minutes'`); n != 11 {
		t.Errorf("%d couples came when they came, want 11", n)
	}
	t.Logf("count: two desks alone at once: %d tickets given, %d different; 11 visits with their real times, 1 conflict for the couple at both; %+v", len(one.told)+len(two.told), len(given), waits)
}
