package main

import (
	"context"
	"errors"
	"fmt"

	"hunyue/booking"
	"hunyue/internal/clock"
	"hunyue/internal/postgres"
	"hunyue/internal/redis"
	"hunyue/server/watch"
)

type check struct{}

var errBroken = errors.New("an invariant is broken: see the counts above")

// Run counts the rows that break each invariant, prints every count, and fails
// if one is not zero. It changes nothing, and may run beside the program.
func (check) Run(ctx context.Context, p *program) (err error) {
	at, stop, err := p.join(ctx, true, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	db, err := postgres.Open(ctx, at.database)
	if err != nil {
		return err
	}
	defer db.Close()
	client, err := redis.Open(ctx, at.redis)
	if err != nil {
		return err
	}
	defer client.Close()
	holds := &booking.Holds{Redis: client, Clock: &clock.Clock{}}
	found, err := booking.Check(ctx, db, holds)
	if err != nil {
		return err
	}
	var broken error
	for _, a := range found {
		if _, err := fmt.Fprintf(p.stdout, "%8d  %s\n", a.Bad, a.Name); err != nil {
			return err
		}
		if a.Bad > 0 {
			broken = errBroken
		}
	}
	changed, err := watch.Verify(ctx, db)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.stdout, "%8d  the_audit_is_as_it_was_sealed\n", len(changed)); err != nil {
		return err
	}
	for _, c := range changed {
		broken = errBroken
		if _, err := fmt.Fprintf(p.stdout, "%10s%s\n", "", c); err != nil {
			return err
		}
	}
	return broken
}
