package slots_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// added is the quotas that a preview adds, as "id cap".
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

func TestACutBelowWhatIsBookedLeavesAnExcess(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-20", "2026-05-20")
	const web = "430702-20260520-0900-marriage-web"
	take(t, s, web, 6)
	cut := week()
	cut.Capacity = slots.Capacity{slots.Marriage: 4, slots.Divorce: 2}
	putSchedule(t, s, "2026-05-20", cut)
	p := publish(t, s, "2026-05-20", "2026-05-20").Days[0]
	want := []slots.Excess{{Quota: web, Taken: 6, Cap: 3, Excess: 3}}
	if diff := cmp.Diff(want, p.Excess); diff != "" {
		t.Errorf("excess (-want +got):\n%s", diff)
	}
	if q := quota(t, s, web); q.Cap != 3 || q.Booked != 6 || q.Excess != 3 || q.Free() != 0 || q.Withdrawn {
		t.Errorf("quota %+v: want 3 places and the 6 couples in them", q)
	}
	if !slices.Contains(audited(t, s, "manager", "cap_set"), "cap_set quota:"+web+" 7 -> 3: schedule") {
		t.Errorf("the cut is not in the audit: %v", audited(t, s, "manager", "cap_set"))
	}
	if p := publish(t, s, "2026-05-20", "2026-05-20"); !p.Empty() || len(p.Days[0].Excess) != 1 {
		t.Errorf("the second time: %+v; want no change, and the excess still listed", p.Days[0])
	}
}

func TestWhatWasAddedByHandSurvivesANewSchedule(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-20", "2026-05-20")
	const web = "430702-20260520-0900-marriage-web"
	inTx(t, s, func(tx postgres.Querier) error {
		r, err := s.SetCap(t.Context(), tx, web, 12, "5·20", "director")
		if err == nil && (r.Before != 7 || r.After != 12 || r.Excess != 0 || !strings.HasPrefix(r.Line, web+" 2 12 0 0 ")) {
			t.Errorf("set cap: %+v", r)
		}
		return err
	})
	if p := publish(t, s, "2026-05-20", "2026-05-20"); !p.Empty() {
		t.Errorf("publishing takes the extra places back: %+v", p)
	}
	more := week()
	more.Capacity = slots.Capacity{slots.Marriage: 20, slots.Divorce: 1}
	putSchedule(t, s, "2026-05-20", more)
	publish(t, s, "2026-05-20", "2026-05-20")
	if q := quota(t, s, web); q.Cap != 19 || q.Planned != 14 {
		t.Errorf("%d places, %d by the schedule; want the 14 and the 5 added", q.Cap, q.Planned)
	}
	if got, want := audited(t, s, "director", "cap_set"), []string{"cap_set quota:" + web + " 7 -> 12: 5·20"}; !slices.Equal(got, want) {
		t.Errorf("audit %q, want %q", got, want)
	}
}

