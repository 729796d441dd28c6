package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/slots"
)

// daily is the daily report of a day: what was submitted, and the form for
// another version unless the day is still to come.
type daily struct {
	Title     string
	Filed     []filed
	Open      bool
	Zero      tick
	Remarks   field
	Differs   []differs
	Differing bool // some are typed
	Action    string
	About     *dailyTrial
}

// filed is a version that was submitted.
type filed struct {
	What, Remarks string
	Differs       []string
}

// differs is the inputs for one figure: what it is instead, and why.
type differs struct{ Value, Because field }

// dailyTrial is a version before it is submitted, and the form that submits it.
type dailyTrial struct {
	filed
	Keep []hidden
}

// The inputs of the form.
const (
	zeroInput    = "daily.zero"
	remarksInput = "daily.remarks"
)

func valueInput(figure string) string   { return "daily.value." + figure }
func becauseInput(figure string) string { return "daily.because." + figure }

func (p *Pages) daily(c echo.Context, pg page, o slots.Office, day date.Date, counted hall.Report, wrong wrongs) (daily, error) {
	d := daily{
		Title: pg.T("daily.title"), Action: "/manage/" + o.ID + "/" + day.String() + "/report",
		Open:    !day.After(date.DateOf(p.Clock.Now().In(o.Location))),
		Zero:    tick{Name: zeroInput, Value: "1", Label: pg.T("daily.zero"), On: c.FormValue(zeroInput) != ""},
		Remarks: pg.typed(field{Name: remarksInput, Long: true}, "daily.remarks", c.FormValue(remarksInput), wrong),
	}
	for _, f := range counted.Figures() {
		label := pg.T("report." + f.Name)
		value, because := valueInput(f.Name), becauseInput(f.Name)
		row := differs{
			pg.typed(field{Name: value, Mode: "numeric"}, "daily.value", c.FormValue(value), wrong),
			pg.typed(field{Name: because}, "daily.because", c.FormValue(because), wrong),
		}
		row.Value.Label = pg.T("daily.value", "figure", label, "n", f.Count)
		row.Because.Label = pg.T("daily.because", "figure", label)
		d.Differing = d.Differing || row.Value.Value+row.Because.Value != ""
		d.Differs = append(d.Differs, row)
	}
	submitted, err := p.Hall.Submissions(c.Request().Context(), o.ID, day, day)
	for _, s := range submitted {
		d.Filed = append(d.Filed, pg.filed(s, o))
	}
	return d, err
}

// mistakes is what is wrong in the form.
func (d daily) mistakes(pg page) []mistake {
	fields := []field{d.Remarks}
	for _, row := range d.Differs {
		fields = append(fields, row.Value, row.Because)
	}
	return mistakesIn(pg.Reader, "", fields...)
}

func (pg page) filed(s hall.Submission, o slots.Office) filed {
	at := s.At.In(o.Location)
	kind := pg.T("daily.reported")
	if s.ZeroReport {
		kind = pg.T("daily.zero_report")
	}
	shown := filed{Remarks: s.Remarks, What: pg.T("daily.version", "n", s.Version, "kind", kind, "standing", pg.T("daily."+string(s.Standing)),
		"at", pg.ShortDay(date.DateOf(at))+" "+pg.Clock(at), "by", pg.who(s.Reporter))}
	for _, f := range s.Counts.Figures() {
		if d, there := s.Differs[f.Name]; there {
			shown.Differs = append(shown.Differs, pg.T("daily.differs", "figure", pg.T("report."+f.Name), "n", f.Count, "value", d.Value, "because", d.Because))
		}
	}
	return shown
}

