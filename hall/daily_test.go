package hall_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

func daily(change func(r *hall.DailyReport)) hall.DailyReport {
	r := hall.DailyReport{Office: office, Day: theDay, Actor: "manager"}
	if change != nil {
		change(&r)
	}
	return r
}

// submit expects no error.
func (w *world) submit(change func(r *hall.DailyReport)) hall.Submission {
	w.t.Helper()
	s, err := w.Submit(w.t.Context(), daily(change))
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func TestAReportIsStoredWithTheCountsOfTheMoment(t *testing.T) {
	w := newWorld(t)
	w.received()
	w.at("15:59")
	first := w.submit(func(r *hall.DailyReport) { r.Remarks = " 无 " })
	counts, err := w.Report(t.Context(), office, theDay)
	if err != nil {
		t.Fatal(err)
	}
	want := hall.Submission{
		Day: theDay, Version: 1, Counts: counts, Remarks: "无", Differs: map[string]hall.Difference{}, Standing: hall.OnTime, Reporter: "manager",
	}
	if diff := cmp.Diff(want, first, cmpopts.IgnoreFields(hall.Submission{}, "At")); diff != "" {
		t.Errorf("submitted (-want +got):\n%s", diff)
	}
	w.book("10:00") // changes the counts
	second := w.submit(func(r *hall.DailyReport) { r.Remarks = "无" })
	if second.Version != 2 || second.Counts.Booked != counts.Booked+1 {
		t.Errorf("with other counts: version %d of %d booked", second.Version, second.Counts.Booked)
	}
	all, err := w.Submissions(t.Context(), office, theDay, theDay)
	if diff := cmp.Diff([]hall.Submission{first, second}, all); diff != "" || err != nil {
		t.Errorf("stored %v (-want +got):\n%s", err, diff)
	}
	w.wantCount(2, "audit rows", `SELECT count(*) FROM audit WHERE action = 'report_submitted' AND actor = 'manager'`)
}

func TestTheSameAgainIsTheSameVersion(t *testing.T) {
	w := newWorld(t)
	w.at("15:00")
	first := w.submit(nil)
	w.at("17:00")
	for range 2 {
		if again := w.submit(func(r *hall.DailyReport) { r.Actor = "another" }); !cmp.Equal(first, again) {
			t.Errorf("again (-want +got):\n%s", cmp.Diff(first, again))
		}
	}
	for i, change := range []func(r *hall.DailyReport){
		func(r *hall.DailyReport) { r.Remarks = "口罩不足" },
		func(r *hall.DailyReport) { r.ZeroReport = true },
		func(r *hall.DailyReport) {
			r.Differs = map[string]hall.Difference{"completed": {Value: 1, Because: "手工登记一对"}}
		},
		nil, // takes the correction back
	} {
		tried, err := w.TrySubmit(t.Context(), daily(change))
		if err != nil || tried.Version != i+2 {
			t.Errorf("tried: version %d, %v; want %d", tried.Version, err, i+2)
		}
		if s := w.submit(change); s.Version != i+2 || s.Standing != hall.TooLate {
			t.Errorf("version %d, %s; want %d, late", s.Version, s.Standing, i+2)
		}
	}
}

func TestAReportIsLateAfterTheOfficesTime(t *testing.T) {
	w := newWorld(t)
	w.rules(`{"report_time": "15:30", "report_reminder": "15:00"}`)
	w.at("15:31")
	if s := w.submit(nil); s.Standing != hall.TooLate {
		t.Errorf("a minute later: %s", s.Standing)
	}
	w.on(theDay.AddDays(1), "09:00")
	s := w.submit(func(r *hall.DailyReport) { r.Remarks = "补报" })
	if s.Standing != hall.TooLate || s.Version != 2 {
		t.Errorf("the next day: %s, version %d", s.Standing, s.Version)
	}
	_, err := w.Submit(t.Context(), daily(func(r *hall.DailyReport) { r.Day = theDay.AddDays(2) }))
	w.wantFields(err, map[string]string{"date": "future"})
}

// Domain rule 76.
func TestAZeroReportNeedsZeros(t *testing.T) {
	w := newWorld(t)
	zero := func(r *hall.DailyReport) { r.ZeroReport = true }
	if s := w.submit(nil); s.ZeroReport {
		t.Error("a report of nothing became a zero report by itself")
	}
	if s := w.submit(zero); !s.ZeroReport {
		t.Error("a zero report is none")
	}
	for name, with := range map[string]hall.Difference{"abnormal": {Value: 1, Because: "门外发现"}, "staff_abnormal": {Value: 1, Because: "在家发热"}} {
		_, err := w.Submit(t.Context(), daily(func(r *hall.DailyReport) {
			r.ZeroReport, r.Differs = true, map[string]hall.Difference{name: with}
		}))
		w.wantFault(err, hall.ErrNotZero)
	}
	w.at("08:50")
	w.checkIn(arrival(w.book("09:00"), 373, 365))
	_, err := w.Submit(t.Context(), daily(zero))
	w.wantFault(err, hall.ErrNotZero)
	_, err = w.Submit(t.Context(), daily(func(r *hall.DailyReport) {
		r.ZeroReport, r.Differs = true, map[string]hall.Difference{"abnormal": {Because: "体温计坏了"}}
	}))
	w.wantFault(err, hall.ErrNotZero)
	if s := w.submit(nil); s.Version != 3 || s.Counts.Abnormal != 1 {
		t.Errorf("version %d with %d abnormal, want 3 with 1", s.Version, s.Counts.Abnormal)
	}
	_, err = w.DB.ExecContext(t.Context(), `
		INSERT INTO daily_report (office_id, day, version, zero_report, counts, remarks, differs, standing, reporter)
		SELECT office_id, day, 9, true, counts, '', '{}', 'on_time', 'sql' FROM daily_report WHERE version = 3`)
	if !postgres.Violates(err, "zero_is_zero") {
		t.Errorf("a zero report of an abnormal day by SQL: %v", err)
	}
}

func TestNothingAltersAReport(t *testing.T) {
	w := newWorld(t)
	w.submit(nil)
	for _, query := range []string{`UPDATE daily_report SET remarks = 'x'`, `DELETE FROM daily_report`, `TRUNCATE daily_report`} {
		if _, err := w.DB.ExecContext(t.Context(), query); postgres.State(err) != "55000" {
			t.Errorf("%s: %v, want it refused", query, err)
		}
	}
}

func TestAReportSentTwiceIsAnsweredTwice(t *testing.T) {
	w := newWorld(t)
	keyed := func(r *hall.DailyReport) { r.Key = "the-same-key" }
	first := w.submit(keyed)
	w.book("09:00")
	if again := w.submit(keyed); !cmp.Equal(first, again) {
		t.Errorf("again (-want +got):\n%s", cmp.Diff(first, again))
	}
	_, err := w.Submit(t.Context(), daily(func(r *hall.DailyReport) { r.Key, r.Remarks = "the-same-key", "another" }))
	w.wantFault(err, booking.ErrKeyReused)
	w.wantCount(1, "versions", `SELECT count(*) FROM daily_report`)
}

func TestReportsAtOnceAreOneVersion(t *testing.T) {
	w := newWorld(t)
	got, errs := make([]hall.Submission, 6), make([]error, 6)
	atOnce(len(got), func(i int) { got[i], errs[i] = w.Submit(t.Context(), daily(nil)) })
	for i := range got {
		if errs[i] != nil || got[i].Version != 1 {
			t.Errorf("report %d: version %d, %v", i, got[i].Version, errs[i])
		}
	}
}

func TestEveryMistakeInAReportIsNamed(t *testing.T) {
	w := newWorld(t)
	_, err := w.Submit(t.Context(), daily(func(r *hall.DailyReport) {
		r.Remarks = strings.Repeat("长", 1001)
		r.Differs = map[string]hall.Difference{
			"completed": {Value: 1, Because: " "}, "booked": {Value: -1, Because: "x"}, "burials": {Value: 1, Because: "x"},
			"open": {Value: 1, Because: strings.Repeat("长", 301)},
		}
	}))
	w.wantFields(err, map[string]string{
		"remarks": "too_long", "differs.completed.because": "required", "differs.booked.value": "out_of_range", "differs.burials": "unknown",
		"differs.open.because": "too_long",
	})
	_, err = w.Submit(t.Context(), daily(func(r *hall.DailyReport) { r.Office = "999999" }))
	w.wantFault(err, slots.ErrNoSuchOffice)
}
