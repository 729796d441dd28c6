package slots

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// Store reads and writes what can be booked. Use it by pointer: it remembers
// offices and rules for a moment.
type Store struct {
	DB    *sqlx.DB
	Clock *clock.Clock

	offices memory[[]Office] // by id, and all of them under ""
	rules   memory[[]ruleVersion]
	hot     memory[map[date.Date]bool] // the hot days of an office
	told    memory[told]
}

// today is the day at the office.
func (s *Store) today(o Office) date.Date {
	return date.DateOf(s.Clock.Now().In(o.Location))
}

// actAs runs f in a transaction in which the actor acts.
func (s *Store) actAs(ctx context.Context, actor string, f func(tx postgres.Querier) error) error {
	return postgres.InTx(ctx, s.DB, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, actor); err != nil {
			return err
		}
		return f(tx)
	})
}

// lockOffice makes those who change what the office offers take turns. Bookings
// do not wait for it.
func lockOffice(ctx context.Context, tx postgres.Querier, office string) error {
	var ids []string
	err := tx.SelectContext(ctx, &ids, `
		SELECT id
		FROM office
		WHERE id = $1
		FOR NO KEY UPDATE`, office)
	if err != nil {
		return fmt.Errorf("lock office %s: %w", office, err)
	}
	if len(ids) == 0 {
		return ErrNoSuchOffice
	}
	return nil
}

// notPast reports "past" for a first day that is over: nothing is changed
// retroactively (domain rule 100).
func (s *Store) notPast(wrong map[string]string, field string, o Office, day date.Date) {
	switch {
	case !day.Valid():
		wrong[field] = "required"
	case day.Before(s.today(o)):
		wrong[field] = "past"
	}
}

// mostDays is how long a range of days may be.
const mostDays = 92

// checkRange wants an ordinary range of at most mostDays days.
func checkRange(from, to date.Date) error {
	wrong := map[string]string{}
	switch {
	case !from.Valid():
		wrong["from"] = "required"
	case !to.Valid():
		wrong["to"] = "required"
	case to.Before(from):
		wrong["to"] = "order"
	case to.DaysSince(from) >= mostDays:
		wrong["to"] = "too_many"
	}
	return fault.InFields(wrong)
}

// rememberFor is how old a remembered office or rule may be.
const rememberFor = 2 * time.Second
