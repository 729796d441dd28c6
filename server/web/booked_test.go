package web

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	ical "github.com/arran4/golang-ical"
	"golang.org/x/net/html"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// heading is the main heading of the page.
func (v *visitor) heading() string { return strings.ReplaceAll(textOf(v, "h1"), "\u2060", "") }

// asksAgain reports whether the browser will ask for the page again by itself.
func (v *visitor) asksAgain() bool {
	return v.header.Get("Refresh") != "" || strings.Contains(v.body, `<noscript><meta http-equiv="refresh"`)
}

// opens opens so many counters, and with each there is room for a couple inside.
func (tn *town) opens(n int) {
	tn.t.Helper()
	for i := range n {
		tn.must(tn.Hall.OpenCounter(tn.t.Context(), hall.Press{Office: office, Counter: strconv.Itoa(i + 1), Actor: "registrar"}))
	}
}

// arrive measures a couple at the door and lets it in.
func (tn *town) arrive(number string, tenths ...int) hall.CheckIn {
	tn.t.Helper()
	a := hall.Arrival{Number: number, Office: office, Actor: "hall"}
	for i, n := range tenths {
		a.Readings = append(a.Readings, hall.Reading{Party: i + 1, Decicelsius: n, Device: "T1"})
	}
	in, err := tn.Hall.CheckIn(tn.t.Context(), a)
	if err != nil {
		tn.t.Fatal(err, fault.Of(err).Fields)
	}
	return in
}

func (tn *town) must(err error) {
	tn.t.Helper()
	if err != nil {
		tn.t.Fatal(err)
	}
}

func (tn *town) call(number, counter string) {
	tn.t.Helper()
	_, err := tn.Hall.Call(tn.t.Context(), number, counter, "registrar")
	tn.must(err)
}

// others makes appointments of other couples at the time of the first, and
// returns their numbers.
func (tn *town) others(n int) []string {
	tn.t.Helper()
	var numbers []string
	for i := range n {
		numbers = append(numbers, tn.otherCouple(tn.t.Context(), i))
	}
	return numbers
}

