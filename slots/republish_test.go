package slots_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/postgres"
	"hunyue/slots"
)

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
