package api

import (
	"net/http"
	"testing"

	"hunyue/server/auth"
)

// noted is how many audit rows somebody's looks have made.
func (w *world) noted(role, action string) (n int) {
	w.t.Helper()
	err := w.api.Desk.DB.Get(&n, `SELECT count(*) FROM audit WHERE actor = $1 AND action = $2`, "staff:"+role, action)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestTheHallListsADayAndAnOperatorOpensWhatIsListed(t *testing.T) {
	w := newWorld(t)
	for i, phone := range []string{"13800000001", "13800000002", "13800000003"} {
		w.book(slotAt([]string{"0930", "0900", "0900"}[i]), phone)
	}
	day := sent{"GET", "/staff/appointments?date=2026-05-20", "", w.as(auth.Hall)}
	var list Appointments
	w.ask(http.StatusOK, day, &list)
	if got, lists, reads := len(list.Appointments), w.noted(auth.Hall, "list"), w.noted(auth.Hall, "read"); got != 3 || lists != 1 || reads != 0 {
		t.Errorf("the hall gets %d rows and the audit %d lists and %d records, want 3, 1 and 0", got, lists, reads)
	}
	day.header = w.as(auth.Operator)
	w.ask(http.StatusOK, day, &list)
	if got, lists, reads := len(list.Appointments), w.noted(auth.Operator, "list"), w.noted(auth.Operator, "read"); got != 3 || lists != 0 || reads != 3 {
		t.Errorf("an operator gets %d rows and the audit %d lists and %d records, want 3, 0 and 3", got, lists, reads)
	}
	w.refuse(http.StatusUnprocessableEntity, "invalid_input", sent{"POST", "/staff/appointments/search", `{"q":" "}`, day.header})
	w.ask(http.StatusOK, sent{"POST", "/staff/appointments/search", `{"q":"13800000009"}`, day.header}, &list)
	if reads := w.noted(auth.Operator, "read"); reads != 3 {
		t.Errorf("%d records after nobody was found, want 3", reads)
	}
	w.ask(http.StatusOK, sent{"POST", "/staff/appointments/search", `{"q":"13800000002"}`, day.header}, &list)
	if reads := w.noted(auth.Operator, "read"); len(list.Appointments) != 1 || reads != 4 {
		t.Errorf("%d found and %d records in the audit, want 1 and 4", len(list.Appointments), reads)
	}
}
