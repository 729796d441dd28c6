package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hunyue/server/limit"
	"hunyue/slots"
)

// Whatever a visitor writes into X-Forwarded-For gains them nothing, what trips
// can be seen, and who trips cannot.
func TestLimitsGuardTheProgramUnlessTheyAreOff(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{true, false} {
		w := newWorld(t, "2026-05-18T10:00:00+08:00", on)
		w.opens(here, slots.DefaultRules())
		if w.limits != nil {
			w.limits.Patience = 5 * time.Second
			w.limits.Budgets = []limit.Budget{{Act: limit.Finds, Of: limit.Address, Most: 1, Within: time.Hour}} // ten for loopback
		}
		through := 0
		for i := range 15 {
			got, err := w.send("GET", "/api/v1/appointments/12345678", nil,
				"Appointment-Secret", "nobody-has-this-secret", "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
			if err != nil {
				t.Fatal(err)
			}
			switch got.status {
			case http.StatusNotFound:
				through++
			case http.StatusTooManyRequests:
			default:
				t.Fatalf("limits %t: %d %s", on, got.status, got.text)
			}
		}
		if want := map[bool]int{true: 10, false: 15}[on]; through != want {
			t.Errorf("limits %t: %d of 15 look-ups went through, want %d", on, through, want)
		}
		metrics, err := w.send("GET", "/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		if tripped := strings.Contains(metrics.text, `hunyue_limit_refused_total{limit="finds.address"}`); on && !tripped {
			t.Error("what has tripped is not among the metrics")
		}
		if said := w.logged.String(); on != strings.Contains(said, `"limit":"finds.address"`) || strings.Contains(said, "203.0.113") {
			t.Errorf("limits %t: the log says %s", on, w.tail())
		}
	}
}
