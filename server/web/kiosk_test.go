package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/slots"
)

// makesKiosk signs somebody in at this browser who makes a kiosk of it.
func (v *visitor) makesKiosk(at string) {
	v.t.Helper()
	name := fmt.Sprintf("guide%d", v.count(`SELECT count(*) FROM account`))
	_, err := v.Accounts.AddUser(v.t.Context(), "test", auth.NewUser{Username: name, Password: password, Roles: []string{auth.Hall}, Offices: []string{at}})
	if err != nil {
		v.t.Fatal(err)
	}
	v.signIn(name)
	v.get("/desk/kiosk?office="+at).send("/desk/kiosk", "step", "make").want(http.StatusOK)
	if v.URL.Path != "/kiosk/"+at {
		v.t.Fatalf("the kiosk is at %s", v.URL)
	}
}

// kiosk presses a button there.
func (v *visitor) kiosk(step string, typed ...string) *visitor {
	v.t.Helper()
	values := map[string][]string{"step": {step}, "key": {newKey()}}
	for i := 0; i < len(typed); i += 2 {
		values[typed[i]] = []string{typed[i+1]}
	}
	return v.post(v.URL.Path, values)
}

// unscreened is the town's office without screening, whose counter places stay at
// the counter.
func (tn *town) unscreened() {
	tn.t.Helper()
	rules := slots.DefaultRules()
	rules.Screening, rules.KeepShares = slots.ScreeningOff, true
	rules.Shares = slots.Shares{Web: 50, Phone: 0, Counter: 50}
	from := date.Date{Year: 2026, Month: time.May, Day: 18}
	err := tn.Offices.SetRules(tn.t.Context(), office, from, rules, "test", "test")
	if err == nil {
		_, err = tn.Desk.Publish(tn.t.Context(), office, from, date.Date{Year: 2026, Month: time.May, Day: 29}, slots.PublishOptions{}, "test")
	}
	if err != nil {
		tn.t.Fatal(err)
	}
}

func TestOnlyADeviceThatStaffHaveSetUpIsAKiosk(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.unscreened()
	stranger := tn.visitor()
	stranger.get("/kiosk/"+office).want(http.StatusForbidden, "请找工作人员设置")
	before := tn.count(`SELECT count(*) FROM appointment`)
	tn.at("2026-05-20 09:05")
	stranger.kiosk("walk-in", "service", "marriage").want(http.StatusForbidden)
	if n := tn.count(`SELECT count(*) FROM appointment`); n != before {
		t.Errorf("a stranger got %d tickets", n-before)
	}
	v := tn.visitor()
	v.makesKiosk(office)
	v.want(http.StatusOK, "已预约", "没有预约")
	v.get("/desk")
	if v.URL.Path != "/staff/login" {
		t.Errorf("whoever set the kiosk up is still signed in: %s", v.URL)
	}
	v.get("/kiosk/" + elsewhere).want(http.StatusForbidden)
	tn.at("2026-05-21 00:05")
	v.get("/kiosk/"+office).want(http.StatusForbidden, "请找工作人员设置")
}

func TestAKioskReceivesCouplesAndNamesNobody(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.unscreened()
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:20")
	v := tn.visitor()
	v.makesKiosk(office)
	v.kiosk("check-in", "number", number).want(http.StatusOK, "来早了，08:30 起可以签到")
	tn.at("2026-05-20 09:05")
	for _, typed := range []string{"", "12", "99999999", number + "00000000"} {
		v.kiosk("check-in", "number", typed).want(http.StatusOK, "查无此号")
	}
	for _, typed := range []string{tn.Desk.DoorPass(number), number[:4] + " " + number[4:]} { // the second time it is told again
		v.kiosk("check-in", "number", typed).want(http.StatusOK, "A001", "请留意叫号")
		if !strings.Contains(v.header.Get("Refresh"), "30; url=/kiosk/"+office) {
			t.Errorf("it goes back after %q", v.header.Get("Refresh"))
		}
		if strings.Contains(v.body, "张") || strings.Contains(v.body, number) {
			t.Error("the kiosk says who they are")
		}
	}
	v.kiosk("walk-in", "service", "marriage").want(http.StatusOK, "B001", "预计")
	v.kiosk("walk-in", "service", "nothing").want(http.StatusOK, "请到签到台")
	v.kiosk("help").want(http.StatusOK, "工作人员会帮助您")
}

