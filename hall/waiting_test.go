package hall_test

import (
	"fmt"
	"testing"
	"time"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/fault"
)

func (w *world) waiting(number string) hall.Wait {
	w.t.Helper()
	wait, err := w.Waiting(w.t.Context(), number)
	if err != nil {
		w.t.Fatal(err)
	}
	return wait
}

func (w *world) called(number, counter string) {
	w.t.Helper()
	if _, err := w.Call(w.t.Context(), number, counter, "registrar"); err != nil {
		w.t.Fatal(err)
	}
}

func TestACoupleIsToldHowFarItIsInTheLine(t *testing.T) {
	w := newWorld(t)
	var couples []string
	for range 7 {
		couples = append(couples, w.book("09:00"))
	}
	if got := w.waiting(couples[0]); got != (hall.Wait{}) {
		t.Errorf("before they have come: %+v", got)
	}
	for _, number := range couples {
		w.checkIn(arrival(number, 365, 366))
	}
	if got, want := w.waiting(couples[6]), (hall.Wait{Ticket: "A007", Ahead: 6}); got != want {
		t.Errorf("before the first call %+v, want %+v", got, want)
	}
	for i, at := range []string{"09:00", "09:06", "09:10", "09:20"} {
		w.at(at)
		w.called(couples[i], "3")
		got := w.waiting(couples[6])
		if got.Now != fmt.Sprintf("A00%d", i+1) || got.Ahead != 5-i {
			t.Errorf("after call %d: %+v", i+1, got)
		}
		if i < 3 && got.About != 0 {
			t.Errorf("%d calls show no pace, and the wait is told as %s", i+1, got.About)
		}
	}
	got := w.waiting(couples[6])
	if want := 20 * time.Minute; got.About.Round(time.Minute) != want { // 20 minutes for three, and two are ahead
		t.Errorf("about %s, want %s", got.About, want)
	}
	if got := w.waiting(couples[3]); got.Counter != "3" || got.About != 0 {
		t.Errorf("the called: %+v", got)
	}
	if _, err := w.Waiting(t.Context(), "99999999"); fault.Of(err).Code != booking.ErrNoAppointment.Code {
		t.Errorf("of nobody: %v", err)
	}
}

// Domain rule 44.
func TestWhoCameLateIsCalledAfterTheBookedUnlessTheyHaveWaitedAnHourLonger(t *testing.T) {
	w := newWorld(t)
	late, soon, later := w.book("09:00"), w.book("10:00"), w.book("11:00")
	w.at("09:40")
	w.checkIn(arrival(late, 365, 366))
	w.at("09:50")
	w.checkIn(arrival(soon, 365, 366))
	w.at("10:45")
	w.checkIn(arrival(later, 365, 366))
	for number, want := range map[string]int{soon: 0, late: 1, later: 2} {
		if got := w.waiting(number); got.Ahead != want {
			t.Errorf("%s: %d ahead, want %d", got.Ticket, got.Ahead, want)
		}
	}
	if got := w.waiting(late).Ticket; got != "B001" {
		t.Errorf("the late have ticket %s", got)
	}
}
