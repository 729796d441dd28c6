package hall_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/slots"
)

// busyDay leaves one appointment in every state that a day can end with.
func busyDay(t *testing.T) (*world, map[booking.Status]string) {
	t.Helper()
	w := newWorld(t)
	day := map[booking.Status]string{
		booking.NoShow:            w.book("09:00"),
		booking.Cancelled:         w.book("09:00"),
		booking.CancelledByOffice: w.book("09:00"),
		booking.Late:              w.book("09:00"),
		booking.HealthDeferred:    w.book("10:00"),
		booking.Completed:         w.serving(),
		booking.NotAccepted:       w.received(),
		booking.CheckedIn:         w.received(),
	}
	w.move(day[booking.Cancelled], booking.Cancelled)
	w.move(day[booking.CancelledByOffice], booking.CancelledByOffice)
	w.at("09:45")
	w.checkIn(arrival(day[booking.Late], 365, 366))
	w.checkIn(arrival(day[booking.HealthDeferred], 375, 366)) // and never came back
	if _, err := w.Complete(t.Context(), day[booking.Completed], "J430702-2026-000123", "registrar"); err != nil {
		t.Fatal(err)
	}
	if err := w.NotAccepted(t.Context(), day[booking.NotAccepted], "papers missing", "registrar"); err != nil {
		t.Fatal(err)
	}
	return w, day
}

func TestClosingNotesWhoDidNotCome(t *testing.T) {
	w, day := busyDay(t)
	w.at("11:59")
	_, err := w.CloseDay(t.Context(), office, theDay, "manager")
	w.wantFault(err, hall.ErrDayNotOver)
	if wait := fault.Of(err).RetryAfter; wait <= 0 || wait > time.Minute {
		t.Errorf("come back in %s, want within the minute", wait)
	}

	w.at("12:00")
	got, err := w.CloseDay(t.Context(), office, theDay, "manager")
	if err != nil {
		t.Fatal(err)
	}
	want := hall.Closed{Office: office, Day: theDay, ClosedAt: got.ClosedAt, NoShows: 1, Deferred: 1, Open: 2, Marked: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("closed (-want +got):\n%s", diff)
	}
	for status, number := range day {
		w.wantStatus(number, status)
	}
	if got := w.checkIn(arrival(day[booking.HealthDeferred], 365, 366)); got.Outcome != hall.Deferred {
		t.Errorf("who left to rest and is back after closing: %s, want deferred", got.Outcome)
	}
}

func TestClosingAgainCountsNothingTwice(t *testing.T) {
	w, day := busyDay(t)
	w.at("12:00")
	first, err := w.CloseDay(t.Context(), office, theDay, "manager")
	if err != nil {
		t.Fatal(err)
	}
	w.at("13:00")
	want := first
	want.Marked, want.AlreadyClosed = 0, true
	if again, err := w.CloseDay(t.Context(), office, theDay, "another"); err != nil || !cmp.Equal(want, again) {
		t.Errorf("closed again (-want +got) %v:\n%s", err, cmp.Diff(want, again))
	}
	w.serve(day[booking.Late])
	if _, err := w.Complete(t.Context(), day[booking.Late], "J430702-2026-000124", "registrar"); err != nil {
		t.Fatal(err)
	}
	want.Open--
	if again, err := w.CloseDay(t.Context(), office, theDay, "another"); err != nil || !cmp.Equal(want, again) {
		t.Errorf("closed after the last was served (-want +got) %v:\n%s", err, cmp.Diff(want, again))
	}
	w.wantCount(1, "no-shows in the audit", `SELECT count(*) FROM audit WHERE new_status = 'no_show'`)
	w.wantCount(1, "closings in the audit", `SELECT count(*) FROM audit WHERE action = 'day_closed'`)
}

func TestClosingsAtOnceMarkEachOnce(t *testing.T) {
	w := newWorld(t)
	const absent = 12
	for range absent {
		w.book("09:00")
	}
	w.at("12:00")
	closed, errs := make([]hall.Closed, 4), make([]error, 4)
	atOnce(len(closed), func(i int) { closed[i], errs[i] = w.CloseDay(t.Context(), office, theDay, "manager") })
	first, marked := 0, 0
	for i, c := range closed {
		if errs[i] != nil || c.NoShows != absent {
			t.Errorf("closing %d: %+v, %v; want %d no-shows", i, c, errs[i], absent)
		}
		marked += c.Marked
		if !c.AlreadyClosed {
			first++
		}
	}
	if first != 1 || marked != absent {
		t.Errorf("%d closings were the first and marked %d; want 1 and %d", first, marked, absent)
	}
}

func TestACheckInAndAClosingAtOnceAgree(t *testing.T) {
	w := newWorld(t)
	numbers := make([]string, 8)
	for i := range numbers {
		numbers[i] = w.book("11:00")
	}
	w.at("12:00")
	answers, errs := make([]hall.CheckIn, len(numbers)+1), make([]error, len(numbers)+1)
	atOnce(len(answers), func(i int) {
		if i == len(numbers) {
			_, errs[i] = w.CloseDay(t.Context(), office, theDay, "manager")
			return
		}
		answers[i], errs[i] = w.CheckIn(t.Context(), arrival(numbers[i], 365, 366))
	})
	if err := errs[len(numbers)]; err != nil {
		t.Fatal(err)
	}
	for i, number := range numbers {
		want := booking.Late
		if errors.Is(errs[i], booking.ErrNotPossible) {
			want = booking.NoShow
		} else if errs[i] != nil || answers[i].Outcome != hall.Late {
			t.Errorf("couple %d: %+v, %v", i, answers[i], errs[i])
		}
		w.wantStatus(number, want)
	}
}

