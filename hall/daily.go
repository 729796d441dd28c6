package hall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// Difference is what somebody reports instead of a count, and why (domain rule
// 75).
type Difference struct {
	Value   int    `json:"value"`
	Because string `json:"because"`
}

// DailyReport is a report (日报告) to be submitted: what was counted and what a
// person has to say of it.
type DailyReport struct {
	Office     string
	Day        date.Date
	ZeroReport bool // pressed by a person (零报告)
	Remarks    string
	Differs    map[string]Difference // by the name of the count
	Key        string                // the client's Idempotency-Key; may be empty
	Actor      string
}

// Standing is whether a report came by the office's report_time.
type Standing string

// The standings. A report that is missing has none, because it is not there.
const (
	OnTime  Standing = "on_time"
	TooLate Standing = "late"
)

// Submission is a version of a daily report as it was submitted.
type Submission struct {
	Day        date.Date             `json:"day"`
	Version    int                   `json:"version"`
	ZeroReport bool                  `json:"zero_report"`
	Counts     Report                `json:"counts"`
	Remarks    string                `json:"remarks"`
	Differs    map[string]Difference `json:"differs"`
	Standing   Standing              `json:"standing"`
	Reporter   string                `json:"reporter"`
	At         time.Time             `json:"at"`
}

// The bounds of what is reported.
const (
	longestRemarks = 1000
	mostReported   = 100_000
)

// Submit stores a daily report with the counts of this moment. The same again,
// while nothing has changed, is the version that is there; anything else is the
// next one, and every version stays (domain rule 77). A zero report is refused
// unless nobody was found abnormal, neither by count nor by what differs from it
// (rule 76).
//
// Faults: ErrNotZero, booking.ErrKeyReused, that of slots.Store for an office
// that is none; fields date ("future"), remarks, differs.
func (d *Desk) Submit(ctx context.Context, r DailyReport) (Submission, error) {
	return d.submit(ctx, r, true)
}

// TrySubmit is the version that Submit would answer. It stores nothing.
func (d *Desk) TrySubmit(ctx context.Context, r DailyReport) (Submission, error) {
	r.Key = ""
	return d.submit(ctx, r, false)
}

func (d *Desk) submit(ctx context.Context, r DailyReport, keep bool) (Submission, error) {
	o, err := d.Offices.Office(ctx, r.Office)
	if err != nil {
		return Submission{}, err
	}
	wrong := r.mistakes()
	if !r.Day.Valid() {
		wrong["date"] = required
	} else if r.Day.After(date.DateOf(d.Clock.Now().In(o.Location))) {
		wrong["date"] = "future"
	}
	if err := fault.InFields(wrong); err != nil {
		return Submission{}, err
	}
	rules, err := d.Offices.Rules(ctx, o.ID, r.Day)
	if err != nil {
		return Submission{}, err
	}
	due := rules.ReportTime.On(r.Day, o.Location)
	var s Submission
	err = d.as(ctx, r.Actor, func(tx postgres.Querier) error {
		now, err := lockReport(ctx, tx, o.ID, r.Day)
		if err != nil {
			return err
		}
		asked := request{Actor: r.Actor, Key: r.Key, Body: digest("report", o.ID, r.Day, r.ZeroReport, r.Remarks, r.Differs)}
		s, err = once(ctx, tx, asked, func() (Submission, bool, error) {
			s, err := r.next(ctx, tx, now, due, keep)
			return s, true, err
		})
		return err
	})
	if err != nil {
		return Submission{}, err
	}
	return s, nil
}

// mistakes tidies the texts and says what is wrong, the day apart.
func (r *DailyReport) mistakes() map[string]string {
	wrong := map[string]string{}
	if r.Remarks = strings.TrimSpace(r.Remarks); utf8.RuneCountInString(r.Remarks) > longestRemarks {
		wrong["remarks"] = tooLong
	}
	differs := map[string]Difference{}
	for name, d := range r.Differs {
		field := "differs." + name
		d.Because = strings.TrimSpace(d.Because)
		switch known := slices.ContainsFunc(Report{}.Figures(), func(f Figure) bool { return f.Name == name }); {
		case !known:
			wrong[field] = "unknown"
		case d.Because == "":
			wrong[field+".because"] = required
		case utf8.RuneCountInString(d.Because) > longestReason:
			wrong[field+".because"] = tooLong
		}
		if d.Value < 0 || d.Value > mostReported {
			wrong[field+".value"] = "out_of_range"
		}
		differs[name] = d
	}
	r.Differs = differs
	return wrong
}

