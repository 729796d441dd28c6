package booking

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hunyue/internal/identity"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// machine plays any sequence of what people do to one office-day, beside a
// model of a few lines: which holds are alive and what is booked where.
type machine struct {
	w     *world
	slots []slots.SlotID
	caps  map[string]int
	holds []*held
	live  []*appointed
	n     int
	steps int
}

type held struct {
	key  string
	slot slots.SlotID
	Hold
}

type appointed struct {
	slot    slots.SlotID
	parties []Party
	Appointment
}

// taken is what the model counts in a slot: booked, and held if so asked.
func (m *machine) taken(slot slots.SlotID, withHolds bool) int {
	n := 0
	for _, a := range m.live {
		if a.slot == slot {
			n++
		}
	}
	for _, h := range m.holds {
		if withHolds && h.slot == slot {
			n++
		}
	}
	return n
}

func (m *machine) hold(t *rapid.T) {
	slot := rapid.SampledFrom(m.slots).Draw(t, "slot")
	m.n++
	key := fmt.Sprintf("machine/%d", m.n)
	h, err := m.w.desk.Hold(t.Context(), m.w.ask(slot, key))
	room := m.cooled(slot)+m.taken(slot, true) < m.caps[slot.String()]
	switch {
	case err == nil && room:
		m.holds = append(m.holds, &held{key, slot, h})
	case errors.Is(err, ErrFull) && !room:
	default:
		t.Fatalf("hold in %s with room=%v: %v", slot, room, err)
	}
}

func (m *machine) cooled(slot slots.SlotID) int {
	var n int
	if err := m.w.db.Get(&n, `SELECT cooling FROM quota WHERE id = $1`, slot.Quota(slots.Phone)); err != nil {
		m.w.t.Fatal(err)
	}
	return n
}

// takeHold removes a hold from the model, if there is one.
func (m *machine) takeHold(t *rapid.T) *held {
	if len(m.holds) == 0 {
		t.Skip("no hold")
	}
	i := rapid.IntRange(0, len(m.holds)-1).Draw(t, "hold")
	h := m.holds[i]
	m.holds = append(m.holds[:i], m.holds[i+1:]...)
	return h
}

