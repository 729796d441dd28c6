package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/notify"
	"hunyue/slots"
)

// guest is a couple of their own, on the way to a state of the gallery.
type guest struct {
	*visitor
	gallery *gallery
	n       int // which couple
	lang    string
	number  string // of their appointment
}

// The offices of the gallery, by what can be seen there.
const (
	ordinary  = office
	unopened  = elsewhere // nothing is published
	nextMonth = "430721"  // nothing is free before June
	soldOut   = "430722"
	suspended = "430723" // on 22 May
	longNamed = "430724"
	hot       = "430725" // on 27 May
	asked     = "430730" // the second person is asked themselves
	waited    = "430731" // days are sold out and waited for
)

// seed makes the offices, with places as far ahead as is sold on 20 May.
func (g *gallery) seed() {
	g.t.Helper()
	for id, name := range map[string][2]string{
		nextMonth: {"安乡县婚姻登记处", "Anxiang Marriage Registry"},
		soldOut:   {"汉寿县婚姻登记处", "Hanshou Marriage Registry"},
		suspended: {"澧县婚姻登记处", "Lixian Marriage Registry"},
		hot:       {"桃源县婚姻登记处", "Taoyuan Marriage Registry"},
		asked:     {"柳叶湖婚姻登记处", "Liuyehu Marriage Registry"},
		waited:    {"西湖婚姻登记处", "Xihu Marriage Registry"},
		longNamed: {"巴音郭楞蒙古自治州博斯腾湖旅游度假区婚姻登记处", "Marriage Registry of the Bosten Lake Tourism and Holiday District, Bayingolin"},
	} {
		err := g.Offices.PutOffice(g.t.Context(), slots.Office{
			ID: id, Name: name[0], NameEN: name[1], Address: "试验路 1 号政务服务中心三楼婚姻登记大厅", Phone: "0736-7250003",
			Services: []slots.Service{{ID: "marriage"}},
		}, "test")
		if err != nil {
			g.t.Fatal(err)
		}
	}
	for _, id := range []string{ordinary, nextMonth, soldOut, suspended, longNamed, asked, waited} {
		g.opened(id)
	}
	g.opened(hot)
	err := g.Offices.PutException(g.t.Context(), hot, slots.Exception{
		Day: may(27), Hours: []slots.Period{{From: 9 * 60, To: 12 * 60}}, Reason: "5·27", Notice: "这一天人多，先验证手机号。", VerifyFirst: true,
	}, "test")
	if err != nil {
		g.t.Fatal(err)
	}
	_, err = g.Desk.Suspend(g.t.Context(), slots.Closing{
		Office: suspended, From: may(22), To: may(22), Mode: slots.Full,
		Reason: "停电", Notice: "5月22日 周五全天停电，暂停办理。5月25日 周一恢复。",
	}, "test", false)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, day := range []int{21, 22, 25, 26, 27, 28, 29} {
		g.fill(nextMonth, may(day))
	}
}

func may(day int) date.Date { return date.Date{Year: 2026, Month: time.May, Day: day} }

