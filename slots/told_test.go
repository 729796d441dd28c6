package slots_test

import (
	"testing"
	"time"

	"hunyue/internal/clock"
	"hunyue/slots"
)

func TestWhatTheDaysAreToldOfIsRememberedForTwoSeconds(t *testing.T) {
	s := newStore(t)
	putSchedule(t, s, "2026-05-18", week())
	marriage := slots.Service{ID: "marriage", Group: slots.Marriage}
	thursday, friday := day(t, "2026-05-21"), day(t, "2026-05-22")
	is := func(when, thu, fri string) {
		t.Helper()
		first, err := s.ToldOf(t.Context(), wuling, thursday, marriage)
		if err != nil {
			t.Fatal(err)
		}
		second, err := s.ToldOf(t.Context(), wuling, friday, marriage)
		if err != nil || first != thu || second != fri {
			t.Errorf("%s: told %q and %q, %v; want %q and %q", when, first, second, err, thu, fri)
		}
	}
	now := s.Clock.Now()
	setTime(t, s, now)
	is("nothing has happened", "", "")

	another := &slots.Store{DB: s.DB, Clock: &clock.Clock{}} // another instance of the program
	another.Clock.Set(s.Clock.Shift())
	err := another.PutException(t.Context(), wuling, slots.Exception{Day: thursday, Reason: "stocktaking", Notice: "closed on Thursday"}, "manager")
	if err != nil {
		t.Fatal(err)
	}
	setClock := func(after time.Duration) { s.Clock.Set(time.Until(now.Add(after))) }
	setClock(time.Second)
	is("a second after a change elsewhere", "", "")
	setClock(4 * time.Second)
	is("some seconds after it", "closed on Thursday", "")

	db := s.DB
	s.DB = nil // whatever asked it now would panic
	setClock(5 * time.Second)
	is("while it is remembered", "closed on Thursday", "")
	s.DB = db
	if err := s.PutException(t.Context(), wuling, slots.Exception{Day: friday, Reason: "stocktaking", Notice: "closed on Friday"}, "manager"); err != nil {
		t.Fatal(err)
	}
	is("after a change of our own", "closed on Thursday", "closed on Friday")
	if _, err := s.ToldOf(t.Context(), "430799", thursday, marriage); err == nil {
		t.Error("an office that does not exist is told of")
	}
}
