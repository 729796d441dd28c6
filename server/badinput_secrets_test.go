package main

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

// holdsAndSecrets is about what shows whose something is.
func (v *victim) holdsAndSecrets(t *testing.T) {
	body, _ := v.booking()
	other := v.hold(here + "-20260521-0900-marriage")
	token := func(value string) []string { return []string{"Hold-Token", value, "Idempotency-Key", "another-key"} }
	right := word(v.held, "token")
	foreign := refusedWith(403, "hold_foreign")
	place := doc{"slot": here + "-20260521-0900-marriage"}
	v.try(t, "a hold with half a key", refusal{400, "invalid_input", doc{"Idempotency-Key": "pattern"}, nil}, "POST", "/holds", place, "Idempotency-Key", "a key")
	v.try(t, "no token", refusedWith(401, "token_required"), "POST", "/appointments", body, token("")...)
	v.try(t, "a made-up token", foreign, "POST", "/appointments", body, token("made-up")...)
	v.try(t, "a token cut short", foreign, "POST", "/appointments", body, token(right[:len(right)-2])...)
	v.try(t, "the token of another hold", foreign, "POST", "/appointments", body, token(word(other, "token"))...)
	v.try(t, "another hold", foreign, "POST", "/appointments", edited(t, body, "hold", other["id"]), token(right)...)
	v.try(t, "a hold of nobody", foreign, "POST", "/appointments", edited(t, body, "hold", uuid.NewString()), token(right)...)
	at := "/holds/" + word(v.held, "id")
	v.try(t, "extend without a token", refusedWith(401, "token_required"), "POST", at+"/extend", nil)
	v.try(t, "extend another's", foreign, "POST", at+"/extend", nil, token(word(other, "token"))...)
	v.try(t, "release another's", foreign, "DELETE", at, nil, token(word(other, "token"))...)
	v.try(t, "release what is no hold", invalid(doc{"id": "format"}), "DELETE", "/holds/19900000005", nil, token(right)...)

	taken := application(other, v.couple, "19900000007", v.code("19900000007"))
	v.drain()
	reused := []string{"Hold-Token", word(other, "token"), "Idempotency-Key", v.key}
	v.try(t, "a key that has been used", refusedWith(422, "key_reused"), "POST", "/appointments", taken, reused...)
	v.wrongCodes(t, other, taken)
	busy := refusal{409, "person_busy", nil, map[string]int{"hold_outcome": 1, "outbox": 1}}     // those whom it is about are told
	for _, quota := range []string{"0900-marriage-web", "am-marriage", "day-marriage", "hall"} { // the hold is over
		busy.adds["redis b:{"+here+"-20260521}:h:"+here+"-20260521-"+quota] = -1
	}
	busy.adds["redis b:{"+here+"-20260521}:n:"+word(other, "id")] = 1 // which is noted
	v.try(t, "a second appointment", busy, "POST", "/appointments", taken, token(word(other, "token"))...)
	v.try(t, "once more", refusedWith(409, "person_busy"), "POST", "/appointments", taken, token(word(other, "token"))...)
	v.appointments(t)
}

// wrongCodes uses a code up, and leaves another that is right.
func (v *victim) wrongCodes(t *testing.T, hold, body doc) {
	shown := []string{"Hold-Token", word(hold, "token"), "Idempotency-Key", "another-key"}
	right := word(body, "phone_code")
	wrong := edited(t, body, "phone_code", map[bool]string{true: "123456", false: "654321"}[right != "123456"])
	for range 5 {
		v.try(t, "a wrong code", refusedWith(422, "code_wrong"), "POST", "/appointments", wrong, shown...)
	}
	v.try(t, "the right one after five wrong ones", refusedWith(422, "code_used_up"), "POST", "/appointments", body, shown...)
	v.try(t, "the code of another phone", refusedWith(422, "code_wrong"), "POST", "/appointments",
		edited(t, edited(t, body, "phone", v.phone), "phone_code", map[bool]string{true: "123456", false: "654321"}[v.digits != "123456"]), shown...)
	v.try(t, "a phone without a code", refusedWith(422, "code_expired"), "POST", "/appointments", edited(t, body, "phone", "19900000099"), shown...)
	soon := refusedWith(429, "code_too_soon")
	v.try(t, "another code at once", soon, "POST", "/phone-codes", doc{"phone": "19900000007"})
	v.try(t, "from elsewhere, it says", soon, "POST", "/phone-codes", doc{"phone": "19900000007"},
		"X-Forwarded-For", "203.0.113.77", "X-Real-Ip", "203.0.113.77", "Forwarded", "for=203.0.113.77")
	v.canaries["203.0.113.77"] = true
	v.ahead(61 * time.Second)
	body["phone_code"] = v.code("19900000007")
}

