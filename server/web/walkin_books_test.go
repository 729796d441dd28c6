package web

import (
	"net/http"
	"strings"
	"testing"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/server/auth"
	"hunyue/slots"
)

// A walk-in is in the books of its day as anybody, and nobody's in everything else:
// it has no data to show or to erase, nobody is told of it, and its day closes.
func TestAWalkInIsInTheBooksAndNobodys(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.unscreened()
	booked := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 09:05")
	served, left, waits := tn.walksIn(), tn.walksIn(), tn.walksIn()
	tn.call(served, "1")
	_, err := tn.Hall.Start(t.Context(), served, "1", "staff:registrar")
	tn.must(err)
	_, err = tn.Hall.Complete(t.Context(), served, "J430702-2026-000001", "staff:registrar")
	tn.must(err)
	tn.must(tn.Hall.NotAccepted(t.Context(), left, "证件不全", "staff:registrar"))

	stranger := tn.visitor()
	for _, page := range []string{"/b/" + served, "/b/" + served + "/data", "/b/" + served + "/data.json"} {
		if stranger.get(page); strings.Contains(stranger.body, "000001") {
			t.Errorf("%s tells of the registration", page)
		}
	}
	desk := tn.staff(auth.Hall)
	desk.get("/desk/today").want(http.StatusOK, served, "现场")
	desk.get("/desk").send("/desk/find", "q", "现场").want(http.StatusOK, "查无此号")

	tn.at("2026-05-20 17:30")
	closed, err := tn.Hall.CloseDay(t.Context(), office, may(20), "system")
	tn.must(err)
	if closed.NoShows != 1 || closed.Open != 1 { // the booked couple, and the walk-in that still waits
		t.Errorf("the day closed with %+v", closed)
	}
	r, err := tn.Hall.Report(t.Context(), office, may(20))
	tn.must(err)
	if r.ByChannel[slots.Counter] != 3 || r.ByChannel[slots.Web] != 1 || r.Booked != 4 || r.Completed != 1 || r.NotAccepted != 1 {
		t.Errorf("the day has %+v", r)
	}
	s, err := tn.Hall.Submit(t.Context(), hall.DailyReport{Office: office, Day: may(20), Actor: "staff:manager"})
	if err != nil || s.Counts.ByChannel[slots.Counter] != 3 {
		t.Errorf("submitted %+v, %v", s.Counts, err)
	}
	tn.at("2028-06-01 09:00")
	if _, err := tn.Desk.EraseOld(t.Context()); err != nil {
		t.Error(err)
	}
	if n := tn.count(`SELECT count(*) FROM appointment WHERE number IN ($1, $2, $3, $4)`, served, left, waits, booked); n != 4 {
		t.Errorf("%d of 4 rows are left", n)
	}
	tn.must(tn.worker.Drain(t.Context()))
	found, err := booking.Check(t.Context(), tn.db, nil)
	tn.must(err)
	for _, a := range found {
		if a.Bad != 0 {
			t.Errorf("%s: %d rows", a.Name, a.Bad)
		}
	}
}
