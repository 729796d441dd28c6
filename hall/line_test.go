package hall_test

import (
	"slices"
	"testing"

	"hunyue/booking"
	"hunyue/hall"
)

// press is one at a counter.
func press(counter string) hall.Press {
	return hall.Press{Office: office, Counter: counter, Actor: "registrar"}
}

func (w *world) opens(counters ...string) {
	w.t.Helper()
	for _, counter := range counters {
		if err := w.OpenCounter(w.t.Context(), press(counter)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// next is the ticket that a counter calls.
func (w *world) next(counter string) string {
	w.t.Helper()
	turn, err := w.CallNext(w.t.Context(), press(counter))
	if err != nil {
		w.t.Fatalf("counter %s: %v", counter, err)
	}
	return turn.Ticket
}

// line is the day's line.
func (w *world) line() hall.Line {
	w.t.Helper()
	line, err := w.Line(w.t.Context(), office, theDay)
	if err != nil {
		w.t.Fatal(err)
	}
	return line
}

// wantLine compares the tickets of those who wait to be called.
func (w *world) wantLine(want ...string) {
	w.t.Helper()
	var got []string
	for _, l := range w.line().Waiting() {
		got = append(got, l.Ticket)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("the line is %v, want %v", got, want)
	}
}

func (w *world) numberOf(ticket string) string {
	w.t.Helper()
	return w.text(`SELECT a.number FROM visit JOIN appointment AS a ON a.id = appointment_id WHERE ticket = $1`, ticket)
}

func (w *world) ended(ticket string) {
	w.t.Helper()
	if err := w.NotAccepted(w.t.Context(), w.numberOf(ticket), "papers missing", "registrar"); err != nil {
		w.t.Fatal(err)
	}
}

// Domain rule 44, and the early: who comes before their slot has their turn when it
// begins, and nobody waits for them.
func TestTheLineIsFairToTheBookedTheEarlyAndTheLate(t *testing.T) {
	w := newWorld(t)
	early, first, second, late := w.book("10:00"), w.book("09:00"), w.book("09:00"), w.book("09:00")
	w.at("08:55")
	w.checkIn(arrival(first, 365, 366)) // A001
	w.at("09:05")
	w.checkIn(arrival(second, 365, 366)) // A002
	a := arrival(early, 365, 366)
	a.Early = true
	w.at("09:10")
	w.checkIn(a) // A003, whose turn is at 10:00
	w.at("09:40")
	w.checkIn(arrival(late, 365, 366)) // B001, whose turn is at 10:40
	w.wantLine("A001", "A002", "A003", "B001")
	w.at("10:29")
	w.checkIn(arrival(w.book("10:00"), 365, 366)) // A004: the late have not waited an hour
	w.wantLine("A001", "A002", "A003", "A004", "B001")
	w.at("10:41")
	w.checkIn(arrival(w.book("11:00"), 365, 366)) // A005: now they have
	w.wantLine("A001", "A002", "A003", "A004", "B001", "A005")
}

func TestWithoutBeingAskedNobodyIsTakenInTooEarly(t *testing.T) {
	w := newWorld(t)
	number := w.book("10:00")
	if got := w.checkIn(arrival(number, 365, 366)); got.Outcome != hall.Early || got.Ticket != "" {
		t.Errorf("at 08:50 for 10:00 they are told %+v", got)
	}
	w.wantCount(0, "places in the line", `SELECT count(*) FROM line_place`)
}

func TestCallingNextFollowsTheLine(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.received()
	}
	_, err := w.CallNext(t.Context(), press("1"))
	w.wantFault(err, hall.ErrCounterShut)
	w.opens("1", "2")
	if got := w.next("1"); got != "A001" {
		t.Errorf("counter 1 calls %s", got)
	}
	_, err = w.CallNext(t.Context(), press("1"))
	w.wantFault(err, hall.ErrCounterBusy)
	if got := w.next("2"); got != "A002" {
		t.Errorf("counter 2 calls %s", got)
	}
	w.ended("A001")
	if got := w.next("1"); got != "A003" {
		t.Errorf("counter 1 calls %s", got)
	}
	w.ended("A003")
	_, err = w.CallNext(t.Context(), press("1"))
	w.wantFault(err, hall.ErrNobodyWaits)
	for _, name := range []string{"", "三", "123456789"} {
		_, err := w.CallNext(t.Context(), press(name))
		w.wantFields(err, map[string]string{"counter": "format"})
	}
}

func TestOnePressCallsOnce(t *testing.T) {
	w := newWorld(t)
	w.received()
	w.received()
	w.opens("1")
	p := press("1")
	p.Key = "press-1"
	for range 3 {
		if turn, err := w.CallNext(t.Context(), p); err != nil || turn.Ticket != "A001" {
			t.Errorf("the same press answers %+v, %v", turn, err)
		}
	}
	p.Counter = "2"
	w.opens("2")
	_, err := w.CallNext(t.Context(), p)
	w.wantFault(err, booking.ErrKeyReused)
	w.wantCount(1, "calls", `SELECT count(*) FROM counter_call`)
}

// Domain rule 47.
func TestWhoDoesNotComeIsCalledAgainThenPutBackThenClosed(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		w.received()
	}
	w.opens("1")
	first := w.numberOf(w.next("1"))
	pass := func() (hall.Passed, error) { return w.Pass(t.Context(), first, press("1")) }
	recall := func() error { _, err := w.Recall(t.Context(), first, press("1")); return err }

	w.wantFault(recall(), hall.ErrRecallTooSoon)
	_, err := pass()
	w.wantFault(err, hall.ErrCallAgain)
	w.wantFault(func() error { _, err := w.Recall(t.Context(), first, press("2")); return err }(), hall.ErrOtherCounter)
	for _, at := range []string{"08:51:00", "08:52:00"} {
		w.at(at)
		if err := recall(); err != nil {
			t.Error(err)
		}
	}
	w.at("08:53:00")
	w.wantFault(recall(), hall.ErrPassFirst)
	if got, err := pass(); err != nil || got != (hall.Passed{Behind: 3}) {
		t.Errorf("passed: %+v, %v", got, err)
	}
	w.wantStatus(first, booking.CheckedIn)
	w.wantLine("A002", "A003", "A004", "A001", "A005")

	for _, ticket := range []string{"A002", "A003", "A004"} {
		if got := w.next("1"); got != ticket {
			t.Errorf("called %s, want %s", got, ticket)
		}
		w.ended(ticket)
	}
	w.at("09:00:00")
	w.next("1")
	for _, at := range []string{"09:01:00", "09:02:00"} {
		w.at(at)
		if err := recall(); err != nil {
			t.Error(err)
		}
	}
	if got, err := pass(); err != nil || !got.Closed {
		t.Errorf("in the second round: %+v, %v", got, err)
	}
	w.wantStatus(first, booking.NotAccepted)
	w.wantCount(1, "refusals because nobody came", `SELECT count(*) FROM refusal WHERE code = $1`, string(hall.NoAnswer))
	w.wantLine("A005")
}

func TestWhoIsParkedIsNotCalledUntilTheyResume(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.received()
	}
	w.opens("1")
	first := w.numberOf(w.next("1"))
	if _, err := w.Start(t.Context(), first, "1", "registrar"); err != nil {
		t.Fatal(err)
	}
	w.wantFault(w.Park(t.Context(), first, press("2")), hall.ErrOtherCounter)
	if err := w.Park(t.Context(), first, press("1")); err != nil {
		t.Fatal(err)
	}
	w.wantLine("A002", "A003")
	if got := w.next("1"); got != "A002" {
		t.Errorf("called %s while A001 is parked", got)
	}
	w.wantFault(w.Resume(t.Context(), w.numberOf("A003"), press("1")), booking.ErrNotPossible)
	if err := w.Resume(t.Context(), first, press("1")); err != nil {
		t.Fatal(err)
	}
	w.wantLine("A001", "A003")
}

