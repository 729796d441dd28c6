package booking

import (
	"errors"
	"flag"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hunyue/slots"
)

// line plays any sequence of joining, cancelling, answering and waiting beside a model
// of a few lines: who waits for what, in the order of joining, and who was asked for
// which place.
type line struct {
	w      *world
	slots  map[Half]slots.SlotID
	booked []Appointment
	list   []*inLine
	steps  int
	did    map[string]int // what was done, over all sequences
}

type inLine struct {
	Waiter
	wishes []Half
	misses int
	asked  map[int64]bool // places, by the row that they cool in
	place  int64          // that they are offered; 0: none
	quota  string
	off    bool
}

func (l *line) join(t *rapid.T) {
	j := l.w.joining()
	wishes := rapid.SampledFrom([][]Half{{Morning}, {Afternoon}, {Morning, Afternoon}}).Draw(t, "wishes")
	j.Wishes = nil
	for _, half := range wishes {
		j.Wishes = append(j.Wishes, Wish{Day: l.w.day, Half: half})
	}
	waiter, err := l.w.desk.Join(t.Context(), j)
	if errors.Is(err, ErrNoWaiting) {
		return // places are left in one of them
	}
	if err != nil {
		t.Fatal(err)
	}
	l.list = append(l.list, &inLine{Waiter: waiter, wishes: wishes, asked: map[int64]bool{}})
}

