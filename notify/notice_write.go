package notify

import (
	"context"
	"fmt"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// NoticeRef is a version of a notice.
type NoticeRef struct {
	ID      int64 `db:"notice_id"`
	Version int   `db:"version"`
}

// Writing is words to be kept as the first version of a new notice, or as the
// next one of another.
type Writing struct {
	Words
	Office string    // of a new notice; "" means every office
	After  NoticeRef // the version that it was written from; zero: a new notice
	Key    string    // a UUID of the form: what is sent twice is written once
}

// Write keeps words as a draft. A published version stays as it is and in force
// until the draft is published.
//
// Faults: fields; ErrNoticeMoved if somebody has written a version after the one
// that this was written from, or the form has already kept other words;
// ErrNoSuchNotice.
func (n *Notices) Write(ctx context.Context, actor string, w Writing) (NoticeRef, error) {
	w.Words = w.tidy()
	if err := fault.InFields(w.Wrong()); err != nil {
		return NoticeRef{}, err
	}
	var ref NoticeRef
	err := n.actAs(ctx, actor, func(tx postgres.Querier) (err error) {
		ref, err = w.write(ctx, tx, actor)
		return err
	})
	if postgres.Violates(err, "notice_version_pkey") || postgres.Violates(err, "notice_written_once") {
		return n.written(ctx, w) // by the same form a moment ago, or by somebody else
	}
	return ref, err
}

func (w Writing) write(ctx context.Context, tx postgres.Querier, actor string) (NoticeRef, error) {
	ref := NoticeRef{w.After.ID, w.After.Version + 1}
	if ref.ID == 0 {
		err := tx.GetContext(ctx, &ref.ID, `
			INSERT INTO notice (office_id)
			VALUES (nullif($1, ''))
			RETURNING id`, w.Office)
		if err != nil {
			return ref, fmt.Errorf("new notice: %w", err)
		}
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO notice_version (notice_id, version, kind, audience, title_zh, title_en, body_zh, body_en, from_day, to_day, author, request_key)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		ref.ID, ref.Version, w.Kind, w.Audience, w.TitleZH, w.TitleEN, w.BodyZH, w.BodyEN, w.From, w.To, actor, w.Key)
	if err != nil {
		return ref, fmt.Errorf("write notice %d: %w", ref.ID, err)
	}
	return ref, nil
}

// written is the version that the form of w has made before.
func (n *Notices) written(ctx context.Context, w Writing) (NoticeRef, error) {
	all, err := n.read(ctx, `
		WHERE (notice_id, version) = (
			SELECT notice_id, version
			FROM notice_version
			WHERE request_key = $1)`, w.Key)
	if err != nil {
		return NoticeRef{}, err
	}
	if len(all) == 0 || all[0].Words != w.Words {
		return NoticeRef{}, ErrNoticeMoved
	}
	return NoticeRef{all[0].ID, all[0].Version}, nil
}

// Move takes a version one step on: HandedIn, SentBack, Published or Withdrawn,
// the second and the last with a reason. The same step by the same person again
// changes nothing.
//
// Faults: fields (title_en, body_en, to, reason); ErrOwnNotice if its author
// reviews it; ErrNoticeMoved if it does not stand where the step begins;
// ErrNoSuchNotice.
func (n *Notices) Move(ctx context.Context, actor string, of NoticeRef, to NoticeState, reason string) error {
	if to == HandedIn || to == Published {
		reason = ""
	} else if wrong := wrongReason(reason); wrong != "" {
		return fault.InFields(map[string]string{"reason": wrong})
	}
	err := n.actAs(ctx, actor, func(tx postgres.Querier) error {
		now, err := lockNotice(ctx, tx, of)
		if err != nil {
			return err
		}
		done, err := now.reached(ctx, tx, to, actor)
		if done || err != nil {
			return err
		}
		if err := now.mayMove(to, n); err != nil {
			return err
		}
		return now.step(ctx, tx, to, actor, reason)
	})
	if postgres.Violates(err, "second_person") {
		return ErrOwnNotice
	}
	n.forget()
	return err
}

// lockNotice is a version as it stands. Those who move a notice take turns.
func lockNotice(ctx context.Context, tx postgres.Querier, of NoticeRef) (Notice, error) {
	_, err := tx.ExecContext(ctx, `
		SELECT
		FROM notice
		WHERE id = $1
		FOR NO KEY UPDATE`, of.ID)
	if err != nil {
		return Notice{}, fmt.Errorf("lock notice %d: %w", of.ID, err)
	}
	var all []Notice
	err = tx.SelectContext(ctx, &all, selectNotice+`
		WHERE notice_id = $1
		  AND version = $2`, of.ID, of.Version)
	if err != nil {
		return Notice{}, fmt.Errorf("notice %d: %w", of.ID, err)
	}
	if len(all) == 0 {
		return Notice{}, ErrNoSuchNotice
	}
	return all[0], nil
}

// reached reports whether the same person has taken the step before.
func (v Notice) reached(ctx context.Context, tx postgres.Querier, to NoticeState, actor string) (bool, error) {
	var done bool
	err := tx.GetContext(ctx, &done, `
		SELECT EXISTS (
			SELECT
			FROM notice_step
			WHERE notice_id = $1
			  AND version = $2
			  AND step = $3
			  AND actor = $4
		)`, v.ID, v.Version, to, actor)
	if err != nil {
		return false, fmt.Errorf("steps of notice %d: %w", v.ID, err)
	}
	return done, nil
}

// before says where each step begins.
var before = map[NoticeState]NoticeState{HandedIn: Draft, SentBack: HandedIn, Published: HandedIn, Withdrawn: Published}

func (v Notice) mayMove(to NoticeState, n *Notices) error {
	onlyNewest := to == HandedIn || to == Published
	if v.State != before[to] || onlyNewest && !v.Newest {
		return ErrNoticeMoved
	}
	if onlyNewest {
		return fault.InFields(v.unready(n.Today()))
	}
	return nil
}

func (v Notice) step(ctx context.Context, tx postgres.Querier, to NoticeState, actor, reason string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO notice_step (notice_id, version, step, reason, actor)
		VALUES ($1, $2, $3, $4, $5)`, v.ID, v.Version, to, reason, actor)
	if err != nil {
		return fmt.Errorf("%s notice %d: %w", to, v.ID, err)
	}
	return nil
}

// actAs runs f in a transaction in which the actor acts.
func (n *Notices) actAs(ctx context.Context, actor string, f func(tx postgres.Querier) error) error {
	return postgres.InTx(ctx, n.DB, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, actor); err != nil {
			return err
		}
		return f(tx)
	})
}
