package slots

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// ErrNoSchedule is returned for a day on which no schedule holds yet.
var ErrNoSchedule = fault.New(fault.Conflict, "no_schedule")

// scheduleVersion is the template of an office from a day on.
type scheduleVersion struct {
	from     date.Date
	template Template
}

// Schedule is the template that holds at the office on the day, or ErrNoSchedule.
func (s *Store) Schedule(ctx context.Context, office string, day date.Date) (Template, error) {
	versions, err := loadSchedules(ctx, s.DB, office, day)
	if err != nil {
		return Template{}, err
	}
	return scheduleOn(versions, day)
}

// scheduleOn picks from versions, newest first.
func scheduleOn(versions []scheduleVersion, day date.Date) (Template, error) {
	for _, v := range versions {
		if !v.from.After(day) {
			return v.template, nil
		}
	}
	return Template{}, ErrNoSchedule
}

// loadSchedules is the versions that begin until the day, newest first.
func loadSchedules(ctx context.Context, q postgres.Querier, office string, until date.Date) ([]scheduleVersion, error) {
	var rows []struct {
		From     date.Date `db:"effective_from"`
		Template []byte    `db:"template"`
	}
	err := q.SelectContext(ctx, &rows, `
		SELECT effective_from, template
		FROM schedule
		WHERE office_id = $1
		  AND effective_from <= $2
		ORDER BY effective_from DESC, id DESC`, office, until)
	if err != nil {
		return nil, fmt.Errorf("schedules of %s: %w", office, err)
	}
	versions := make([]scheduleVersion, len(rows))
	for i, row := range rows {
		versions[i].from = row.From
		if err := json.Unmarshal(row.Template, &versions[i].template); err != nil {
			return nil, fmt.Errorf("schedule of %s from %s: %w", office, row.From, err)
		}
	}
	return versions, nil
}

// PutSchedule makes the template hold from a day on, until a later one begins.
// Nothing is offered by it before it is published. Mistakes are in the fields of
// the fault; a first day that is over is one ("from": "past").
func (s *Store) PutSchedule(ctx context.Context, office string, from date.Date, t Template, actor string) error {
	o, err := s.Office(ctx, office)
	if err != nil {
		return err
	}
	wrong := map[string]string{}
	if err := t.Validate(); err != nil {
		wrong = fault.Of(err).Fields
	}
	s.notPast(wrong, "from", o, from)
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("put schedule of %s: %w", office, err)
	}
	err = s.actAs(ctx, actor, func(tx postgres.Querier) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO schedule (office_id, effective_from, template, actor)
			VALUES ($1, $2, $3, $4)`, office, from, string(text), actor)
		if err != nil {
			return err
		}
		return postgres.Audit(ctx, tx, "schedule_put", "office:"+office, "from "+from.String())
	})
	if err != nil {
		return fmt.Errorf("put schedule of %s: %w", office, err)
	}
	return nil
}

// Exceptions is the days of the range with hours of their own, in order.
func (s *Store) Exceptions(ctx context.Context, office string, from, to date.Date) ([]Exception, error) {
	return loadExceptions(ctx, s.DB, office, from, to)
}

func loadExceptions(ctx context.Context, q postgres.Querier, office string, from, to date.Date) ([]Exception, error) {
	var rows []struct {
		Day    date.Date `db:"day"`
		Hours  []byte    `db:"hours"`
		Reason string    `db:"reason"`
		Notice string    `db:"notice"`
	}
	err := q.SelectContext(ctx, &rows, `
		SELECT day, hours, reason, notice
		FROM schedule_exception
		WHERE office_id = $1
		  AND day BETWEEN $2 AND $3
		ORDER BY day`, office, from, to)
	if err != nil {
		return nil, fmt.Errorf("exceptions of %s: %w", office, err)
	}
	exceptions := make([]Exception, len(rows))
	for i, row := range rows {
		exceptions[i] = Exception{Day: row.Day, Reason: row.Reason, Notice: row.Notice}
		if err := json.Unmarshal(row.Hours, &exceptions[i].Hours); err != nil {
			return nil, fmt.Errorf("exception of %s on %s: %w", office, row.Day, err)
		}
	}
	return exceptions, nil
}

// PutException gives a day hours of its own, or closes it. A reason is required
// (domain rule 20). Like a schedule it has to be published to take effect.
func (s *Store) PutException(ctx context.Context, office string, e Exception, actor string) error {
	o, err := s.Office(ctx, office)
	if err != nil {
		return err
	}
	wrong := map[string]string{}
	s.notPast(wrong, "day", o, e.Day)
	if strings.TrimSpace(e.Reason) == "" {
		wrong["reason"] = "required"
	}
	Template{}.checkPeriods(wrong, "hours", e.Hours)
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	if e.Hours == nil {
		e.Hours = []Period{}
	}
	text, err := json.Marshal(e.Hours)
	if err != nil {
		return fmt.Errorf("put exception of %s: %w", office, err)
	}
	err = s.actAs(ctx, actor, func(tx postgres.Querier) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO schedule_exception (office_id, day, hours, reason, notice, actor)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (office_id, day) DO UPDATE
			SET hours = excluded.hours, reason = excluded.reason, notice = excluded.notice,
				actor = excluded.actor, at = clock_now()`,
			office, e.Day, string(text), e.Reason, e.Notice, actor)
		if err != nil {
			return err
		}
		return postgres.Audit(ctx, tx, "exception_put", "office:"+office, e.Day.String()+" "+string(text)+": "+e.Reason)
	})
	if err != nil {
		return fmt.Errorf("put exception of %s: %w", office, err)
	}
	return nil
}

// DropException gives the day its ordinary hours back. A day without an exception
// is left as it is.
func (s *Store) DropException(ctx context.Context, office string, day date.Date, actor string) error {
	err := s.actAs(ctx, actor, func(tx postgres.Querier) error {
		var dropped []string
		err := tx.SelectContext(ctx, &dropped, `
			DELETE FROM schedule_exception
			WHERE office_id = $1
			  AND day = $2
			RETURNING reason`, office, day)
		if err != nil || len(dropped) == 0 {
			return err
		}
		return postgres.Audit(ctx, tx, "exception_dropped", "office:"+office, day.String())
	})
	if err != nil {
		return fmt.Errorf("drop exception of %s: %w", office, err)
	}
	return nil
}
