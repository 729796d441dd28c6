package booking

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// calls is a call of a number.
func (w *world) calls(number string) Call {
	w.t.Helper()
	phone, wrong := identity.ParsePhone(number)
	if wrong != "" {
		w.t.Fatal(wrong)
	}
	return Call{Key: uuid.New(), Office: office, Phone: phone, Actor: "staff:operator"}
}

func TestACallIsOneHoweverOftenItIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.calls("13900000001")
	for range 2 {
		if known, err := w.desk.TakeCall(t.Context(), c); err != nil || len(known.Calls)+len(known.Known) > 0 {
			t.Fatal(known, err)
		}
	}
	again := w.calls("13900000001")
	known, err := w.desk.TakeCall(t.Context(), again)
	if err != nil || len(known.Calls) != 1 || known.Calls[0].Outcome != CallAsked || known.Calls[0].Actor != c.Actor {
		t.Errorf("the earlier calls are %v, %v; want the one", known.Calls, err)
	}
	if known, err := w.desk.TakeCall(t.Context(), w.calls("13900000002")); err != nil || len(known.Calls) != 0 {
		t.Errorf("another number has the calls %v, %v", known.Calls, err)
	}
}

// What a call came to is not undone by what is said of it later, and no call comes
// to a booking without its appointment.
func TestACallThatCameToAnAppointmentStaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.book(w.slot("0900", 2))
	c := w.calls("13900000001")
	if _, err := w.desk.TakeCall(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := w.desk.EndCall(t.Context(), c.Key, CallBooked, Appointment{}); err == nil {
		t.Error("a call has come to a booking without an appointment")
	}
	for _, end := range []struct {
		o CallOutcome
		a Appointment
	}{{CallParked, Appointment{}}, {CallBooked, a}, {CallBooked, a}, {CallParked, Appointment{}}} {
		if err := w.desk.EndCall(t.Context(), c.Key, end.o, end.a); err != nil {
			t.Fatal(end.o, err)
		}
	}
	known, err := w.desk.TakeCall(t.Context(), w.calls("13900000001"))
	if err != nil || len(known.Calls) != 1 || known.Calls[0].Outcome != CallBooked || known.Calls[0].Number != a.Number {
		t.Errorf("the call came to %v, %v; want %s", known.Calls, err, a.Number)
	}
}

func TestOnlyTheTwoTogetherAreToldOfTheirAppointment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.book(w.slot("0900", 2))
	two, err := w.desk.Parties(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	stranger := w.couple()
	for name, c := range map[string]struct {
		who  []Party
		told bool
	}{
		"the two":               {two, true},
		"the two, turned round": {[]Party{two[1], two[0]}, true},
		"one alone":             {two[:1], false},
		"one with another":      {[]Party{two[0], stranger[1]}, false},
		"strangers":             {stranger, false},
	} {
		found, err := w.desk.Together(t.Context(), c.who, slots.Marriage)
		if told := err == nil && found.ID == a.ID; told != c.told || err != nil && !errors.Is(err, ErrNoAppointment) {
			t.Errorf("%s are told %t, %v; want %t", name, told, err, c.told)
		}
	}
	if _, err := w.desk.Together(t.Context(), two, slots.Divorce); !errors.Is(err, ErrNoAppointment) {
		t.Errorf("another matter: %v", err)
	}
}

// Names are looked for at one office, from a day on, and never more than asked for.
func TestNamesAreFoundWithinTheirBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slot := w.slot("0900", 3)
	for range 3 {
		w.book(slot)
	}
	for name, c := range map[string]struct {
		office string
		from   date.Date
		name   string
		most   int
		want   int
	}{
		"all":             {office, w.day, "张三", 9, 3},
		"no more":         {office, w.day, "张三", 2, 2},
		"another name":    {office, w.day, "李四", 9, 0},
		"another office":  {"430703", w.day, "张三", 9, 0},
		"after their day": {office, w.day.AddDays(1), "张三", 9, 0},
	} {
		rows, err := w.desk.Named(t.Context(), c.office, c.from, func(name string) bool { return name == c.name }, c.most)
		if err != nil || len(rows) != c.want {
			t.Errorf("%s: %d found, %v; want %d", name, len(rows), err, c.want)
		}
		for _, row := range rows {
			if row.Names[0] != "张*" {
				t.Errorf("%s: %s is not masked", name, row.Names[0])
			}
		}
	}
}

// A draft is one of a call, of its office alone, and ends with its day.
func TestADraftIsOneOfACallAndOfItsOffice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, c := t.Context(), w.calls("13900000001")
	until := w.desk.Clock.Now().Add(time.Hour)
	for _, content := range []string{"first", "second"} {
		if err := w.desk.Park(ctx, Draft{Call: c, Content: []byte(content)}, until); err != nil {
			t.Fatal(err)
		}
	}
	all, err := w.desk.Parked(ctx, Call{Office: office})
	if err != nil || len(all) != 1 || string(all[0].Content) != "second" {
		t.Errorf("the drafts are %v, %v; want the second", all, err)
	}
	if of, err := w.desk.Parked(ctx, w.calls("13900000002")); err != nil || len(of) != 0 {
		t.Errorf("another number has %v, %v", of, err)
	}
	if _, err := w.desk.Draft(ctx, "430703", c.Key); !errors.Is(err, ErrNoDraft) {
		t.Errorf("another office: %v", err)
	}
	if err := w.desk.Discard(ctx, "430703", c.Key); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Draft(ctx, office, c.Key); err != nil {
		t.Errorf("another office has discarded it: %v", err)
	}
	w.ahead(time.Hour + time.Second)
	if _, err := w.desk.Draft(ctx, office, c.Key); !errors.Is(err, ErrNoDraft) {
		t.Errorf("after its end: %v", err)
	}
	if n, err := w.desk.forgetCalls(ctx); err != nil || n != 1 {
		t.Errorf("%d were deleted, %v; want 1", n, err)
	}
}
