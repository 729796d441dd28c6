package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Incident is a couple one of whom had a fever twice, or was let in before a reading
// was corrected to a fever; or a member of staff who had two fevers on a day. The
// health authority takes over in time (domain rules 66 and 67), or the leader on duty
// lets the couple in.
type Incident struct {
	ID       int64      `db:"id"`
	Number   string     `db:"number"`   // of the appointment; "" once the incident is nobody's, and for staff
	Staff    string     `db:"staff_id"` // the account; "" for a couple
	Day      date.Date  `db:"day"`
	OpenedAt time.Time  `db:"opened_at"`
	DueAt    time.Time  `db:"due_at"`
	HandedAt *time.Time `db:"handed_at"`
	To       string     `db:"authority"` // "" until it is handed over
	LetIn    bool       `db:"let_in"`
	Cleared  bool       `db:"cleared"` // of staff: a fever of the two was corrected
	Now      time.Time  `db:"now"`     // by the database's clock
}

// Open reports whether somebody has still to see to it.
func (i Incident) Open() bool { return i.HandedAt == nil && !i.LetIn && !i.Cleared }

// Overdue reports whether that should have been done by now, or was done too late.
func (i Incident) Overdue() bool {
	if i.HandedAt != nil {
		return i.HandedAt.After(i.DueAt)
	}
	return i.Open() && i.Now.After(i.DueAt)
}

// ErrNoIncident and ErrHandedOver are the faults of what is said of incidents.
var (
	ErrNoIncident = fault.New(fault.NotFound, "no_such_incident")
	ErrHandedOver = fault.New(fault.Conflict, "handed_over") // otherwise, or there is nothing more to hand over
)

// openIncident notes that the health authority has to take over, once for a couple.
func openIncident(ctx context.Context, tx postgres.Querier, g guest, actor string) error {
	due := g.Now.Add(time.Duration(g.Rules.HandOverMinutes) * time.Minute)
	_, err := tx.ExecContext(ctx, `
		INSERT INTO incident (appointment_id, office_id, day, opened_by, opened_at, due_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (appointment_id) DO NOTHING`, g.ID, g.Office, g.Today, actor, g.Now, due)
	if err != nil {
		return fmt.Errorf("open incident of appointment %d: %w", g.ID, err)
	}
	return nil
}

// openStaffIncident does so for a member of staff, once a day.
func openStaffIncident(ctx context.Context, tx postgres.Querier, staff, office string, rules slots.Rules, today date.Date, now time.Time, actor string) error {
	due := now.Add(time.Duration(rules.HandOverMinutes) * time.Minute)
	_, err := tx.ExecContext(ctx, `
		INSERT INTO incident (staff_id, office_id, day, opened_by, opened_at, due_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (staff_id, day) WHERE staff_id IS NOT NULL DO NOTHING`, staff, office, today, actor, now, due)
	if err != nil {
		return fmt.Errorf("open incident of staff at %s: %w", office, err)
	}
	return nil
}

// Incidents is those of an office's day, and any older one that is still open: the
// oldest first. It names no couple.
func (d *Desk) Incidents(ctx context.Context, office string, day date.Date) ([]Incident, error) {
	all := []Incident{}
	err := d.DB.SelectContext(ctx, &all, `
		SELECT
			i.id, i.day, i.opened_at, i.due_at, h.handed_at,
			coalesce(a.number, '') AS number,
			coalesce(i.staff_id, '') AS staff_id,
			i.staff_id IS NOT NULL AND NOT staff_feverish(i.staff_id, i.day) AS cleared,
			coalesce(h.authority, '') AS authority,
			let.appointment_id IS NOT NULL AS let_in,
			clock_now() AS now
		FROM incident AS i
		LEFT JOIN appointment AS a ON a.id = i.appointment_id
		LEFT JOIN handover AS h ON h.incident_id = i.id
		LEFT JOIN admission AS let ON let.appointment_id = i.appointment_id
		WHERE i.office_id = $1
		  AND (i.day = $2 OR i.day < $2 AND i.unlinked_at IS NULL AND h.incident_id IS NULL AND let.appointment_id IS NULL
		    AND (i.staff_id IS NULL OR staff_feverish(i.staff_id, i.day)))
		ORDER BY i.id`, office, day)
	if err != nil {
		return nil, fmt.Errorf("incidents of %s at %s: %w", day, office, err)
	}
	return all, nil
}

