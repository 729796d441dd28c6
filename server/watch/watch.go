// Package watch says which of the staff saw whose data, and raises an alarm where
// that is odd.
//
// A desk of package booking asks Log.Seen before it gives anything out that was
// sealed (booking.Desk.Watch). Seen writes an audit row for every record, and the
// alarms that it raises, in one transaction; if that fails, nothing is shown. Who
// looks comes with the request, and why they do from its address (purposes): a page
// whose address says no purpose shows nobody.
//
//	read      appointment:17  "check_in hall"        a record was opened, masked
//	unmasked  appointment:17  "call operator asked"  and this time in full, with the reason
//	list      office:430702   "check_in hall 43"     43 rows were listed, masked
//
// The second word is the roles of whoever looked, as they were then. Nothing in
// these rows names a couple.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"hunyue/booking"
	"hunyue/internal/identity"
	"hunyue/server/auth"
	"hunyue/server/policy"
)

// Who opens more records than these within this while is asked about it
// (reliability E10).
const (
	mostRecords = 30
	within      = 10 * time.Minute
)

// Log is where staff's reads are noted.
type Log struct {
	DB  *sqlx.DB
	Log *slog.Logger
}

// The faults of a page that would show somebody unwatched. They are our own, so
// nobody is told more than that.
var (
	errNobody    = errors.New("data of a couple are asked for by nobody of the staff")
	errNoPurpose = errors.New("data of a couple are asked for, and the address says no purpose: add it to server/watch/purpose.go")
)

// Seen notes what staff are about to be shown. An error means that it must not be
// shown. A record counts once in a request. Lists are one row, except that whoever
// has no list to see for their work has opened every record in it.
func (l *Log) Seen(ctx context.Context, v booking.View) error {
	staff, asked := auth.From(ctx), askedIn(ctx)
	switch {
	case staff == nil:
		return errNobody
	case asked == nil || asked.purpose == "":
		return errNoPurpose
	}
	why := []string{string(asked.purpose), strings.Join(staff.Roles, "+")}
	if v.List && SeesLists(staff) {
		why = append(why, strconv.Itoa(len(v.Records)))
		return l.note(ctx, reads{who: staff.Actor(), what: "list", why: why, subjects: []string{"office:" + v.Office}})
	}
	r := reads{who: staff.Actor(), what: "read", why: why}
	if asked.reason != "" {
		r.what, r.why = "unmasked", []string{why[0], why[1], string(asked.reason)}
	}
	asked.turn.Lock()
	defer asked.turn.Unlock()
	own := identity.FamilyName(staff.Name)
	for _, record := range v.Records {
		subject := Subject(record.Appointment)
		if asked.seen[subject] {
			continue
		}
		r.subjects = append(r.subjects, subject)
		kin := func(name string) bool { return own != "" && identity.FamilyName(name) == own }
		if slices.ContainsFunc(record.Names, kin) {
			r.kin = append(r.kin, subject)
		}
	}
	if err := l.note(ctx, r); err != nil {
		return err
	}
	for _, subject := range r.subjects {
		asked.seen[subject] = true
	}
	return nil
}

// Subject is how the audit names an appointment.
func Subject(appointment int64) string { return fmt.Sprintf("appointment:%d", appointment) }

// SeesLists reports whether somebody's work needs the list of a day: that of the
// hall does. An operator looks somebody up, and does not list people.
func SeesLists(s *auth.Staff) bool { return policy.May(s.Roles, http.MethodGet, "/desk") }

// asked is what the address of a request says about it, and which records it has
// been shown.
type asked struct {
	purpose Purpose
	reason  Reason // that they are unmasked for; "" where they are not
	turn    sync.Mutex
	seen    map[string]bool
}

type askedKey struct{}

func askedIn(ctx context.Context) *asked {
	a, _ := ctx.Value(askedKey{}).(*asked)
	return a
}

func (a *asked) in(ctx context.Context) context.Context {
	a.seen = map[string]bool{}
	return context.WithValue(ctx, askedKey{}, a)
}