// opened gives an office its rules and hours, and publishes as far ahead as is sold on 20 May.
func (g *gallery) opened(id string) {
	g.t.Helper()
	rules := slots.DefaultRules()
	rules.CouplesWaiting = 60 // nobody of the gallery waits outside
	rules.HoldSeconds, rules.ExactCounts, rules.XBForeign, rules.XBHMT, rules.XBOverseas = 1800, true, true, true, true
	if id == asked {
		rules.SecondPerson, rules.DetailsSteps = slots.ByOwnPhone, slots.SplitPage
	}
	day := []slots.Period{{From: 9 * 60, To: 11 * 60}, {From: 14 * 60, To: 16 * 60}}
	hours := slots.Template{
		SlotMinutes: 30, Capacity: slots.Capacity{slots.Marriage: 20, slots.Divorce: 1, slots.Other: 1},
		Weekdays: slots.Week{"mon": day, "tue": day, "wed": day, "thu": day, "fri": day},
	}
	if id != ordinary {
		hours.Capacity = slots.Capacity{slots.Marriage: 3}
	}
	if id == soldOut {
		hours.SlotMinutes, hours.Weekdays = 30, slots.Week{"mon": {{From: 9 * 60, To: 9*60 + 30}}}
	}
	ctx := g.t.Context()
	err := errors.Join(
		g.Offices.SetRules(ctx, id, may(18), rules, "test", "test"),
		g.Offices.PutSchedule(ctx, id, may(18), hours, "test"))
	if err == nil {
		_, err = g.Desk.Publish(ctx, id, may(18), date.Date{Year: 2026, Month: time.June, Day: 19}, slots.PublishOptions{}, "test")
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// fill holds every place that is left on a day for couples.
func (g *gallery) fill(office string, day date.Date) { g.fillVia(office, day, slots.Web) }

// fillVia holds every place that a channel has left on a day.
func (g *gallery) fillVia(office string, day date.Date, via slots.Channel) {
	g.t.Helper()
	ctx := g.t.Context()
	a, err := g.Desk.Availability(ctx, office)
	if err != nil {
		g.t.Fatal(err)
	}
	of, err := g.Offices.Office(ctx, office)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, slot := range a.Times(of.Services[0], via, day) {
		for err = nil; err == nil; {
			_, err = g.Desk.Hold(ctx, booking.HoldRequest{Slot: slot.Slot, Channel: via, Session: uuid.NewString()})
		}
		if !errors.Is(err, booking.ErrFull) {
			g.t.Fatal(err)
		}
	}
}

// bornADay is how many of each sex are born on one day.
const bornADay = 400

// inputs is the form filled in by a couple that nobody else is, with changes.
func (v *guest) inputs(changes ...string) []string {
	v.t.Helper()
	him, err := identity.Synthetic(date.Date{Year: 1990, Month: time.March, Day: 7 + v.n/bornADay}, identity.Male, v.n%bornADay+2)
	if err != nil {
		v.t.Fatal(err)
	}
	her, err := identity.Synthetic(date.Date{Year: 1992, Month: time.July, Day: 9 + v.n/bornADay}, identity.Female, v.n%bornADay+2)
	if err != nil {
		v.t.Fatal(err)
	}
	return append([]string{
		"parties.0.name", "张三", "parties.0.document.number", him,
		"parties.1.name", "李四", "parties.1.document.number", her,
		"phone", v.phone(), "consents.agreement", agreementVersion, "consents.privacy", privacyVersion,
	}, changes...)
}

func (v *guest) phone() string { return fmt.Sprintf("1390000%04d", v.n) }

// code is the newest one that came to their phone.
func (v *guest) code() string {
	v.t.Helper()
	if err := v.worker.Drain(v.t.Context()); err != nil {
		v.t.Fatal(err)
	}
	messages, err := v.gallery.dev.Messages(v.t.Context(), v.phone())
	if err != nil {
		v.t.Fatal(err)
	}
	for _, m := range messages {
		if m.Code != "" {
			return m.Code
		}
	}
	v.t.Fatalf("couple %d: no code was sent; %s says %.900s", v.n, v.URL.Path, v.text())
	return ""
}

// chosen holds a place and stays on the form for their details. The times are not
// looked at first: to count them anew after every hold would take the most of a
// test that holds a hundred places.
func (v *guest) chosen(office, day, clock string) {
	v.t.Helper()
	v.post("/o/"+office+"/"+day, url.Values{
		"slot": {slotOf(office, day, clock)}, "service": {"marriage"}, "day": {day}, "key": {newKey()},
	}).want(http.StatusOK)
}

// dayAt is where the times of a day are chosen.
func dayAt(office, day string) string { return "/o/" + office + "/" + day + "?service=marriage" }

func slotOf(office, day, clock string) string {
	return office + "-" + strings.ReplaceAll(day, "-", "") + "-" + strings.ReplaceAll(clock, ":", "") + "-marriage"
}

// checked goes on to the check, where a code is asked for.
func (v *guest) checked(office, day, clock string, changes ...string) {
	v.t.Helper()
	v.chosen(office, day, clock)
	v.send("/book/check", v.inputs(changes...)...).want(http.StatusOK)
}

// booked is the way to an appointment, for the state of it that follows.
func booked(office, day, clock string, changes ...string) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		v.checked(office, day, clock, changes...)
		v.send("/book/confirm", "code", v.code()).want(http.StatusOK)
		v.number = strings.TrimPrefix(v.URL.Path, "/b/")
	}
}

