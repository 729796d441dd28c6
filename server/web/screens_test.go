package web

import (
	"net/http"
	"net/url"
	"time"

	"hunyue/internal/date"
	"hunyue/internal/fault"
)

const (
	rareName = "龚㼆䶮𫖮𬎆"
	longName = "阿卜杜热西提·阿卜杜克热木·买买提吐尔逊江·艾则孜"
)

// screens is every screen that a couple sees. What it needs is in guest_test.go.
var screens = []screen{
	{"P01", "start and list of offices", []state{
		{"one-hall", nil, func(v *guest) { v.alone() }},
		{"maintenance", nil, func(v *guest) { v.maintenance("/") }},
		{"many", nil, func(v *guest) { v.get("/").want(http.StatusOK) }},
	}},
	{"P02", "day and time", []state{
		{"normal", nil, at("/o/" + ordinary)},
		{"next-month", nil, at("/o/" + ordinary + "?month=2026-06")},
		{"first-free-next-month", nil, at("/o/" + nextMonth)},
		{"day-full", nil, func(v *guest) {
			v.gallery.fill(ordinary, may(27))
			v.get(dayAt(ordinary, "2026-05-27")).want(http.StatusOK)
		}},
		{"day-taken", nil, at(dayAt(ordinary, "2026-05-26"))}, // beside the full one
		{"month-full", nil, func(v *guest) {
			for _, day := range soldOutDays {
				v.gallery.fill(soldOut, day)
			}
			v.get("/o/" + soldOut).want(http.StatusOK)
		}},
		{"unpublished", nil, at("/o/" + unopened)},
		{"suspended-day", nil, at(dayAt(suspended, "2026-05-22"))},
		{"long-names", nil, at(dayAt(longNamed, "2026-05-21"))},
		{"hot-day", nil, at(dayAt(hot, "2026-05-27"))},
		{"hot-day-phone", nil, at(hotPhoneAt)},
		{"hot-day-phone-error", nil, func(v *guest) {
			v.get(hotPhoneAt).send(hotPhoneAt, "phone", "110", "step", "code").want(http.StatusUnprocessableEntity)
		}},
		{"hot-day-code", nil, func(v *guest) {
			v.get(hotPhoneAt).send(hotPhoneAt, "phone", v.phone(), "step", "code").want(http.StatusOK)
		}},
		{"hot-day-code-wrong", nil, func(v *guest) {
			v.get(hotPhoneAt).send(hotPhoneAt, "phone", v.phone(), "step", "code").want(http.StatusOK)
			v.send(hotPhoneAt, "code", "000000", "step", "prove").want(http.StatusUnprocessableEntity)
		}},
		{"in-a-rush", nil, func(v *guest) { v.rushed() }},
		{"maintenance", nil, func(v *guest) { v.maintenance(theDay) }},
		{"stale-offline", nil, at("/o/" + ordinary)},
		{"holding", nil, func(v *guest) {
			v.chosen(ordinary, "2026-05-21", "09:00")
			v.get("/o/" + ordinary).want(http.StatusOK)
		}},
		{"no-slot-error", nil, func(v *guest) {
			v.get(dayAt(ordinary, "2026-05-21")).send("/o/" + ordinary + "/2026-05-21").want(http.StatusUnprocessableEntity)
		}},
	}},
	{"P03", "both people and phone", []state{
		{"empty", nil, func(v *guest) { v.chosen(ordinary, "2026-05-21", "09:00") }},
		{"errors-1", nil, typedIn("parties.0.document.number", "43079919900307001")},
		{"errors-5", nil, typedIn(
			"parties.0.name", "", "parties.0.document.number", "430799199003070013", "parties.1.document.number", "43079919",
			"phone", "0736-7123456", "consents.agreement", "", "consents.privacy", "")},
		{"rare-name", nil, typedIn("parties.0.name", rareName, "phone", "")},
		{"unusual-name", nil, typedIn("parties.0.name", "Zhang San 3")},
		{"minority-name-long", nil, typedIn("parties.0.name", longName, "parties.1.name", longName, "phone", "")},
		{"passport", nil, typedIn("parties.1.name", "Maximiliane Wolkenstein-Trostburg", "parties.1.document.type", "passport", "parties.1.document.number", "C01X00T47", "phone", "")},
		{"hold-2min", nil, func(v *guest) {
			v.chosen(ordinary, "2026-05-21", "09:00")
			v.later(28 * time.Minute)
			v.send("/book/check", v.inputs("phone", "")...).want(http.StatusUnprocessableEntity)
		}},
		{"split-person-1", nil, apiece(1, "09:00")},
		{"split-person-1-errors", nil, apiece(1, "09:30", "parties.0.name", "", "parties.0.document.number", "43079919900307001")},
		{"split-person-2", nil, apiece(2, "10:00")},
		{"split-person-2-errors", nil, apiece(2, "10:30", "parties.1.name", longName, "parties.1.document.number", "12")},
		{"split-contact", nil, apiece(3, "14:00")},
		{"split-contact-errors", nil, apiece(3, "14:30", "phone", "0736-7123456", "consents.agreement", "", "consents.privacy", "")},
	}},
	{"P04", "place lost", []state{
		{"alternatives", nil, lost(ordinary, "2026-05-21", "14:00")},
		{"none-left", func(v *guest) { v.chosen(soldOut, soldOutDays[0].String(), "09:00") }, func(v *guest) {
			for _, day := range soldOutDays {
				v.gallery.fill(soldOut, day)
			}
			v.send("/book/check", v.inputs()...).want(http.StatusConflict)
		}},
		{"busy", nil, func(v *guest) {
			booked(ordinary, "2026-05-29", "09:00")(v)
			v.later(2 * time.Minute)
			v.checked(ordinary, "2026-06-02", "09:00")
			v.send("/book/confirm", "code", v.code()).want(http.StatusConflict)
		}},
	}},
	{"P05", "check and code", []state{
		{"sent", nil, func(v *guest) { v.checked(ordinary, "2026-05-25", "09:00") }},
		{"code-missing", nil, coded(http.StatusUnprocessableEntity, "")},
		{"code-wrong", nil, coded(http.StatusUnprocessableEntity, "000000")},
		{"code-expired", nil, func(v *guest) {
			v.checked(ordinary, "2026-05-25", "09:00")
			code := v.code()
			v.later(15 * time.Minute)
			v.send("/book/confirm", "code", code).want(http.StatusUnprocessableEntity)
		}},
		{"locked", nil, coded(http.StatusUnprocessableEntity, "000000", "000001", "000002", "000003", "000004", "000005", "000006")},
		{"not-received", nil, func(v *guest) {
			v.checked(ordinary, "2026-05-25", "09:00")
			v.send("/book/code").want(http.StatusOK)
		}},
		{"sms-down", nil, func(v *guest) { v.unsent() }},
		{"long-names", nil, func(v *guest) {
			v.checked(longNamed, "2026-05-25", "09:00", "parties.0.name", longName, "parties.1.name", rareName)
		}},
	}},
	{"P06", "the page of a booking", []state{
		{"confirmed", booked(ordinary, "2026-05-22", "09:00"), ownPage("")},
		{"long-names", booked(longNamed, "2026-05-22", "09:00", "parties.0.name", longName, "parties.1.name", rareName), ownPage("")},
		{"today", booked(ordinary, "2026-05-20", "10:00"), ownPage("")},
		{"checked-in", booked(ordinary, "2026-05-20", "10:00"), func(v *guest) {
			v.arrive()
			v.own("").want(http.StatusOK)
		}},
		{"called", booked(ordinary, "2026-05-20", "09:30"), func(v *guest) {
			v.arrive()
			v.call()
			v.own("").want(http.StatusOK)
		}},
		{"completed", booked(ordinary, "2026-05-20", "09:30"), func(v *guest) {
			v.arrive()
			v.call()
			v.register()
			v.own("").want(http.StatusOK)
		}},
		{"cancelled", booked(ordinary, "2026-05-22", "09:30"), func(v *guest) {
			v.own("/cancel").want(http.StatusOK)
			v.send("/b/" + v.number + "/cancel/code").want(http.StatusOK)
			v.send("/b/"+v.number+"/cancel", "code", v.code()).want(http.StatusOK)
		}},
		{"suspended-offer", booked(suspended, "2026-05-29", "09:30"), func(v *guest) {
			v.stopped()
			v.own("").want(http.StatusOK)
		}},
		{"suspended-none", booked(suspended, "2026-05-29", "10:00"), func(v *guest) {
			v.stopped()
			v.gallery.town.at("2026-06-13 10:00") // the right is over
			v.own("").want(http.StatusOK)
		}},
		{"missed", booked(ordinary, "2026-05-19", "09:30"), func(v *guest) {
			if _, err := v.Hall.CloseDay(v.t.Context(), ordinary, may(19), "test"); err != nil {
				v.t.Fatal(err)
			}
			v.own("").want(http.StatusOK)
		}},
	}},
	{"P07", "the picture of a booking", []state{
		{"default", booked(ordinary, "2026-05-22", "10:00"), ownPage("/image")},
		{"long-names", booked(longNamed, "2026-05-22", "10:00", "parties.0.name", longName, "parties.1.name", rareName), ownPage("/image")},
	}},
	{"P08", "cancel and change", []state{
		{"cancel-ask", booked(ordinary, "2026-05-26", "09:00"), ownPage("/cancel")},
		{"cancel-code", booked(ordinary, "2026-05-26", "09:00"), func(v *guest) {
			v.own("/cancel")
			v.send("/b/" + v.number + "/cancel/code").want(http.StatusOK)
		}},
		{"cancel-code-wrong", booked(ordinary, "2026-05-26", "09:30"), func(v *guest) {
			v.own("/cancel")
			v.send("/b/" + v.number + "/cancel/code")
			v.send("/b/"+v.number+"/cancel", "code", "000000").want(http.StatusUnprocessableEntity)
		}},
		{"cancel-too-late", booked(ordinary, "2026-05-20", "10:30"), ownPage("/cancel")},
		{"change-too-late", booked(ordinary, "2026-05-20", "10:30"), ownPage("/change")},
		{"change-taken", booked(ordinary, "2026-05-26", "10:00"), func(v *guest) {
			v.gallery.fill(ordinary, may(27))
			v.post("/b/"+v.number+"/change", url.Values{"slot": {slotOf(ordinary, "2026-05-27", "09:30")}, "day": {"2026-05-27"}, "key": {newKey()}}).
				want(http.StatusConflict)
		}},
		{"change-ask", booked(ordinary, "2026-05-26", "09:30"), ownPage("/change")},
		{"change-no-slot", booked(ordinary, "2026-05-26", "10:00"), func(v *guest) {
			v.own("/change?date=2026-05-28")
			v.send("/b/" + v.number + "/change").want(http.StatusUnprocessableEntity)
		}},
		{"change-code", booked(ordinary, "2026-05-26", "10:30"), func(v *guest) {
			v.own("/change?date=2026-05-28")
			v.send("/b/"+v.number+"/change", "slot", slotOf(ordinary, "2026-05-28", "09:30")).want(http.StatusOK)
		}},
		{"change-done", booked(ordinary, "2026-05-26", "10:30"), func(v *guest) {
			v.own("/change?date=2026-05-28")
			v.send("/b/"+v.number+"/change", "slot", slotOf(ordinary, "2026-05-28", "10:00")).want(http.StatusOK)
			v.send("/b/"+v.number+"/change/confirm", "code", v.code()).want(http.StatusOK)
		}},
	}},
	{"P06d", "the couple's own data", []state{
		{"ask", booked(ordinary, "2026-06-04", "09:00"), ownPage("/data")},
		{"code", booked(ordinary, "2026-06-04", "09:00"), func(v *guest) {
			v.own("/data")
			v.send("/b/" + v.number + "/data/code").want(http.StatusOK)
		}},
		{"open", booked(ordinary, "2026-06-04", "09:00", "parties.0.name", longName, "parties.1.name", rareName), opened},
		{"correct", booked(ordinary, "2026-06-04", "09:30"), func(v *guest) {
			opened(v)
			v.own("/data/correct").want(http.StatusOK)
		}},
		{"correct-errors", booked(ordinary, "2026-06-04", "09:30"), func(v *guest) {
			opened(v)
			v.own("/data/correct").want(http.StatusOK)
			v.send("/b/"+v.number+"/data/correct", "phone", "12").want(http.StatusUnprocessableEntity)
		}},
		{"delete", booked(ordinary, "2026-06-04", "10:00"), func(v *guest) {
			erasable(v)
			v.own("/data/delete").want(http.StatusOK)
		}},
		{"deleted", booked(ordinary, "2026-06-04", "10:00"), func(v *guest) {
			erasable(v)
			v.own("/data/delete").want(http.StatusOK)
			v.send("/b/" + v.number + "/data/delete")
		}},
	}},
	{"P09", "booking anew after a suspension", []state{
		{"offer", booked(suspended, "2026-05-29", "10:30"), func(v *guest) {
			v.stopped()
			v.own("/rebook").want(http.StatusOK)
		}},
		{"code", booked(suspended, "2026-05-29", "14:00", "parties.0.name", longName, "parties.1.name", rareName), func(v *guest) {
			v.rebooks("2026-06-02", "09:00")
		}},
		{"code-wrong", booked(suspended, "2026-05-29", "14:30"), func(v *guest) {
			v.rebooks("2026-06-02", "09:30")
			v.send("/b/"+v.number+"/rebook/confirm", "code", "000000").want(http.StatusUnprocessableEntity)
		}},
		{"taken", booked(suspended, "2026-05-29", "15:00"), func(v *guest) {
			v.stopped()
			v.gallery.fill(suspended, date.Date{Year: 2026, Month: time.June, Day: 3})
			v.post("/b/"+v.number+"/rebook", url.Values{"slot": {slotOf(suspended, "2026-06-03", "09:30")}, "day": {"2026-06-03"}, "key": {newKey()}}).
				want(http.StatusConflict)
		}},
		{"accepted", booked(suspended, "2026-05-29", "15:30"), func(v *guest) {
			v.rebooks("2026-06-02", "10:00")
			v.send("/b/"+v.number+"/rebook/confirm", "code", v.code()).want(http.StatusOK)
		}},
	}},
	{"P11", "find a booking", []state{
		{"ask", nil, at("/find")},
		{"ask-errors", nil, func(v *guest) {
			v.get("/find").send("/find/send", "mobile", "12").want(http.StatusUnprocessableEntity)
		}},
		{"code", nil, func(v *guest) { v.get("/find").send("/find/send", "mobile", v.phone()).want(http.StatusOK) }},
		{"code-wrong", nil, func(v *guest) {
			v.get("/find").send("/find/send", "mobile", v.phone()).want(http.StatusOK)
			v.send("/find/mine", "code", "000000").want(http.StatusUnprocessableEntity)
		}},
		{"none", nil, func(v *guest) {
			v.get("/find").send("/find/send", "mobile", v.phone()).want(http.StatusOK)
			v.send("/find/mine", "code", v.code()).want(http.StatusOK)
		}},
		{"one", booked(ordinary, "2026-06-02", "09:00"), found},
		{"two", func(v *guest) {
			booked(ordinary, "2026-06-02", "09:30")(v)
			v.later(2 * time.Minute)
			booked(longNamed, "2026-06-03", "09:00", v.others()...)(v)
			v.gallery.town.at(earlier)
		}, found},
		{"number-errors", nil, func(v *guest) {
			v.get("/find").send("/find/code", "number", "12", "phone", "12").want(http.StatusUnprocessableEntity)
		}},
		{"number-code", nil, func(v *guest) {
			v.get("/find").send("/find/code", "number", "12345678", "phone", v.phone()).want(http.StatusOK)
		}},
		{"number-none", nil, func(v *guest) {
			v.get("/find").send("/find/code", "number", "12345678", "phone", v.phone()).want(http.StatusOK)
			v.send("/find/phone", "code", "000000").want(http.StatusUnprocessableEntity)
		}},
		{"secret-wrong", nil, func(v *guest) {
			v.get("/find").send("/find/secret", "number2", "12345678", "secret", "x").want(http.StatusNotFound)
		}},
	}},
	{"P13", "notices", []state{
		{"empty", at("/notices"), func(v *guest) { v.get("/notices?office=" + unopened).want(http.StatusOK) }},
		{"list", nil, func(v *guest) {
			v.gallery.announce()
			v.get("/notices").want(http.StatusOK)
		}},
		{"expired", nil, at("/notices?over=1")},
		{"one", nil, func(v *guest) { v.get("/notices/" + v.gallery.announced["now"]).want(http.StatusOK) }},
		{"long", nil, func(v *guest) { v.get("/notices/" + v.gallery.announced["long"]).want(http.StatusOK) }},
		{"over", nil, func(v *guest) { v.get("/notices/" + v.gallery.announced["over"]).want(http.StatusOK) }},
		{"on-the-days", nil, at("/o/" + ordinary)},
		{"on-the-start", nil, at("/")},
	}},
	{"P14", "help and what is agreed to", []state{
		{"help", nil, at("/help")},
		{"bring", nil, at("/bring")},
		{"foreign", nil, at("/foreign")},
		{"privacy", nil, at("/privacy")},
		{"accessibility", nil, at("/accessibility")},
		{"notice", nil, at("/notice")},
	}},
	{"P15", "rare characters", []state{
		{"empty", nil, at("/help/rare-name")},
		{"results", nil, func(v *guest) { v.get("/help/rare-name").send("/help/rare-name", "q", "yan").want(http.StatusOK) }},
		{"none", nil, func(v *guest) { v.get("/help/rare-name").send("/help/rare-name", "q", "qqqq").want(http.StatusOK) }},
	}},
	{"P16", "display settings", []state{
		{"default", nil, at("/settings")},
		{"chosen", nil, at("/settings?size=largest&theme=dark&simple=1")},
	}},
	{"P19", "errors", []state{
		{"404", nil, func(v *guest) { v.get("/nowhere").want(http.StatusNotFound) }},
		{"422", nil, broken(http.StatusUnprocessableEntity, fault.New(fault.Invalid, "malformed"))},
		{"429", nil, broken(http.StatusTooManyRequests, fault.New(fault.TooMany, "too_many_requests"))},
		{"429-form", nil, func(v *guest) { v.slowed() }},
		{"500", nil, broken(http.StatusInternalServerError, fault.New(fault.Internal, "internal"))},
		{"503-maintenance", nil, func(v *guest) {
			there := v.upkeep()
			v.seen(there.get(theDay+"?lang="+v.lang).post(theDay, url.Values{"slot": {nineClock}}).want(http.StatusServiceUnavailable))
		}},
		{"offline", nil, at("/offline")},
		{"503", nil, broken(http.StatusServiceUnavailable, fault.New(fault.Unavailable, "unavailable"))},
	}},
}
