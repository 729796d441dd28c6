package web

import (
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/notify"
	"hunyue/server/auth"
	"hunyue/slots"
)

// numbered is him or her with another number, which nobody has either.
func numbered(of, nn string) string {
	first := of[:14] + nn + of[16:17]
	return first + checkDigit(first)
}

// asks books for two people with a phone of their own, and stays on the answer.
func (v *visitor) asks(slot, one, other, phone string) *visitor {
	v.t.Helper()
	v.get(theDay).send(theDay, "slot", slot).want(http.StatusOK)
	v.send("/book/check", append(couple(), "parties.0.document.number", one, "parties.1.document.number", other, "phone", phone)...).want(http.StatusOK)
	return v.send("/book/confirm", "code", v.codeFor(phone))
}

func slotAt(hhmm string) string { return office + "-20260520-" + hhmm + "-marriage" }

// missed makes somebody miss an appointment.
func (tn *town) missed(slot, one, other, phone string) string {
	tn.t.Helper()
	v := tn.visitor().asks(slot, one, other, phone).want(http.StatusOK, "预约成功")
	number := path.Base(v.URL.Path)
	tn.ends(number, booking.NoShow)
	return number
}

// ends moves an appointment to another status.
func (tn *town) ends(number string, to booking.Status) {
	tn.t.Helper()
	a, err := tn.Desk.At(tn.t.Context(), number, func(string) bool { return true })
	if err == nil {
		err = postgres.InTx(tn.t.Context(), tn.db, func(tx postgres.Querier) error {
			return booking.Advance(tn.t.Context(), tx, a.ID, to, "system")
		})
	}
	if err != nil {
		tn.t.Fatal(err)
	}
}