func TestWhoIsSentOnIsNextThereAndNowhereElse(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.received()
	}
	w.opens("1", "2", "3")
	first := w.numberOf(w.next("1"))
	w.wantFault(w.Forward(t.Context(), first, "9", press("1")), hall.ErrCounterShut)
	w.wantFields(w.Forward(t.Context(), first, "1", press("1")), map[string]string{"to": "format"})
	if err := w.Forward(t.Context(), first, "3", press("1")); err != nil {
		t.Fatal(err)
	}
	if got := w.next("2"); got != "A002" {
		t.Errorf("counter 2 calls %s, which is for counter 3", got)
	}
	if got := w.next("3"); got != "A001" {
		t.Errorf("counter 3 calls %s before the one sent on to it", got)
	}
}

func TestACounterIsOneRegistrarsUntilItIsClosed(t *testing.T) {
	w := newWorld(t)
	w.received()
	w.received()
	w.opens("1", "1", "2")
	other := press("1")
	other.Actor = "another"
	w.wantFault(w.OpenCounter(t.Context(), other), hall.ErrCounterTaken)
	first := w.numberOf(w.next("1"))
	w.wantFault(w.CloseCounter(t.Context(), press("1")), hall.ErrCounterBusy)
	if err := w.Forward(t.Context(), first, "2", press("1")); err != nil {
		t.Fatal(err)
	}
	if err := w.CloseCounter(t.Context(), press("2")); err != nil { // nobody is stuck with it
		t.Fatal(err)
	}
	if got := w.next("1"); got != "A001" {
		t.Errorf("after the counter they were sent to has closed, %s is called", got)
	}
	w.ended("A001")
	for range 2 {
		if err := w.CloseCounter(t.Context(), press("1")); err != nil {
			t.Error(err)
		}
	}
	if err := w.OpenCounter(t.Context(), other); err != nil {
		t.Error(err)
	}
	w.wantCount(3, "sittings", `SELECT count(*) FROM counter_session`)
	w.wantCount(5, "openings and closings in the audit", `SELECT count(*) FROM audit WHERE action IN ('counter_opened', 'counter_closed')`)
}