func (l *line) cancel(t *rapid.T) {
	if len(l.booked) == 0 {
		return
	}
	l.did["cancel"]++
	i := rapid.IntRange(0, len(l.booked)-1).Draw(t, "appointment")
	a := l.booked[i]
	l.booked = append(l.booked[:i], l.booked[i+1:]...)
	if _, err := l.w.desk.Cancel(t.Context(), Change{Appointment: a, Actor: "operator", Staff: true, Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "cools at once") {
		l.w.exec(`UPDATE cooling SET until = clock_now() WHERE offer IS NULL`)
	}
}

// turn lets a few minutes pass, has the places offered that are due, and compares with
// whom the order of joining would have asked.
func (l *line) turn(t *rapid.T) {
	l.w.ahead(time.Duration(rapid.IntRange(0, 40).Draw(t, "minutes")) * time.Minute)
	var over []int64
	if err := l.w.db.Select(&over, `SELECT waiter_id FROM wait_offer WHERE state = 'open' AND until <= clock_now()`); err != nil {
		t.Fatal(err)
	}
	l.w.warms()
	for _, n := range l.list {
		for _, id := range over {
			if n.ID == id {
				n.place = 0
				n.misses++
				n.off = n.misses == mostMisses
			}
		}
	}
	var made []struct {
		Waiter  int64  `db:"waiter_id"`
		Cooling int64  `db:"cooling_id"`
		Quota   string `db:"quota_id"`
	}
	if err := l.w.db.Select(&made, `SELECT waiter_id, cooling_id, quota_id FROM wait_offer WHERE state = 'open' ORDER BY made_at, cooling_id`); err != nil {
		t.Fatal(err)
	}
	fresh := map[int64]bool{}
	for _, o := range made {
		for _, n := range l.list {
			if n.ID == o.Waiter && n.place == 0 && !n.asked[o.Cooling] {
				n.place, n.quota, n.asked[o.Cooling] = o.Cooling, o.Quota, true
				fresh[n.ID] = true
			}
		}
	}
	l.ordered(t, fresh)
}

// ordered fails for an offer made in this turn that somebody who joined before, and
// has no other, would have had.
func (l *line) ordered(t *rapid.T, fresh map[int64]bool) {
	for i, n := range l.list {
		if !fresh[n.ID] {
			continue
		}
		slot, _, err := slots.ParseQuotaID(n.quota)
		if err != nil {
			t.Fatal(err)
		}
		for _, before := range l.list[:i] {
			if !before.off && before.place == 0 && before.wants(HalfOf(slot)) && !before.asked[n.place] {
				t.Fatalf("waiter %d is offered a place of the %s, and %d, who joined before and wishes it, was not asked", n.ID, HalfOf(slot), before.ID)
			}
		}
	}
}

func (n *inLine) wants(half Half) bool { return slices.Contains(n.wishes, half) }

// offered is one of those who are offered a place; nil if nobody is.
func (l *line) offered(t *rapid.T) *inLine {
	var all []*inLine
	for _, n := range l.list {
		if n.place != 0 {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return rapid.SampledFrom(all).Draw(t, "offered")
}

func (l *line) accept(t *rapid.T) {
	n := l.offered(t)
	if n == nil {
		return
	}
	made, err := l.w.desk.Accept(t.Context(), l.w.answer(n.Waiter))
	if errors.Is(err, ErrNoOffer) {
		return // its time is over, and the next turn says so
	}
	if err != nil {
		t.Fatalf("accept: %v", err)
	}
	a, err := l.w.desk.Find(t.Context(), made.Number, made.Secret)
	if err != nil {
		t.Fatal(err)
	}
	l.did["accept"]++
	n.place, n.off = 0, true
	l.booked = append(l.booked, a)
}

func (l *line) decline(t *rapid.T) {
	n := l.offered(t)
	if n == nil {
		return
	}
	l.did["decline"]++
	if err := l.w.desk.Decline(t.Context(), l.w.answer(n.Waiter)); err != nil {
		t.Fatal(err)
	}
	if l.w.now(n.Waiter).State == Waiting {
		n.place = 0
	}
}

func (l *line) leave(t *rapid.T) {
	if len(l.list) == 0 {
		return
	}
	l.did["leave"]++
	n := rapid.SampledFrom(l.list).Draw(t, "who leaves")
	if err := l.w.desk.Leave(t.Context(), l.w.answer(n.Waiter)); err != nil {
		t.Fatal(err)
	}
	n.place, n.off = 0, true
}

// rush is who snatches whatever is on sale, as a crowd would.
func (l *line) rush(t *rapid.T) {
	half := rapid.SampledFrom([]Half{Morning, Afternoon}).Draw(t, "half")
	var free int
	if err := l.w.db.Get(&free, `SELECT cap - booked - cooling FROM quota WHERE id = $1`, l.slots[half].Quota(slots.Web)); err != nil {
		t.Fatal(err)
	}
	for range free {
		l.booked = append(l.booked, l.w.bookWeb(l.slots[half]))
	}
	if _, err := l.w.desk.Hold(t.Context(), HoldRequest{Slot: l.slots[half], Channel: slots.Web, Session: "rush", Key: "rush"}); !errors.Is(err, ErrFull) {
		t.Fatalf("one more than there are places for: %v", err)
	}
}

func (l *line) check(t *rapid.T) {
	l.steps++
	if l.steps%20 != 0 {
		return
	}
	l.w.drain()
	for name, bad := range l.w.violations() {
		t.Fatalf("%s: %d rows", name, bad)
	}
}

// I11: however couples join, cancel, answer and leave, a cancelled place goes to the
// first who waits for it, and no place is sold twice.
func TestNobodySteersACancelledPlace(t *testing.T) {
	w := newWorld(t)
	fewer(t, "40") // a sequence takes a second
	n, did := 0, map[string]int{}
	w.exec(`INSERT INTO office_rules (office_id, effective_from, rules, note, actor)
		VALUES ('430702', '2020-01-01', '{"cooling_from": "00:00", "cooling_until": "24:00"}', 'test', 'test')`)
	rapid.Check(t, func(t *rapid.T) {
		n++
		w.day = w.day.AddDays(1)
		l := &line{w: w, slots: map[Half]slots.SlotID{}, did: did}
		for half, hhmm := range map[Half]string{Morning: "0900", Afternoon: "1500"} {
			slot := w.slot(hhmm, 0)
			w.webSlot(slot, 2)
			l.slots[half] = slot
			l.booked = append(l.booked, w.bookWeb(slot), w.bookWeb(slot))
		}
		t.Repeat(map[string]func(*rapid.T){
			"join": l.join, "join too": l.join, "cancel": l.cancel, "turn": l.turn, "turn on": l.turn, "accept": l.accept,
			"decline": l.decline, "leave": l.leave, "rush": l.rush, "": l.check,
		})
	})
	t.Logf("count: waiting list: %d sequences, in which couples did %v", n, did)
	for _, what := range []string{"cancel", "accept", "decline", "leave"} {
		if did[what] == 0 { // then nothing was shown of it
			t.Errorf("in %d sequences nobody could %s", n, what)
		}
	}
}

// fewer has the sequences of a test be so many, unless somebody asks for another number.
func fewer(t *testing.T, n string) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	if checks.Value.String() != checks.DefValue {
		return
	}
	if err := checks.Value.Set(n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = checks.Value.Set(checks.DefValue) })
}
