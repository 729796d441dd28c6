package operator

import (
	"context"
	"fmt"
	"time"
)

// Day is what somebody has done between two instants.
type Day struct {
	Calls       int `db:"calls"` // of the call list
	Reached     int `db:"reached"`
	NoAnswer    int `db:"no_answer"`
	WrongNumber int `db:"wrong_number"`
	Booked      int `db:"booked"` // appointments made for callers, moved and cancelled
	Moved       int `db:"moved"`
	Cancelled   int `db:"cancelled"`

	Average time.Duration `db:"-"` // of a call of the list, from taking it in hand to recording it; 0: none
}

// Empty reports whether they have done nothing yet.
func (d Day) Empty() bool { return d == Day{} }

// Day is what an actor has done from one instant until another, as the audit has
// it. It names nobody.
func (s *Store) Day(ctx context.Context, actor string, from, until time.Time) (Day, error) {
	var d Day
	err := s.DB.GetContext(ctx, &d, `
		SELECT count(*) FILTER (WHERE action = 'called' AND detail ~ ' (reached|no_answer|wrong_number)$') AS calls,
			count(*) FILTER (WHERE action = 'called' AND detail LIKE '% reached') AS reached,
			count(*) FILTER (WHERE action = 'called' AND detail LIKE '% no_answer') AS no_answer,
			count(*) FILTER (WHERE action = 'called' AND detail LIKE '% wrong_number') AS wrong_number,
			count(*) FILTER (WHERE action = 'booked') AS booked,
			count(*) FILTER (WHERE action = 'moved') AS moved,
			count(*) FILTER (WHERE action = 'cancelled') AS cancelled
		FROM audit
		WHERE actor = $1
		  AND actor LIKE 'staff:%' -- as the index has it
		  AND at >= $2
		  AND at < $3`, actor, from, until)
	if err != nil {
		return d, fmt.Errorf("day of %s: %w", actor, err)
	}
	d.Average, err = s.average(ctx, actor, from, until)
	return d, err
}

// average is how long a call of the list has taken.
func (s *Store) average(ctx context.Context, actor string, from, until time.Time) (time.Duration, error) {
	var seconds float64
	err := s.DB.GetContext(ctx, &seconds, `
		SELECT coalesce(extract(epoch FROM avg(called.at - taken.at)), 0)
		FROM audit AS called
		CROSS JOIN LATERAL (
			SELECT at
			FROM audit
			WHERE actor = $1
			  AND actor LIKE 'staff:%'
			  AND at >= $2
			  AND at <= called.at
			  AND action = 'call_taken'
			  AND subject = called.subject
			ORDER BY at DESC
			LIMIT 1
		) AS taken
		WHERE called.actor = $1
		  AND called.actor LIKE 'staff:%'
		  AND called.at >= $2
		  AND called.at < $3
		  AND called.action = 'called'
		  AND called.detail ~ ' (reached|no_answer|wrong_number)$'`, actor, from, until)
	if err != nil {
		return 0, fmt.Errorf("how long calls of %s take: %w", actor, err)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