// own shows a page of their appointment: "", "/cancel", "/change".
func (v *guest) own(of string) *visitor { return v.get("/b/" + v.number + of) }

// The ways to a state that several share.

func at(path string) func(*guest) {
	return func(v *guest) { v.get(path).want(http.StatusOK) }
}

func ownPage(of string) func(*guest) {
	return func(v *guest) { v.own(of).want(http.StatusOK) }
}

func broken(status int, f *fault.Error) func(*guest) {
	return func(v *guest) { v.failed(status, f) }
}

// typedIn is the form with something wrong in it.
func typedIn(changes ...string) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		v.chosen(ordinary, "2026-05-21", "09:30")
		v.send("/book/check", v.inputs(changes...)...).want(http.StatusUnprocessableEntity)
	}
}

// lost is a place that was held too long.
func lost(office, day, clock string) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		v.chosen(office, day, clock)
		v.later(31 * time.Minute)
		v.send("/book/check", v.inputs()...).want(http.StatusConflict)
		v.gallery.freeze()
	}
}

// coded is the check after these codes, one after the other.
func coded(status int, codes ...string) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		v.checked(ordinary, "2026-05-25", "09:30")
		for _, code := range codes {
			v.send("/book/confirm", "code", code).want(status)
		}
	}
}

// announce publishes notices, once: of now, a long one, and one that is over.
func (g *gallery) announce() {
	g.t.Helper()
	if g.announced != nil {
		return
	}
	g.announced = map[string]string{}
	long := notify.Words{
		Kind: notify.Suspending, TitleZH: "关于端午节期间婚姻登记工作安排和电力检修暂停办理的通告", TitleEN: "Registration over the Dragon Boat Festival, and a day without power",
		BodyZH: strings.Repeat("端午节期间婚姻登记处按国务院办公厅通知放假。\n\n已经预约的新人会收到短信，可以改到别的日子。\n\n", 12),
		BodyEN: strings.Repeat("The registry is closed over the festival, as the State Council has announced.\n\nCouples with an appointment get a text and can move it.\n\n", 8),
		From:   may(20), To: may(31),
	}
	now := notify.Words{
		Kind: notify.WarmReminder, TitleZH: "5月20日人多，请提前到", TitleEN: "20 May is busy: come early",
		BodyZH: "5月20日预约已满。\n\n请带齐证件，提前 30 分钟到。", BodyEN: "20 May is fully booked.\n\nBring your documents and come 30 minutes early.", From: may(20),
	}
	over := now
	over.From, over.To, over.TitleZH, over.TitleEN = may(18), may(19), "5月19日上午暂停办理", "Closed on the morning of 19 May"
	g.town.at(earlier)
	for name, words := range map[string]notify.Words{"long": long, "now": now, "over": over} {
		words.Audience = notify.ForAll
		g.announced[name] = g.publishWords(words)
	}
	g.freeze()
}

