package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/engines"
	"hunyue/internal/postgres"
)

// addresses is where the engines are.
type addresses struct{ database, redis string }

// start brings up a private engine for each that is wanted and not configured,
// both at once. What it returns has to be stopped.
func (p *program) start(ctx context.Context, database, redis bool) (addresses, *engines.Engines, error) {
	at := addresses{p.DatabaseURL, p.RedisURL}
	want := engines.Options{Data: p.Data, Postgres: database && at.database == "", Redis: redis && at.redis == ""}
	if !want.Postgres && !want.Redis {
		return at, nil, nil
	}
	running, err := engines.Start(ctx, want)
	if err != nil {
		return at, nil, err
	}
	if want.Postgres {
		at.database = running.DatabaseURL
	}
	if want.Redis {
		at.redis = running.RedisURL
	}
	return at, running, nil
}

// join is start for a command that does one thing: it works with the engines
// of a program that is running already on the same data.
func (p *program) join(ctx context.Context, database, redis bool) (at addresses, stop func() error, err error) {
	at, running, err := p.start(ctx, database, redis)
	if err == nil && running != nil {
		return at, running.Stop, nil
	}
	if errors.Is(err, engines.ErrInUse) {
		var theirs addresses
		if theirs.database, theirs.redis, err = engines.Addresses(p.Data); err != nil {
			return at, nil, fmt.Errorf("engines of the running program: %w", err)
		}
		at = addresses{orElse(p.DatabaseURL, theirs.database), orElse(p.RedisURL, theirs.redis)}
	}
	return at, func() error { return nil }, err
}

func orElse(configured, private string) string {
	if configured != "" {
		return configured
	}
	return private
}

// prepare brings the database to the newest form as its owner, and reports whether
// there are roles to work as from then on.
func prepare(ctx context.Context, database string) (roles bool, err error) {
	owner, err := postgres.Open(ctx, database)
	if err != nil {
		return false, err
	}
	defer owner.Close()
	if err := postgres.Migrate(ctx, owner); err != nil {
		return false, err
	}
	return postgres.Roles(ctx, owner)
}

// withDatabase runs f with the migrated database of a command.
func (p *program) withDatabase(ctx context.Context, f func(db *sqlx.DB) error) (err error) {
	at, stop, err := p.join(ctx, true, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	db, err := postgres.Open(ctx, at.database)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := postgres.Migrate(ctx, db); err != nil {
		return err
	}
	return f(db)
}

// dataFolder makes the folder that keeps the key file, where nobody else has.
func (p *program) dataFolder() error {
	if err := os.MkdirAll(p.Data, 0o711); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}