// lockReport lets those who report a day take turns, and is the time.
func lockReport(ctx context.Context, tx postgres.Querier, office string, day date.Date) (time.Time, error) {
	var now time.Time
	err := tx.GetContext(ctx, &now, `
		SELECT clock_now()
		FROM pg_advisory_xact_lock(hashtextextended('daily report ' || $1 || ' ' || $2, 0))`, office, day.String())
	if err != nil {
		return now, fmt.Errorf("lock report on %s at %s: %w", day, office, err)
	}
	return now, nil
}

// next is the version that says what r says: the newest, or one that is made.
func (r DailyReport) next(ctx context.Context, tx postgres.Querier, now, due time.Time, keep bool) (Submission, error) {
	counts, err := countReport(ctx, tx, r.Office, r.Day)
	if err != nil {
		return Submission{}, err
	}
	if r.ZeroReport && r.abnormal(counts) {
		return Submission{}, ErrNotZero
	}
	s := Submission{
		Day: r.Day, Version: 1, ZeroReport: r.ZeroReport, Counts: counts, Remarks: r.Remarks, Differs: r.Differs,
		Standing: OnTime, Reporter: r.Actor, At: now.UTC(),
	}
	if now.After(due) {
		s.Standing = TooLate
	}
	before, err := loadSubmissions(ctx, tx, r.Office, r.Day, r.Day)
	if err != nil {
		return Submission{}, err
	}
	if n := len(before); n > 0 {
		newest := before[n-1]
		if newest.saysWhat(s) {
			return newest, nil
		}
		s.Version = newest.Version + 1
	}
	if !keep {
		return s, nil
	}
	return s, s.store(ctx, tx, r.Office)
}

// abnormal reports whether anybody was, by count or by what differs from it.
func (r DailyReport) abnormal(counts Report) bool {
	return counts.Abnormal+counts.StaffAbnormal+r.Differs["abnormal"].Value+r.Differs["staff_abnormal"].Value > 0
}

// saysWhat reports whether both say the same, whoever said it when.
func (s Submission) saysWhat(other Submission) bool {
	return s.ZeroReport == other.ZeroReport && s.Remarks == other.Remarks && maps.Equal(s.Differs, other.Differs) &&
		reflect.DeepEqual(s.Counts, other.Counts)
}

func (s Submission) store(ctx context.Context, tx postgres.Querier, office string) error {
	counts, err := json.Marshal(s.Counts)
	if err != nil {
		return fmt.Errorf("submit report: %w", err)
	}
	differs, err := json.Marshal(s.Differs)
	if err != nil {
		return fmt.Errorf("submit report: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO daily_report (office_id, day, version, zero_report, counts, remarks, differs, standing, reporter, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		office, s.Day, s.Version, s.ZeroReport, string(counts), s.Remarks, string(differs), string(s.Standing), s.Reporter, s.At)
	if err != nil {
		return fmt.Errorf("submit report on %s at %s: %w", s.Day, office, err)
	}
	return nil
}

// Submissions is every version of an office's reports on the days from one to
// another, in order. A day without any was not reported.
func (d *Desk) Submissions(ctx context.Context, office string, from, to date.Date) ([]Submission, error) {
	return loadSubmissions(ctx, d.DB, office, from, to)
}

func loadSubmissions(ctx context.Context, q postgres.Querier, office string, from, to date.Date) ([]Submission, error) {
	var rows []struct {
		Day        date.Date `db:"day"`
		Version    int       `db:"version"`
		ZeroReport bool      `db:"zero_report"`
		Counts     []byte    `db:"counts"`
		Remarks    string    `db:"remarks"`
		Differs    []byte    `db:"differs"`
		Standing   Standing  `db:"standing"`
		Reporter   string    `db:"reporter"`
		At         time.Time `db:"at"`
	}
	err := q.SelectContext(ctx, &rows, `
		SELECT day, version, zero_report, counts, remarks, differs, standing, reporter, at
		FROM daily_report
		WHERE office_id = $1
		  AND day BETWEEN $2 AND $3
		ORDER BY day, version`, office, from, to)
	if err != nil {
		return nil, fmt.Errorf("reports of %s: %w", office, err)
	}
	all := make([]Submission, len(rows))
	for i, row := range rows {
		all[i] = Submission{
			Day: row.Day, Version: row.Version, ZeroReport: row.ZeroReport, Remarks: row.Remarks,
			Standing: row.Standing, Reporter: row.Reporter, At: row.At.UTC(),
		}
		err := errors.Join(json.Unmarshal(row.Counts, &all[i].Counts), json.Unmarshal(row.Differs, &all[i].Differs))
		if err != nil {
			return nil, fmt.Errorf("report of %s on %s: %w", office, row.Day, err)
		}
	}
	return all, nil
}
