package slots

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// Exceptions is the days of the range that are not like others, in order.
func (s *Store) Exceptions(ctx context.Context, office string, from, to date.Date) ([]Exception, error) {
	return loadExceptions(ctx, s.DB, office, from, to)
}

func loadExceptions(ctx context.Context, q postgres.Querier, office string, from, to date.Date) ([]Exception, error) {
	var rows []struct {
		Day         date.Date `db:"day"`
		Hours       []byte    `db:"hours"`
		SlotMinutes int       `db:"slot_minutes"`
		Capacity    []byte    `db:"capacity"`
		Reason      string    `db:"reason"`
		Notice      string    `db:"notice"`
		VerifyFirst bool      `db:"verify_first"`
	}
	err := q.SelectContext(ctx, &rows, `
		SELECT day, hours, coalesce(slot_minutes, 0) AS slot_minutes, capacity, reason, notice, verify_first
		FROM schedule_exception
		WHERE office_id = $1
		  AND day BETWEEN $2 AND $3
		ORDER BY day`, office, from, to)
	if err != nil {
		return nil, fmt.Errorf("exceptions of %s: %w", office, err)
	}
	exceptions := make([]Exception, len(rows))
	for i, row := range rows {
		e := Exception{Day: row.Day, SlotMinutes: row.SlotMinutes, Reason: row.Reason, Notice: row.Notice, VerifyFirst: row.VerifyFirst}
		if err := errors.Join(json.Unmarshal(row.Hours, &e.Hours), json.Unmarshal(row.Capacity, &e.Capacity)); err != nil {
			return nil, fmt.Errorf("exception of %s on %s: %w", office, row.Day, err)
		}
		exceptions[i] = e
	}
	return exceptions, nil
}

// PutException makes a day unlike others, or closes it. A reason is required
// (domain rule 20). Like a schedule it has to be published to take effect; that
// phones are verified first holds at once.
//
// Whoever would come has to know in time: what is offered beyond the ordinary day
// is refused less than special_notice_days before (domain rule 30), as "day":
// "too_late". To close a day, to shorten it and to take that back is possible to
// the last. Mistakes are in the fields of the fault, "day": "past" among them.
// ErrNoSchedule is the answer to hours for a day on which no schedule holds.
func (s *Store) PutException(ctx context.Context, office string, e Exception, actor string) error {
	if _, err := s.TryException(ctx, office, e); err != nil {
		return err
	}
	if e.Hours == nil {
		e.Hours = []Period{}
	}
	hours, err := json.Marshal(e.Hours)
	if err != nil {
		return fmt.Errorf("put exception of %s: %w", office, err)
	}
	capacity, err := json.Marshal(e.Capacity)
	if err != nil {
		return fmt.Errorf("put exception of %s: %w", office, err)
	}
	err = s.actAs(ctx, actor, func(tx postgres.Querier) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO schedule_exception (office_id, day, hours, slot_minutes, capacity, reason, notice, verify_first, actor)
			VALUES ($1, $2, $3, nullif($4, 0), $5, $6, $7, $8, $9)
			ON CONFLICT (office_id, day) DO UPDATE
			SET hours = excluded.hours, slot_minutes = excluded.slot_minutes, capacity = excluded.capacity,
				reason = excluded.reason, notice = excluded.notice, verify_first = excluded.verify_first,
				actor = excluded.actor, at = clock_now()`,
			office, e.Day, string(hours), e.SlotMinutes, string(capacity), e.Reason, e.Notice, e.VerifyFirst, actor)
		if err != nil {
			return err
		}
		return postgres.Audit(ctx, tx, "exception_put", "office:"+office, e.summary(string(hours), string(capacity)))
	})
	if err != nil {
		return fmt.Errorf("put exception of %s: %w", office, err)
	}
	s.Changed(office)
	return nil
}

// summary is what the audit says of it.
func (e Exception) summary(hours, capacity string) string {
	said := e.Day.String() + " " + hours
	if e.SlotMinutes > 0 {
		said += fmt.Sprintf(" of %d minutes", e.SlotMinutes)
	}
	if len(e.Capacity) > 0 {
		said += " for " + capacity
	}
	if e.VerifyFirst {
		said += ", phone first"
	}
	return said + ": " + e.Reason
}

// TryException is the slots that the day would have, and the faults of
// PutException. It keeps nothing.
func (s *Store) TryException(ctx context.Context, office string, e Exception) ([]Slot, error) {
	o, err := s.Office(ctx, office)
	if err != nil {
		return nil, err
	}
	wrong := map[string]string{}
	if s.notPast(wrong, "day", o, e.Day); len(wrong) > 0 {
		e.check(wrong, Template{})
		return nil, fault.InFields(wrong)
	}
	day, err := s.dayOf(ctx, o, e.Day)
	if err != nil {
		return nil, err
	}
	rules, err := s.Rules(ctx, office, e.Day)
	if err != nil {
		return nil, err
	}
	e.check(wrong, day.template)
	if e.Day.DaysSince(s.today(o)) < rules.SpecialNoticeDays && day.opensMore(e) {
		wrong["day"] = "too_late"
	}
	if err := fault.InFields(wrong); err != nil {
		return nil, err
	}
	if len(e.Hours) > 0 && !day.scheduled {
		return nil, ErrNoSchedule
	}
	return Expand(day.template, day.calendar, &e, e.Day, o.Location), nil
}

// check notes what is wrong with an exception to the template, its day apart.
func (e Exception) check(wrong map[string]string, t Template) {
	if strings.TrimSpace(e.Reason) == "" {
		wrong["reason"] = "required"
	}
	if e.SlotMinutes != 0 {
		between(wrong, "slot_minutes", e.SlotMinutes, leastMinutes, mostMinutes)
	}
	checkGroups(wrong, "capacity", e.Capacity, mostPlaces)
	t.on(&e, e.Day).checkPeriods(wrong, "hours", e.Hours)
}

// DropException makes the day an ordinary one again. A day without an exception
// is left as it is; one that is over is refused, as "day": "past".
func (s *Store) DropException(ctx context.Context, office string, day date.Date, actor string) error {
	o, err := s.Office(ctx, office)
	if err != nil {
		return err
	}
	wrong := map[string]string{}
	s.notPast(wrong, "day", o, day)
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	err = s.actAs(ctx, actor, func(tx postgres.Querier) error {
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
	s.Changed(office)
	return nil
}
