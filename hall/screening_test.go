package hall

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hunyue/internal/fault"
	"hunyue/slots"
)

func at(minute int) time.Time { return time.Date(2026, time.May, 20, 9, minute, 0, 0, time.UTC) }

func measured(fevers ...bool) person {
	p := person{}
	for i, fever := range fevers {
		p = append(p, link{ID: int64(i + 1), Abnormal: fever, Device: "T1", At: at(0)})
	}
	return p
}

func TestLatenessBeginsAfterTheLastMinute(t *testing.T) {
	rules := slots.DefaultRules()
	for _, tt := range []struct {
		fact    string
		arrived time.Time
		want    Outcome
	}{
		{"as the slot begins", at(0), Admitted},
		{"exactly thirty minutes after", at(30), Admitted},
		{"a moment later", at(30).Add(time.Microsecond), Late},
	} {
		v := visit{ArrivedAt: tt.arrived}
		v.settle(Arrival{}, nil, at(0), rules)
		if v.Outcome != tt.want {
			t.Errorf("%s: %s, want %s", tt.fact, v.Outcome, tt.want)
		}
	}
}

func TestTheWorstReadingOfACoupleDecides(t *testing.T) {
	for _, tt := range []struct {
		fact     string
		one, two person
		want     Outcome
	}{
		{"both normal", measured(false), measured(false), Admitted},
		{"a fever", measured(false), measured(true), Recheck},
		{"a fever that went", measured(true, false), measured(false), Admitted},
		{"two fevers of one", measured(true, true), measured(false), Deferred},
		{"one fever of each", measured(true), measured(true), Recheck},
		{"two fevers, and a first of the other", measured(true, true), measured(true), Deferred},
		{"a first fever, and two of the other", measured(true), measured(true, true), Deferred},
	} {
		v := visit{ArrivedAt: at(0)}
		v.settle(Arrival{}, []person{tt.one, tt.two}, at(0), slots.DefaultRules())
		if v.Outcome != tt.want || (v.RecheckAt != nil) != (tt.want == Recheck) {
			t.Errorf("%s: %s at %v, want %s", tt.fact, v.Outcome, v.RecheckAt, tt.want)
		}
	}
}

func TestRestEndsOnTheMinute(t *testing.T) {
	s := screenOf(slots.DefaultRules())
	again := []Reading{{Party: 1, Decicelsius: 365, Device: "T2"}}
	if err := s.check(again, []person{measured(true)}, at(10)); err != nil {
		t.Errorf("after ten minutes: %v", err)
	}
	err := s.check(again, []person{measured(true)}, at(9))
	if !errors.Is(err, ErrRecheckTooSoon) || fault.Of(err).RetryAfter != time.Minute {
		t.Errorf("after nine minutes: %v in %s, want recheck_too_soon in a minute", err, fault.Of(err).RetryAfter)
	}
}

// Whatever was measured before, nobody whose last reading is a fever is let in,
// and nobody is sent home for a single one.
func TestNoFeverIsLetInAndNoneIsFinalAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fevers := rapid.SliceOfN(rapid.Bool(), 1, 6).Draw(t, "fevers")
		v := visit{ArrivedAt: at(0)}
		v.settle(Arrival{}, []person{measured(fevers...)}, at(0), slots.DefaultRules())
		count := 0
		for _, fever := range fevers {
			if fever {
				count++
			}
		}
		if last := fevers[len(fevers)-1]; last == (v.Outcome == Admitted) {
			t.Errorf("last reading a fever: %t, and %s", last, v.Outcome)
		}
		if v.Outcome == Deferred && count < 2 {
			t.Errorf("deferred with %d fevers", count)
		}
	})
}