// texts is what a phone has got of a kind.
func (tn *town) texts(kind notify.Kind, phone string) []string {
	tn.t.Helper()
	if err := tn.worker.Drain(tn.t.Context()); err != nil {
		tn.t.Fatal(err)
	}
	all, err := tn.Dev.Messages(tn.t.Context(), phone)
	if err != nil {
		tn.t.Fatal(err)
	}
	var texts []string
	for _, m := range all {
		if m.Kind == kind {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// reliability.md 5.3: busy, busy as the other of the two, kept from booking or
// both read alike to a stranger, byte by byte. Those whom it is about are told at
// the phone that they left.
func TestWhoHasABookingIsNotTold(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.later(2 * time.Minute)
	lazy := numbered(him, "51")
	for i, slot := range []string{slotAt("1000"), slotAt("1030")} {
		tn.missed(slot, lazy, numbered(her, "5"+string("23"[i])), "13800000005")
		tn.later(2 * time.Minute)
	}
	answers := map[string]string{}
	for i, asked := range []struct{ what, one, other string }{
		{"he is busy", him, numbered(her, "61")},
		{"she is busy", numbered(him, "62"), her},
		{"both are", him, her},
		{"he is kept out", lazy, numbered(her, "63")},
		{"one is busy and one kept out", lazy, her},
	} {
		v := tn.visitor().asks(slotAt("1130"), asked.one, asked.other, "1380000010"+string(rune('0'+i)))
		v.want(http.StatusConflict, "这次预约不能在网上完成", "说明已发到预约时留的手机")
		answers[v.body] += asked.what + "; "
	}
	if len(answers) != 1 {
		t.Errorf("%d different answers: %v", len(answers), answers)
	}
	tried, restricted := tn.texts(notify.Tried, ""), tn.texts(notify.Restricted, "")
	if len(tried) != 1 || len(tn.texts(notify.Tried, hisPhone)) != 1 || !strings.Contains(tried[0], number) {
		t.Errorf("the couple was told %q, want one message", tried)
	}
	if len(restricted) != 1 || len(tn.texts(notify.Restricted, "13800000005")) != 1 || !strings.Contains(restricted[0], "6月4日") {
		t.Errorf("who is kept out was told %q, want one message that says until when", restricted)
	}
	tn.later(25 * time.Hour)
	tn.visitor().asks(slotAt("1130"), him, numbered(her, "64"), "13800000111").want(http.StatusConflict)
	if n := len(tn.texts(notify.Tried, hisPhone)); n != 2 {
		t.Errorf("a day later %d messages, want another one", n)
	}
}

func TestTheCoupleItselfIsToldPlainly(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.bookedBy(tn.visitor())
	tn.later(2 * time.Minute)
	v := tn.visitor().asks(slotAt("1000"), him, her, hisPhone).want(http.StatusConflict, "您留这个手机号的预约还有效", "查询已有的预约")
	if strings.Contains(v.text(), "说明已发到") {
		t.Error("they are sent to a message that was not sent")
	}
	if got := tn.texts(notify.Tried, ""); len(got) != 0 {
		t.Errorf("the couple was sent %q about itself", got)
	}
}

// Domain rules 50 to 53.
func TestWhoMissesTwiceIsKeptFromBookingOnlineAlone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	lazy, phone := numbered(him, "51"), "13800000005"
	first := tn.missed(slotAt("1000"), lazy, numbered(her, "52"), phone)
	tn.later(2 * time.Minute)
	tn.missed(slotAt("1030"), lazy, numbered(her, "53"), phone)
	tn.later(2 * time.Minute)
	tn.visitor().asks(slotAt("1100"), lazy, her, phone).want(http.StatusConflict, "因多次未到场，2026年6月4日 星期四前（含当日）不能网上预约")

	tn.visitor().asks(slotAt("1100"), numbered(him, "54"), numbered(her, "52"), "13800000006").want(http.StatusOK, "预约成功")
	tn.later(2 * time.Minute)

	operator := tn.staff(auth.Operator)
	operator.get("/call/o/"+office+"/2026-05-20").send("/call/o/"+office+"/2026-05-20", "slot", slotAt("1100"))
	operator.send("/call/book/check", append(couple(), "parties.0.document.number", lazy, "phone", phone, "caller", "本人")...)
	operator.want(http.StatusOK, "2026年6月4日 星期四前（含当日）不能网上预约", "由您决定")
	operator.send("/call/book/confirm").want(http.StatusOK, "预约成功")
	operator.send("/call/"+path.Base(operator.URL.Path)+"/cancel", "reason", "来电要求").want(http.StatusOK, "已取消")

	operator.get("/call/"+first).want(http.StatusOK, "未到场", "不能网上预约")
	if strings.Contains(operator.body, "/excuse") {
		t.Error("an operator is offered to excuse")
	}
	manager := tn.staff(auth.Manager)
	manager.get("/call/"+first).send("/call/"+first+"/excuse", "reason", "").want(http.StatusUnprocessableEntity, "请写明原因")
	for range 2 {
		manager.get("/call/" + first)
		if strings.Contains(manager.body, "/excuse") {
			manager.send("/call/"+first+"/excuse", "reason", "短信没有送达").want(http.StatusOK, "不计次数")
		}
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'excused' AND actor LIKE 'staff:%'`); n != 1 {
		t.Errorf("%d excuses in the audit, want 1", n)
	}
	tn.visitor().asks(slotAt("1130"), lazy, her, "13800000007").want(http.StatusOK, "预约成功")
}

// Domain rule 91: a box of its own, empty, that nobody has to tick; where the
// office has recorded what it measures by, that is named instead.
func TestHealthHasAConsentOfItsOwn(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", nineClock).want(http.StatusOK, "我们同意登记处在进门时测量并记录体温")
	if got := v.form("/book/check").Get("consents.health"); got != "" {
		t.Errorf("the box is ticked: %q", got)
	}
	v.send("/book/check", append(couple(), "consents.health", healthVersion)...).want(http.StatusOK)
	v.send("/book/confirm", "code", v.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
	agreed := path.Base(v.URL.Path)
	tn.later(2 * time.Minute)
	refused := path.Base(tn.visitor().asks(slotAt("1000"), numbered(him, "51"), numbered(her, "52"), "13800000002").want(http.StatusOK, "预约成功").URL.Path)
	if n := tn.count(`SELECT count(*) FROM appointment WHERE consents ->> 'health' = $1`, healthVersion); n != 1 {
		t.Errorf("%d appointments have the consent to be measured, want the one that gave it", n)
	}
	tn.at("2026-05-20 08:50")
	hall := tn.staff(auth.Hall)
	hall.get("/desk/"+refused).want(http.StatusOK, "没有在预约时同意测量体温")
	if hall.get("/desk/" + agreed).want(http.StatusOK); strings.Contains(hall.text(), "没有在预约时同意测量体温") {
		t.Error("who has agreed is asked again")
	}

	rules := slots.DefaultRules()
	rules.HealthBasis = "传染病防治法第三十九条"
	if err := tn.Offices.SetRules(t.Context(), office, date.DateOf(tn.Clock.Now().In(shanghai)), rules, "test", "test"); err != nil {
		t.Fatal(err)
	}
	late := tn.visitor()
	late.get("/o/"+office+"/2026-05-22").send("/o/"+office+"/2026-05-22", "slot", office+"-20260522-0900-marriage")
	late.want(http.StatusOK, "依据：传染病防治法第三十九条")
	if strings.Contains(late.body, "consents.health") {
		t.Error("a consent is asked for although the law says it")
	}
}
