package slots

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestADayOpensAtTheReleaseClock(t *testing.T) {
	loc := location(t, "Asia/Shanghai")
	r := DefaultRules()
	if got := OpensAt(r, parseDate(t, "2026-05-20"), loc).Format(time.RFC3339); got != "2026-04-20T08:30:00+08:00" {
		t.Errorf("20 May opens at %s, want 20 April 08:30", got)
	}
	r.HorizonDays, r.ReleaseTime = 0, 0
	if got := OpensAt(r, parseDate(t, "2026-05-20"), loc).Format(time.RFC3339); got != "2026-05-20T00:00:00+08:00" {
		t.Errorf("without a horizon it opens at %s, want midnight of the day", got)
	}
}

func TestWhenASlotCloses(t *testing.T) {
	loc, c := location(t, "Asia/Shanghai"), knownCalendar(t)
	for _, tt := range []struct {
		fact string
		day  string
		lead int
		ch   Channel
		want string
	}{
		{"a Tuesday is sold until Monday midnight", "2026-05-19", 1, Web, "2026-05-19T00:00:00+08:00"},
		{"a Monday until Friday midnight", "2026-05-18", 1, Web, "2026-05-16T00:00:00+08:00"},
		{"a Monday after a worked Saturday, until that", "2026-05-11", 1, Web, "2026-05-10T00:00:00+08:00"},
		{"a Saturday opened for once, until Friday midnight", "2026-05-16", 1, Web, "2026-05-16T00:00:00+08:00"},
		{"the first day after the Spring Festival", "2026-02-24", 1, Web, "2026-02-15T00:00:00+08:00"},
		{"two working days", "2026-05-19", 2, Web, "2026-05-16T00:00:00+08:00"},
		{"over a new year of which nothing is known", "2028-01-03", 1, Web, "2028-01-01T00:00:00+08:00"},
		{"same day: until it starts", "2026-05-19", 0, Web, "2026-05-19T09:00:00+08:00"},
		{"staff sell until it ends", "2026-05-19", 2, Phone, "2026-05-19T09:30:00+08:00"},
		{"at the counter as well", "2026-05-19", 0, Counter, "2026-05-19T09:30:00+08:00"},
	} {
		r := DefaultRules()
		r.LeadDays = tt.lead
		visit := parseDate(t, tt.day)
		slot := Slot{Day: visit, Start: 540, StartsAt: TimeOfDay(540).On(visit, loc), EndsAt: TimeOfDay(570).On(visit, loc)}
		if got := ClosesAt(r, c, slot, tt.ch, loc).Format(time.RFC3339); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.fact, got, tt.want)
		}
	}
}

func TestUnusedPlacesReturnWhileTheWebStillSells(t *testing.T) {
	loc, c := location(t, "Asia/Shanghai"), knownCalendar(t)
	for _, tt := range []struct {
		fact string
		day  string
		lead int
		want string
	}{
		{"the day before", "2026-05-20", 1, "2026-05-19T16:00:00+08:00"},
		{"the Friday before a Monday", "2026-05-18", 1, "2026-05-15T16:00:00+08:00"},
		{"same-day booking: still the working day before", "2026-05-20", 0, "2026-05-19T16:00:00+08:00"},
		{"the web closes earlier", "2026-05-20", 2, "2026-05-18T16:00:00+08:00"},
	} {
		r := DefaultRules()
		r.LeadDays = tt.lead
		if got := SpillsAt(r, c, parseDate(t, tt.day), loc).Format(time.RFC3339); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.fact, got, tt.want)
		}
	}
}
