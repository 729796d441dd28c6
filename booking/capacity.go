package booking

import (
	"context"
	"errors"
	"maps"
	"slices"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Capacity is a change of how many places a quota may sell.
type Capacity struct {
	Quota  string
	Places int
	Reason string
	Actor  string
}

// SetCapacity grows or shrinks a quota (domain rule 26). Redis is never above
// Postgres: a growth goes to Postgres first, a cut to Redis first. A cut leaves
// bookings and live holds alone: what comes back says what the capacity is now,
// which is more than asked while couples hold places, and how many are booked
// beyond it.
//
// Faults: slots.ErrNoSuchSlot, invalid_input, ErrResuming.
func (d *Desk) SetCapacity(ctx context.Context, c Capacity) (slots.Recap, error) {
	places := c.Places
	floor, err := d.Holds.limit(ctx, c.Quota, c.Places, false)
	switch {
	case err != nil:
		d.Log.WarnContext(ctx, "capacity changes without redis", "error", err)
	case floor > c.Places && floor > 0:
		places, err = heldAbove(ctx, d, c, floor)
		if err != nil {
			return slots.Recap{}, err
		}
	}
	var done slots.Recap
	err = postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		var err error
		done, err = d.Offices.SetCap(ctx, tx, c.Quota, places, c.Reason, c.Actor)
		return err
	})
	if err != nil {
		d.lift(ctx, []string{c.Quota})
		return slots.Recap{}, err
	}
	d.settle(ctx, []string{done.Line})
	d.lift(ctx, []string{c.Quota})
	return done, nil
}

// heldAbove is the capacity that keeps the promise to who holds a place. What
// is booked beyond the new capacity is an excess and needs no place here.
func heldAbove(ctx context.Context, d *Desk, c Capacity, floor int) (int, error) {
	held, err := d.Holds.count(ctx, []string{c.Quota})
	if err != nil {
		return 0, d.away(ctx, err)
	}
	if held[0] == 0 {
		return c.Places, nil
	}
	return floor, nil
}

// ReturnUnused gives unused phone and counter places back to the web at the
// office's spill time of the day before (domain rule 23), wherever it is due.
// Live holds keep theirs. It may run any number of times.
func (d *Desk) ReturnUnused(ctx context.Context) error {
	due, err := d.Offices.SpillsDue(ctx)
	if err != nil {
		return err
	}
	for _, of := range due {
		if err := d.returnUnused(ctx, of); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) returnUnused(ctx context.Context, of slots.OfficeDay) error {
	free, err := d.takeFree(ctx, of)
	if err != nil {
		return err
	}
	defer d.lift(ctx, slices.Collect(maps.Keys(free)))
	var changed []slots.Recap
	err = postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		var err error
		changed, err = d.Offices.ReturnUnused(ctx, tx, of, free, "hunyue")
		return err
	})
	if err != nil {
		return err
	}
	lines := make([]string, 0, len(changed))
	for _, c := range changed {
		lines = append(lines, c.Line)
	}
	d.settle(ctx, lines)
	return nil
}

// takeFree keeps new holds out of a day's phone and counter places and returns
// how many of each nobody has. The cut ends by itself if nothing comes of it.
func (d *Desk) takeFree(ctx context.Context, of slots.OfficeDay) (map[string]int, error) {
	quotas, err := d.Offices.Quotas(ctx, of.Office, of.Day, of.Day)
	if err != nil {
		return nil, err
	}
	free := map[string]int{}
	for _, q := range quotas {
		if q.Channel != slots.Phone && q.Channel != slots.Counter {
			continue
		}
		floor, err := d.Holds.limit(ctx, q.ID, 0, false)
		if err != nil {
			return nil, d.away(ctx, err)
		}
		if floor >= 0 { // otherwise Redis does not know it: the reconciler fills it first
			free[q.ID] = max(0, q.Cap-floor)
		}
	}
	return free, nil
}

// Publish makes an office offer what its schedule says and, unless it is a dry
// run, puts it into Redis. Who holds a place at this moment keeps it: what is cut
// is cut in Redis first, and no further than to what is promised. See
// slots.Store.Publish.
func (d *Desk) Publish(ctx context.Context, office string, from, to date.Date, o slots.PublishOptions, actor string) (slots.Preview, error) {
	preview, err := d.Offices.Publish(ctx, office, from, to, slots.PublishOptions{
		DryRun: true, ConfirmUnpublishedCalendar: o.ConfirmUnpublishedCalendar,
	}, actor)
	if err != nil || o.DryRun {
		return preview, err
	}
	shrinking, held := d.keepHeld(ctx, preview)
	defer d.lift(ctx, shrinking)
	o.Held = held
	preview, err = d.Offices.Publish(ctx, office, from, to, o, actor)
	if err != nil {
		return preview, err
	}
	for day := from; !day.After(to); day = day.AddDays(1) {
		if err := d.publishDay(ctx, office, day); err != nil {
			return preview, err
		}
	}
	d.memory().changed(office)
	return preview, nil
}

// keepHeld keeps new holds out of what a preview would cut, and returns which
// quotas these are and how many places of each are promised to those who hold
// one. Without Redis it is none: Postgres then refuses who comes too late.
func (d *Desk) keepHeld(ctx context.Context, preview slots.Preview) (shrinking []string, held map[string]int) {
	held = map[string]int{}
	for _, day := range preview.Days {
		for _, c := range day.Changed {
			if c.After >= c.Before {
				continue
			}
			floor, err := d.Holds.limit(ctx, c.Quota, c.After, false)
			if err != nil {
				d.Log.WarnContext(ctx, "published without redis", "error", err)
				return shrinking, held
			}
			shrinking = append(shrinking, c.Quota)
			if alive, err := d.Holds.count(ctx, []string{c.Quota}); err == nil && alive[0] > 0 {
				held[c.Quota] = floor
			}
		}
	}
	return shrinking, held
}

// Retire cuts what was left, in slots that the schedule has no more, to those
// who held a place there, once nobody does. It may run any number of times.
func (d *Desk) Retire(ctx context.Context) error {
	left, err := d.Offices.Leftovers(ctx)
	if err != nil {
		return err
	}
	for _, quota := range left {
		if _, err := d.Holds.limit(ctx, quota, 0, false); err != nil {
			return d.away(ctx, err)
		}
		alive, err := d.Holds.count(ctx, []string{quota})
		if err != nil {
			return d.away(ctx, err)
		}
		if alive[0] > 0 {
			continue
		}
		var line string
		err = postgres.InTx(ctx, d.DB, func(tx postgres.Querier) (err error) {
			line, err = d.Offices.Retire(ctx, tx, quota, "hunyue")
			return err
		})
		if err != nil {
			return err
		}
		d.settle(ctx, []string{line})
	}
	return nil
}

// publishDay brings Redis up to what Postgres has of an office-day. Without
// Redis it does nothing: the first hold finds the day missing and fills it.
func (d *Desk) publishDay(ctx context.Context, office string, day date.Date) error {
	err := d.rebuild(ctx, office, day)
	if errors.Is(err, slots.ErrNoSuchSlot) || errors.Is(err, ErrResuming) {
		return nil
	}
	if err != nil {
		return err
	}
	lines, err := linesOf(ctx, d.DB, office, day, day)
	if err != nil {
		return err
	}
	d.settle(ctx, lines)
	return nil
}
