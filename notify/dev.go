package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
)

// DevChannel sends nothing. It keeps what it would have sent, phone, text and
// code, where everybody may read it: for demo mode and tests only.
type DevChannel struct{ DB *sqlx.DB }

// DevMessage is a message that was not sent.
type DevMessage struct {
	At    time.Time `db:"at" json:"at"`
	Phone string    `db:"phone" json:"phone"`
	Kind  Kind      `db:"kind" json:"kind"`
	Text  string    `db:"text" json:"text"`
	Code  string    `db:"code" json:"code"` // "" in all kinds but Code
}

// maxDevMessages bounds what Messages returns.
const maxDevMessages = 1000

// Send keeps m, once per reference.
func (d *DevChannel) Send(ctx context.Context, m Message) error {
	_, err := d.DB.ExecContext(ctx, `
		INSERT INTO dev_message (phone, kind, text, code, reference)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (reference) DO NOTHING`,
		m.To, m.Kind, m.Text, m.Code, m.Reference)
	if err != nil {
		return fmt.Errorf("keep message: %w", err)
	}
	return nil
}

// Status is Taken for a message that was kept.
func (d *DevChannel) Status(ctx context.Context, reference uuid.UUID) (Delivery, error) {
	var kept bool
	err := d.DB.GetContext(ctx, &kept, `
		SELECT EXISTS (
			SELECT
			FROM dev_message
			WHERE reference = $1
		)`, reference)
	if err != nil {
		return Unknown, fmt.Errorf("look for message: %w", err)
	}
	if !kept {
		return Missing, nil
	}
	return Taken, nil
}

// Messages returns the newest 1000 messages to a phone, or to all if it is "",
// the newest first.
func (d *DevChannel) Messages(ctx context.Context, phone string) ([]DevMessage, error) {
	messages := []DevMessage{}
	err := d.DB.SelectContext(ctx, &messages, `
		SELECT at, phone, kind, text, code
		FROM dev_message
		WHERE $1 = ''
		   OR phone = $1
		ORDER BY id DESC
		LIMIT $2`, phone, maxDevMessages)
	if err != nil {
		return nil, fmt.Errorf("messages kept: %w", err)
	}
	return messages, nil
}
