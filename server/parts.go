package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus/collectors"
	goredis "github.com/redis/go-redis/v9"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/clock"
	"hunyue/internal/postgres"
	"hunyue/internal/redis"
	"hunyue/internal/seal"
	"hunyue/notify"
	"hunyue/server/api"
	"hunyue/server/auth"
	"hunyue/server/i18n"
	"hunyue/server/limit"
	"hunyue/server/operator"
	"hunyue/server/watch"
	"hunyue/server/web"
	"hunyue/slots"
)

// How many connections each part of the program may have. They are pools of
// their own, so that a crowd at the public door takes none from operators and
// the hall, nor from the messages that are to be sent.
const (
	bookingConnections = 24
	staffConnections   = 10
	jobsConnections    = 8
)

// parts is the program put together: everything that lives as long as it does.
type parts struct {
	log   *slog.Logger
	clock *clock.Clock
	keys  *seal.Keys
	texts *i18n.Texts

	booking, staff, jobs *sqlx.DB // pools of the same database
	purging              *sqlx.DB // likewise, for what ends when its days are over; nil: it has no role for that
	redis                goredis.UniversalClient

	watched  *observer
	accounts *auth.Accounts
	looks    *watch.Log
	offices  *slots.Store
	desk     *booking.Desk // for couples
	assisted *booking.Desk // for staff
	chores   *booking.Desk // for what is done beside
	hall     *hall.Desk
	outbox   *notify.Outbox
	codes    *notify.Codes
	notices  *notify.Notices
	limits   *limit.Limiter // nil: none
	worker   *notify.Worker
	pages    *web.Pages

	setup string // the token of the link for the first account, where there is none

	sent *notify.DevChannel // of demo mode
	demo *demoWorld         // likewise
}

// assemble puts the program together on engines that run. Close what it
// returns, also where it fails.
func assemble(ctx context.Context, c config, at addresses, log *slog.Logger) (*parts, error) {
	p := &parts{log: log, clock: &clock.Clock{}}
	var err error
	if p.texts, err = i18n.Load(); err != nil {
		return p, err
	}
	if p.keys, err = seal.Load(c.Keys); err != nil {
		return p, err
	}
	if err := p.connect(ctx, at); err != nil {
		return p, err
	}
	if err := postgres.SameKeys(ctx, p.jobs, p.keys.MAC("mark")); err != nil {
		return p, fmt.Errorf("the key file %s does not belong to this database; put back the one that does (HUNYUE_KEYS): %w", c.Keys, err)
	}
	if err := p.setClock(ctx, c); err != nil {
		return p, err
	}
	p.furnish(ctx, c)
	if err := p.employ(c.Demo, at.database); err != nil {
		return p, err
	}
	p.pages, err = web.New(web.Pages{
		Desk: p.desk, Assisted: p.assisted, Hall: p.hall, Offices: p.offices, Codes: p.codes, Notices: p.notices, Limits: p.limits, Accounts: p.accounts, Looks: p.looks, Dev: p.sent,
		Calls: &notify.CallList{DB: p.staff}, Operator: &operator.Store{DB: p.staff},
		Keys: p.keys, Clock: p.clock, Texts: p.texts, Maintenance: c.Maintenance, Base: c.BaseURL, Voice: c.Voice,
	})
	if err != nil {
		return p, err
	}
	p.measure()
	return p, p.desk.Holds.Load(ctx)
}

// furnish makes the desks, and what lies on them.
func (p *parts) furnish(ctx context.Context, c config) {
	p.watched = newObserver(p.log, p.clock)
	p.outbox = notify.NewOutbox(p.jobs, p.clock, p.log)
	p.codes = &notify.Codes{DB: p.booking, Keys: p.keys, Outbox: p.outbox, Limits: c.Limits}
	p.notices = &notify.Notices{DB: p.booking, Clock: p.clock}
	if c.Limits {
		p.limits = &limit.Limiter{Redis: p.redis, Keys: p.keys, Clock: p.clock, Log: p.log}
	}
	p.accounts = &auth.Accounts{
		DB: p.staff, Redis: p.redis, Keys: p.keys, Clock: p.clock,
		Secure: c.https(), SecondFactor: c.SecondFactor, Profile: c.Passwords, SignOn: c.SignOn,
	}
	p.offices = &slots.Store{DB: p.booking, Clock: p.clock}
	p.desk = &booking.Desk{
		DB: p.booking, Holds: &booking.Holds{Redis: p.redis, Clock: p.clock}, Offices: p.offices,
		Keys: p.keys, Clock: p.clock, Log: p.log, Wake: func() { p.outbox.Wake(ctx) },
	}
	p.assisted = p.desk.On(p.staff, &slots.Store{DB: p.staff, Clock: p.clock})
	p.looks = &watch.Log{DB: p.staff, Log: p.log}
	p.assisted.Watch = p.looks.Seen
	p.chores = p.desk.On(p.jobs, &slots.Store{DB: p.jobs, Clock: p.clock})
	p.hall = &hall.Desk{
		DB: p.staff, Offices: p.assisted.Offices,
		Keys: p.keys, Clock: p.clock, Log: p.log,
	}
	p.demo = &demoWorld{
		db: p.jobs, clock: p.clock, limits: c.Limits,
		offices: p.offices, accounts: p.accounts, publish: p.desk.Publish, measure: demoReading(p.hall),
	}
}

