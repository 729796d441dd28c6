package hall_test

import (
	"testing"

	"hunyue/booking"
	"hunyue/hall"
)

// crowded is a world where counters have no waiting places.
func crowded(t *testing.T, more string) *world {
	w := newWorld(t)
	w.rules(`{"couples_waiting": 0` + more + `}`)
	return w
}

func (w *world) wantInside(want int) {
	w.t.Helper()
	if got := w.line().Inside; got != want {
		w.t.Errorf("%d couples inside, want %d", got, want)
	}
	w.wantCount(want, "couples inside as counted", `SELECT inside FROM hall_day`)
}

// Domain rule 68: one couple for each open counter, and the others wait outside.
func TestOneOutOneIn(t *testing.T) {
	w := crowded(t, "")
	w.opens("1", "2")
	for i, outside := range []bool{false, false, true, true} {
		if got := w.checkIn(arrival(w.book("09:00"), 365, 366)); got.Outside != outside {
			t.Errorf("couple %d is told %+v", i+1, got)
		}
	}
	w.wantInside(2)
	third, fourth := w.numberOf("A003"), w.numberOf("A004")
	w.wantFault(w.Enter(t.Context(), third, press("")), hall.ErrHallFull)
	w.next("1")
	w.ended("A001")
	w.wantInside(1)
	w.wantFault(w.Enter(t.Context(), fourth, press("")), hall.ErrNotTheirTurn)
	for range 2 {
		if err := w.Enter(t.Context(), third, press("")); err != nil {
			t.Error(err)
		}
	}
	w.wantInside(2)
	w.wantFault(w.Enter(t.Context(), fourth, press("")), hall.ErrHallFull)
}

func TestWhileTheHallIsFullOnlyWhoIsInsideIsCalled(t *testing.T) {
	w := crowded(t, "")
	w.opens("1")
	early := arrival(w.book("10:00"), 365, 366)
	early.Early = true
	w.at("09:20")
	w.checkIn(early)                              // A001, inside; its turn is at 10:00
	w.checkIn(arrival(w.book("09:00"), 365, 366)) // A002, before it in the line, and outside
	w.wantLine("A002", "A001")
	if got := w.next("1"); got != "A001" {
		t.Errorf("called %s, who does not fit in", got)
	}
	w.ended("A001")
	if got := w.next("1"); got != "A002" {
		t.Errorf("called %s", got)
	}
	w.wantInside(1)
}

// Calling brings in who stands outside, if there is room; without, they are called
// and sit down once somebody has left.
func TestACallBringsInWhoWaitsOutside(t *testing.T) {
	w := crowded(t, "")
	first, second := w.received(), w.received()
	if got := w.line(); len(got.Outside()) != 2 || !got.Full() {
		t.Errorf("before a counter is open %d wait outside", len(got.Outside()))
	}
	if _, err := w.Call(t.Context(), first, "1", "registrar"); err != nil {
		t.Fatal(err)
	}
	w.wantInside(1)
	if _, err := w.Start(t.Context(), first, "1", "registrar"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Call(t.Context(), second, "1", "registrar"); err != nil {
		t.Fatal(err)
	}
	w.wantInside(1)
	_, err := w.Start(t.Context(), second, "1", "registrar")
	w.wantFault(err, hall.ErrHallFull)
	w.wantStatus(second, booking.Called)
	w.ended("A001")
	if _, err := w.Start(t.Context(), second, "1", "registrar"); err != nil {
		t.Error(err)
	}
	w.wantInside(1)
}

func TestACounterServesOneCoupleAtATime(t *testing.T) {
	w := newWorld(t)
	first, second := w.received(), w.received()
	for _, number := range []string{first, second} {
		w.called(number, "1")
	}
	if _, err := w.Start(t.Context(), first, "1", "registrar"); err != nil {
		t.Fatal(err)
	}
	_, err := w.Start(t.Context(), second, "1", "registrar")
	w.wantFault(err, hall.ErrCounterBusy)
	w.wantStatus(second, booking.Called)
}

func TestThoseOutsideComeInInBatches(t *testing.T) {
	w := crowded(t, `, "hall_limit": 3, "couples_per_counter": 3, "entry_batch": 2`)
	w.opens("1")
	for range 7 {
		w.received()
	}
	w.wantInside(3)
	enter := func(ticket string) error { return w.Enter(t.Context(), w.numberOf(ticket), press("")) }
	w.ended("A001")
	w.wantFault(enter("A004"), hall.ErrHallFull) // the batch of two does not fit yet
	w.ended("A002")
	for _, ticket := range []string{"A004", "A005"} {
		if err := enter(ticket); err != nil {
			t.Errorf("%s: %v", ticket, err)
		}
	}
	w.ended("A003")
	w.wantFault(enter("A006"), hall.ErrHallFull)
	w.ended("A004")
	if err := enter("A006"); err != nil {
		t.Error(err)
	}
	w.ended("A005")
	if err := enter("A007"); err != nil { // the rest of the batch
		t.Error(err)
	}
	w.wantInside(2)
}

func TestAnOfficeThatDoesNotScreenHasItsOwnLimitOrNone(t *testing.T) {
	for rule, room := range map[string]int{`{"screening": "off"}`: -1, `{"screening": "off", "hall_limit": 2}`: 2, `{"screening": "optional", "hall_limit": 5}`: 5} {
		t.Run(rule, func(t *testing.T) {
			w := newWorld(t)
			w.rules(rule)
			w.opens("1")
			if got := w.line().Room; got != room {
				t.Errorf("room for %d, want %d", got, room)
			}
		})
	}
}

// A guard is trusted once the statement without it is refused.
func TestNobodyIsLetInByHandWhereThereIsNoRoom(t *testing.T) {
	w := crowded(t, "")
	w.opens("1")
	w.received()
	w.received()
	w.wantRefused("HY011", `UPDATE line_place SET inside = true`)
	w.wantRefused("55000", `DELETE FROM line_place`)
	w.wantRefused("55000", `UPDATE line_step SET step = 'left'`)
	w.wantInside(1)
}

// A counter that closes makes the room smaller: whoever is inside stays, and nobody
// enters until it is enough.
func TestASmallerRoomThrowsNobodyOut(t *testing.T) {
	w := crowded(t, "")
	w.opens("1", "2")
	for range 3 {
		w.received()
	}
	if err := w.CloseCounter(t.Context(), press("2")); err != nil {
		t.Fatal(err)
	}
	w.wantInside(2)
	w.next("1")
	w.ended("A001")
	w.wantInside(1)
	w.wantFault(w.Enter(t.Context(), w.numberOf("A003"), press("")), hall.ErrHallFull)
	w.next("1")
	w.ended("A002")
	if err := w.Enter(t.Context(), w.numberOf("A003"), press("")); err != nil {
		t.Error(err)
	}
}

func TestWhoeverIsCancelledLeavesTheHall(t *testing.T) {
	w := newWorld(t)
	number := w.received()
	w.wantInside(1)
	w.move(number, booking.CancelledByOffice)
	w.wantInside(0)
	w.wantCount(1, "leavings", `SELECT count(*) FROM line_step WHERE step = 'left'`)
}
