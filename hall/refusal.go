package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"hunyue/booking"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// RefusalCode is why a couple was not accepted.
type RefusalCode string

// The reasons there are.
const (
	NoDocuments RefusalCode = "documents"    // something is not there
	BadPhotos   RefusalCode = "photos"       // not as they have to be
	Mismatch    RefusalCode = "mismatch"     // papers say one thing and another
	OneMissing  RefusalCode = "one_missing"  // only one of the two came
	NotEligible RefusalCode = "not_eligible" // the law has it otherwise
	OtherReason RefusalCode = "other"        // in words
)

// NoAnswer is the reason for which a couple that was called in vain is closed.
const NoAnswer RefusalCode = "no_answer"

// RefusalCodes is those that a person chooses, the commonest first.
func RefusalCodes() []RefusalCode {
	return []RefusalCode{NoDocuments, BadPhotos, Mismatch, OneMissing, NotEligible, OtherReason}
}

// Refusal is why a couple was not accepted, in words where it needs them.
type Refusal struct {
	Code RefusalCode `db:"code"`
	Text string      `db:"reason"`
}

// wrong is what is wrong with it by field.
func (r Refusal) wrong() map[string]string {
	wrong := map[string]string{}
	known := false
	for _, c := range RefusalCodes() {
		known = known || c == r.Code
	}
	switch {
	case !known:
		wrong["refusal"] = required
	case r.Text == "" && r.Code == OtherReason:
		wrong["reason"] = required
	case utf8.RuneCountInString(r.Text) > longestReason:
		wrong["reason"] = tooLong
	}
	return wrong
}

// NotAccepted ends a visit without a registration, for a reason in words that is
// kept (domain rule 48). The same reason again changes nothing.
//
// Faults: booking.ErrNoAppointment, ErrNotPossible; field reason.
func (d *Desk) NotAccepted(ctx context.Context, number, reason, actor string) error {
	return d.Refuse(ctx, number, Refusal{Code: OtherReason, Text: reason}, actor)
}

// Refuse ends a visit without a registration, for one of a few reasons. The same
// again changes nothing.
//
// Faults: booking.ErrNoAppointment, ErrNotPossible; fields refusal ("required"),
// reason ("required", "too_long").
func (d *Desk) Refuse(ctx context.Context, number string, r Refusal, actor string) error {
	r.Text = strings.TrimSpace(r.Text)
	if err := fault.InFields(r.wrong()); err != nil {
		return err
	}
	return d.with(ctx, number, actor, func(tx postgres.Querier, g guest) error {
		if g.Status == booking.NotAccepted {
			return sameRefusal(ctx, tx, g, r)
		}
		return refuse(ctx, tx, g, r, actor)
	})
}

func refuse(ctx context.Context, tx postgres.Querier, g guest, r Refusal, actor string) error {
	if err := booking.Advance(ctx, tx, g.ID, booking.NotAccepted, actor); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO refusal (appointment_id, code, reason, actor, at)
		VALUES ($1, $2, $3, $4, $5)`, g.ID, string(r.Code), r.Text, actor, g.Now)
	if err != nil {
		return fmt.Errorf("keep refusal of appointment %d: %w", g.ID, err)
	}
	return nil
}

// sameRefusal is ErrNotPossible unless g was refused for this reason before.
func sameRefusal(ctx context.Context, tx postgres.Querier, g guest, r Refusal) error {
	kept, err := refusalOf(ctx, tx, g)
	if err == nil && kept != r {
		err = booking.ErrNotPossible
	}
	return err
}

func refusalOf(ctx context.Context, tx postgres.Querier, g guest) (Refusal, error) {
	var kept Refusal
	err := tx.GetContext(ctx, &kept, `
		SELECT code, reason
		FROM refusal
		WHERE appointment_id = $1`, g.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return kept, booking.ErrNotPossible
	}
	if err != nil {
		return kept, fmt.Errorf("refusal of appointment %d: %w", g.ID, err)
	}
	return kept, nil
}