func (g *gallery) publishWords(words notify.Words) string {
	g.t.Helper()
	ctx := g.t.Context()
	ref, err := g.Notices.Write(ctx, "writer", notify.Writing{Words: words, Office: ordinary, Key: uuid.NewString()})
	if err == nil {
		err = g.Notices.Move(ctx, "writer", ref, notify.HandedIn, "test")
	}
	if err == nil {
		err = g.Notices.Move(ctx, "reviewer", ref, notify.Published, "test")
	}
	if err != nil {
		g.t.Fatal(err, fault.Of(err).Fields)
	}
	return strconv.FormatInt(ref.ID, 10)
}

// opened is their own data, shown after a code.
func opened(v *guest) {
	v.t.Helper()
	v.own("/data").want(http.StatusOK)
	v.send("/b/" + v.number + "/data/code").want(http.StatusOK)
	v.send("/b/"+v.number+"/data/open", "code", v.code()).want(http.StatusOK)
}

// erasable is their own data after a cancellation, which may be deleted.
func erasable(v *guest) {
	v.t.Helper()
	v.own("/cancel").want(http.StatusOK)
	v.send("/b/" + v.number + "/cancel/code").want(http.StatusOK)
	v.send("/b/"+v.number+"/cancel", "code", v.code()).want(http.StatusOK)
	v.later(2 * time.Minute)
	opened(v)
	v.gallery.freeze()
}

// slowed is the page of somebody who sends a form too often.
func (v *guest) slowed() {
	v.t.Helper()
	r := httptest.NewRequestWithContext(v.t.Context(), http.MethodPost, "/find/send?lang="+v.lang, strings.NewReader("mobile="+v.phone()))
	r.Header.Set(echo.HeaderContentType, echo.MIMEApplicationForm)
	answer := httptest.NewRecorder()
	if err := v.slowDown(echo.New().NewContext(r, answer), fault.New(fault.TooMany, "too_many_requests").After(40*time.Second)); err != nil {
		v.t.Fatal(err)
	}
	v.Status, v.body = answer.Code, answer.Body.String()
}

const hotPhoneAt = "/o/" + hot + "/2026-05-27/phone"

// found is what their phone finds.
func found(v *guest) {
	v.t.Helper()
	v.get("/find").send("/find/send", "mobile", v.phone()).want(http.StatusOK)
	v.send("/find/mine", "code", v.code()).want(http.StatusOK)
}

// others is two other people with the same phone.
func (v *guest) others() []string {
	v.t.Helper()
	of := func(n int) string {
		number, err := identity.Synthetic(date.Date{Year: 1991, Month: time.May, Day: 4}, []identity.Sex{identity.Male, identity.Female}[n], v.n)
		if err != nil {
			v.t.Fatal(err)
		}
		return number
	}
	return []string{"parties.0.name", "王五", "parties.0.document.number", of(0), "parties.1.name", "赵六", "parties.1.document.number", of(1)}
}

// arrive lets them in.
func (v *guest) arrive() {
	v.t.Helper()
	a := hall.Arrival{Number: v.number, Office: ordinary, Actor: "test", Key: newKey()}
	for i := range 2 {
		a.Readings = append(a.Readings, hall.Reading{Party: i + 1, Decicelsius: 365, Device: "T1"})
	}
	if in, err := v.Hall.CheckIn(v.t.Context(), a); err != nil || in.Outcome != hall.Admitted {
		v.t.Fatal(in.Outcome, err)
	}
}

func (v *guest) call() {
	v.t.Helper()
	if _, err := v.Hall.Call(v.t.Context(), v.number, "3", "test"); err != nil {
		v.t.Fatal(err)
	}
}

func (v *guest) register() {
	v.t.Helper()
	if _, err := v.Hall.Start(v.t.Context(), v.number, "3", "test"); err != nil {
		v.t.Fatal(err)
	}
	if _, err := v.Hall.Complete(v.t.Context(), v.number, fmt.Sprintf("J430702-2026-%06d", v.n+1), "test"); err != nil {
		v.t.Fatal(err)
	}
}

