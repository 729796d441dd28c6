package web

import (
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/slots"
)

func TestWhatACoupleIsToldDependsOnWhenItComes(t *testing.T) {
	t.Parallel()
	day := date.Date{Year: 2026, Month: time.May, Day: 20}
	at := func(clock string) time.Time {
		moment, err := time.ParseInLocation("2006-01-02 15:04:05", "2026-05-20 "+clock, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	for _, c := range []struct {
		now    string
		status booking.Status
		day    date.Date
		rest   string
		want   string
	}{
		{"08:29:59", booking.Booked, day, "", early},
		{"08:30:00", booking.Booked, day, "", mayEnter},
		{"09:30:00", booking.Booked, day, "", mayEnter},
		{"09:30:01", booking.Booked, day, "", late},
		{"09:00:00", booking.Booked, day.AddDays(1), "", wrongDay},
		{"09:00:00", booking.Booked, day.AddDays(-1), "", wrongDay},
		{"09:09:59", booking.Booked, day, "09:10:00", resting},
		{"09:10:00", booking.Booked, day, "09:10:00", restOver},
		{"09:00:00", booking.CheckedIn, day, "", already},
		{"09:00:00", booking.Late, day, "", already},
		{"09:00:00", booking.Cancelled, day.AddDays(1), "", over},
		{"09:00:00", booking.HealthDeferred, day, "", over},
		{"09:00:00", booking.Completed, day, "", over},
	} {
		g := own{office: slots.Office{Location: shanghai}, rules: slots.DefaultRules()}
		g.Status, g.Day, g.StartsAt = c.status, c.day, at("09:00:00")
		if c.rest != "" {
			g.rest = hall.Rest{Until: at(c.rest), Parties: []int{1}}
		}
		if got := kindOfArrival(g, hall.Arrived{}, at(c.now)); got != c.want {
			t.Errorf("%s, %s, %s, rest until %q: %s, want %s", c.now, c.status, c.day, c.rest, got, c.want)
		}
	}
}

func TestTheDeskFindsACoupleByWhatItShowsOrSays(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	guest := "/desk/" + number
	tn.at("2026-05-20 08:50")
	v := tn.well(auth.Hall)
	for _, q := range []string{number, tn.Desk.DoorPass(number), hisPhone, hisPhone[7:], him[14:], "００２２", her, "zs", "LS", "张三", "  李四 "} {
		if v.get("/desk").send("/desk/find", "q", q).want(http.StatusOK); v.URL.Path != guest {
			t.Errorf("%q leads to %s, want %s", q, v.URL.Path, guest)
		}
	}
	v.get(guest).send(guest+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1").want(http.StatusOK, "A001")
	if v.get("/desk").send("/desk/find", "q", "a001").want(http.StatusOK, "已签到：A001，08:50，hall"); v.URL.Path != guest {
		t.Errorf("the ticket leads to %s", v.URL.Path)
	}
	for _, q := range []string{"0015", "9999", "A002", "zz", "张四", tn.Desk.DoorPass(number)[:15] + "x", "260520384756102"} {
		if v.get("/desk").send("/desk/find", "q", q).want(http.StatusOK, "查无此号"); v.form("/desk/find").Get("q") != q {
			t.Errorf("%q is not kept", q)
		}
	}
	tn.at("2026-05-21 08:50")
	tn.visitor().signIn(auth.Hall).get("/desk").send("/desk/find", "q", him[14:]).want(http.StatusOK, "查无此号") // of another day
}

// What was measured is kept: the next reading is another one, with another
// thermometer.
func TestAfterAFeverTheFormIsForAnotherReading(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	guest := "/desk/" + tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	v := tn.well(auth.Hall)
	v.get(guest).send(guest+"/check-in", "reading.1", "36.5", "reading.2", "37.6", "device", "T1").want(http.StatusOK, "复测不要用 T1")
	if form := v.form(guest + "/check-in"); form.Get("reading.2") != "" || form.Get("device") != "" {
		t.Errorf("the form holds %v", form)
	}
	v.get(guest)
	if form := v.form(guest + "/check-in"); form.Get("device") != "" {
		t.Errorf("the thermometer is to be %q again", form.Get("device"))
	}
	tn.later(11 * time.Minute)
	v.send(guest+"/check-in", "reading.2", "36.8", "device", "T2").want(http.StatusOK, "A001")
	if form := v.form("/desk/find"); form.Get("q") != "" {
		t.Errorf("the box holds %q", form.Get("q"))
	}
}

// A couple at the wrong door is told which the right one is. A number that somebody
// makes up says nothing of other offices.
func TestACodeOfAnotherOfficeSaysWhichAndANumberDoesNot(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	day := []slots.Period{{From: 9 * 60, To: 12 * 60}}
	tn.must(tn.Offices.PutSchedule(t.Context(), elsewhere, date.Date{Year: 2026, Month: 5, Day: 18}, slots.Template{
		SlotMinutes: 30, Weekdays: slots.Week{"wed": day}, Capacity: slots.Capacity{slots.Marriage: 3},
	}, "test"))
	_, err := tn.Desk.Publish(t.Context(), elsewhere, date.Date{Year: 2026, Month: 5, Day: 18}, date.Date{Year: 2026, Month: 5, Day: 29}, slots.PublishOptions{}, "test")
	tn.must(err)
	v := tn.visitor()
	there := "/o/" + elsewhere + "/2026-05-20"
	v.get(there).send(there, "slot", strings.Replace(nineClock, office, elsewhere, 1)).want(http.StatusOK)
	v.send("/book/check", couple()...).want(http.StatusOK)
	v.send("/book/confirm", "code", v.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
	number := path.Base(v.URL.Path)
	tn.at("2026-05-20 08:50")
	door := tn.well(auth.Hall)
	door.get("/desk").send("/desk/find", "q", tn.Desk.DoorPass(number)).want(http.StatusOK, "预约在别处：鼎城区婚姻登记处")
	if strings.Contains(door.text(), "张") {
		t.Error("the other office's couple is named")
	}
	door.get("/desk").send("/desk/find", "q", number).want(http.StatusOK, "查无此号")
	if strings.Contains(door.text(), "鼎城") {
		t.Error("a number alone says where it is booked")
	}
}

func TestWhoComesTooEarlyIsNotedWhenTheDeskSaysSo(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	guest := "/desk/" + tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:10")
	v := tn.well(auth.Hall)
	v.get(guest).want(http.StatusOK, "来早了：时段 09:00，08:30 起可签到", "记为已到，到点自动排")
	v.send(guest+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1").want(http.StatusOK, "号码 A001")
	if n := tn.count(`SELECT count(*) FROM line_place WHERE turn_at = '2026-05-20 09:00+08'`); n != 1 {
		t.Errorf("%d couples whose turn is when their slot begins, want 1", n)
	}
}

func TestOnlyWhoIsNextComesIntoAFullHall(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	guest := "/desk/" + tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	v := tn.well(auth.Hall)
	v.get(guest).send(guest+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1").want(http.StatusOK, "请在厅外等候")
	v.get("/desk").want(http.StatusOK, "还没有窗口开放", "下一对进厅：A001", "厅外等候")
	v.post(guest+"/enter", map[string][]string{"key": {newKey()}}).want(http.StatusConflict)
	if n := tn.count(`SELECT count(*) FROM line_place WHERE inside`); n != 0 {
		t.Errorf("%d couples inside without a counter, want 0", n)
	}
	tn.must(tn.Hall.OpenCounter(t.Context(), hall.Press{Office: office, Counter: "3", Actor: "staff:registrar"}))
	for range 2 { // pressed twice
		v.get("/desk").want(http.StatusOK, "A001")
		if n := tn.count(`SELECT count(*) FROM line_place WHERE inside`); n == 0 {
			v.send(guest + "/enter").want(http.StatusOK)
		}
	}
	if n := tn.count(`SELECT count(*) FROM line_place WHERE inside`); n != 1 {
		t.Errorf("%d couples inside, want 1", n)
	}
	if v.get("/desk"); strings.Contains(v.text(), "下一对进厅") {
		t.Error("whoever is inside is still asked in")
	}
}

func TestTheSecondCopyOfATicketSaysSo(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	guest, paper := "/desk/"+number, "/desk/ticket/"+number
	tn.at("2026-05-20 08:50")
	v := tn.well(auth.Hall)
	v.get(paper).want(http.StatusConflict)
	v.get(guest).send(guest+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1").want(http.StatusOK)
	once := v.form(paper)
	for range 2 { // the same press
		if v.post(paper, once).want(http.StatusOK, "A001", "5月20日 周三", "请留意叫号"); strings.Contains(v.text(), "重打") {
			t.Error("the first copy is marked as a second one")
		}
	}
	for _, secret := range []string{"张", "李", "结婚", number} {
		if strings.Contains(v.text(), secret) {
			t.Errorf("the ticket says %q", secret)
		}
	}
	v.get(paper).send(paper).want(http.StatusOK, "重打")
	if n := tn.count(`SELECT count(*) FILTER (WHERE action = 'ticket_printed') * 10 + count(*) FILTER (WHERE action = 'ticket_reprinted') FROM audit WHERE actor = 'staff:hall'`); n != 11 {
		t.Errorf("the audit has %d: want one print and one copy, 11", n)
	}
}

// paperWidth is 72 mm in points.
const paperWidth = 205

func TestTheTicketFitsItsPaper(t *testing.T) {
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	guest := "/desk/" + number
	tn.at("2026-05-20 08:50")
	v := tn.well(auth.Hall)
	v.get(guest).send(guest+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1").want(http.StatusOK)
	ctx := tn.browser()
	v.shows(ctx, "/desk/ticket/"+number+"?lang=en&theme=dark")
	printed, err := chromedp.Run(ctx, command(cdppage.PrintToPDF, cdppage.PrintToPDFParams{PreferCSSPageSize: new(true)}))
	tn.must(err)
	if n := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(printed.Data, -1)); n != 1 {
		t.Errorf("%d pieces of paper, want 1", n)
	}
	box := regexp.MustCompile(`/MediaBox \[0 0 (\d+)`).FindSubmatch(printed.Data)
	if box == nil || atoi(t, string(box[1])) > paperWidth {
		t.Errorf("the paper is %q points wide, want at most %d", box, paperWidth)
	}
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
