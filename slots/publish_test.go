package slots_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/fault"
	"hunyue/slots"
)

// caps is the caps that changes lead to, by quota without the office.
func caps(changes []slots.Change) map[string]int {
	all := map[string]int{}
	for _, c := range changes {
		all[strings.TrimPrefix(c.Quota, wuling+"-")] = c.After
	}
	return all
}

func TestPublishingOneDay(t *testing.T) {
	s := newStore(t)
	p := publish(t, s, "2026-05-20", "2026-05-20")
	want := map[string]int{
		"20260520-0900-marriage-web": 7, "20260520-0900-marriage-phone": 2, "20260520-0900-marriage-counter": 1,
		"20260520-0930-marriage-web": 7, "20260520-0930-marriage-phone": 2, "20260520-0930-marriage-counter": 1,
		"20260520-0900-divorce-web": 1, "20260520-0900-divorce-phone": 0, "20260520-0900-divorce-counter": 0,
		"20260520-0930-divorce-web": 1, "20260520-0930-divorce-phone": 0, "20260520-0930-divorce-counter": 0,
	}
	if diff := cmp.Diff(want, caps(p.Days[0].Added)); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
	if added, removed := p.Places(); added != 22 || removed != 0 {
		t.Errorf("%d places added and %d removed, want 22 and 0", added, removed)
	}
	q := quota(t, s, "430702-20260520-0930-marriage-web")
	got := []string{
		q.Slot, q.StartsAt.UTC().Format(time.RFC3339), q.EndsAt.UTC().Format(time.RFC3339),
		q.OpensAt.UTC().Format(time.RFC3339), q.ClosesAt.UTC().Format(time.RFC3339),
	}
	if diff := cmp.Diff([]string{
		"430702-20260520-0930", "2026-05-20T01:30:00Z", "2026-05-20T02:00:00Z", "2026-04-20T00:30:00Z", "2026-05-19T16:00:00Z",
	}, got); diff != "" {
		t.Errorf("quota (-want +got):\n%s", diff)
	}
	if q.Cap != 7 || q.Planned != 7 || !q.Open || q.Published || q.Epoch != 1 || !q.Offered() || q.Free() != 7 {
		t.Errorf("quota %+v: want 7 places, open, not yet in Redis", q)
	}
	if want := "430702-20260520-0930-marriage-web 1 7 0 0 1 1 1776645000000 1779206400000"; q.Line != want {
		t.Errorf("line %q, want %q", q.Line, want)
	}
	if got := audited(t, s, "manager", "published"); len(got) != 1 || got[0] != "published office_day:430702-20260520 added 12" {
		t.Errorf("audit %v, want one line", got)
	}
}

func TestPublishingTwiceChangesNothing(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-18", "2026-06-30")
	before := quotas(t, s, "2026-05-18", "2026-06-30")
	setTime(t, s, monday().Add(2*24*time.Hour)) // days have opened meanwhile
	if p := publish(t, s, "2026-05-20", "2026-06-30"); !p.Empty() {
		t.Errorf("the second time changes %+v", p)
	}
	if diff := cmp.Diff(before, quotas(t, s, "2026-05-18", "2026-06-30")); diff != "" {
		t.Errorf("quotas (-before +after):\n%s", diff)
	}
	if n := len(audited(t, s, "manager", "published")); n != 31 {
		t.Errorf("%d days in the audit, want the 31 working days once", n)
	}
}

func TestClosedDaysSayWhy(t *testing.T) {
	s := newStore(t)
	if err := s.PutException(t.Context(), wuling, slots.Exception{Day: day(t, "2026-06-22"), Reason: "moving house"}, "manager"); err != nil {
		t.Fatal(err)
	}
	p := publish(t, s, "2026-06-18", "2026-06-22")
	var got []string
	for _, d := range p.Days {
		got = append(got, d.Closed)
	}
	if want := []string{"", "holiday", "holiday", "holiday", "exception"}; !slices.Equal(got, want) {
		t.Errorf("closed because %q, want %q", got, want)
	}
	if p := publish(t, s, "2026-06-27", "2026-06-27"); p.Days[0].Closed != "no_hours" {
		t.Errorf("a Saturday is closed because %q, want no_hours", p.Days[0].Closed)
	}
}

func TestAnUnconfirmedYearNeedsADecision(t *testing.T) {
	s := newStore(t)
	from, to := day(t, "2026-12-31"), day(t, "2027-01-04")
	for _, dry := range []bool{true, false} {
		_, err := s.Publish(t.Context(), wuling, from, to, slots.PublishOptions{DryRun: dry}, "manager")
		if !errors.Is(err, slots.ErrCalendarUnconfirmed) {
			t.Errorf("dry run %t: got %v, want ErrCalendarUnconfirmed", dry, err)
		}
	}
	if all := quotas(t, s, "2026-12-31", "2027-01-04"); len(all) != 0 {
		t.Errorf("%d quotas were published all the same", len(all))
	}
	p, err := s.Publish(t.Context(), wuling, from, to, slots.PublishOptions{ConfirmUnpublishedCalendar: true}, "manager")
	if err != nil {
		t.Fatal(err)
	}
	if p.Days[1].Closed != "holiday" || len(p.Days[4].Added) == 0 {
		t.Errorf("New Year is closed as %q and the Monday has %d quotas; want the statutory day closed", p.Days[1].Closed, len(p.Days[4].Added))
	}
}

func TestWhatCannotBePublished(t *testing.T) {
	s := newStore(t)
	putOffice(t, s, "430703")
	for _, tt := range []struct {
		fact, office, from, to string
		want                   error
		fields                 map[string]string
	}{
		{"no office", "430799", "2026-05-20", "2026-05-20", slots.ErrNoSuchOffice, nil},
		{"no schedule", "430703", "2026-05-20", "2026-05-20", slots.ErrNoSchedule, nil},
		{"a day that is over", wuling, "2026-05-17", "2026-05-20", nil, map[string]string{"from": "past"}},
		{"backwards", wuling, "2026-05-20", "2026-05-19", nil, map[string]string{"to": "order"}},
		{"too many days", wuling, "2026-05-20", "2026-08-20", nil, map[string]string{"to": "too_many"}},
	} {
		_, err := s.Publish(t.Context(), tt.office, day(t, tt.from), day(t, tt.to), slots.PublishOptions{}, "manager")
		if tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.fact, err, tt.want)
		}
		if diff := cmp.Diff(tt.fields, fault.Of(err).Fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.fact, diff)
		}
	}
}

func TestADayIsNewToRedisOnce(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-20", "2026-05-20")
	mark := func() bool {
		first, err := s.MarkPublished(t.Context(), wuling, day(t, "2026-05-20"))
		if err != nil {
			t.Fatal(err)
		}
		return first
	}
	if !mark() || mark() {
		t.Error("want the first call to find the day new and the second not")
	}
	capped, hall := week(), 6
	capped.Caps.Hall = &hall
	putSchedule(t, s, "2026-05-20", capped)
	publish(t, s, "2026-05-20", "2026-05-20")
	if mark() {
		t.Error("a day with one new quota is not new: holds on the others may have been lost")
	}
	for _, q := range quotas(t, s, "2026-05-20", "2026-05-20") {
		if !q.Published {
			t.Errorf("%s is not marked", q.ID)
		}
	}
}
