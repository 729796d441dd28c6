package hall_test

import (
	"errors"
	"testing"

	"hunyue/booking"
	"hunyue/hall"
)

// unasked makes the second person of an appointment one who has not confirmed.
func (w *world) unasked(number string) {
	w.t.Helper()
	w.run(`UPDATE party SET active = false, unconfirmed = true WHERE role = 2 AND appointment_id = (SELECT id FROM appointment WHERE number = $1)`, number)
	w.run(`INSERT INTO second_person (appointment_id, link) SELECT id, sha256(number::bytea) FROM appointment WHERE number = $1`, number)
}

const secondOf = `SELECT p.active::text || ' ' || p.unconfirmed || ' ' || coalesce(s.confirmed_by, '-') || ' ' || coalesce(s.waived, '-')
	FROM party AS p JOIN appointment AS a ON a.id = p.appointment_id JOIN second_person AS s ON s.appointment_id = a.id
	WHERE p.role = 2 AND a.number = $1`

func TestTheSecondPersonConfirmsByBeingThere(t *testing.T) {
	w := newWorld(t)
	number := w.book("09:00")
	w.unasked(number)
	early := w.book("11:00")
	w.unasked(early)
	if got := w.checkIn(arrival(number, 365, 366)); got.Outcome != hall.Admitted {
		t.Fatalf("%+v, want admitted", got)
	}
	if got := w.text(secondOf, number); got != "true false presence -" {
		t.Errorf("the second person is %q", got)
	}
	if got := w.checkIn(arrival(early, 365, 366)); got.Outcome != hall.Early {
		t.Fatalf("%+v, want early", got)
	}
	if got := w.text(secondOf, early); got != "false true - -" {
		t.Errorf("too early, and yet the second person is %q", got)
	}
}

func TestWhoIsBookedElsewhereIsLetInForAReasonAlone(t *testing.T) {
	w := newWorld(t)
	other, number := w.book("10:00"), w.book("09:00")
	w.unasked(number)
	w.run(`UPDATE party SET person = (SELECT p.person FROM party AS p JOIN appointment AS a ON a.id = p.appointment_id WHERE a.number = $2 AND p.role = 1)
		WHERE role = 2 AND appointment_id = (SELECT id FROM appointment WHERE number = $1)`, number, other)

	_, err := w.CheckIn(t.Context(), arrival(number, 365, 366))
	if !errors.Is(err, booking.ErrSecondBusy) {
		t.Fatalf("%v, want %v", err, booking.ErrSecondBusy)
	}
	elsewhere, told := errors.AsType[booking.SecondBusyError](err)
	if want := other[:2] + "****" + other[6:]; !told || elsewhere.Number != want || elsewhere.Office != office {
		t.Errorf("the desk is told %+v, want %s at %s", elsewhere, want, office)
	}
	w.wantStatus(number, booking.Booked)
	w.wantCount(0, "readings of a couple that was not let in", readings)

	a := arrival(number, 380, 366) // a fever: they come again
	a.Second = "证件已核对"
	if got := w.checkIn(a); got.Outcome != hall.Recheck {
		t.Errorf("%+v, want to be measured again", got)
	}
	w.at("09:05")
	if got := w.checkIn(arrivalWith("T2", number, 365)); got.Outcome != hall.Admitted {
		t.Errorf("%+v, want admitted: the reason was given before", got)
	}
	if got := w.text(secondOf, number); got != "false true - 证件已核对" {
		t.Errorf("the second person is %q", got)
	}
	w.wantStatus(other, booking.Booked)
	w.wantCount(1, "audit rows", `SELECT count(*) FROM audit WHERE action = 'second_waived' AND actor = 'hall' AND coalesce(detail, '') = ''`)

	found, err := booking.Check(t.Context(), w.DB, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range found {
		if a.Bad != 0 && (a.Name == "unconfirmed_is_let_in_for_a_reason_alone" || a.Name == "confirmed_second_person_is_one" || a.Name == "party_active_with_its_appointment") {
			t.Errorf("%s: %d", a.Name, a.Bad)
		}
	}
}
