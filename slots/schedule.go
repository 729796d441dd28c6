package slots

import (
	"context"
	"encoding/json"
	"fmt"

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
