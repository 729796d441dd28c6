package slots_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/date"
	"hunyue/internal/fault"
)

func days(all []date.Date) string {
	var text []string
	for _, d := range all {
		text = append(text, d.String())
	}
	return strings.Join(text, " ")
}

func TestImportingACalendar(t *testing.T) {
	s := newStore(t)
	changed, err := s.ImportCalendar(t.Context(), strings.NewReader(`day,kind,name
2027-01-01,holiday,元旦
2027-02-05,holiday,春节
2027-02-06,holiday,春节
2027-02-07,holiday,春节
2027-02-08,holiday,春节
2027-02-14,makeup_workday,春节
2027-04-05,holiday,清明节
2027-05-01,holiday,劳动节
2027-05-02,holiday,劳动节
2027-05-03,holiday,劳动节
2027-06-09,holiday,端午节
2027-09-15,holiday,中秋节
2027-10-01,holiday,国庆节
`), 2027, "an arrangement for this test", true, "sysadmin")
	if err != nil {
		t.Fatalf("%v %v", err, fault.Of(err).Fields)
	}
	if got, want := days(changed), "2027-02-14 2027-05-03"; got != want {
		t.Errorf("work has changed on %s, want %s", got, want)
	}
	c, err := s.Calendar(t.Context(), 2027)
	if err != nil || !c.Confirmed(2027) || !c.Workday(day(t, "2027-02-14")) || c.Workday(day(t, "2027-05-03")) {
		t.Errorf("the new calendar does not hold: %v", err)
	}
	if err := s.KnownCalendars(t.Context(), "setup"); err != nil {
		t.Fatal(err)
	}
	if c, err = s.Calendar(t.Context(), 2027); err != nil || !c.Confirmed(2027) {
		t.Errorf("the program's own file has replaced it: %v", err)
	}
}

func TestABadCalendarFileChangesNothing(t *testing.T) {
	s := newStore(t)
	for fact, tt := range map[string]struct {
		text, source string
		want         map[string]string
	}{
		"bad lines": {"day,kind,name\n2027-01-01,holiday,元旦\n2027-13-01,holiday,x\n2027-03-01,makeup_workday,x\n", "notice", map[string]string{"lines.3": "date", "lines.4": "not_weekend"}},
		"no source": {"day,kind,name\n2027-01-02,holiday,元旦\n", "", map[string]string{"source": "required"}},
	} {
		_, err := s.ImportCalendar(t.Context(), strings.NewReader(tt.text), 2027, tt.source, true, "sysadmin")
		if diff := cmp.Diff(tt.want, fault.Of(err).Fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", fact, diff)
		}
	}
	c, err := s.Calendar(t.Context(), 2026, 2027)
	if err != nil || c.Confirmed(2027) || c.Workday(day(t, "2027-02-05")) || !c.Confirmed(2026) {
		t.Errorf("the calendar has changed: %v", err)
	}
}