// submitDaily shows the version that a report would be and then, if the manager
// says so, submits it.
func (p *Pages) submitDaily(c echo.Context) error {
	o, _, err := p.managed(c)
	if err != nil {
		return err
	}
	day, err := date.ParseDate(c.Param("date"))
	if err != nil {
		return slots.ErrNoSuchSlot
	}
	wrong, pg := wrongs{}, p.page(c)
	r := hall.DailyReport{
		Office: o.ID, Day: day, ZeroReport: c.FormValue(zeroInput) != "", Remarks: c.FormValue(remarksInput),
		Differs: typedDiffers(c, wrong), Key: c.FormValue("key"), Actor: me(c).Actor(),
	}
	if len(wrong) > 0 {
		return p.showPlaces(c, http.StatusUnprocessableEntity, pg, o, "", wrong, nil)
	}
	if c.FormValue("step") == "submit" {
		done, err := p.Hall.Submit(c.Request().Context(), r)
		if err != nil {
			return p.notSubmitted(c, pg, o, err)
		}
		pg.Notice = pg.T("daily.done", "n", done.Version)
		return p.showPlaces(c, http.StatusOK, pg, o, "", nil, nil)
	}
	tried, err := p.Hall.TrySubmit(c.Request().Context(), r)
	if err != nil {
		return p.notSubmitted(c, pg, o, err)
	}
	about := &dailyTrial{filed: pg.filed(tried, o), Keep: []hidden{{"key", newKey()}}}
	for _, name := range dailyInputs() {
		about.Keep = append(about.Keep, hidden{name, c.FormValue(name)})
	}
	return p.showPlaces(c, http.StatusOK, pg, o, "", nil, about)
}

func dailyInputs() []string {
	names := []string{zeroInput, remarksInput}
	for _, f := range (hall.Report{}).Figures() {
		names = append(names, valueInput(f.Name), becauseInput(f.Name))
	}
	return names
}

// typedDiffers is the figures for which something was typed.
func typedDiffers(c echo.Context, wrong wrongs) map[string]hall.Difference {
	all := map[string]hall.Difference{}
	for _, f := range (hall.Report{}).Figures() {
		typed, because := strings.TrimSpace(c.FormValue(valueInput(f.Name))), c.FormValue(becauseInput(f.Name))
		n, err := strconv.Atoi(typed)
		switch {
		case typed == "" && strings.TrimSpace(because) == "":
			continue
		case typed == "":
			wrong[valueInput(f.Name)] = "required"
		case err != nil:
			wrong[valueInput(f.Name)] = "format"
		}
		all[f.Name] = hall.Difference{Value: n, Because: because}
	}
	return all
}

// notSubmitted shows the day again with why nothing was submitted.
func (p *Pages) notSubmitted(c echo.Context, pg page, o slots.Office, err error) error {
	pg, why, err := pg.explained(c, err)
	if err != nil {
		return err
	}
	wrong := wrongs{}
	for name, code := range why.Fields {
		parts := strings.Split(name, ".")
		switch {
		case len(parts) == 3: // differs.booked.because
			wrong["daily."+parts[2]+"."+parts[1]] = code
		case name == "remarks":
			wrong[remarksInput] = code
		default:
			pg.Alert = pg.Field(code) // of the day, which is in the address
		}
	}
	return p.showPlaces(c, statusOf(why), pg, o, "", wrong, nil)
}

// reportedDays leads to the reports of the last week, and says how each stands
// (domain rule 78).
func (p *Pages) reportedDays(c echo.Context, pg page, o slots.Office, today date.Date) ([]link, error) {
	first := today.AddDays(-6)
	all, err := p.Hall.Submissions(c.Request().Context(), o.ID, first, today)
	if err != nil {
		return nil, err
	}
	var days []link
	for day := today; !day.Before(first); day = day.AddDays(-1) {
		of := slices.DeleteFunc(slices.Clone(all), func(s hall.Submission) bool { return s.Day != day })
		days = append(days, link{To: "/manage/" + o.ID + "/" + day.String(), Text: pg.ShortDay(day) + " · " + pg.T("daily."+stateOf(of, day == today))})
	}
	return days, nil
}

// stateOf is how the versions of a day's report stand together: whether one came in
// time, and whether the newest is a zero report.
func stateOf(versions []hall.Submission, today bool) string {
	switch n := len(versions); {
	case n == 0 && today:
		return "due"
	case n == 0:
		return "missing"
	case versions[0].Standing == hall.TooLate:
		return "late"
	case versions[n-1].ZeroReport:
		return "zero_report"
	}
	return "reported"
}
