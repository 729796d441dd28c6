package watch

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/lib/pq"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// Filter is which rows of the audit are asked for. The zero value is all of them.
type Filter struct {
	Actors  []string  // any of them: staff:hall, couple, system
	Actions []string  // any of them: read, cancelled
	Object  string    // appointment:17; of a kind: appointment; or the number of an appointment
	From    time.Time // the first instant; zero: from the beginning
	To      time.Time // the first instant that is not in it
	Before  int64     // older than this row; 0: from the newest on
}

// Entry is a row of the audit. It names no couple.
type Entry struct {
	ID      int64     `db:"id"`
	At      time.Time `db:"at"`
	Actor   string    `db:"actor"`
	Action  string    `db:"action"`
	Subject string    `db:"subject"`
	Old     string    `db:"old_status"`
	New     string    `db:"new_status"`
	Detail  string    `db:"detail"`
	Origin  string    `db:"origin"` // 10.0.3.17 computer; "" where it was not staff
}

// The bounds of what is shown and taken away (domain rule 86).
const (
	MostShown    = 100
	MostExported = 500
)

// What may be asked for: none of it can name a couple, so it may stand in an
// address and in the audit.
var (
	actorForm  = regexp.MustCompile(`^[a-z][a-z0-9 ._-]{0,31}(:[a-z0-9._-]{1,32})?$`)
	actionForm = regexp.MustCompile(`^[a-z_]{1,40}$`)
	numberForm = regexp.MustCompile(`^[1-9][0-9]{7}$`)
	objectForm = regexp.MustCompile(`^([1-9][0-9]{7}|[a-z_]{1,20}(:[A-Za-z0-9._:-]{1,60})?)$`)
)

// wrong says what cannot be asked for, by field: actor, action, object ("format").
func (f Filter) wrong() map[string]string {
	wrong := map[string]string{}
	for _, actor := range f.Actors {
		if !actorForm.MatchString(actor) {
			wrong["actor"] = "format"
		}
	}
	for _, action := range f.Actions {
		if !actionForm.MatchString(action) {
			wrong["action"] = "format"
		}
	}
	if f.Object != "" && !objectForm.MatchString(f.Object) {
		wrong["object"] = "format"
	}
	return wrong
}

// String is what is asked for, for the audit and for the first line of a copy.
func (f Filter) String() string {
	var all []string
	add := func(name, value string) {
		if value != "" {
			all = append(all, name+"="+value)
		}
	}
	add("actor", strings.Join(f.Actors, ","))
	add("action", strings.Join(f.Actions, ","))
	add("object", f.Object)
	if !f.From.IsZero() {
		add("from", f.From.Format(time.RFC3339))
		add("to", f.To.Format(time.RFC3339))
	}
	return strings.Join(all, " ")
}

// Show is the newest rows that f asks for, at most 100, for whoever looks over the
// staff. That they looked is a row as well. Faults: fields actor, action, object
// ("format"; "no_such_number").
func (l *Log) Show(ctx context.Context, f Filter, actor string) ([]Entry, error) {
	return l.entries(ctx, f, actor, "audit_shown", MostShown)
}

// Export is the same rows to be taken away, at most 500.
func (l *Log) Export(ctx context.Context, f Filter, actor string) ([]Entry, error) {
	f.Before = 0
	return l.entries(ctx, f, actor, "audit_exported", MostExported)
}

func (l *Log) entries(ctx context.Context, f Filter, actor, action string, most int) ([]Entry, error) {
	if err := fault.InFields(f.wrong()); err != nil {
		return nil, err
	}
	all := []Entry{}
	err := postgres.InTx(ctx, l.DB, func(tx postgres.Querier) error {
		if _, err := tx.ExecContext(ctx, `SET LOCAL statement_timeout = '8s'`); err != nil {
			return fmt.Errorf("more time for the audit: %w", err)
		}
		if err := postgres.SetActor(ctx, tx, actor); err != nil {
			return err
		}
		var err error
		if all, err = entries(ctx, tx, f, most); err != nil {
			return err
		}
		return postgres.Audit(ctx, tx, action, "audit", strings.TrimSpace(fmt.Sprintf("%d %s", len(all), f)))
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func entries(ctx context.Context, db postgres.Querier, f Filter, most int) ([]Entry, error) {
	kind, objects, err := f.objects(ctx, db)
	if err != nil {
		return nil, err
	}
	all := []Entry{}
	err = db.SelectContext(ctx, &all, `
		SELECT id, at, actor, action, subject,
			coalesce(old_status, '') AS old_status,
			coalesce(new_status, '') AS new_status,
			coalesce(detail, '') AS detail,
			coalesce(origin, '') AS origin
		FROM audit
		WHERE (cardinality($1::text[]) = 0 OR actor = ANY ($1))
		  AND (cardinality($2::text[]) = 0 OR action = ANY ($2))
		  AND (cardinality($3::text[]) = 0 OR subject = ANY ($3))
		  AND ($4 = '' OR split_part(subject, ':', 1) = $4)
		  AND ($5::timestamptz IS NULL OR at >= $5 AND at < $6)
		  AND ($7 = 0 OR id < $7)
		ORDER BY id DESC
		LIMIT $8`,
		list(f.Actors), list(f.Actions), list(objects), kind, instant(f.From), instant(f.To), f.Before, most)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return all, nil
}

// objects is what f.Object means: a kind, or some subjects. The number of an
// appointment is the couple's booking and their arrival. The fault is object
// ("no_such_number").
func (f Filter) objects(ctx context.Context, db postgres.Querier) (kind string, subjects []string, err error) {
	switch {
	case f.Object == "":
		return "", nil, nil
	case strings.Contains(f.Object, ":"):
		return "", []string{f.Object}, nil
	case !numberForm.MatchString(f.Object):
		return f.Object, nil, nil
	}
	err = db.SelectContext(ctx, &subjects, `
		SELECT kind || id
		FROM appointment, unnest(ARRAY['appointment:', 'visit:']) AS kind
		WHERE number = $1`, f.Object)
	if err != nil {
		return "", nil, fmt.Errorf("appointment of the audit: %w", err)
	}
	if len(subjects) == 0 {
		return "", nil, fault.InFields(map[string]string{"object": "no_such_number"})
	}
	return "", subjects, nil
}

func list(all []string) any { return pq.Array(append([]string{}, all...)) }

func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
