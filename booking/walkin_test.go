package booking

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/notify"
	"hunyue/slots"
)

// walkInDay is slots of today with so many counter places each; the first begins at
// a time of day that has just come.
func walkInDay(t *testing.T, places ...int) (*world, []slots.SlotID) {
	t.Helper()
	w := newWorld(t)
	w.day = date.Date{Year: 2031, Month: time.May, Day: 20}
	w.ahead(time.Until(time.Date(2031, 5, 20, 1, 0, 0, 0, time.UTC))) // nine o'clock at the office
	var all []slots.SlotID
	for i, n := range places {
		from := time.Date(2031, 5, 20, 2+i, 0, 0, 0, time.UTC)
		id := slots.SlotID{Office: office, Day: w.day, Start: slots.TimeOfDay((10 + i) * 60), Group: slots.Marriage}
		w.exec(`INSERT INTO slot (id, office_id, day, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5)`, id.Row(), office, w.day, from, from.Add(time.Hour))
		w.exec(`
			INSERT INTO quota (id, office_id, day, kind, slot_id, biz_group, channel, cap, opens_at, closes_at)
			VALUES ($1, $2, $3, 'place', $4, 'marriage', 'counter', $5, clock_now() - interval '1 day', $6)`,
			id.Quota(slots.Counter), office, w.day, id.Row(), n, from.Add(time.Hour))
		all = append(all, id)
	}
	if err := w.desk.publishDay(t.Context(), office, w.day); err != nil {
		t.Fatal(err)
	}
	return w, all
}

func (w *world) walkIn(key string) (Appointment, error) {
	return w.desk.WalkIn(w.t.Context(), WalkIn{Office: office, Service: "marriage", Key: key, Locale: "zh", Actor: "staff:hall"})
}

// Domain rule 45: the places of the day are given in their order, and no more.
func TestWalkInsGetTheEarliestPlaceUntilThereIsNone(t *testing.T) {
	t.Parallel()
	w, all := walkInDay(t, 2, 1)
	for i, want := range []slots.SlotID{all[0], all[0], all[1]} {
		a, err := w.walkIn(uuid.NewString())
		if err != nil {
			t.Fatalf("walk-in %d: %v", i, err)
		}
		if a.Quota != want.Quota(slots.Counter) || a.Channel != slots.Counter || a.Status != Booked {
			t.Errorf("walk-in %d is %s by %s, %s; want %s", i, a.Quota, a.Channel, a.Status, want)
		}
	}
	if _, err := w.walkIn(uuid.NewString()); !errors.Is(err, ErrNoWalkIns) {
		t.Errorf("one more: %v, want no_walk_ins", err)
	}
	w.drain()
	w.check()
}

func TestTheSameKeyIsOneWalkIn(t *testing.T) {
	t.Parallel()
	w, _ := walkInDay(t, 3)
	key := uuid.NewString()
	answers := make(chan Appointment, 6)
	for range cap(answers) {
		go func() {
			a, err := w.walkIn(key)
			if err != nil {
				t.Error(err)
			}
			answers <- a
		}()
	}
	first := <-answers
	for range cap(answers) - 1 {
		if a := <-answers; a.ID != first.ID {
			t.Errorf("one press gave %s and %s", first.Number, a.Number)
		}
	}
	if _, err := w.desk.WalkIn(t.Context(), WalkIn{Office: office, Service: "remarriage", Key: key, Actor: "staff:hall"}); !errors.Is(err, ErrKeyReused) {
		t.Errorf("the key for another service: %v, want key_reused", err)
	}
	w.drain()
	w.check()
}

// A crowd at the kiosks gets every place once.
func TestWalkInsAtOnceNeverOversell(t *testing.T) {
	t.Parallel()
	w, _ := walkInDay(t, 3, 2)
	const crowd = 12
	answers := make(chan error, crowd)
	for range crowd {
		go func() {
			_, err := w.walkIn(uuid.NewString())
			answers <- err
		}()
	}
	got := 0
	for range crowd {
		if err := <-answers; err == nil {
			got++
		} else if !errors.Is(err, ErrNoWalkIns) {
			t.Error(err)
		}
	}
	if got != 5 {
		t.Errorf("%d of 5 places were given", got)
	}
	w.drain()
	w.check()
}

func TestAWalkInSaysNothingOfAnybody(t *testing.T) {
	t.Parallel()
	w, _ := walkInDay(t, 1)
	a, err := w.walkIn(uuid.NewString())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Parties(t.Context(), a); !errors.Is(err, ErrErased) {
		t.Errorf("parties: %v", err)
	}
	if _, err := w.desk.Contact(t.Context(), a); !errors.Is(err, ErrErased) {
		t.Errorf("contact: %v", err)
	}
	row, err := w.desk.Masked(t.Context(), a)
	if err != nil || !row.WalkIn || !row.Erased || len(row.Names)+len(row.Numbers) > 0 || row.Phone != "" {
		t.Errorf("row %+v, %v", row, err)
	}
	if rows, err := w.desk.Search(t.Context(), office, "", w.day); err != nil || len(rows) != 1 || !rows[0].WalkIn {
		t.Errorf("the day's list: %+v, %v", rows, err)
	}
	if rows, err := w.desk.Named(t.Context(), office, w.day, func(string) bool { return true }, 10); err != nil || len(rows) > 0 {
		t.Errorf("by name: %+v, %v", rows, err)
	}
	if n, err := w.desk.EraseOld(t.Context()); err != nil || n > 0 {
		t.Errorf("%d rows to erase, %v", n, err)
	}
	if _, err := w.desk.Letter(t.Context(), notify.Event{Appointment: a.ID, Kind: notify.Booked}); !errors.Is(err, notify.ErrDrop) {
		t.Errorf("a text: %v, want none", err)
	}
	if _, err := w.desk.Erase(t.Context(), a, "test"); err != nil {
		t.Errorf("erasing: %v", err)
	}
	var persons int
	if err := w.db.Get(&persons, `SELECT count(*) FROM party WHERE appointment_id = $1`, a.ID); err != nil || persons != 2 {
		t.Errorf("%d places for readings, %v, want 2", persons, err)
	}
	if _, err := w.db.Exec(`UPDATE appointment SET contact = 'x' WHERE id = $1`, a.ID); err == nil {
		t.Error("a phone was noted of somebody who left none")
	}
}

func TestAWalkInIsRefusedWhereItCannotBe(t *testing.T) {
	t.Parallel()
	w, _ := walkInDay(t, 1)
	for name, in := range map[string]WalkIn{
		"another office":  {Office: "430799", Service: "marriage", Actor: "x"},
		"no such service": {Office: office, Service: "divorce_issue", Actor: "x"},
		"no place":        {Office: office, Service: "reissue_marriage", Actor: "x"},
	} {
		if a, err := w.desk.WalkIn(t.Context(), in); err == nil {
			t.Errorf("%s: %s", name, a.Number)
		}
	}
	w.ahead(3 * time.Hour) // the slot has ended
	if _, err := w.walkIn(uuid.NewString()); !errors.Is(err, ErrNoWalkIns) {
		t.Errorf("after the day: %v, want no_walk_ins", err)
	}
}