func (m *machine) confirm(t *rapid.T) {
	h := m.takeHold(t)
	parties := m.w.couple()
	busy := len(m.live) > 0 && rapid.IntRange(0, 4).Draw(t, "busy") == 0
	if busy {
		parties = []Party{m.w.person(identity.Male), m.live[0].parties[1]}
	}
	r, err := m.w.desk.Confirm(t.Context(), m.w.application(h.Hold, h.key, parties))
	if busy {
		if !errors.Is(err, ErrPersonBusy) {
			t.Fatalf("a busy person: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatalf("confirm of a live hold: %v", err)
	}
	a, err := m.w.desk.Find(t.Context(), r.Number, r.Secret)
	if err != nil {
		t.Fatal(err)
	}
	m.live = append(m.live, &appointed{h.slot, parties, a})
}

func (m *machine) release(t *rapid.T) {
	h := m.takeHold(t)
	if err := m.w.desk.Release(t.Context(), h.ID, h.Token, h.key); err != nil {
		t.Fatal(err)
	}
	if _, err := m.w.desk.Confirm(t.Context(), m.w.application(h.Hold, h.key, m.w.couple())); !errors.Is(err, ErrHoldExpired) {
		t.Fatalf("confirm after release: %v", err)
	}
}

func (m *machine) cancel(t *rapid.T) {
	if len(m.live) == 0 {
		t.Skip("nobody booked")
	}
	i := rapid.IntRange(0, len(m.live)-1).Draw(t, "appointment")
	a := m.live[i]
	m.live = append(m.live[:i], m.live[i+1:]...)
	for range 2 { // twice is the same as once
		if _, err := m.w.desk.Cancel(t.Context(), Change{Appointment: a.Appointment, Actor: "operator", Staff: true, Reason: "test"}); err != nil {
			t.Fatal(err)
		}
	}
}

func (m *machine) move(t *rapid.T) {
	if len(m.live) == 0 {
		t.Skip("nobody booked")
	}
	h := m.takeHold(t)
	a := rapid.SampledFrom(m.live).Draw(t, "appointment")
	moved, err := m.w.desk.Move(t.Context(), Change{Appointment: a.Appointment, Actor: "operator", Staff: true}, h.ID, h.Token, h.key)
	switch {
	case a.Reschedules >= 2 && errors.Is(err, ErrTooManyMoves):
		m.holds = append(m.holds, h)
	case err == nil && a.Reschedules < 2:
		a.Appointment, a.slot = moved, h.slot
	default:
		t.Fatalf("move number %d: %v", a.Reschedules+1, err)
	}
}

func (m *machine) capacity(t *rapid.T) {
	slot := rapid.SampledFrom(m.slots).Draw(t, "slot")
	n := rapid.IntRange(0, 4).Draw(t, "places")
	set, err := m.w.desk.SetCapacity(t.Context(), Capacity{Quota: slot.Quota(slots.Phone), Places: n, Reason: "test", Actor: "manager"})
	if err != nil {
		t.Fatal(err)
	}
	if set.After < n {
		t.Fatalf("asked for %d places, got %d", n, set.After)
	}
	m.caps[slot.String()] = set.After
}

func (m *machine) warm(t *rapid.T) {
	m.w.exec(`UPDATE cooling SET until = clock_now()`)
	if err := m.w.desk.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// check compares with the model after every step, and runs the whole checker
// now and then.
func (m *machine) check(t *rapid.T) {
	if m.steps++; m.steps%10 == 0 {
		m.checkAll(t)
	}
	for _, slot := range m.slots {
		if got, want := m.w.booked(slot), m.taken(slot, false); got != want {
			t.Fatalf("%s: %d booked, the model has %d", slot, got, want)
		}
	}
}

func (m *machine) checkAll(t *rapid.T) {
	m.w.drain()
	for name, bad := range m.w.violations() {
		t.Fatalf("%s: %d rows", name, bad)
	}
}

func TestAnySequenceKeepsTheInvariants(t *testing.T) {
	w := newWorld(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		m := &machine{w: w, caps: map[string]int{}}
		w.day = w.day.AddDays(1)
		for _, hhmm := range []string{"0900", "1000"} {
			slot := w.slot(hhmm, 2)
			m.slots = append(m.slots, slot)
			m.caps[slot.String()] = 2
		}
		t.Repeat(map[string]func(*rapid.T){
			"hold": m.hold, "confirm": m.confirm, "release": m.release, "cancel": m.cancel,
			"move": m.move, "capacity": m.capacity, "warm": m.warm, "": m.check,
		})
		m.checkAll(t)
	})
	t.Logf("%d sequences", n)
}

// The moves that the database allows are drawn from status_move, and every one
// that is not there is refused, whoever tries.
func TestStatusMovesOnlyAlongTheTable(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 300)
	var allowed []struct {
		Old Status `db:"old_status"`
		New Status `db:"new_status"`
	}
	if err := w.db.Select(&allowed, `SELECT old_status, new_status FROM status_move`); err != nil {
		t.Fatal(err)
	}
	may := map[[2]Status]bool{}
	for _, m := range allowed {
		may[[2]Status{m.Old, m.New}] = true
	}
	all := []Status{Booked, Late, CheckedIn, Called, InService, Completed, NotAccepted, Cancelled, CancelledByOffice, NoShow, HealthDeferred}
	for _, old := range all {
		for _, next := range all {
			if old == next {
				continue
			}
			a := w.book(slot)
			w.exec(`ALTER TABLE appointment DISABLE TRIGGER USER`)
			w.exec(`UPDATE appointment SET status = $1 WHERE id = $2`, string(old), a.ID)
			w.exec(`ALTER TABLE appointment ENABLE TRIGGER USER`)
			err := postgres.InTx(t.Context(), w.db, func(tx postgres.Querier) error {
				return Advance(t.Context(), tx, a.ID, next, "test")
			})
			if !old.Active() && next.Active() {
				if !errors.Is(err, ErrNotPossible) {
					t.Errorf("%s to %s although the hall has undone nothing and let nobody in: %v", old, next, err)
				}
				continue
			}
			if may[[2]Status{old, next}] && err != nil || !may[[2]Status{old, next}] && !errors.Is(err, ErrNotPossible) {
				t.Errorf("%s to %s: %v, in the table: %v", old, next, err, may[[2]Status{old, next}])
			}
		}
	}
}

func TestRandomMinuteLiesInTheWindowAndAhead(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	const from, to = 8*60 + 30, 20 * 60
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 2, 0, 0, 0, 0, zone).Add(time.Duration(rapid.IntRange(0, 24*60*60-1).Draw(t, "second")) * time.Second)
		at := randomMinute(now, zone, from, to, func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") })
		minute := at.In(zone).Hour()*60 + at.In(zone).Minute()
		if !at.After(now) || minute < from || minute >= to || at.Sub(now) > 44*time.Hour {
			t.Fatalf("%s cools until %s", now, at)
		}
	})
}
