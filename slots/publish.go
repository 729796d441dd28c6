package slots

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// ErrCalendarUnconfirmed is returned where a day of a year is to be published
// whose holidays have not been, unless whoever publishes says so (domain rule 21).
var ErrCalendarUnconfirmed = fault.New(fault.Conflict, "calendar_unconfirmed")

// PublishOptions is how to publish.
type PublishOptions struct {
	DryRun                     bool // only say what would change
	ConfirmUnpublishedCalendar bool // also in years whose calendar is not confirmed

	// Held is how many places of a quota, the booked ones too, are promised at this
	// moment: none is cut below that, also in a slot that the schedule has no more.
	// What is left over then is for Retire.
	Held map[string]int
}

// Publish makes the office offer, from one day to another, what its schedule,
// exceptions, calendar and rules say. Days are at most 92 and not over. Publishing
// twice changes nothing the second time.
//
// Caps move by as much as the schedule does, so that what was added, cut or
// spilled since stays (see moved); a cut below what is booked leaves an excess
// and cancels nobody. Slots in which couples are booked are not touched, only
// closed to more, if the schedule has them no longer. New quotas have still to be
// put into Redis: see MarkPublished. Quotas of suspended days are made closed.
//
// The faults are ErrNoSuchOffice, ErrNoSchedule, ErrCalendarUnconfirmed and
// mistakes in the fields "from" and "to". A dry run locks nothing.
func (s *Store) Publish(ctx context.Context, office string, from, to date.Date, o PublishOptions, actor string) (Preview, error) {
	of, err := s.Office(ctx, office)
	if err != nil {
		return Preview{}, err
	}
	wrong := map[string]string{}
	if s.notPast(wrong, "from", of, from); len(wrong) > 0 {
		return Preview{}, fault.InFields(wrong)
	}
	if err := checkRange(from, to); err != nil {
		return Preview{}, err
	}
	var preview Preview
	err = s.actAs(ctx, actor, func(tx postgres.Querier) error {
		if !o.DryRun {
			if err := lockDays(ctx, tx, office, from, to); err != nil {
				return err
			}
		}
		plans, err := s.plans(ctx, tx, of, from, to, o)
		if err != nil {
			return err
		}
		for _, p := range plans {
			preview.Days = append(preview.Days, p.preview)
		}
		if o.DryRun {
			return nil
		}
		return write(ctx, tx, office, plans)
	})
	if err != nil {
		return Preview{}, fmt.Errorf("publish %s from %s to %s: %w", office, from, to, err)
	}
	return preview, nil
}

// plans is the plan of every day of the range.
func (s *Store) plans(ctx context.Context, tx postgres.Querier, o Office, from, to date.Date, options PublishOptions) ([]plan, error) {
	b, err := readBasis(ctx, tx, o.ID, from, to)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	var plans []plan
	for day := from; !day.After(to); day = day.AddDays(1) {
		if !b.calendar.Confirmed(day.Year) && !options.ConfirmUnpublishedCalendar {
			return nil, ErrCalendarUnconfirmed
		}
		p, err := b.plan(o, day, now, options.Held)
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// basis is all that days are planned from.
type basis struct {
	calendar   Calendar
	schedules  []scheduleVersion
	rules      []ruleVersion
	exceptions map[date.Date]*Exception
	quotas     map[date.Date][]Quota
}

func readBasis(ctx context.Context, tx postgres.Querier, office string, from, to date.Date) (basis, error) {
	b := basis{exceptions: map[date.Date]*Exception{}, quotas: map[date.Date][]Quota{}}
	var err error
	if b.calendar, err = loadCalendar(ctx, tx, []int{from.Year - 1, from.Year, to.Year}); err != nil {
		return basis{}, err
	}
	if b.schedules, err = loadSchedules(ctx, tx, office, to); err != nil {
		return basis{}, err
	}
	if b.rules, err = loadRules(ctx, tx, office); err != nil {
		return basis{}, err
	}
	exceptions, err := loadExceptions(ctx, tx, office, from, to)
	if err != nil {
		return basis{}, err
	}
	for i := range exceptions {
		b.exceptions[exceptions[i].Day] = &exceptions[i]
	}
	quotas, err := loadQuotas(ctx, tx, office, from, to)
	if err != nil {
		return basis{}, err
	}
	for _, q := range quotas {
		b.quotas[q.Day] = append(b.quotas[q.Day], q)
	}
	return b, nil
}

func (b basis) plan(o Office, day date.Date, now time.Time, held map[string]int) (plan, error) {
	template, err := scheduleOn(b.schedules, day)
	if err != nil {
		return plan{}, err
	}
	p := planDay(aim{
		office: o, day: day, now: now,
		slots:    Expand(template, b.calendar, b.exceptions[day], day, o.Location),
		caps:     template.Caps,
		rules:    rulesOn(b.rules, day),
		calendar: b.calendar,
		held:     held,
	}, b.quotas[day])
	p.preview.Closed = b.closed(day, len(p.aim.slots))
	return p, nil
}

// closed says why the day has no slots.
func (b basis) closed(day date.Date, slots int) string {
	special, _ := b.calendar.Special(day)
	switch {
	case slots > 0:
		return ""
	case b.exceptions[day] != nil:
		return "exception"
	case special.Kind == Holiday:
		return "holiday"
	}
	return "no_hours"
}

// summary is what the audit says of a published day.
func (d DayPreview) summary() string {
	var parts []string
	for _, part := range []struct {
		word string
		n    int
	}{
		{"added", len(d.Added)},
		{"changed", len(d.Changed)},
		{"adjusted", len(d.Adjusted)},
		{"lifted", len(d.Lifted)},
		{"resized", len(d.Resized)},
		{"withdrawn", len(d.Withdrawn)},
		{"left", len(d.Left)},
		{"blocked", len(d.Blocked)},
		{"excess", len(d.Excess)},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", part.word, part.n))
		}
	}
	return strings.Join(parts, ", ")
}
