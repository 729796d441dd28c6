package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hunyue/internal/identity"
)

// strangers is about who may ask at all.
func (v *victim) strangers(t *testing.T) {
	revoked := word(v.want(http.StatusOK, "POST", "/staff/login", doc{"username": "registrar", "password": demoPassword}), "token")
	v.want(http.StatusNoContent, "POST", "/staff/logout", nil, "Authorization", "Bearer "+revoked)
	for _, w := range v.writes() {
		if !strings.HasPrefix(w.template, "/staff/") && !strings.HasPrefix(w.template, "/manage/") || w.template == "/staff/login" {
			continue
		}
		for what, bearer := range map[string]string{"nobody": "", "a made-up token": "Bearer made-up", "a token that has ended": "Bearer " + revoked, "a password": "Basic cmVnaXN0cmFyOng="} {
			v.try(t, w.template+" by "+what, refusedWith(401, "login_required"), w.method, w.path, w.body, append(slices.Clone(w.headers), "Authorization", bearer)...)
		}
	}
	failed := refusal{status: 401, code: "login_failed", adds: map[string]int{"audit": 1}}
	v.try(t, "a wrong password", failed, "POST", "/staff/login", doc{"username": "registrar", "password": "爨癵灪龗"})
	v.try(t, "a number as a name", failed, "POST", "/staff/login", doc{"username": born(t, "1991-01-01", identity.Male), "password": "x"})
	v.try(t, "no password", invalid(doc{"password": "required"}), "POST", "/staff/login", doc{"username": "registrar"})
	v.try(t, "a second factor of letters", invalid(doc{"totp": "*"}), "POST", "/staff/login", doc{"username": "registrar", "password": "x", "totp": "abcdef"})
	hold := doc{"slot": there + "-20260521-0900-marriage", "channel": "phone"}
	v.try(t, "a place at the neighbour's", refusedWith(403, "forbidden"), "POST", "/staff/holds", hold, v.as("operator")...)
	hold["channel"] = "web"
	v.try(t, "a place of the web's", invalid(doc{"channel": "enum"}), "POST", "/staff/holds", hold, v.as("operator")...)
	body, headers := v.assisted()
	v.try(t, "a colleague's hold", refusedWith(403, "hold_foreign"), "POST", "/staff/appointments", body, append(headers, v.as("hall")...)...)
	v.try(t, "a hold of another channel", refusedWith(403, "hold_foreign"), "POST", "/staff/appointments", edited(t, body, "channel", "counter"), headers...)
	v.try(t, "a couple's hold", refusedWith(403, "hold_foreign"), "POST", "/staff/appointments", edited(t, body, "hold", v.held["id"]), append(headers, "Hold-Token", word(v.held, "token"))...)
	v.try(t, "the operator's hold on the web", refusedWith(403, "hold_foreign"), "POST", "/appointments",
		application(v.byPhone, v.free, v.phone, v.digits), "Hold-Token", word(v.byPhone, "token"), "Idempotency-Key", "another-key")
	v.try(t, "another method", refusedWith(405, "method_not_allowed"), "PATCH", "/holds", doc{})
	v.try(t, "another address", refusedWith(404, "no_such_page"), "POST", "/holdings", doc{})
}

// rightAllTheTime sends the requests of which the others were wrong variants. A
// couple of 22 and 20 on the very day of the visit is old enough.
func (v *victim) rightAllTheTime(t *testing.T) {
	body, headers := v.booking()
	body = edited(t, edited(t, body, numberOf, born(t, "2004-05-21", identity.Male)), "parties.1.document.number", born(t, "2006-05-21", identity.Female))
	v.want(http.StatusCreated, "POST", "/appointments", body, headers...)
	body, headers = v.assisted()
	v.want(http.StatusCreated, "POST", "/staff/appointments", body, headers...)
	if in := v.want(http.StatusOK, "POST", visit(v.today, "check-in"), readings("36.5", "36.6"), v.as("hall")...); in["outcome"] != "admitted" {
		t.Errorf("at the door: %v", in)
	}
	v.want(http.StatusOK, "POST", visit(v.serving, "complete"), doc{"certificate_number": "J430702-2026-000001"}, v.as("registrar")...)
}

// tooLate confirms and extends holds that have ended, and one more appointment
// than a phone may carry.
func (v *victim) tooLate(t *testing.T) {
	slot := here + "-20260521-1000-marriage"
	v.book(slot, v.pair("测试甲", "测试乙", 20), "19900000008")
	v.ahead(61 * time.Second)
	v.book(slot, v.pair("测试甲", "测试乙", 21), "19900000008")
	v.ahead(61 * time.Second)
	hold := v.hold(slot)
	third := application(hold, v.pair("测试甲", "测试乙", 22), "19900000008", v.code("19900000008"))
	v.drain()
	shown := []string{"Hold-Token", word(hold, "token"), "Idempotency-Key", "another-key"}
	v.try(t, "the third with one phone", refusedWith(409, "phone_limit"), "POST", "/appointments", third, shown...)

	v.ahead(5*time.Minute + time.Second)
	v.try(t, "a code that is too old", refusedWith(422, "code_expired"), "POST", "/appointments", third, shown...)
	v.ahead(25*time.Minute + 10*time.Second) // and the grace in which a confirmation may still end
	v.try(t, "extend a hold that has ended", refusedWith(409, "hold_expired"), "POST", "/holds/"+word(hold, "id")+"/extend", nil, shown...)
	other := edited(t, edited(t, third, "phone", "19900000009"), "phone_code", v.code("19900000009"))
	v.drain()
	v.try(t, "a hold that has ended", refusedWith(409, "hold_expired"), "POST", "/appointments", other, shown...)
	var booked int
	if err := v.jobs.Get(&booked, `SELECT count(*) FROM appointment`); err != nil || booked != 8 {
		t.Errorf("%d appointments are stored, want the 8 that were answered with 201; %v", booked, err)
	}
}

// squatting is to keep the only place of a time by trying to confirm it again
// and again. A hold ends when it ends (domain rule 28).
func (v *victim) squatting(t *testing.T) {
	slot := here + "-20260521-1030-marriage"
	v.want(http.StatusOK, "PUT", "/manage/offices/"+here+"/capacity", doc{"slot": slot, "channel": "web", "capacity": 1, "reason": "少开窗口"}, v.as("manager")...)
	hold := v.hold(slot)
	body := application(hold, v.pair("测试甲", "测试乙", 30), "19900000010", "000000")
	v.ahead(30*time.Minute + time.Second)
	for range 12 {
		v.refused(http.StatusConflict, "hold_expired", "POST", "/appointments", body, "Hold-Token", word(hold, "token"), "Idempotency-Key", "another-key")
		v.ahead(9 * time.Second)
	}
	got, err := v.send("POST", "/api/v1/holds", doc{"slot": slot})
	if err != nil || got.status != http.StatusCreated {
		t.Errorf("108 s after a hold ended its place is not on sale: %d %s %v", got.status, got.text, err)
	}
}