// stopped suspends the day of their appointment, once for all who have one then.
func (v *guest) stopped() {
	v.t.Helper()
	stops, err := v.Offices.Suspensions(v.t.Context(), suspended, may(29), may(29))
	if err != nil {
		v.t.Fatal(err)
	}
	if len(stops) > 0 {
		return
	}
	_, err = v.Desk.Suspend(v.t.Context(), slots.Closing{
		Office: suspended, From: may(29), To: may(29), Mode: slots.Full, Reason: "系统升级", Notice: "5月29日 周五系统升级，暂停办理。",
	}, "test", false)
	if err != nil {
		v.t.Fatal(err)
	}
}

// soldOutDays is every day on which that office has a place, within what is sold.
var soldOutDays = []date.Date{may(25), {Year: 2026, Month: time.June, Day: 1}, {Year: 2026, Month: time.June, Day: 8}, {Year: 2026, Month: time.June, Day: 15}}

// as signs the guest in as the one member of staff with this role. That is done
// once and shared, since a password is slow to check; the language is not shared.
func (v *guest) as(role string) *visitor {
	v.t.Helper()
	here, err := url.Parse(v.server.URL)
	if err != nil {
		v.t.Fatal(err)
	}
	if v.gallery.signedIn[role] == nil {
		if v.gallery.signedIn == nil {
			v.gallery.signedIn = map[string][]*http.Cookie{}
		}
		for _, cookie := range v.gallery.staff(role).client.Jar.Cookies(here) {
			if cookie.Name != "lang" {
				v.gallery.signedIn[role] = append(v.gallery.signedIn[role], cookie)
			}
		}
	}
	v.client.Jar.SetCookies(here, v.gallery.signedIn[role])
	return v.visitor
}

// alone is the start of a town with one office.
func (v *guest) alone() {
	v.t.Helper()
	tn := newTown(v.t)
	if _, err := tn.db.ExecContext(v.t.Context(), `DELETE FROM office_service WHERE office_id = $1`, elsewhere); err != nil {
		v.t.Fatal(err)
	}
	if _, err := tn.db.ExecContext(v.t.Context(), `DELETE FROM office WHERE id = $1`, elsewhere); err != nil {
		v.t.Fatal(err)
	}
	v.seen(tn.visitor().get("/?lang=" + v.lang).want(http.StatusOK))
}

// rushed is a time chosen without scripts while an office is overrun.
func (v *guest) rushed() {
	v.t.Helper()
	tn := newTown(v.t)
	tn.rush()
	v.seen(tn.visitor().get(theDay+"?lang="+v.lang).send(theDay, "slot", nineClock).want(http.StatusConflict))
}

// seen shows what is seen in another town.
func (v *guest) seen(there *visitor) { v.Status, v.body = there.Status, there.body }

// unsent is the check while no texts are sent.
func (v *guest) unsent() {
	v.t.Helper()
	v.gallery.town.at("2026-05-20 11:00")
	for i := range 2 {
		if err := v.Codes.Request(v.t.Context(), fmt.Sprintf("1390001%03d%d", v.n, i), v.lang, ""); err != nil {
			v.t.Fatal(err)
		}
	}
	v.later(30 * time.Second)
	v.checked(ordinary, "2026-05-25", "09:00")
}

// upkeep is a browser in a town in which maintenance has begun.
func (v *guest) upkeep() *visitor {
	v.t.Helper()
	tn := newTown(v.t)
	tn.maintained("2026-05-18 09:00", "2026-05-18 11:00")
	return tn.visitor()
}

func (v *guest) maintenance(path string) {
	v.t.Helper()
	v.seen(v.upkeep().get(path + "?lang=" + v.lang).want(http.StatusOK))
}

// rebooks chooses another time for an appointment that a suspension has taken away.
func (v *guest) rebooks(day, clock string) {
	v.t.Helper()
	v.stopped()
	v.own("/rebook?date=" + day).want(http.StatusOK)
	v.send("/b/"+v.number+"/rebook", "slot", slotOf(suspended, day, clock)).want(http.StatusOK)
}
