package web

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"hunyue/internal/date"
	"hunyue/slots"
)

// moves begins to move the appointment at an address to a slot, and returns the
// form that confirms it.
func (v *visitor) moves(at, slot string) url.Values {
	v.t.Helper()
	v.get(at + "/change?date=2026-05-22").want(http.StatusOK)
	v.later(2 * time.Minute)
	v.send(at+"/change", "slot", slot).want(http.StatusOK, "确认改期")
	form := v.form(at + "/change/confirm")
	form.Set("code", v.codeFor(hisPhone))
	return form
}

// stays checks that the page says why, keeps the old time and offers others.
func (v *visitor) stays(status int, why string, offers ...string) {
	v.t.Helper()
	v.want(status, why, "原来的预约还在：2026年5月20日 星期三 09:00–09:30", "保留预约")
	if got := v.radios(); !slices.Equal(got, offers) {
		v.t.Errorf("offered %v, want %v", got, offers)
	}
	v.accessible()
	if n := v.count(`SELECT count(*) FROM appointment WHERE day = '2026-05-20' AND status = 'booked' AND reschedules = 0`); n != 1 {
		v.t.Errorf("%d appointments stand as they were, want 1", n)
	}
}

func on22(clock string) string { return office + "-20260522-" + clock + "-marriage" }

// A place may be lost while the code is awaited: the sentence says how, and the
// old time stays.
func TestAMoveThatCannotBeMadeKeepsTheOldTimeAndOffersOthers(t *testing.T) {
	t.Parallel()
	fri := date.Date{Year: 2026, Month: time.May, Day: 22}
	for _, tt := range []struct {
		name, why string
		lose      func(v *visitor, at string, form url.Values)
		offers    []string
	}{
		{"the hold has ended", "保留时间到了", func(v *visitor, at string, form url.Values) {
			v.later(3 * time.Minute)
			v.post(at+"/change/code", form).want(http.StatusOK, "验证码已发送")
			form.Set("code", v.codeFor(hisPhone))
			v.later(3 * time.Minute)
		}, []string{on22("1000"), on22("1030"), on22("1100")}},
		{"the day is suspended", "登记处在这段时间暂停办理", func(v *visitor, _ string, _ url.Values) {
			_, err := v.Desk.Suspend(v.t.Context(), slots.Closing{
				Office: office, From: fri, To: fri, Mode: slots.Full, Reason: "-", Notice: "停电",
			}, "test", false)
			v.must(err)
		}, []string{office + "-20260521-1030-marriage", office + "-20260521-1100-marriage", office + "-20260521-1130-marriage"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tn := newTown(t)
			v := tn.visitor()
			v.book()
			at := v.URL.Path
			form := v.moves(at, on22("1030"))
			tt.lose(v, at, form)
			v.post(at+"/change/confirm", form).stays(http.StatusConflict, tt.why, tt.offers...)
			v.get(at).want(http.StatusOK, "2026年5月20日 星期三 09:00–09:30")
		})
	}
}

func TestATimeThatIsFullWhenItIsChosenIsToldWithOthers(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	at := v.URL.Path
	v.get(at + "/change?date=2026-05-22").want(http.StatusOK)
	choice := v.form(at + "/change")
	for range 3 { // as many as there are places, or more
		tn.visitor().get("/o/"+office+"/2026-05-22").send("/o/"+office+"/2026-05-22", "slot", on22("1030"))
	}
	choice.Set("slot", on22("1030"))
	v.post(at+"/change", choice).stays(http.StatusConflict, "这个时段刚被约满", on22("0930"), on22("1000"), on22("1100"))
	v.later(2 * time.Minute)
	v.send(at+"/change", "slot", on22("1100")).want(http.StatusOK, "确认改期", "2026年5月22日 星期五 11:00")
}

// Domain rule 1: the law asks for the age on the day of the registration.
func TestWhoIsTooYoungOnTheNewDayIsToldFromWhen(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	born := "43079920060522002"
	girl := born + checkDigit(born) // twenty on 22 May 2026
	monday := "/o/" + office + "/2026-05-25"
	v.get(monday).send(monday, "slot", office+"-20260525-0900-marriage")
	v.send("/book/check", append(couple(), "parties.1.document.number", girl)...).want(http.StatusOK)
	v.send("/book/confirm", "code", v.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
	at := v.URL.Path
	v.get(at + "/change?date=2026-05-21").want(http.StatusOK)
	v.send(at+"/change", "slot", office+"-20260521-0900-marriage").want(http.StatusUnprocessableEntity,
		"改到那天另一方未满 20 周岁，2026年5月22日 星期五起可以登记", "原来的预约还在：2026年5月25日 星期一 09:00–09:30")
	if got, want := v.radios(), []string{on22("0900"), on22("0930"), on22("1000")}; !slices.Equal(got, want) {
		t.Errorf("offered %v, want %v", got, want)
	}
	if n := v.count(`SELECT count(*) FROM phone_code`); n != 1 {
		t.Errorf("%d codes were sent: one for a move that the law forbids", n)
	}
	v.later(2 * time.Minute)
	v.send(at+"/change", "slot", on22("0900")).want(http.StatusOK, "确认改期")
}

func TestWhoMayNotMoveAnyMoreIsToldBeforeTheyChoose(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	number := tn.bookedBy(v)
	at := v.URL.Path
	_, err := tn.db.ExecContext(t.Context(), `UPDATE appointment SET reschedules = 2 WHERE number = $1`, number)
	tn.must(err)
	v.get(at).want(http.StatusOK, "改期次数已用完", "取消预约")
	v.get(at+"/change").want(http.StatusOK, "改期次数已用完", "原来的预约还在", "0736-7250001")
	if len(v.radios()) != 0 {
		t.Error("times are offered that cannot be taken")
	}
	v.get(at+"/cancel").want(http.StatusOK, "确定取消")
	if strings.Contains(v.text(), "也可以改期") {
		t.Error("a change is offered that cannot be made")
	}
}

func TestAfterTheDeadlineThePhoneLineIsNamed(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	at := v.URL.Path
	v.get(at+"/cancel").want(http.StatusOK, "5月19日 周二 24:00 前取消的，不算未到场", "30 天内有 2 次未到场的，15 天内不能网上预约", "还可以改 2 次")
	cancel := v.form(at + "/cancel/code")
	tn.at("2026-05-20 00:00")
	v.get(at+"/cancel").want(http.StatusOK, "5月19日 周二 24:00 前取消的，不算未到场", "现在网上已不能取消或改期", "0736-7250001")
	v.accessible()
	v.post(at+"/cancel/code", cancel).want(http.StatusConflict, "已过取消截止时间", "0736-7250001")
	v.get(at+"/change").want(http.StatusOK, "已过取消截止时间", "0736-7250001", "原来的预约还在")
	if n := tn.count(`SELECT count(*) FROM phone_code`); n != 1 {
		t.Errorf("%d codes were sent, one of them for nothing", n)
	}
	if n := tn.count(`SELECT count(*) FROM appointment WHERE number = $1 AND status = 'booked'`, path.Base(at)); n != 1 {
		t.Error("the appointment no longer stands")
	}
}
