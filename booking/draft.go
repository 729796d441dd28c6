package booking

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/fault"
)

// ErrNoDraft is said of a draft that was discarded, used or is of yesterday.
var ErrNoDraft = fault.New(fault.NotFound, "no_such_draft")

// Draft is what was typed in a call that has broken off.
type Draft struct {
	Call    Call // whose phone is only needed to park it
	Content []byte
	At      time.Time
}

type draftRow struct {
	Key    uuid.UUID `db:"call_key"`
	Office string    `db:"office_id"`
	Actor  string    `db:"actor"`
	Sealed []byte    `db:"sealed"`
	At     time.Time `db:"parked_at"`
}

func draftSeal(key uuid.UUID) string { return "draft/" + key.String() }

// Park keeps a draft until the given time, so that anybody of the office can go
// on with it. There is one of a call: parking again replaces it.
func (d *Desk) Park(ctx context.Context, p Draft, until time.Time) error {
	sealed, err := d.Keys.Seal(p.Content, draftSeal(p.Call.Key))
	if err != nil {
		return fmt.Errorf("seal a draft: %w", err)
	}
	var phone []byte
	if p.Call.Phone.Number() != "" {
		phone = d.phoneKey(p.Call.Phone)
	}
	_, err = d.DB.ExecContext(ctx, `
		INSERT INTO call_draft (call_key, office_id, phone_key, actor, sealed, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (call_key) DO UPDATE
		SET phone_key = excluded.phone_key, actor = excluded.actor, sealed = excluded.sealed, parked_at = clock_now()
		WHERE call_draft.office_id = excluded.office_id`,
		p.Call.Key, p.Call.Office, phone, p.Call.Actor, sealed, until)
	if err != nil {
		return fmt.Errorf("park a draft: %w", err)
	}
	return nil
}

// mostDrafts is more than operators of an office leave open in a day.
const mostDrafts = 20

// Parked is the drafts of an office that are still good, the newest first; with
// the call of a number only those of that number.
func (d *Desk) Parked(ctx context.Context, c Call) ([]Draft, error) {
	var phone []byte
	if c.Phone.Number() != "" {
		phone = d.phoneKey(c.Phone)
	}
	var rows []draftRow
	err := d.DB.SelectContext(ctx, &rows, `
		SELECT call_key, office_id, actor, sealed, parked_at
		FROM call_draft
		WHERE office_id = $1
		  AND expires_at > (SELECT clock_now())
		  AND ($2::bytea IS NULL OR phone_key = $2)
		ORDER BY parked_at DESC
		LIMIT $3`, c.Office, phone, mostDrafts)
	if err != nil {
		return nil, fmt.Errorf("drafts of %s: %w", c.Office, err)
	}
	drafts := make([]Draft, 0, len(rows))
	for _, row := range rows {
		draft, err := d.openDraft(row)
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, draft)
	}
	return drafts, nil
}

// Draft is the draft of a call at an office. It stays until it is discarded, so
// that nothing is lost if the call breaks off again. The fault is ErrNoDraft.
func (d *Desk) Draft(ctx context.Context, office string, key uuid.UUID) (Draft, error) {
	var row draftRow
	err := d.DB.GetContext(ctx, &row, `
		SELECT call_key, office_id, actor, sealed, parked_at
		FROM call_draft
		WHERE call_key = $1
		  AND office_id = $2
		  AND expires_at > (SELECT clock_now())`, key, office)
	if errors.Is(err, sql.ErrNoRows) {
		return Draft{}, ErrNoDraft
	}
	if err != nil {
		return Draft{}, fmt.Errorf("find a draft: %w", err)
	}
	return d.openDraft(row)
}

func (d *Desk) openDraft(row draftRow) (Draft, error) {
	content, err := d.Keys.Open(row.Sealed, draftSeal(row.Key))
	if err != nil {
		return Draft{}, fmt.Errorf("open a draft: %w", err)
	}
	return Draft{Call: Call{Key: row.Key, Office: row.Office, Actor: row.Actor}, Content: content, At: row.At}, nil
}

// Discard deletes the draft of a call, if there is one.
func (d *Desk) Discard(ctx context.Context, office string, key uuid.UUID) error {
	if _, err := d.DB.ExecContext(ctx, `DELETE FROM call_draft WHERE call_key = $1 AND office_id = $2`, key, office); err != nil {
		return fmt.Errorf("discard a draft: %w", err)
	}
	return nil
}

// forgetCalls deletes drafts whose day is over, and the calls of more than 90 days
// ago, and returns how many.
func (d *Desk) forgetCalls(ctx context.Context) (int64, error) {
	drafts, err := d.DB.ExecContext(ctx, `DELETE FROM call_draft WHERE expires_at <= (SELECT clock_now())`)
	if err != nil {
		return 0, fmt.Errorf("drafts to delete: %w", err)
	}
	n, err := drafts.RowsAffected()
	if err != nil {
		return 0, err
	}
	calls, err := d.DB.ExecContext(ctx, `
		DELETE FROM call
		WHERE began_at < (SELECT clock_now()) - make_interval(days => $1)`, keptDays)
	if err != nil {
		return n, fmt.Errorf("calls to delete: %w", err)
	}
	old, err := calls.RowsAffected()
	return n + old, err
}
