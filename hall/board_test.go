package hall_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hunyue/hall"
	"hunyue/slots"
)

func (w *world) board() hall.Board {
	w.t.Helper()
	b, err := w.Board(w.t.Context(), office, theDay)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func TestTheBoardHasTheLastSixCallsNewestFirst(t *testing.T) {
	w := newWorld(t)
	if b := w.board(); !b.Empty() {
		t.Errorf("before anybody has come: %+v", b)
	}
	var couples []string
	for range 9 {
		couples = append(couples, w.book("09:00"))
		w.checkIn(arrival(couples[len(couples)-1], 365, 366))
	}
	if b := w.board(); b.Empty() || len(b.Calls) != 0 || b.Pace != 0 {
		t.Errorf("before the first call: %+v", b)
	}
	for i := range 8 {
		w.at(fmt.Sprintf("09:%02d", i*5))
		w.called(couples[i], fmt.Sprint(i+1))
	}
	b := w.board()
	var tickets []string
	for _, c := range b.Calls {
		tickets = append(tickets, c.Ticket+"-"+c.Counter)
	}
	if want := []string{"A008-8", "A007-7", "A006-6", "A005-5", "A004-4", "A003-3"}; !slices.Equal(tickets, want) {
		t.Errorf("calls %v, want %v", tickets, want)
	}
	if b.Pace.Round(time.Minute) != 5*time.Minute || b.About(1).Round(time.Minute) != 10*time.Minute {
		t.Errorf("a call every %s, the second after %s", b.Pace, b.About(1))
	}
	w.at("09:40")
	if _, err := w.Recall(t.Context(), couples[3], hall.Press{Office: office, Counter: "4", Key: "again-1", Actor: "registrar"}); err != nil {
		t.Fatal(err)
	}
	again := w.board()
	if c := again.Calls[0]; c.Ticket != "A004" || c.Counter != "4" || !c.At.After(b.Calls[0].At) || len(again.Calls) != 6 {
		t.Errorf("after a call was repeated: %+v", again.Calls)
	}
	if again.Pace != b.Pace {
		t.Errorf("a repeated call changes the pace from %s to %s", b.Pace, again.Pace)
	}
}

// The board says of a couple what Waiting says.
func TestThePlaceOnTheBoardIsThatInTheLine(t *testing.T) {
	w := newWorld(t)
	var couples []string
	for range 4 {
		couples = append(couples, w.book("09:00"))
	}
	if _, there := w.board().Place(couples[0]); there {
		t.Error("in the line before they have come")
	}
	for _, n := range couples {
		w.checkIn(arrival(n, 365, 366))
	}
	w.called(couples[0], "3")
	b := w.board()
	for i, n := range couples {
		place, there := b.Place(n)
		if want := w.waiting(n); !there || place.Wait != want {
			t.Errorf("couple %d: %+v, want %+v", i, place.Wait, want)
		}
	}
}

// Domain rule 68: the door opens for as many as there is room for.
func TestTheBoardSaysForWhomTheDoorIsOpen(t *testing.T) {
	w := newWorld(t)
	rules := slots.DefaultRules()
	rules.HallLimit, rules.Screening = 2, slots.ScreeningOptional
	if err := w.Offices.SetRules(t.Context(), office, theDay, rules, "test", "test"); err != nil {
		t.Fatal(err)
	}
	var couples []string
	for range 4 {
		couples = append(couples, w.book("09:00"))
		w.checkIn(arrival(couples[len(couples)-1], 365, 366))
	}
	state := func() (all string) {
		for _, n := range couples {
			place, there := w.board().Place(n)
			switch {
			case !there:
				all += "-"
			case place.ComeIn:
				all += "c"
			case place.Outside:
				all += "o"
			default:
				all += "i"
			}
		}
		return all
	}
	if got := state(); got != "iioo" || !w.board().Full() {
		t.Errorf("full: %s", got)
	}
	if err := w.NotAccepted(t.Context(), couples[0], "-", "registrar"); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != "-ico" {
		t.Errorf("after one has gone: %s", got)
	}
}
