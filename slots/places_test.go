package slots_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// rush lets 64 couples want a place at once, each in one of the quotas, and
// returns how many got one.
func rush(t *testing.T, s *slots.Store, ids ...string) int {
	t.Helper()
	var got atomic.Int64
	var crowd sync.WaitGroup
	for i := range 64 {
		crowd.Go(func() {
			err := takeOne(t.Context(), s.DB, ids[i%len(ids)], 1)
			switch {
			case err == nil:
				got.Add(1)
			case postgres.State(err) != "HY003":
				t.Errorf("couple %d: %v, want a place or HY003", i, err)
			}
		})
	}
	crowd.Wait()
	return int(got.Load())
}

func TestACrowdGetsExactlyThePlacesThereAre(t *testing.T) {
	s := newStore(t)
	template := week()
	template.Capacity = slots.Capacity{slots.Marriage: 10}
	putSchedule(t, s, "2026-05-20", template)
	r := slots.DefaultRules()
	r.Shares = slots.Shares{Web: 100}
	if err := s.SetRules(t.Context(), wuling, day(t, "2026-05-20"), r, "web only", "manager"); err != nil {
		t.Fatal(err)
	}
	publish(t, s, "2026-05-20", "2026-05-20")
	const web = "430702-20260520-0900-marriage-web"
	if got := rush(t, s, web); got != 10 {
		t.Errorf("%d couples got one of 10 places", got)
	}
	if q := quota(t, s, web); q.Booked != 10 || q.Version != 11 {
		t.Errorf("%d booked in version %d, want 10 in version 11", q.Booked, q.Version)
	}
}

func TestACrowdGetsExactlyThePlacesUnderACap(t *testing.T) {
	s := newStore(t)
	template, hall := week(), 9
	template.Caps.Hall = &hall
	template.Caps.HalfDay = map[slots.Group]int{slots.Marriage: 7}
	putSchedule(t, s, "2026-05-20", template)
	publish(t, s, "2026-05-20", "2026-05-20")
	got := rush(t, s, "430702-20260520-0900-marriage-web", "430702-20260520-0930-marriage-web",
		"430702-20260520-0900-divorce-web", "430702-20260520-0930-divorce-web")
	if got != 9 {
		t.Errorf("%d couples are in a hall for 9", got)
	}
	all := quotas(t, s, "2026-05-20", "2026-05-20")
	checkCounts(t, all)
	if q := quota(t, s, "430702-20260520-am-marriage"); q.Booked > 7 {
		t.Errorf("%d marriages in a morning for 7", q.Booked)
	}
}

func TestNobodyBooksBeforeTheReleaseOrAfterTheEnd(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-19", "2026-06-18")
	for fact, tt := range map[string]struct {
		at   time.Time
		id   string
		want string
	}{
		"before the release":             {monday(), "430702-20260618-0900-marriage-web", "HY008"},
		"a moment before the release":    {time.Date(2026, 5, 19, 0, 29, 58, 0, time.UTC), "430702-20260618-0900-marriage-web", "HY008"},
		"at the release":                 {time.Date(2026, 5, 19, 0, 30, 0, 0, time.UTC), "430702-20260618-0900-marriage-web", ""},
		"in the last seconds of the web": {time.Date(2026, 5, 18, 15, 59, 50, 0, time.UTC), "430702-20260519-0900-marriage-web", ""},
		"when the web has closed":        {time.Date(2026, 5, 18, 16, 0, 0, 0, time.UTC), "430702-20260519-0900-marriage-web", "HY008"},
		"by phone on the day":            {time.Date(2026, 5, 19, 1, 20, 0, 0, time.UTC), "430702-20260519-0900-marriage-phone", ""},
		"by phone when it is over":       {time.Date(2026, 5, 19, 1, 30, 0, 0, time.UTC), "430702-20260519-0900-marriage-phone", "HY008"},
	} {
		setTime(t, s, tt.at)
		if err := takeOne(t.Context(), s.DB, tt.id, 1); postgres.State(err) != tt.want {
			t.Errorf("%s: got %v, want state %q", fact, err, tt.want)
		}
	}
}