func TestCouplesKeepTheirSlotWhenHoursChange(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-20", "2026-05-20")
	take(t, s, "430702-20260520-0930-marriage-web", 2)
	thirds := week()
	thirds.SlotMinutes = 20
	thirds.Weekdays["wed"] = []slots.Period{{From: 8*60 + 40, To: 10*60 + 40}}
	putSchedule(t, s, "2026-05-20", thirds)
	p := publish(t, s, "2026-05-20", "2026-05-20").Days[0]
	if diff := cmp.Diff([]slots.Left{{Slot: "430702-20260520-0930", Booked: 2}}, p.Left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if want := []string{"430702-20260520-0920", "430702-20260520-0940"}; !slices.Equal(p.Blocked, want) {
		t.Errorf("blocked %v, want %v", p.Blocked, want)
	}
	if want := []string{"430702-20260520-0900"}; !slices.Equal(p.Resized, want) {
		t.Errorf("resized %v, want %v", p.Resized, want)
	}
	left := quota(t, s, "430702-20260520-0930-marriage-web")
	if left.Cap != 0 || left.Booked != 2 || left.Excess != 2 || !left.Withdrawn || left.EndsAt.Sub(left.StartsAt) != 30*time.Minute {
		t.Errorf("the slot with couples is %+v; want it as it was, closed to more", left)
	}
	if q := quota(t, s, "430702-20260520-0900-marriage-web"); q.EndsAt.Sub(q.StartsAt) != 20*time.Minute || q.Epoch != 2 {
		t.Errorf("the slot without couples lasts %s in epoch %d; want 20 minutes, and its holds over", q.EndsAt.Sub(q.StartsAt), q.Epoch)
	}
	if err := takeOne(t.Context(), s.DB, "430702-20260520-0930-marriage-web", 1); postgres.State(err) != "HY003" {
		t.Errorf("a place in a slot that is left: %v, want HY003", err)
	}
	if p := publish(t, s, "2026-05-20", "2026-05-20"); !p.Empty() {
		t.Errorf("the second time changes %+v", p)
	}
	for range 2 { // the couples move away
		free(t, s, "430702-20260520-0930-marriage-web", nil)
	}
	p = publish(t, s, "2026-05-20", "2026-05-20").Days[0]
	if len(p.Left)+len(p.Blocked) != 0 || quota(t, s, "430702-20260520-0940-marriage-web").Cap == 0 {
		t.Errorf("after they have gone: %+v; want the new slots offered", p)
	}
}

func TestASlotComesAndGoesWithTheSchedule(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-20", "2026-05-20")
	const web = "430702-20260520-0930-marriage-web"
	closed := slots.Exception{Day: day(t, "2026-05-20"), Reason: "power cut", Hours: []slots.Period{{From: 540, To: 570}}}
	if err := s.PutException(t.Context(), wuling, closed, "manager"); err != nil {
		t.Fatal(err)
	}
	p := publish(t, s, "2026-05-20", "2026-05-20").Days[0]
	if want := []string{"430702-20260520-0930"}; !slices.Equal(p.Withdrawn, want) {
		t.Errorf("withdrawn %v, want %v", p.Withdrawn, want)
	}
	if q := quota(t, s, web); !q.Withdrawn || q.Offered() || q.Cap != 0 {
		t.Errorf("quota %+v, want it withdrawn", q)
	}
	err := postgres.InTx(t.Context(), s.DB, func(tx postgres.Querier) error {
		_, err := s.SetCap(t.Context(), tx, web, 5, "mistaken", "manager")
		return err
	})
	if !errors.Is(err, slots.ErrNoSuchSlot) {
		t.Errorf("a withdrawn slot can be filled again: %v, want ErrNoSuchSlot", err)
	}
	if err := s.DropException(t.Context(), wuling, closed.Day, "manager"); err != nil {
		t.Fatal(err)
	}
	publish(t, s, "2026-05-20", "2026-05-20")
	if q := quota(t, s, web); q.Withdrawn || q.Cap != 7 || q.Epoch != 1 {
		t.Errorf("quota %+v, want it back as it was", q)
	}
}

func TestCapsCountWhatIsBookedBelowThem(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-20", "2026-05-20")
	take(t, s, "430702-20260520-0900-marriage-web", 3)
	take(t, s, "430702-20260520-0930-divorce-web", 1)
	capped, hall := week(), 6
	capped.Caps = slots.Caps{HalfDay: map[slots.Group]int{slots.Marriage: 5}, Day: map[slots.Group]int{slots.Divorce: 0}, Hall: &hall}
	putSchedule(t, s, "2026-05-20", capped)
	p := publish(t, s, "2026-05-20", "2026-05-20").Days[0]
	if diff := cmp.Diff(map[string]int{"20260520-am-marriage": 5, "20260520-day-divorce": 0, "20260520-hall": 6}, caps(p.Added)); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]slots.Excess{{Quota: "430702-20260520-day-divorce", Taken: 1, Cap: 0, Excess: 1}}, p.Excess); diff != "" {
		t.Errorf("excess (-want +got):\n%s", diff)
	}
	for id, want := range map[string][3]int{"am-marriage": {5, 3, 0}, "day-divorce": {0, 1, 1}, "hall": {6, 4, 0}} {
		q := quota(t, s, "430702-20260520-"+id)
		if got := [3]int{q.Cap, q.Booked, q.Excess}; got != want {
			t.Errorf("%s has cap, booked, excess %v; want %v", id, got, want)
		}
	}
	take(t, s, "430702-20260520-0930-marriage-phone", 2)
	if err := takeOne(t.Context(), s.DB, "430702-20260520-0930-marriage-web", 1); postgres.State(err) != "HY003" {
		t.Errorf("a sixth marriage in a morning for 5: %v, want HY003", err)
	}
	if p := publish(t, s, "2026-05-20", "2026-05-20"); !p.Empty() {
		t.Errorf("the second time changes %+v", p)
	}
	putSchedule(t, s, "2026-05-20", week())
	p = publish(t, s, "2026-05-20", "2026-05-20").Days[0]
	if want := []string{"430702-20260520-am-marriage", "430702-20260520-day-divorce", "430702-20260520-hall"}; !slices.Equal(p.Lifted, want) {
		t.Errorf("lifted %v, want %v", p.Lifted, want)
	}
	take(t, s, "430702-20260520-0930-marriage-web", 1)
	putSchedule(t, s, "2026-05-20", capped)
	publish(t, s, "2026-05-20", "2026-05-20")
	if q := quota(t, s, "430702-20260520-am-marriage"); q.Booked != 6 || q.Excess != 1 {
		t.Errorf("put back, the morning counts %d booked and %d too many; want 6 and 1", q.Booked, q.Excess)
	}
}