// appointments is about looking at, cancelling and moving what is booked.
func (v *victim) appointments(t *testing.T) {
	at := "/appointments/" + word(v.tomorrow, "number")
	secret := func(value string) []string { return []string{"Appointment-Secret", value} }
	cancel := doc{"phone_code": "123456"}
	for _, stranger := range []struct {
		what, path, secret string
		want               refusal
	}{
		{"without a secret", at, "", refusedWith(401, "secret_required")},
		{"with another secret", at, word(v.today, "secret"), refusedWith(404, "no_such_appointment")},
		{"of nobody", "/appointments/99999999", word(v.tomorrow, "secret"), refusedWith(404, "no_such_appointment")},
		{"by a phone", "/appointments/19900000002", word(v.tomorrow, "secret"), invalid(doc{"number": "*"})},
		{"by a name", "/appointments/" + "%E9%BE%98%E9%9D%90", word(v.tomorrow, "secret"), invalid(doc{"number": "*"})},
		{"by NUL", "/appointments/%00", word(v.tomorrow, "secret"), invalid(doc{"number": "*"})},
	} {
		v.try(t, "look "+stranger.what, stranger.want, "GET", stranger.path, nil, secret(stranger.secret)...)
		want := stranger.want
		v.try(t, "cancel "+stranger.what, want, "POST", stranger.path+"/cancel", cancel, secret(stranger.secret)...)
	}
	mine := secret(word(v.tomorrow, "secret"))
	v.try(t, "cancel without a code having been sent", refusedWith(422, "code_expired"), "POST", at+"/cancel", cancel, mine...)
	v.try(t, "cancel today's", refusedWith(409, "too_late"), "POST", "/appointments/"+word(v.today, "number")+"/cancel", cancel, secret(word(v.today, "secret"))...)
	move := doc{"hold": v.held["id"], "phone_code": "123456"}
	v.try(t, "move without a token", refusedWith(401, "token_required"), "POST", at+"/reschedule", move, mine...)
	v.try(t, "move with a made-up token", refusedWith(403, "hold_foreign"), "POST", at+"/reschedule", move, append(mine, "Hold-Token", "made-up")...)
	far := v.hold(there + "-20260521-0900-marriage")
	v.try(t, "move to another office", refusedWith(403, "hold_foreign"), "POST", at+"/reschedule",
		doc{"hold": far["id"], "phone_code": "123456"}, append(mine, "Hold-Token", word(far, "token"))...)
	for slot, want := range map[string]refusal{
		"yesterday":                          invalid(doc{"slot": "pattern"}),
		here + "-20260521-0910-marriage":     refusedWith(404, "no_such_slot"),
		here + "-20260231-0900-marriage":     refusedWith(404, "no_such_slot"),
		here + "-20260521-2460-marriage":     refusedWith(404, "no_such_slot"),
		"999999-20260521-0900-marriage":      refusedWith(404, "no_such_slot|no_such_office"),
		here + "-20260521-0900-divorce":      refusedWith(404, "no_such_slot"),
		here + "-20260521-0900-marriage-web": invalid(doc{"slot": "pattern"}),
	} {
		v.try(t, "hold "+slot, want, "POST", "/holds", doc{"slot": slot})
	}
}
