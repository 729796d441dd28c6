package model

import (
	"strings"
	"testing"
)

func TestATraceIsAShortestRun(t *testing.T) {
	t.Parallel()
	early := Product()
	early.AnswerAfterCommit = false
	trace := Explore(Scenarios()[0], early, Promises()).Broken["I3"]
	want := strings.TrimLeft(`
  1. couple 1 at "lock first": locks the person
  2. couple 1 at "lock second": locks the person
  3. couple 1 at "ask hold": is granted a hold
  4. couple 1 at "pin": pins its hold
  5. couple 1 at "confirm": hears that it is booked before COMMIT
`, "\n")
	if got := trace.String(); got != want {
		t.Errorf("trace:\n%s\nwant:\n%s", got, want)
	}
}

// The oldest known mistake of holds in a cache, as a run one can follow: the
// place is granted again while the first couple's token still lives.
func TestALossWithoutQuarantineGrantsAPlaceTwice(t *testing.T) {
	t.Parallel()
	hasty := Product()
	hasty.Quarantine = false
	trace := Explore(Scenarios()[0], hasty, Promises()).Broken["I1b"]
	var grants, losses int
	for _, line := range trace {
		switch line.Name {
		case "is granted a hold":
			grants++
		case "Redis restarts empty", "its hold is lost in a Redis failover":
			losses++
		}
	}
	if grants != 2 || losses != 1 {
		t.Errorf("%d grants and %d losses, want 2 and 1:\n%s", grants, losses, trace)
	}
}
