package main

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// victim is an office on an ordinary morning, and one right request of each
// kind. What is wrong with a request is only what a case changes in it.
type victim struct {
	*world
	canaries map[string]bool // names, numbers and phones that were sent

	couple, free  []doc // of the appointments; of nobody yet
	phone         string
	held, byPhone doc    // places on the web; by the operator
	digits        string // the code that was sent to the phone
	today         doc    // booked for nine o'clock today
	key           string
	tomorrow      doc
	elsewhere     doc // at the neighbour's
	stopped       doc // suspensions: here,
	theyStopped   doc // and at the neighbour's
	serving       doc // at the counter

	document map[string]string // what openapi.yaml says of "POST /holds 404"
}

// refusal is what a wrong request is told. Of two codes with | between either
// will do, and of a field "*" means any.
type refusal struct {
	status int
	code   string
	fields doc
	adds   map[string]int // rows that the refusal itself leaves behind
}

func invalid(fields doc) refusal {
	return refusal{status: http.StatusUnprocessableEntity, code: "invalid_input", fields: fields}
}

func refusedWith(status int, code string) refusal { return refusal{status: status, code: code} }

// Every wrong request is told what is wrong, by a code and by field, and leaves
// nothing behind: no row, no change of one, no hold, and nobody in the log.
func TestBadInput(t *testing.T) {
	v := newVictim(t)
	for _, about := range []struct {
		name string
		try  func(*testing.T)
	}{
		{"bodies", v.bodies},
		{"bookings", v.bookings},
		{"holds and secrets", v.holdsAndSecrets},
		{"the hall", v.inTheHall},
		{"the manager", v.byTheManager},
		{"no characters", v.characterless},
		{"strangers", v.strangers},
		{"what was right all the time", v.rightAllTheTime},
		{"too late", v.tooLate},
		{"squatting", v.squatting},
	} {
		t.Run(about.name, func(t *testing.T) {
			v.t = t
			about.try(t)
		})
	}
	v.t = t
	for canary := range v.canaries {
		if strings.Contains(v.logged.String(), canary) {
			t.Errorf("%q is in the log", canary)
		}
	}
	if strings.Contains(v.logged.String(), `"level":"ERROR"`) {
		t.Error("an error was logged: a mistake of the sender's was taken for ours")
	}
	v.check()
}

func newVictim(t *testing.T) *victim {
	v := &victim{world: newWorld(t, "2026-05-20T08:40:00+08:00", true), canaries: map[string]bool{}}
	rules := slots.DefaultRules()
	rules.LeadDays, rules.HoldSeconds, rules.Shares = 0, 1800, slots.Shares{Web: 34, Phone: 33, Counter: 33}
	morning := []doc{{"from": "09:00", "to": "12:00"}}
	for office, manager := range map[string]string{here: "manager", there: "manager." + there} {
		v.opens(office, rules)
		v.want(http.StatusOK, "PUT", "/manage/offices/"+office+"/schedule", doc{
			"slot_minutes": 30, "capacity": doc{"marriage": 60, "other": 60}, "weekdays": doc{"wed": morning, "thu": morning},
		}, v.as(manager)...)
		v.want(http.StatusOK, "POST", "/manage/offices/"+office+"/publish", doc{"from": "2026-05-20", "to": "2026-05-21"}, v.as(manager)...)
	}
	for _, username := range []string{"hall", "registrar", "hall." + there} {
		v.want(http.StatusOK, "POST", "/staff/readings", doc{"celsius": "36.5", "device": "T1"}, v.as(username)...)
	}
	v.fill()
	v.read()
	return v
}

// fill makes what the cases are tried on.
func (v *victim) fill() {
	v.couple, v.key = v.pair("龘靐", "齉爩", 1), uuid.NewString()
	hold := v.hold(here + "-20260520-0900-marriage")
	v.today = v.want(http.StatusCreated, "POST", "/appointments", application(hold, v.couple, "19900000001", v.code("19900000001")),
		"Hold-Token", word(hold, "token"), "Idempotency-Key", v.key)
	v.tomorrow = v.book(here+"-20260521-0930-marriage", v.pair("测试甲", "测试乙", 2), "19900000002")
	v.elsewhere = v.book(there+"-20260520-0900-marriage", v.pair("测试甲", "测试乙", 3), "19900000003")
	v.serving = v.book(here+"-20260520-0900-marriage", v.pair("测试甲", "测试乙", 4), "19900000004")
	v.want(http.StatusOK, "POST", visit(v.serving, "check-in"), readings("36.5", "36.5"), v.as("hall")...)
	for _, step := range []string{"call", "start"} {
		v.want(http.StatusOK, "POST", visit(v.serving, step), doc{"counter": "3"}, v.as("registrar")...)
	}

	stop := doc{"from": "2026-06-22", "to": "2026-06-23", "mode": "full", "reason": "搬迁", "notice": "6月22日至23日停办。"}
	v.stopped = v.want(http.StatusOK, "POST", "/manage/offices/"+here+"/suspensions", stop, v.as("manager")...)
	v.theyStopped = v.want(http.StatusOK, "POST", "/manage/offices/"+there+"/suspensions", stop, v.as("manager."+there)...)

	v.free, v.phone = v.pair("鱻麤", "灪龗", 5), "19900000005"
	v.held = v.hold(here + "-20260521-0900-marriage")
	v.byPhone = v.want(http.StatusCreated, "POST", "/staff/holds", doc{"slot": here + "-20260521-0900-marriage", "channel": "phone"}, v.as("operator")...)
	v.digits = v.code(v.phone)
	v.drain()
}

// pair is a couple of these names, the nth that there is.
func (v *victim) pair(him, her string, n int) []doc {
	born := date.Date{Year: 1990, Month: 3, Day: 7}
	return []doc{party(v.t, him, born, identity.Male, n), party(v.t, her, born, identity.Female, n)}
}

// booking is the right request that turns the hold on the web into an
// appointment.
func (v *victim) booking() (body doc, headers []string) {
	return application(v.held, v.free, v.phone, v.digits), []string{"Hold-Token", word(v.held, "token"), "Idempotency-Key", "the-right-key"}
}

// assisted is the same for the operator's hold.
func (v *victim) assisted() (body doc, headers []string) {
	body = application(v.byPhone, v.free, v.phone, "")
	delete(body, "phone_code")
	maps.Copy(body, doc{"channel": "phone", "caller": "爨癵本人"})
	return body, v.as("operator", "Hold-Token", word(v.byPhone, "token"), "Idempotency-Key", "the-right-key")
}
