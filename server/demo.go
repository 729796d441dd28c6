package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"hunyue/hall"
	"hunyue/internal/clock"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/server/auth"
	"hunyue/slots"
)

// byDemo is who acts, for the audit, where demo data are made.
const byDemo = "demo"

// demoWorld makes and keeps up the demo data.
type demoWorld struct {
	db       *sqlx.DB
	clock    *clock.Clock
	offices  *slots.Store
	accounts *auth.Accounts
	publish  func(ctx context.Context, office string, from, to date.Date, o slots.PublishOptions, actor string) (slots.Preview, error)
	measure  func(ctx context.Context, username, office string, day date.Date) error // a normal reading
	limits   bool

	done  date.Date       // the last day that was seen to
	shift slots.TimeOfDay // when the stretch of it began for which staff were measured
}

// errNotDemo keeps the known passwords, and a clock that may be moved, away
// from an office's own data.
var errNotDemo = errors.New("the database holds data that demo mode has not made: leave out HUNYUE_DEMO, or name another database or HUNYUE_DATA")

// load makes the demo data if the database is empty, completes what an earlier
// start has not finished, and sees to today. Loading twice changes nothing.
func (d *demoWorld) load(ctx context.Context) error {
	if err := d.claim(ctx); err != nil {
		return err
	}
	if err := d.offices.KnownCalendars(ctx, byDemo); err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	for _, u := range demoStaff() {
		all.Go(func() error {
			u.Password = demoPassword
			_, err := d.accounts.AddUser(ctx, byDemo, u)
			if errors.Is(err, auth.ErrUserExists) {
				return nil
			}
			return err
		})
	}
	for _, o := range demoOffices() {
		all.Go(func() error { return d.open(ctx, o) })
	}
	if err := all.Wait(); err != nil {
		return fmt.Errorf("demo data: %w", err)
	}
	if err := d.tell(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return d.today(context.WithoutCancel(ctx))
}

// errDemoData keeps the known passwords away from a public address.
var errDemoData = errors.New("the database holds demo data, whose passwords everybody knows: name another database or HUNYUE_DATA, or leave out the public HUNYUE_BASE_URL")

// absent is errDemoData where demo data have been loaded.
func (d *demoWorld) absent(ctx context.Context) error {
	ours, _, err := filled(ctx, d.db)
	if err == nil && ours {
		err = errDemoData
	}
	return err
}

// claim writes into an empty database that it is ours, and reports errNotDemo
// for one that somebody else has filled.
func (d *demoWorld) claim(ctx context.Context) error {
	return postgres.InTx(ctx, d.db, func(tx postgres.Querier) error {
		ours, anyone, err := filled(ctx, tx)
		switch {
		case err != nil, ours:
			return err
		case anyone:
			return errNotDemo
		}
		if err := postgres.SetActor(ctx, tx, byDemo); err != nil {
			return err
		}
		return postgres.Audit(ctx, tx, "demo_loaded", "database", "")
	})
}

// filled reports whether demo data, or any, have been loaded.
func filled(ctx context.Context, db postgres.Querier) (ours, anyone bool, err error) {
	var found struct {
		Ours   bool `db:"ours"`
		Anyone bool `db:"anyone"`
	}
	err = db.GetContext(ctx, &found, `
		SELECT
			EXISTS (SELECT FROM audit WHERE action = 'demo_loaded' AND subject = 'database') AS ours,
			EXISTS (SELECT FROM office) OR EXISTS (SELECT FROM account) AS anyone`)
	if err != nil {
		return false, false, fmt.Errorf("look for demo data: %w", err)
	}
	return found.Ours, found.Anyone, nil
}

// open makes an office with its rules and its week, unless it has them.
func (d *demoWorld) open(ctx context.Context, o slots.Office) error {
	_, err := d.offices.Schedule(ctx, o.ID, d.day())
	if err == nil {
		return d.limit(ctx, o.ID)
	}
	if !errors.Is(err, slots.ErrNoSchedule) {
		return err
	}
	if err := d.offices.PutOffice(ctx, o, byDemo); err != nil {
		return err
	}
	if err := d.offices.SetRules(ctx, o.ID, d.day(), demoRules(o.ID), "demo data", byDemo); err != nil {
		return err
	}
	if err := d.offices.PutSchedule(ctx, o.ID, d.day(), demoWeek(), byDemo); err != nil {
		return err
	}
	return d.limit(ctx, o.ID)
}

// limit takes the limit of appointments for each phone away where
// HUNYUE_LIMITS is off, and puts it back where it is on again.
func (d *demoWorld) limit(ctx context.Context, office string) error {
	rules, err := d.offices.Rules(ctx, office, d.day())
	if err != nil || (rules.PerPhone > 0) == d.limits {
		return err
	}
	rules.PerPhone = 0
	if d.limits {
		rules.PerPhone = slots.DefaultRules().PerPhone
	}
	return d.offices.SetRules(ctx, office, d.day(), rules, "demo data: HUNYUE_LIMITS", byDemo)
}

// today sees to it that one can book for today and be received, at whatever
// hour and on whatever weekday the demo is looked at: today the offices are open
// round the clock. It works once a day and leaves alone what was changed since.
func (d *demoWorld) today(ctx context.Context) error {
	today := d.day()
	if today == d.done {
		return d.measureAgain(ctx, today)
	}
	all, ctx := errgroup.WithContext(ctx)
	for _, o := range demoOffices() {
		all.Go(func() error { return d.extend(ctx, o.ID, today) })
	}
	all.Go(func() error {
		for _, u := range demoStaff() {
			if err := d.measure(ctx, u.Username, demoOffices()[0].ID, today); err != nil {
				return err
			}
		}
		return nil
	})
	if err := all.Wait(); err != nil {
		return fmt.Errorf("demo data of %s: %w", today, err)
	}
	d.done, d.shift = today, d.stretch()
	return nil
}

// stretch is when the newest stretch of today began in which staff are measured.
func (d *demoWorld) stretch() slots.TimeOfDay {
	now, began := d.clock.Now().In(china), slots.TimeOfDay(0)
	for _, s := range slots.DefaultRules().StaffReadings {
		if !now.Before(s.From.On(d.day(), china)) {
			began = s.From
		}
	}
	return began
}

// measureAgain measures staff as soon as another stretch of the day has begun.
func (d *demoWorld) measureAgain(ctx context.Context, today date.Date) error {
	began := d.stretch()
	if began == d.shift {
		return nil
	}
	for _, u := range demoStaff() {
		if err := d.measure(ctx, u.Username, demoOffices()[0].ID, today); err != nil {
			return err
		}
	}
	d.shift = began
	return nil
}

// extend opens the office today and publishes the days that follow.
func (d *demoWorld) extend(ctx context.Context, office string, today date.Date) error {
	known, err := d.offices.Exceptions(ctx, office, today, today)
	if err != nil || len(known) > 0 {
		return err
	}
	err = d.offices.PutException(ctx, office, slots.Exception{
		Day: today, Hours: []slots.Period{{From: 0, To: 24 * 60}}, Reason: "demo: open at any hour", Notice: "演示：今日全天开放",
	}, byDemo)
	if err != nil {
		return err
	}
	_, err = d.publish(ctx, office, today, today.AddDays(demoAhead), slots.PublishOptions{ConfirmUnpublishedCalendar: true}, byDemo)
	return err
}

// day is today at the offices.
func (d *demoWorld) day() date.Date { return date.DateOf(d.clock.Now().In(china)) }

// china is the time zone of every office (domain rule 97).
var china = time.FixedZone("Asia/Shanghai", 8*60*60)

// demoReading records a normal temperature, once in each stretch of the day in which
// staff are measured. Whom somebody has given a fever meanwhile, and an office that
// takes no temperatures any more, it leaves to whoever looks at the demo.
func demoReading(desk *hall.Desk) func(ctx context.Context, username, office string, day date.Date) error {
	return func(ctx context.Context, username, office string, day date.Date) error {
		key := fmt.Sprintf("demo %s %s", day, username)
		for i, s := range slots.DefaultRules().StaffReadings {
			if i > 0 && !desk.Clock.Now().Before(s.From.On(day, china)) {
				key = fmt.Sprintf("demo %s %s %d", day, username, i)
			}
		}
		_, err := desk.RecordStaff(ctx, hall.StaffReading{
			Staff: username, Office: office, Actor: byDemo, Key: key,
			Readings: []hall.Reading{{Party: 1, Decicelsius: 365, Device: "T1"}},
		})
		if f := fault.Of(err); err != nil && (f.Kind == fault.Conflict || f.Kind == fault.Invalid) {
			return nil
		}
		return err
	}
}

type demo struct{}

// Run loads the demo data.
func (demo) Run(ctx context.Context, p *program) error {
	return p.withDatabase(ctx, func(db *sqlx.DB) error {
		now := &clock.Clock{}
		offices := &slots.Store{DB: db, Clock: now}
		world := &demoWorld{
			db: db, clock: now, limits: p.Limits,
			offices: offices, accounts: &auth.Accounts{DB: db, Clock: now}, publish: offices.Publish,
			measure: demoReading(&hall.Desk{DB: db, Offices: offices, Clock: now, Log: newLog(p.stderr)}),
		}
		if err := world.load(ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintln(p.stdout, "The demo data are in.")
		return err
	})
}