// Handover is the health authority's taking over.
type Handover struct {
	Incident int64
	Office   string
	To       string    // which authority
	At       time.Time // when
	Actor    string
}

// longestAuthority is in code points.
const longestAuthority = 60

// HandOver notes to whom and when an incident was handed over. It is said once: the
// same again changes nothing.
//
// Faults: ErrNoIncident, also for one of another office, ErrHandedOver; fields to,
// at ("required", "future", "early").
func (d *Desk) HandOver(ctx context.Context, h Handover) error {
	h.To = strings.TrimSpace(h.To)
	wrong := map[string]string{}
	switch {
	case h.To == "":
		wrong["to"] = required
	case utf8.RuneCountInString(h.To) > longestAuthority:
		wrong["to"] = tooLong
	}
	if h.At.IsZero() {
		wrong["at"] = required
	}
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	return d.as(ctx, h.Actor, func(tx postgres.Querier) error {
		i, err := lockIncident(ctx, tx, h.Incident, h.Office)
		switch {
		case err != nil:
			return err
		case i.HandedAt != nil && i.To == h.To && i.HandedAt.Equal(h.At):
			return nil
		case !i.Open():
			return ErrHandedOver
		case h.At.After(i.Now):
			return fault.InFields(map[string]string{"at": "future"})
		case h.At.Before(i.OpenedAt.Truncate(time.Minute)):
			return fault.InFields(map[string]string{"at": "early"})
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO handover (incident_id, authority, handed_at, actor, at)
			VALUES ($1, $2, $3, $4, $5)`, i.ID, h.To, h.At, h.Actor, i.Now)
		if err != nil {
			return fmt.Errorf("hand over incident %d: %w", i.ID, err)
		}
		return nil
	})
}

// lockIncident is an incident of an office; whoever says something of it, or lets its
// couple in, takes turns.
func lockIncident(ctx context.Context, tx postgres.Querier, id int64, office string) (Incident, error) {
	var i Incident
	err := tx.GetContext(ctx, &i, `
		SELECT
			i.id, i.day, i.opened_at, i.due_at, h.handed_at,
			i.staff_id IS NOT NULL AND NOT staff_feverish(i.staff_id, i.day) AS cleared,
			coalesce(h.authority, '') AS authority,
			let.appointment_id IS NOT NULL AS let_in,
			clock_now() AS now
		FROM pg_advisory_xact_lock(hashtextextended('incident ' || $1::bigint, 0)), incident AS i
		LEFT JOIN handover AS h ON h.incident_id = i.id
		LEFT JOIN admission AS let ON let.appointment_id = i.appointment_id
		WHERE i.id = $1
		  AND i.office_id = $2`, id, office)
	if errors.Is(err, sql.ErrNoRows) {
		return Incident{}, ErrNoIncident
	}
	if err != nil {
		return Incident{}, fmt.Errorf("incident %d: %w", id, err)
	}
	return i, nil
}

// LetIn receives a couple that was deferred for a fever all the same, today: the
// leader on duty takes that on themselves, for a reason that is kept. The same again
// gives the same ticket.
//
// Faults: booking.ErrNoAppointment, ErrNotPossible, booking.ErrPersonBusy where one of
// them has booked anew, ErrOtherOffice, ErrOtherDay, ErrHandedOver; field reason.
func (d *Desk) LetIn(ctx context.Context, number, office, reason, actor string) (CheckIn, error) {
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "":
		return CheckIn{}, fault.InFields(map[string]string{"reason": required})
	case utf8.RuneCountInString(reason) > longestReason:
		return CheckIn{}, fault.InFields(map[string]string{"reason": tooLong})
	}
	var answer CheckIn
	err := d.atDoor(ctx, number, actor, func(tx postgres.Querier, g guest) error {
		if g.Office != office {
			return ErrOtherOffice
		}
		var err error
		answer, err = admitFeverish(ctx, tx, g, reason, actor)
		return err
	})
	if err != nil {
		return CheckIn{}, err
	}
	return answer, nil
}

// MayLetIn reports whether a couple that was deferred can still be let in, as far as its
// incident says: the health authority has not taken it over.
func (d *Desk) MayLetIn(ctx context.Context, number string) (bool, error) {
	var free bool
	err := d.DB.GetContext(ctx, &free, `
		SELECT EXISTS (
			SELECT
			FROM appointment AS a
			JOIN visit AS v ON v.appointment_id = a.id AND v.day = a.day
			WHERE a.number = $1
			  AND a.status = 'health_deferred'
			  AND v.outcome = 'deferred'
			  AND NOT EXISTS (
				SELECT
				FROM incident AS i
				JOIN handover AS h ON h.incident_id = i.id
				WHERE i.appointment_id = a.id))`, number)
	if err != nil {
		return false, fmt.Errorf("whether a deferred couple may be let in: %w", err)
	}
	return free, nil
}

func admitFeverish(ctx context.Context, tx postgres.Querier, g guest, reason, actor string) (CheckIn, error) {
	v, err := visitOf(ctx, tx, g)
	if err != nil {
		return CheckIn{}, err
	}
	before, known, err := admittedFor(ctx, tx, g)
	switch {
	case err != nil:
		return CheckIn{}, err
	case known && before == reason:
		return v.answer(nil), nil
	case known || g.Status != booking.HealthDeferred || v.Outcome != Deferred:
		return CheckIn{}, booking.ErrNotPossible
	case g.Day != g.Today:
		return CheckIn{}, ErrOtherDay
	}
	if err := notHandedOver(ctx, tx, g); err != nil {
		return CheckIn{}, err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO admission (appointment_id, reason, actor, at)
		VALUES ($1, $2, $3, $4)`, g.ID, reason, actor, g.Now)
	if err != nil {
		return CheckIn{}, fmt.Errorf("let in appointment %d: %w", g.ID, err)
	}
	v.Outcome = Admitted
	if v.ArrivedAt.After(g.StartsAt.Add(time.Duration(g.Rules.LateMinutes) * time.Minute)) {
		v.Outcome = Late
	}
	if err := v.finish(ctx, tx, g, actor); err != nil {
		return CheckIn{}, err
	}
	return v.answer(nil), nil
}

// admittedFor is why a couple was let in, if it was.
func admittedFor(ctx context.Context, tx postgres.Querier, g guest) (reason string, known bool, err error) {
	err = tx.GetContext(ctx, &reason, `
		SELECT reason
		FROM admission
		WHERE appointment_id = $1`, g.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("admission of appointment %d: %w", g.ID, err)
	}
	return reason, true, nil
}

// notHandedOver is ErrHandedOver for a couple whom the health authority has taken
// over. Whoever hands them over at this moment comes before or after.
func notHandedOver(ctx context.Context, tx postgres.Querier, g guest) error {
	var id int64
	err := tx.GetContext(ctx, &id, `SELECT id FROM incident WHERE appointment_id = $1`, g.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // they did not come back to be measured again
	}
	if err != nil {
		return fmt.Errorf("incident of appointment %d: %w", g.ID, err)
	}
	i, err := lockIncident(ctx, tx, id, g.Office)
	if err == nil && i.HandedAt != nil {
		err = ErrHandedOver
	}
	return err
}