func TestACancelledPlaceCoolsAndThenIsSoldAgain(t *testing.T) {
	s := newStore(t)
	template, hall := week(), 30
	template.Caps.Hall = &hall
	putSchedule(t, s, "2026-05-20", template)
	publish(t, s, "2026-05-20", "2026-05-20")
	const web, all = "430702-20260520-0900-marriage-web", "430702-20260520-hall"
	take(t, s, web, 7)
	free(t, s, web, monday().Add(time.Hour))
	free(t, s, web, monday().Add(time.Hour))
	free(t, s, web, monday().Add(3*time.Hour))
	warm := func() []string {
		var lines []string
		inTx(t, s, func(tx postgres.Querier) error {
			var err error
			lines, err = s.Warm(t.Context(), tx)
			return err
		})
		return lines
	}
	if err := takeOne(t.Context(), s.DB, web, 1); postgres.State(err) != "HY003" {
		t.Errorf("a cooling place was sold: %v", err)
	}
	if lines := warm(); len(lines) != 0 {
		t.Errorf("before its time %v became warm", lines)
	}
	setTime(t, s, monday().Add(2*time.Hour))
	lines := warm()
	for _, id := range []string{web, all} {
		q := quota(t, s, id)
		if q.Booked != 4 || q.Cooling != 1 {
			t.Errorf("%s: %d booked and %d cooling, want 4 and 1", id, q.Booked, q.Cooling)
		}
		if len(lines) != 2 || lines[0] != q.Line && lines[1] != q.Line {
			t.Errorf("lines %q lack %q", lines, q.Line)
		}
	}
	take(t, s, web, 2)
	if err := takeOne(t.Context(), s.DB, web, 1); postgres.State(err) != "HY003" {
		t.Errorf("the place that still cools was sold: %v", err)
	}
}

func TestCancellationsUseUpAnExcessFirst(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-20", "2026-05-20")
	const web = "430702-20260520-0900-marriage-web"
	take(t, s, web, 5)
	free(t, s, web, monday().Add(-time.Minute)) // due at once
	setCap := func(n int) slots.Recap {
		var r slots.Recap
		inTx(t, s, func(tx postgres.Querier) error {
			var err error
			r, err = s.SetCap(t.Context(), tx, web, n, "fewer registrars", "manager")
			return err
		})
		return r
	}
	if r := setCap(2); r.Excess != 3 {
		t.Errorf("a cut to 2 with 4 booked and 1 cooling leaves %d, want 3", r.Excess)
	}
	inTx(t, s, func(tx postgres.Querier) error { _, err := s.Warm(t.Context(), tx); return err })
	if q := quota(t, s, web); q.Cooling != 0 || q.Excess != 2 {
		t.Errorf("%d cooling and %d too many, want 0 and 2", q.Cooling, q.Excess)
	}
	free(t, s, web, monday().Add(time.Hour))
	free(t, s, web, monday().Add(time.Hour))
	if q := quota(t, s, web); q.Booked != 2 || q.Cooling != 0 || q.Excess != 0 || q.Free() != 0 {
		t.Errorf("quota %+v: want the excess gone and nothing cooling", q)
	}
	free(t, s, web, monday().Add(time.Hour))
	if q := quota(t, s, web); q.Booked != 1 || q.Cooling != 1 {
		t.Errorf("quota %+v: want the next place to cool", q)
	}
}

func TestMistakesInACap(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-20", "2026-05-20")
	for _, tt := range []struct {
		id, reason string
		n          int
		code       string
		fields     map[string]string
	}{
		{"430702-20260520-0900-marriage-web", " ", -1, "invalid_input", map[string]string{"cap": "out_of_range", "reason": "required"}},
		{"430702-20260520-0900-marriage-web", "x", 10001, "invalid_input", map[string]string{"cap": "out_of_range"}},
		{"430702-20260520-0915-marriage-web", "x", 1, "no_such_slot", nil},
	} {
		err := postgres.InTx(t.Context(), s.DB, func(tx postgres.Querier) error {
			_, err := s.SetCap(t.Context(), tx, tt.id, tt.n, tt.reason, "manager")
			return err
		})
		if got := fault.Of(err); got.Code != tt.code || !cmp.Equal(got.Fields, tt.fields) {
			t.Errorf("%s to %d: %s %v, want %s %v", tt.id, tt.n, got.Code, got.Fields, tt.code, tt.fields)
		}
	}
}