// connect opens the engines and brings the database to the newest form.
func (p *parts) connect(ctx context.Context, at addresses) error {
	roles, err := prepare(ctx, at.database)
	if err != nil {
		return err
	}
	served := postgres.Owner
	if roles {
		served = postgres.App
		if p.purging, err = postgres.OpenAs(ctx, at.database, postgres.Purger); err != nil {
			return err
		}
		p.purging.SetMaxOpenConns(1)
	} else {
		p.log.WarnContext(ctx, "the database has no roles for this program, and old readings stay linked and the audit whole: see hunyue doctor")
	}
	for pool, most := range map[**sqlx.DB]int{&p.booking: bookingConnections, &p.staff: staffConnections, &p.jobs: jobsConnections} {
		if *pool, err = postgres.OpenAs(ctx, at.database, served); err != nil {
			return err
		}
		(*pool).SetMaxOpenConns(most)
		(*pool).SetMaxIdleConns(most)
	}
	p.redis, err = redis.Open(ctx, at.redis)
	return err
}

// setClock starts our clock and the database's at HUNYUE_DEMO_NOW, or sets both
// right.
func (p *parts) setClock(ctx context.Context, c config) error {
	if !c.DemoNow.IsZero() {
		p.clock.Set(c.DemoNow.Sub(p.clock.Now()))
	}
	return postgres.Shift(ctx, p.jobs, p.clock.Shift())
}

// employ makes the worker that does what the outbox asks. Outside demo mode
// there is nobody yet to send texts: messages go on the call list.
func (p *parts) employ(demo bool, dsn string) error {
	texts, err := notify.ParseTexts(slots.DefaultRules().SMSSign)
	if err != nil {
		return err
	}
	var channel notify.Channel = notify.NoChannel{}
	if demo {
		p.sent = &notify.DevChannel{DB: p.jobs}
		channel = p.sent
	}
	sender := &notify.Sender{DB: p.jobs, Channel: channel, Texts: texts, Keys: p.keys, Clock: p.clock, Lookup: p.chores.Letter}
	p.worker = &notify.Worker{
		DB: p.jobs, Outbox: p.outbox, DSN: dsn, Log: p.log,
		Handlers: map[notify.Topic]notify.Handler{
			notify.TopicSettle: p.chores, notify.TopicMessage: sender, notify.TopicCode: sender,
		},
	}
	return nil
}

// measure has the metrics of the parts collected with those of the requests.
func (p *parts) measure() {
	p.watched.registry.MustRegister(booking.Collectors()...)
	p.watched.registry.MustRegister(limit.Collectors()...)
	p.watched.registry.MustRegister(watch.Collectors()...)
	p.watched.registry.MustRegister(
		collectors.NewDBStatsCollector(p.booking.DB, "booking"),
		collectors.NewDBStatsCollector(p.staff.DB, "staff"),
		collectors.NewDBStatsCollector(p.jobs.DB, "jobs"))
}

// surface is what the addresses are answered with.
func (p *parts) surface(c config) *surface {
	return &surface{
		config: c, setup: p.setup, observer: p.watched, texts: p.texts, pages: p.pages,
		health: &health{log: p.log, engines: []engine{
			{"postgres", p.staff.PingContext},
			{"redis", func(ctx context.Context) error { return p.redis.Ping(ctx).Err() }},
		}},
		api: &api.API{
			Desk: p.desk, Assisted: p.assisted, Hall: p.hall, Offices: p.offices, Codes: p.codes, Notices: p.notices, Accounts: p.accounts, Limits: p.limits,
		},
	}
}

// close closes what is open. Nothing may use it any more.
func (p *parts) close() {
	if p.redis != nil {
		p.redis.Close()
	}
	for _, pool := range []*sqlx.DB{p.booking, p.staff, p.jobs, p.purging} {
		if pool != nil {
			pool.Close()
		}
	}
}
