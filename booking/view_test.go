package booking

import (
	"context"
	"errors"
	"testing"

	"hunyue/internal/date"
	"hunyue/slots"
)

// A desk that is watched gives nothing out unless whoever watches has agreed.
func TestNothingLeavesAWatchedDeskUnseen(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	parties := w.couple()
	h, err := w.desk.Hold(ctx, w.ask(w.slot("0900", 3), "a"))
	if err != nil {
		t.Fatal(err)
	}
	made, err := w.desk.Confirm(ctx, w.application(h, "a", parties))
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.desk.Find(ctx, made.Number, made.Secret)
	if err != nil {
		t.Fatal(err)
	}
	phone, err := w.desk.Phone(a)
	if err != nil {
		t.Fatal(err)
	}
	staff := w.desk.On(w.db, w.desk.Offices)
	errWatch := errors.New("not noted")
	var asked []View
	refuse := true
	staff.Watch = func(_ context.Context, v View) error {
		asked = append(asked, v)
		if refuse {
			return errWatch
		}
		return nil
	}
	closing := slots.Closing{Office: office, From: w.day, To: w.day, Mode: slots.Full, Reason: "停电", Notice: "停办"}
	looks := map[string]struct {
		look    func() (nothing bool, err error)
		records int
	}{
		"Masked": {func() (bool, error) {
			row, err := staff.Masked(ctx, a)
			return row.Number == "" && row.Names == nil, err
		}, 1},
		"Search": {func() (bool, error) {
			rows, err := staff.Search(ctx, office, made.Number, date.Date{})
			return rows == nil, err
		}, 1},
		"the day's list": {func() (bool, error) { rows, err := staff.Search(ctx, office, "", w.day); return rows == nil, err }, 1},
		"Latest":         {func() (bool, error) { rows, err := staff.Latest(ctx, office, w.day, 9); return rows == nil, err }, 1},
		"OfPhone":        {func() (bool, error) { rows, err := staff.OfPhone(ctx, phone); return rows == nil, err }, 1},
		"Parties":        {func() (bool, error) { p, err := staff.Parties(ctx, a); return p == nil, err }, 1},
		"Contact":        {func() (bool, error) { p, err := staff.Contact(ctx, a); return p.Number() == "", err }, 1},
		"OwnData": {func() (bool, error) {
			d, err := staff.OwnData(ctx, a)
			return d.Parties == nil && d.Phone.Number() == "", err
		}, 1},
		"a suspension": {func() (bool, error) {
			s, err := staff.Suspend(ctx, closing, "test", true)
			return s.Affected == nil, err
		}, 1},
	}
	for name, l := range looks {
		asked, refuse = nil, true
		if nothing, err := l.look(); !errors.Is(err, errWatch) || !nothing {
			t.Errorf("%s: error %v and nothing shown: %t; want what the watch said, and nothing", name, err, nothing)
		}
		if len(asked) == 0 || len(asked[0].Records) != l.records || asked[0].Records[0].Appointment != a.ID {
			t.Errorf("%s: the watch was told of %v, want appointment %d", name, asked, a.ID)
		}
		refuse = false
		if nothing, err := l.look(); err != nil || nothing {
			t.Errorf("%s: error %v and nothing shown: %t; want what was asked for", name, err, nothing)
		}
	}
	if _, err := staff.Phone(a); err == nil {
		t.Error("the phone is given out with nobody told")
	}
	refuse = true
	if _, err := staff.Suspend(ctx, closing, "test", false); !errors.Is(err, errWatch) {
		t.Errorf("a suspension: %v, want %v", err, errWatch)
	}
	if got, err := w.desk.Find(ctx, made.Number, made.Secret); err != nil || got.Status != Booked {
		t.Errorf("after a suspension that was not noted the couple is %s (%v), want booked", got.Status, err)
	}
}

func TestTheLatestAreThoseMadeLastInOrderOfTime(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ten, nine := w.slot("1000", 3), w.slot("0900", 3)
	var made []string
	for i, slot := range []slots.SlotID{nine, ten, nine} {
		key := string(rune('a' + i))
		h, err := w.desk.Hold(ctx, w.ask(slot, key))
		if err != nil {
			t.Fatal(err)
		}
		r, err := w.desk.Confirm(ctx, w.application(h, key, w.couple()))
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, r.Number)
	}
	rows, err := w.desk.Latest(ctx, office, w.day, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Number != made[2] || rows[1].Number != made[1] {
		t.Errorf("the latest two are %v, want %s and then %s", rows, made[2], made[1])
	}
}