func TestWhatIsOnSaleIsNotCalledBack(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-06-17", "2026-06-18") // 30 days ahead: the first has opened today, the other opens tomorrow
	r := slots.DefaultRules()
	r.HorizonDays, r.LeadDays = 20, 2
	if err := s.SetRules(t.Context(), wuling, day(t, "2026-06-01"), r, "shorter notice", "manager"); err != nil {
		t.Fatal(err)
	}
	p := publish(t, s, "2026-06-17", "2026-06-18")
	for _, d := range p.Days {
		if len(d.Adjusted) == 0 || len(d.Changed) != 0 {
			t.Errorf("%s: %+v; want quotas with other times only", d.Day, d)
		}
	}
	for id, want := range map[string]string{
		"430702-20260617-0900-marriage-web": "2026-05-18T00:30:00Z",
		"430702-20260618-0900-marriage-web": "2026-05-29T00:30:00Z",
	} {
		if got := quota(t, s, id).OpensAt.UTC().Format(time.RFC3339); got != want {
			t.Errorf("%s opens at %s, want %s", id, got, want)
		}
	}
	if got := quota(t, s, "430702-20260618-0900-marriage-web").ClosesAt.UTC().Format(time.RFC3339); got != "2026-06-16T16:00:00Z" {
		t.Errorf("with a lead of 2 the Thursday closes at %s, want the end of Tuesday", got)
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

// standing is what stands: by quota its cap, by excess.
func standing(all []slots.Quota) (caps, excess map[string]int) {
	caps, excess = map[string]int{}, map[string]int{}
	for _, q := range all {
		caps[q.ID] = q.Cap
		if q.Excess > 0 {
			excess[q.ID] = q.Excess
		}
	}
	return caps, excess
}

// checkPreview wants the days to stand after publishing exactly as the preview
// said.
func checkPreview(t *testing.T, p slots.Preview, before, after []slots.Quota) {
	t.Helper()
	want, _ := standing(before)
	said := map[string]int{}
	for _, d := range p.Days {
		for _, c := range slices.Concat(d.Added, d.Changed) {
			if want[c.Quota] != c.Before {
				t.Errorf("%s had %d places, the preview said %d", c.Quota, want[c.Quota], c.Before)
			}
			want[c.Quota] = c.After
		}
		for _, id := range d.Lifted {
			want[id] = 0
		}
		for _, e := range d.Excess {
			said[e.Quota] = e.Excess
		}
	}
	got, excess := standing(after)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("caps (-preview +effect):\n%s", diff)
	}
	if !maps.Equal(said, excess) {
		t.Errorf("excess: the preview said %v, it is %v", said, excess)
	}
}