// otherCouple makes an appointment without the way through holds and codes.
func (tn *town) otherCouple(ctx context.Context, i int) string {
	tn.t.Helper()
	number := fmt.Sprint(30000000 + i)
	tn.must(postgres.InTx(ctx, tn.db, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, "test"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			WITH made AS (
				INSERT INTO appointment (number, hold_id, office_id, quota_id, service_id, biz_group, day, starts_at, ends_at,
					channel, phone_key, contact, locale, consents)
				SELECT $1, gen_random_uuid(), office_id, quota_id, service_id, biz_group, day, starts_at, ends_at,
					'phone', sha256($1::text::bytea), contact, 'zh', '{}'
				FROM appointment
				ORDER BY id
				LIMIT 1
				RETURNING id, biz_group
			)
			INSERT INTO party (appointment_id, role, person, biz_group, sealed)
			SELECT id, role, sha256(($1::text || role)::bytea), biz_group, '\x00'
			FROM made, generate_series(1, 2) AS role`, number)
		return err
	}))
	return number
}

// Ux 1.1 C4 and T4: one address from the booking to the end.
func TestThePageOfAnAppointmentFollowsTheCoupleThroughItsDay(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	number := tn.bookedBy(v)
	at := v.URL.Path
	ahead := tn.others(5)
	see := func(heading string, live bool, says ...string) {
		t.Helper()
		v.get(at).want(http.StatusOK, says...)
		if v.heading() != heading {
			t.Errorf("the heading is %q, want %q", v.heading(), heading)
		}
		if v.asksAgain() != live {
			t.Errorf("%s: asks again by itself: %t, want %t", heading, v.asksAgain(), live)
		}
		v.accessible()
	}
	see("预约成功", false, number[:4]+" "+number[4:], "08:30 起可以签到", "短信发到 138****0001", "5月19日 周二 24:00 前")
	tn.at("2026-05-20 07:50")
	see("就是今天，09:00–09:30", false, "08:30 起可报到。证件带齐了吗", "网上已不能改期或取消，请打电话 0736-7250001")
	tn.at("2026-05-20 08:31")
	see("就是今天，09:00–09:30", true, "现在可以报到")
	tn.opens(6)
	for _, other := range ahead {
		tn.arrive(other, 365, 365)
	}
	tn.arrive(number, 365, 366)
	see("您的号是 A006，请留意叫号", true, "还没有开始叫号，前面 5 对")
	for i, minute := range []int{40, 45, 50, 55} {
		tn.at(fmt.Sprintf("2026-05-20 08:%d", minute))
		tn.call(ahead[i], "1")
		if i == 1 {
			see("您的号是 A006，请留意叫号", true, "现在办到 A002，您是 A006，前面 3 对。")
		}
	}
	see("您的号是 A006，请留意叫号", true, "现在办到 A004，您是 A006，前面 1 对，约 10 分钟。")
	tn.call(number, "3")
	see("请到 3 号窗口", true, "正在叫 A006")
	_, err := tn.Hall.Start(t.Context(), number, "3", "registrar")
	tn.must(err)
	see("正在办理", true, "正在 3 号窗口办理")
	_, err = tn.Hall.Complete(t.Context(), number, "J430702-2026-000001", "registrar")
	tn.must(err)
	see("恭喜二位！登记已完成。", false, "岁岁平安")
	if text := v.text(); strings.Contains(text, "重新预约") || strings.Contains(text, "000001") {
		t.Errorf("after the registration the page says\n%s", text)
	}
}

// Each end has its own heading, its own sentence and a way on.
func TestEveryEndOfAnAppointmentSaysWhatCanBeDone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	anew := "/o/" + office + "?service=marriage"
	for _, tt := range []struct {
		status booking.Status
		says   []string
		on     string // to another appointment
	}{
		{booking.Cancelled, []string{"已取消", "已取消的预约不能改期，需要时请重新预约"}, anew},
		{booking.CancelledByOffice, []string{"登记处停办，已取消", "不计爽约", "或打电话 0736-7250001"}, anew},
		{booking.NoShow, []string{"未到场", "5月20日 周三 09:00 没有等到二位。可以重新预约", "30 天内有 2 次未到场的"}, anew},
		{booking.HealthDeferred, []string{"因健康原因延期", "不计爽约", "0736-7250001"}, "/rebook"},
	} {
		v := tn.visitor()
		v.book()
		tn.end(path.Base(v.URL.Path), tt.status)
		v.get(v.URL.Path).want(http.StatusOK, tt.says...)
		if v.heading() != tt.says[0] || v.asksAgain() || len(v.codes()) != 0 {
			t.Errorf("%s: heading %q, asks again %t, %d codes", tt.status, v.heading(), v.asksAgain(), len(v.codes()))
		}
		again := false
		for a := range v.all("a") {
			again = again || strings.HasSuffix(attr(a, "href"), tt.on)
		}
		if !again {
			t.Errorf("%s: there is no way to another appointment", tt.status)
		}
		tn.later(2 * time.Minute)
	}
}

// end ends an appointment in this way.
func (tn *town) end(number string, as booking.Status) {
	tn.t.Helper()
	a, err := tn.Desk.At(tn.t.Context(), number, func(string) bool { return true })
	tn.must(err)
	tn.must(postgres.InTx(tn.t.Context(), tn.db, func(tx postgres.Querier) error {
		_, err := booking.EndAppointment(tn.t.Context(), tx, a.ID, as, nil, "test")
		return err
	}))
}

func TestWhoIsLateOrWasMissedIsToldToComeOrToCall(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	number := tn.bookedBy(v)
	at := v.URL.Path
	tn.at("2026-05-20 09:40")
	v.get(at).want(http.StatusOK, "就是今天", "当天按现场顺序办理", "0736-7250001")
	if in := tn.arrive(number, 365, 366); in.Ticket != "B001" {
		t.Errorf("ticket %s", in.Ticket)
	}
	v.get(at).want(http.StatusOK, "您的号是 B001")
	tn.must(tn.Hall.NotAccepted(t.Context(), number, "-", "registrar"))
	v.get(at).want(http.StatusOK, "未能办理", "原因以窗口的说明为准", "重新预约")

	absent := newTown(t)
	w := absent.visitor()
	w.book()
	absent.at("2026-05-21 08:00")
	w.get(w.URL.Path).want(http.StatusOK, "预约的日子已过", "还没有到场的记录", "0736-7250001")
}

// WCAG 2.2, 2.2.2: whoever reads slowly can stop it.
func TestAutomaticUpdatesCanBeStopped(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	at := v.URL.Path
	tn.at("2026-05-20 08:40")
	if v.get(at).want(http.StatusOK, "每 30 秒自动更新"); v.header.Get("Refresh") != "30" {
		t.Errorf("Refresh is %q, want 30", v.header.Get("Refresh"))
	}
	if v.get(at+"?still=1").want(http.StatusOK, "恢复自动更新"); v.asksAgain() {
		t.Error("it asks again although it was stopped")
	}
}

// codes is the drawings on the page that are named.
func (v *visitor) codes() []*html.Node {
	var all []*html.Node
	for svg := range v.all("svg") {
		if attr(svg, "role") == "img" {
			all = append(all, svg)
		}
	}
	return all
}

func TestTheCodeOnThePageAndInThePictureIsReadAtTheDesk(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	number := tn.bookedBy(v)
	at := v.URL.Path
	codes := v.codes()
	if len(codes) != 1 || attr(codes[0], "aria-label") == "" || attr(codes[0], "viewbox")+attr(codes[0], "viewBox") != "0 0 29 29" {
		t.Fatalf("%d codes on the page", len(codes))
	}
	var dark string
	for bar := range descendants(codes[0], "path") {
		dark = attr(bar, "d") // the last: the tile is below it
	}
	digits, level := scanned(t, drawn(t, dark, 29))
	if digits != tn.Desk.DoorPass(number) || level != "H" {
		t.Errorf("it reads %s at level %s", digits, level)
	}
	v.get(at+"/image").want(http.StatusOK, "长按图片保存")
	v.accessible()
	v.get(at + "/image.png")
	if v.Status != http.StatusOK || v.header.Get("Content-Type") != "image/png" || v.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the picture: %d %v", v.Status, v.header)
	}
	picture, err := png.Decode(bytes.NewReader([]byte(v.body)))
	tn.must(err)
	if got, _ := scanned(t, picture); got != digits {
		t.Errorf("the picture reads %s, the page %s", got, digits)
	}

	tn.at("2026-05-20 08:40")
	desk := tn.staff("hall")
	desk.get("/desk").send("/desk/find", "q", digits).want(http.StatusOK, "签到")
	if desk.URL.Path != "/desk/"+number {
		t.Errorf("the code leads to %s", desk.URL.Path)
	}
	wrong := digits[:15] + string('0'+(digits[15]-'0'+1)%10)
	desk.get("/desk").send("/desk/find", "q", wrong).want(http.StatusOK, "查无此号")
	if got := desk.form("/desk/find").Get("q"); got != wrong {
		t.Errorf("what was scanned came back as %q", got)
	}
}

// A passport has eight digits too.
func TestADocumentWithEightDigitsIsNoAppointmentNumber(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	desk := tn.staff("hall")
	desk.get("/desk").send("/desk/find", "q", "E"+number).want(http.StatusOK, "查无此号")
}

func TestWhatIsKeptOfAnAppointmentNeedsThePass(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	stranger := tn.visitor()
	for _, file := range []string{"", "/image", "/image.png", "/calendar.ics"} {
		if stranger.get("/b/" + number + file); stranger.URL.Path != "/find" {
			t.Errorf("a stranger asks for %s and is at %s", file, stranger.URL.Path)
		}
	}
}

func TestTheCalendarFollowsTheAppointmentAndNamesNobody(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	number := tn.bookedBy(v)
	at := v.URL.Path
	read := func() *ical.VEvent {
		t.Helper()
		v.get(at + "/calendar.ics")
		if v.Status != http.StatusOK || v.header.Get("Content-Type") != "text/calendar; charset=utf-8" || v.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %v", v.Status, v.header)
		}
		if found := regexp.MustCompile(`张|李|结婚|离婚|138\*|` + hisPhone + `|` + him + `|` + her).FindString(v.body); found != "" {
			t.Errorf("the calendar has %q in it:\n%s", found, v.body)
		}
		return readEvent(t, []byte(v.body))
	}
	first := read()
	starts, err := first.GetStartAt()
	if want := time.Date(2026, 5, 20, 9, 0, 0, 0, shanghai); err != nil || !starts.Equal(want) {
		t.Errorf("it starts at %v, %v; want %v", starts, err, want)
	}
	for what, want := range map[ical.ComponentProperty]string{
		ical.ComponentPropertySummary:     "预约 " + number[:4] + " " + number[4:] + "，武陵区婚姻登记处",
		ical.ComponentPropertyLocation:    "武陵区婚姻登记处 1 Shili Road",
		ical.ComponentPropertyDescription: "预约号 " + number[:4] + " " + number[4:] + "\n08:30 起可以报到\n登记处电话 0736-7250001",
		ical.ComponentPropertySequence:    "0",
	} {
		if got := value(first, what); got != want {
			t.Errorf("%s is %q, want %q", what, got, want)
		}
	}
	v.get(at + "/change?date=2026-05-22")
	tn.later(2 * time.Minute)
	v.send(at+"/change", "slot", office+"-20260522-1030-marriage").want(http.StatusOK)
	v.send(at+"/change/confirm", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "已改期，原来的名额已放回")
	moved := read()
	if value(moved, ical.ComponentPropertyUniqueId) != value(first, ical.ComponentPropertyUniqueId) || value(moved, ical.ComponentPropertySequence) != "1" {
		t.Errorf("moved, it is %s, %s", value(moved, ical.ComponentPropertyUniqueId), value(moved, ical.ComponentPropertySequence))
	}
	if starts, err = moved.GetStartAt(); err != nil || !starts.Equal(time.Date(2026, 5, 22, 10, 30, 0, 0, shanghai)) {
		t.Errorf("moved, it starts at %v, %v", starts, err)
	}
	tn.later(2 * time.Minute)
	v.get(at + "/cancel").send(at + "/cancel/code")
	v.send(at+"/cancel", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "已取消")
	gone := read()
	if value(gone, ical.ComponentPropertyStatus) != "CANCELLED" || value(gone, ical.ComponentPropertySequence) != "2" {
		t.Errorf("cancelled, it is %s, %s", value(gone, ical.ComponentPropertyStatus), value(gone, ical.ComponentPropertySequence))
	}
}

// Programs that show pages inside themselves hand no files to others.
func TestNoCalendarIsOfferedWhereItCannotBeTakenOut(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	offered := func(agent string) bool {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tn.server.URL+v.URL.Path, nil)
		tn.must(err)
		r.Header.Set("User-Agent", agent)
		return strings.Contains(v.do(r).want(http.StatusOK, "保存为图片").text(), "加入日历")
	}
	if !offered("Mozilla/5.0 (Linux; Android 10) Chrome/120") || offered("Mozilla/5.0 (Linux; Android 10) Chrome/120 MicroMessenger/8.0.50") {
		t.Error("the calendar is offered in the wrong browser")
	}
}

// A couple that came for a divorce is not congratulated.
func TestOnlyAMarriageIsCongratulated(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	pg := page{Reader: tn.Texts.In("zh")}
	for group, want := range map[slots.Group]string{slots.Marriage: "恭喜二位！登记已完成。", slots.Divorce: "已办结", slots.Other: "已办结"} {
		o := own{Row: booking.Row{Status: booking.Completed}, service: slots.Service{Group: group}}
		if got, err := tn.news(t.Context(), pg, o); err != nil || got.Title != want {
			t.Errorf("%s: %q, %v; want %q", group, got.Title, err, want)
		}
	}
}

// Names as they are written (民委发〔2016〕33号): no character is lost on any way.
func TestNamesComeThroughAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	const (
		rare   = "㼆䶮𫖮𬎆"
		uyghur = "阿卜杜热西提·麦麦提吐尔逊·阿不都热合曼江巴依克艾"
	)
	if n := len([]rune(uyghur)); n != 25 {
		t.Fatalf("the long name has %d characters, want 25", n)
	}
	tn := newTown(t)
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	v.send("/book/check", append(couple(), "parties.0.name", rare, "parties.1.name", uyghur)...).want(http.StatusOK, rare, uyghur)
	v.send("/book/confirm", "code", v.codeFor(hisPhone)).want(http.StatusOK, "预约成功", "㼆*** · 阿"+strings.Repeat("*", 24))
	at := v.URL.Path
	tn.stored(path.Base(at), rare, uyghur)
	absent := func(what, text string) {
		t.Helper()
		for _, name := range []string{rare, uyghur, "䶮", "𫖮", "𬎆", "卜杜热西提"} {
			if strings.Contains(text, name) {
				t.Errorf("%s says %q", what, name)
			}
		}
	}
	absent("the page", v.text())
	absent("the calendar", v.get(at+"/calendar.ics").body)
	tn.sendDue()
	messages, err := tn.Dev.Messages(t.Context(), hisPhone)
	tn.must(err)
	if len(messages) < 2 {
		t.Errorf("%d messages, want a code and a confirmation", len(messages))
	}
	for _, m := range messages {
		absent("a message", m.Text)
	}
	tn.at("2026-05-20 08:40")
	desk := tn.staff("hall")
	desk.get("/desk").want(http.StatusOK, "㼆***、阿"+strings.Repeat("*", 24))
	absent("the hall's list", desk.text())
	desk.get("/desk/"+path.Base(at)).want(http.StatusOK, "㼆***", "阿"+strings.Repeat("*", 24))
}

// stored checks the names on file, letter by letter.
func (tn *town) stored(number string, names ...string) {
	tn.t.Helper()
	a, err := tn.Desk.At(tn.t.Context(), number, func(string) bool { return true })
	tn.must(err)
	parties, err := tn.Desk.Parties(tn.t.Context(), a)
	tn.must(err)
	for i, p := range parties {
		if p.Name != names[i] {
			tn.t.Errorf("stored as %q, want %q", p.Name, names[i])
		}
	}
}

// sendDue sends whatever is due.
func (tn *town) sendDue() { tn.t.Helper(); tn.must(tn.worker.Drain(tn.t.Context())) }

// Every page of an appointment, in every state, in both languages.
func TestThePagesOfAnAppointmentAreWrittenInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			tn := newTown(t)
			v := tn.visitor()
			v.get("/?lang=" + lang)
			v.get(theDay).send(theDay, "slot", nineClock)
			v.send("/book/check", couple()...)
			v.send("/book/confirm", "code", v.codeFor(hisPhone)).sound(lang)
			at := v.URL.Path
			number := path.Base(at)
			other := tn.otherCouple(t.Context(), 1)
			v.get(at + "/image").sound(lang)
			v.get(at + "?moved=1").sound(lang)
			tn.later(2 * time.Minute)
			v.get("/find").send("/find/send", "mobile", "1").sound(lang)
			v.send("/find/send", "mobile", "13800000009").sound(lang)
			v.send("/find/mine", "code", "000000").sound(lang)
			v.send("/find/mine", "code", tn.codeFor("13800000009")).sound(lang)
			v.get(at + "/change?date=2026-05-22")
			v.send(at+"/change", "slot", office+"-20260523-0900-marriage").sound(lang) // a Saturday
			v.get(at + "/cancel").sound(lang)
			tn.at("2026-05-20 08:00")
			for _, page := range []string{"", "/cancel", "/change"} {
				v.get(at + page).sound(lang)
			}
			tn.at("2026-05-20 08:40")
			v.get(at).sound(lang)
			v.get(at + "?still=1").sound(lang)
			tn.arrive(other, 365, 365)
			tn.arrive(number, 365, 366)
			v.get(at).sound(lang)
			tn.call(other, "1")
			v.get(at).sound(lang)
			tn.call(number, "3")
			v.get(at).sound(lang)
			_, err := tn.Hall.Start(t.Context(), number, "3", "registrar")
			tn.must(err)
			v.get(at).sound(lang)
			_, err = tn.Hall.Complete(t.Context(), number, "J430702-2026-000001", "registrar")
			tn.must(err)
			v.get(at).sound(lang)
			v.endings(lang)
		})
	}
}

// endings looks at the page of an appointment for each way in which it may end.
func (v *visitor) endings(lang string) {
	v.t.Helper()
	v.at("2026-05-18 12:00")
	for _, as := range []booking.Status{booking.Cancelled, booking.CancelledByOffice, booking.NoShow, booking.HealthDeferred} {
		v.get(theDay).send(theDay, "slot", office+"-20260520-1000-marriage")
		v.send("/book/check", couple()...)
		v.send("/book/confirm", "code", v.codeFor(hisPhone)).want(http.StatusOK)
		v.end(path.Base(v.URL.Path), as)
		v.get(v.URL.Path).sound(lang)
		v.later(2 * time.Minute)
	}
}

// Until when they may cancel is said as long as they may.
func TestOnTheDayNobodyIsToldToCancelBeforeIt(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	number := tn.bookedBy(v)
	v.get("/b/"+number).want(http.StatusOK, "来不了请在 5月19日 周二 24:00 前改期或取消")
	tn.at("2026-05-20 08:40")
	if v.get("/b/"+number).want(http.StatusOK, "网上已不能改期或取消，请打电话 0736-"); strings.Contains(v.text(), "来不了请在") {
		t.Errorf("a day that is over is still offered:\n%s", v.text())
	}
}