func TestADayWithoutSlotsEndsAtMidnight(t *testing.T) {
	w := newWorld(t)
	sunday := date.Date{Year: 2026, Month: time.May, Day: 24}
	w.on(sunday, "23:59")
	_, err := w.CloseDay(t.Context(), office, sunday, "manager")
	w.wantFault(err, hall.ErrDayNotOver)
	w.on(sunday.AddDays(1), "00:00")
	if c, err := w.CloseDay(t.Context(), office, sunday, "manager"); err != nil || c.NoShows != 0 {
		t.Errorf("closed %+v, %v; want no no-shows", c, err)
	}
	_, err = w.CloseDay(t.Context(), "999999", sunday, "manager")
	w.wantFault(err, slots.ErrNoSuchOffice)
}

func TestEveryEndedDayIsClosedOnce(t *testing.T) {
	w := newWorld(t)
	w.book("09:00")
	w.open(theDay.AddDays(1))
	for _, tt := range []struct {
		fact string
		day  date.Date
		at   string
		want int
	}{
		{"while the first day lasts", theDay, "11:59", 0},
		{"once it has ended", theDay, "12:00", 1},
		{"a minute later", theDay, "12:01", 0},
		{"two months later", theDay.AddDays(60), "09:00", 0},
		{"on the evening of the second day", theDay.AddDays(1), "18:00", 1},
	} {
		w.on(tt.day, tt.at)
		if closed, err := w.CloseDue(t.Context()); err != nil || len(closed) != tt.want {
			t.Errorf("%s: %+v, %v; want %d days closed", tt.fact, closed, err, tt.want)
		}
	}
	w.wantCount(1, "no-shows", `SELECT count(*) FROM appointment WHERE status = 'no_show'`)
}

func TestADayForgottenForLongIsClosedIfSomebodyIsStillBooked(t *testing.T) {
	w := newWorld(t)
	number := w.book("09:00")
	w.on(theDay.AddDays(90), "09:00")
	if closed, err := w.CloseDue(t.Context()); err != nil || len(closed) != 1 || closed[0].NoShows != 1 {
		t.Errorf("closed %+v, %v; want one day with a no-show", closed, err)
	}
	w.wantStatus(number, booking.NoShow)
}

func TestTheReportCountsEveryAppointmentOnce(t *testing.T) {
	w, _ := busyDay(t)
	w.book("11:00") // yet to come
	if _, err := w.RecordStaff(t.Context(), staffReading("hall", "T1", 365)); err != nil {
		t.Fatal(err)
	}
	got, err := w.Report(t.Context(), office, theDay)
	if err != nil {
		t.Fatal(err)
	}
	want := hall.Report{
		Booked: 9, Expected: 2, Arrived: 5, Cancelled: 1, CancelledByOffice: 1,
		Late: 1, Completed: 1, NotAccepted: 1, Open: 3,
		Measured: 10, Abnormal: 1, StaffMeasured: 1,
		ByChannel: map[slots.Channel]int{slots.Web: 9},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	w.at("12:00")
	if _, err := w.CloseDay(t.Context(), office, theDay, "manager"); err != nil {
		t.Fatal(err)
	}
	if got, err = w.Report(t.Context(), office, theDay); err != nil {
		t.Fatal(err)
	}
	if sum := got.Expected + got.Arrived + got.NoShow + got.Cancelled + got.CancelledByOffice; got.Booked != sum || got.NoShow != 2 || got.Deferred != 1 || got.Open != 2 {
		t.Errorf("after closing %+v; the parts are %d", got, sum)
	}
}

func TestTheListOfTheDayShowsWhatHasBecomeOfEach(t *testing.T) {
	w, day := busyDay(t)
	if _, err := w.Call(t.Context(), day[booking.CheckedIn], "3", "registrar"); err != nil {
		t.Fatal(err)
	}
	list, err := w.Today(t.Context(), office, theDay)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(day)-2 {
		t.Errorf("%d lines, want all but the two who cancelled", len(list))
	}
	seen := map[string]hall.Visit{}
	for _, v := range list {
		seen[v.Number] = v
	}
	called, resting, absent := seen[day[booking.CheckedIn]], seen[day[booking.HealthDeferred]], seen[day[booking.NoShow]]
	if called.Status != booking.Called || called.Counter != "3" || called.Ticket == "" || called.ArrivedAt == nil {
		t.Errorf("the called: %+v", called)
	}
	if resting.Outcome != hall.Recheck || resting.RecheckAt == nil || resting.Status != booking.Booked {
		t.Errorf("the resting: %+v", resting)
	}
	if absent.Outcome != "" || absent.ArrivedAt != nil || absent.Status != booking.Booked {
		t.Errorf("the absent: %+v", absent)
	}
	if list[len(list)-1].Number != day[booking.HealthDeferred] {
		t.Error("the last slot is not at the end of the list")
	}
}
