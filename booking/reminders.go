package booking

import (
	"context"
	"fmt"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/notify"
	"hunyue/slots"
)

// Remind asks that the couples of tomorrow be told of their visit, each of them
// once, from their office's reminder time on (domain section 2.4). Who has
// booked or moved since then has just been told. It may run any number of times.
func (d *Desk) Remind(ctx context.Context) error {
	offices, err := d.Offices.Offices(ctx)
	if err != nil {
		return err
	}
	asked := 0
	for _, o := range offices {
		n, err := d.remind(ctx, o)
		if err != nil {
			return err
		}
		asked += n
	}
	if asked > 0 {
		d.Wake()
	}
	return nil
}

// remind returns how many couples of an office will be told.
func (d *Desk) remind(ctx context.Context, o slots.Office) (int, error) {
	now := d.Clock.Now()
	today := date.DateOf(now.In(o.Location))
	rules, err := d.Offices.Rules(ctx, o.ID, today)
	if err != nil {
		return 0, err
	}
	from := rules.ReminderTime.On(today, o.Location)
	if now.Before(from) {
		return 0, nil
	}
	var of []int64
	err = postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		err := tx.SelectContext(ctx, &of, `
			UPDATE appointment AS a
			SET reminded_of = day
			WHERE office_id = $1
			  AND day = $2
			  AND status = 'booked'
			  AND reminded_of IS DISTINCT FROM day
			  AND NOT EXISTS (SELECT FROM outbox WHERE appointment_id = a.id AND at >= $3)
			RETURNING id`, o.ID, today.AddDays(1), from)
		if err != nil {
			return fmt.Errorf("couples of %s to remind: %w", o.ID, err)
		}
		for _, appointment := range of {
			if err := notify.Enqueue(ctx, tx, notify.Reminder, appointment); err != nil {
				return err
			}
		}
		return nil
	})
	return len(of), err
}