// Domain rule 64: a kiosk notes that the booked are here, and lets nobody past the
// thermometer.
func TestAKioskSendsWhoIsMeasuredToTheDesk(t *testing.T) {
	t.Parallel()
	tn := newTown(t) // where the rules are those of every office
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:20")
	v := tn.visitor()
	v.makesKiosk(office)
	v.kiosk("check-in", "number", number).want(http.StatusOK, "来早了，08:30 起可以签到")
	tn.at("2026-05-20 09:21")
	v.kiosk("check-in", "number", number).want(http.StatusOK, "已记下二位 09:21 到。请到签到台测量体温")
	tn.at("2026-05-20 09:40")
	v.kiosk("check-in", "number", number).want(http.StatusOK, "已记下二位 09:21 到")
	v.kiosk("check-in", "number", "99999999").want(http.StatusOK, "查无此号")
	v.kiosk("walk-in", "service", "marriage").want(http.StatusOK, "请先到签到台测量体温")
	if n := tn.count(`SELECT count(*) FROM visit WHERE ticket IS NOT NULL OR outcome <> 'noted'`); n != 0 {
		t.Errorf("%d went past the thermometer", n)
	}
	door := tn.well(auth.Manager)
	door.get("/desk").want(http.StatusOK, "待测温 1", "已到，待测温", "09:21 到", "张*、李*")
	door.get("/desk/"+number).want(http.StatusOK, "09:21 已到，待测温：张*、李*")
	door.send("/desk/"+number+"/check-in", "device", "T1").want(http.StatusUnprocessableEntity)
	door.send("/desk/"+number+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1").want(http.StatusOK, "A001")
	v.get("/kiosk/"+office).kiosk("check-in", "number", number).want(http.StatusOK, "A001")
}

// What is left of today on the web, which stopped selling it, is for who walks in: by
// the rules as they are where nobody has set any others.
func TestAHallHasPlacesForWalkInsByDefault(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	rules := slots.DefaultRules()
	rules.Screening = slots.ScreeningOff
	tn.must(tn.Offices.SetRules(t.Context(), office, may(18), rules, "test", "test"))
	tn.at("2026-05-19 17:00")
	tn.must(tn.Desk.ReturnUnused(t.Context()))
	if n := tn.count(`SELECT coalesce(sum(cap), 0) FROM quota WHERE day = '2026-05-20' AND channel = 'counter'`); n != 0 {
		t.Fatalf("the counter has kept %d places", n)
	}
	tn.at("2026-05-20 09:05")
	v := tn.visitor()
	v.makesKiosk(office)
	v.kiosk("walk-in", "service", "marriage").want(http.StatusOK, "B001", "预计")
	desk := tn.staff(auth.Manager)
	desk.get("/desk/walk-in").send("/desk/walk-in", "service", "marriage").want(http.StatusOK, "B002")
	r, err := tn.Hall.Report(t.Context(), office, may(20))
	if err != nil || r.ByChannel[slots.Counter] != 2 || r.Booked != 2 || r.Arrived != 2 {
		t.Errorf("the day's report has %+v, %v; want two at the counter, both here", r, err)
	}
}

func TestAKioskThatHasNoPlaceLeftNamesTheNextDay(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.unscreened()
	tn.at("2026-05-20 11:40")
	v := tn.visitor()
	v.makesKiosk(office)
	for range 6 {
		if v.kiosk("walk-in", "service", "marriage"); strings.Contains(v.text(), "名额已经用完") {
			v.want(http.StatusOK, "最近可约的是", "5月21日")
			return
		}
		v.get("/kiosk/" + office)
	}
	t.Errorf("six walk-ins in the last slot: %s", v.text())
}
