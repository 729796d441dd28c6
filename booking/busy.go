package booking

import (
	"context"
	"fmt"
	"slices"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// BusyError comes with ErrPersonBusy where the phone that asked is the one left with
// the appointment that stands in the way: the couple itself may know why.
// Everybody else is told ErrPersonBusy alone, whatever the reason is and whoever
// of the two it is about.
type BusyError struct {
	Until date.Date // the last day on which they cannot book online; zero: they have an appointment
}

// Error says nothing of a person: errors are logged.
func (BusyError) Error() string { return "asked by those whom it is about" }

// always is the services that nobody is kept from booking: who comes late for
// them loses a right (domain rule 52).
var always = []string{"divorce_issue", "divorce_withdraw"}

// misses is how many missed appointments, within how many days, keep somebody
// from booking online for how many days (domain rule 50): none of them keeps
// anybody where staff book, where a suspension has taken away what they had, and for
// services that have a last day.
func misses(a Application, rules slots.Rules) pq.Int64Array {
	if a.Channel != slots.Web || a.rebooks || slices.Contains(always, a.Service) {
		return pq.Int64Array{0, 0, 0}
	}
	return missesBy(rules)
}

func missesBy(rules slots.Rules) pq.Int64Array {
	return pq.Int64Array{int64(rules.NoShow.Count), int64(rules.NoShow.WithinDays), int64(rules.NoShow.RestrictDays)}
}

// explainRefusal has the reason for ErrPersonBusy sent to the phones that were
// left with the appointments that it is about, once a day each, and uses up the
// code that asked: whoever wants to know about the next person has to have
// another code sent. It returns BusyError where the phone that asked is one of them.
func (d *Desk) explainRefusal(ctx context.Context, c confirmation) error {
	var found struct {
		Theirs bool      `db:"theirs"`
		Until  date.Date `db:"until"`
	}
	err := d.DB.GetContext(ctx, &found, `
		SELECT theirs, until
		FROM explain_refusal($1, $2, $3, $4, $5, $6)`,
		pq.ByteaArray(c.persons), c.misses, c.grant.Quota, c.phone, c.code, c.grant.Hold)
	if err != nil {
		return fmt.Errorf("explain a refusal: %w", err)
	}
	d.Wake()
	if found.Theirs && c.channel == slots.Web {
		return BusyError{found.Until}
	}
	return nil
}

// RestrictedUntil is the last day on which one of the parties cannot book online
// at an office with these rules, if today is not later, and otherwise zero. It is
// for staff, who may book for them all the same (domain rule 52).
func (d *Desk) RestrictedUntil(ctx context.Context, parties []Party, rules slots.Rules, today date.Date) (date.Date, error) {
	var persons [][]byte
	for _, p := range parties {
		persons = append(persons, d.Person(p.Document))
	}
	until, err := restrictedUntil(ctx, d.DB, persons, rules)
	if until.Before(today) {
		until = date.Date{}
	}
	return until, err
}

func restrictedUntil(ctx context.Context, db postgres.Querier, persons [][]byte, rules slots.Rules) (date.Date, error) {
	var until date.Date
	if rules.NoShow.Count == 0 || rules.NoShow.RestrictDays == 0 {
		return until, nil
	}
	err := db.GetContext(ctx, &until, `
		SELECT max(restricted_until(who, $2))
		FROM unnest($1::bytea[]) AS asked (who)`, pq.ByteaArray(persons), missesBy(rules))
	if err != nil {
		return until, fmt.Errorf("restriction of persons: %w", err)
	}
	return until, nil
}
