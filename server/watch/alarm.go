package watch

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// What can be refused to whoever answers an alarm.
var (
	ErrNoAlarm  = fault.New(fault.NotFound, "no_such_alarm")
	ErrAnswered = fault.New(fault.Conflict, "alarm_answered") // otherwise, or by somebody else
	ErrOwnAlarm = fault.New(fault.Conflict, "alarm_own")      // about whoever answers it
)

// Kind is what an alarm is about.
type Kind string

// The kinds of alarms.
const (
	ManyRecords   Kind = "many_records"    // more than 30 in 10 minutes
	OwnFamilyName Kind = "own_family_name" // a couple one of whom bears the reader's
	HoneyRecord   Kind = "honey_record"    // that nobody has a reason to open
)

// Kinds is all of them.
func Kinds() []Kind { return []Kind{ManyRecords, OwnFamilyName, HoneyRecord} }

// Outcome is what came of an alarm.
type Outcome string

// The outcomes there are.
const (
	FalseAlarm Outcome = "false_alarm" // it was their work, and this kind of alarm is of no use here
	Explained  Outcome = "explained"   // it was their work
	FollowedUp Outcome = "followed_up" // it was not
)

// Outcomes is all of them.
func Outcomes() []Outcome { return []Outcome{Explained, FalseAlarm, FollowedUp} }

// Alarm is one, with its answer, if there is one.
type Alarm struct {
	ID      int64     `db:"id"`
	At      time.Time `db:"at"`
	Kind    Kind      `db:"kind"`
	Actor   string    `db:"actor"`   // who looked
	Subject string    `db:"subject"` // at what
	Outcome Outcome   `db:"outcome"` // "" until it is answered
	Reason  string    `db:"reason"`
	By      string    `db:"answered_by"`
	Opened  int       `db:"opened"` // how many records they had opened within the ten minutes before
}

// mostAlarms is how many are listed.
const mostAlarms = 200

// Alarms is the newest alarms, at most 200: first those that wait for an answer.
func (l *Log) Alarms(ctx context.Context) ([]Alarm, error) {
	all := []Alarm{}
	err := l.DB.SelectContext(ctx, &all, `
		SELECT
			alarm.id, alarm.at, kind, alarm.actor, subject,
			coalesce(outcome, '') AS outcome,
			coalesce(reason, '') AS reason,
			coalesce(answer.actor, '') AS answered_by,
			(
				SELECT count(DISTINCT read.subject)
				FROM audit AS read
				WHERE read.actor = alarm.actor
				  AND read.action IN ('read', 'unmasked')
				  AND read.at BETWEEN alarm.at - make_interval(secs => $2) AND alarm.at
			) AS opened
		FROM alarm
		LEFT JOIN alarm_answer AS answer ON answer.alarm_id = alarm.id
		ORDER BY answer.alarm_id IS NULL DESC, alarm.id DESC
		LIMIT $1`, mostAlarms, within.Seconds())
	if err != nil {
		return nil, fmt.Errorf("alarms: %w", err)
	}
	return all, nil
}

// Waiting is how many alarms wait for an answer.
func (l *Log) Waiting(ctx context.Context) (int, error) {
	var n int
	err := l.DB.GetContext(ctx, &n, `
		SELECT count(*)
		FROM alarm
		WHERE NOT EXISTS (SELECT FROM alarm_answer WHERE alarm_id = alarm.id)`)
	if err != nil {
		return 0, fmt.Errorf("waiting alarms: %w", err)
	}
	return n, nil
}

// longestReason is in code points.
const longestReason = 200

// Answer keeps what came of an alarm, and why it is taken for that. The same again
// is the same answer.
//
// Faults: ErrNoAlarm, ErrAnswered, ErrOwnAlarm; fields outcome, reason.
func (l *Log) Answer(ctx context.Context, alarm int64, o Outcome, reason, actor string) error {
	reason = strings.TrimSpace(reason)
	wrong := map[string]string{}
	switch o {
	case FalseAlarm, Explained, FollowedUp:
	default:
		wrong["outcome"] = "required"
	}
	switch {
	case reason == "":
		wrong["reason"] = "required"
	case utf8.RuneCountInString(reason) > longestReason:
		wrong["reason"] = "too_long"
	}
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	return postgres.InTx(ctx, l.DB, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, actor); err != nil {
			return err
		}
		isNew, err := keepAnswer(ctx, tx, alarm, o, reason, actor)
		if err != nil {
			return err
		}
		if !isNew {
			return sameAnswer(ctx, tx, alarm, o, reason, actor)
		}
		return postgres.Audit(ctx, tx, "alarm_answered", fmt.Sprintf("alarm:%d", alarm), string(o))
	})
}

func keepAnswer(ctx context.Context, tx postgres.Querier, alarm int64, o Outcome, reason, actor string) (isNew bool, err error) {
	done, err := tx.ExecContext(ctx, `
		INSERT INTO alarm_answer (alarm_id, about, outcome, reason, actor)
		SELECT id, alarm.actor, $2, $3, $4
		FROM alarm
		WHERE id = $1
		ON CONFLICT (alarm_id) DO NOTHING`, alarm, o, reason, actor)
	if postgres.Violates(err, "alarm_answered_by_another") {
		return false, ErrOwnAlarm
	}
	if err != nil {
		return false, fmt.Errorf("answer alarm %d: %w", alarm, err)
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// sameAnswer is why an answer that was not kept is none.
func sameAnswer(ctx context.Context, tx postgres.Querier, alarm int64, o Outcome, reason, actor string) error {
	var there []bool
	err := tx.SelectContext(ctx, &there, `
		SELECT outcome = $2 AND reason = $3 AND actor = $4
		FROM alarm_answer
		WHERE alarm_id = $1`, alarm, o, reason, actor)
	switch {
	case err != nil:
		return fmt.Errorf("answer of alarm %d: %w", alarm, err)
	case len(there) == 0:
		return ErrNoAlarm
	case !there[0]:
		return ErrAnswered
	}
	return nil
}
