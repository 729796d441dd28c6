package booking

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/slots"
)

// Right is that of a couple whose appointment a suspension has taken away, or that
// was put off for its health: to book anew, with the persons that are known, whatever
// limits bind others (domain rules 58 and 66). The zero value is none.
type Right struct {
	Since    date.Date // the first day of the suspension, or the day of the visit
	Until    date.Date // the last day of the right; zero while it is not known when the office resumes
	Deferred bool      // for their health
}

// Rebooking is what turns a hold into an appointment by that right.
type Rebooking struct {
	Appointment Appointment // that was taken away
	Hold        uuid.UUID
	Token       string
	Session     string
	Key         string // the client's
	Code        string // sent to the phone on file
	Locale      string // zh or en
}

// Right is the right that an appointment gives to its couple. The fault is
// ErrNoRebooking: no suspension has taken it away and no fever, the couple has booked anew, the
// right is over, or what was agreed to then is not what is agreed to now.
//
// That one of the two has booked with somebody else is not told: whoever is shown
// the right may be the other.
func (d *Desk) Right(ctx context.Context, a Appointment) (Right, error) {
	deferred := a.Status == HealthDeferred
	if a.Status != CancelledByOffice && !deferred || a.Erased() {
		return Right{}, ErrNoRebooking
	}
	stops := []stop{{a.Day, a.Day}} // as if the office had been closed to them that day
	var err error
	if !deferred {
		if stops, err = d.stoppedBy(ctx, a); err != nil {
			return Right{}, err
		}
	}
	rules, err := d.Offices.Rules(ctx, a.Office, a.Day)
	if err != nil {
		return Right{}, err
	}
	zone, err := d.zone(ctx, a.Office)
	if err != nil {
		return Right{}, err
	}
	right, ok := rightBy(stops, rules, date.DateOf(d.Clock.Now().In(zone)))
	if !ok {
		return Right{}, ErrNoRebooking
	}
	right.Deferred = deferred
	_, agreed, err := d.agreed(ctx, a)
	if err != nil {
		return Right{}, err
	}
	if agreed["agreement"] != AgreementVersion || agreed["privacy"] != PrivacyVersion {
		return Right{}, ErrNoRebooking
	}
	used, err := d.bookedAnew(ctx, a)
	if used {
		err = ErrNoRebooking
	}
	return right, err
}

// stop is a suspension as a couple has met it: the last day is the one that it has
// now.
type stop struct {
	From date.Date `db:"from_day"`
	To   date.Date `db:"to_day"` // zero: until further notice
}

// rightBy is what suspensions that took one appointment away give. What was open
// from the start, or lifted, is over on the day before it would have begun.
func rightBy(stops []stop, rules slots.Rules, today date.Date) (Right, bool) {
	if len(stops) == 0 || rules.RebookDays == 0 {
		return Right{}, false
	}
	right := Right{Since: stops[0].From}
	for _, s := range stops {
		if s.To.IsZero() {
			return Right{Since: right.Since}, true
		}
		if until := s.To.AddDays(rules.RebookDays); until.After(right.Until) {
			right.Until = until
		}
	}
	return right, !today.After(right.Until)
}

// stoppedBy is the full suspensions that cover, or once covered, an appointment.
func (d *Desk) stoppedBy(ctx context.Context, a Appointment) ([]stop, error) {
	var stops []stop
	err := d.DB.SelectContext(ctx, &stops, `
		SELECT now.from_day, now.to_day
		FROM suspension AS s
		JOIN suspension_now AS now ON now.id = s.id
		WHERE s.office_id = $1
		  AND s.mode = 'full'
		  AND s.from_day <= $2
		  AND $3 = ANY (s.services)
		  AND (s.to_day IS NULL OR s.to_day >= $2 OR EXISTS (
			SELECT
			FROM suspension_change AS c
			WHERE c.suspension_id = s.id
			  AND (c.to_day IS NULL OR c.to_day >= $2)))
		ORDER BY s.id`, a.Office, a.Day, a.Service)
	if err != nil {
		return nil, fmt.Errorf("suspensions of appointment %d: %w", a.ID, err)
	}
	return stops, nil
}

// bookedAnew reports whether the same couple has made another appointment since,
// with the same phone.
func (d *Desk) bookedAnew(ctx context.Context, a Appointment) (bool, error) {
	var anew bool
	err := d.DB.GetContext(ctx, &anew, `
		SELECT EXISTS (
			SELECT
			FROM appointment AS since
			WHERE since.phone_key = $2
			  AND since.id > $1
			  AND since.biz_group = $3
			  AND (SELECT array_agg(person ORDER BY person) FROM party WHERE appointment_id = since.id)
			    = (SELECT array_agg(person ORDER BY person) FROM party WHERE appointment_id = $1))`,
		a.ID, a.PhoneKey, a.Group)
	if err != nil {
		return false, fmt.Errorf("whether appointment %d was booked anew: %w", a.ID, err)
	}
	return anew, nil
}

// Rebook takes the place of a hold for a couple that has the right to it. Persons,
// phone and consents are those of the appointment that was taken away; it counts as
// moved by nobody, and limits per phone and for missed visits do not bind it. Asking
// again with the same hold gives the same appointment.
//
// Faults: ErrNoRebooking and those of Confirm.
func (d *Desk) Rebook(ctx context.Context, r Rebooking) (Receipt, error) {
	a := r.Appointment
	_, slot, _, err := d.read(r.Token, r.Hold, r.Session)
	if err != nil {
		return Receipt{}, err
	}
	if slot.Office != a.Office || slot.Group != a.Group {
		return Receipt{}, ErrHoldForeign
	}
	if err := d.mayRebook(ctx, r); err != nil {
		return Receipt{}, err
	}
	app := Application{
		Hold: r.Hold, Token: r.Token, Session: r.Session, Key: r.Key, Code: r.Code,
		Service: a.Service, Locale: r.Locale, Channel: slots.Web, Actor: "couple", rebooks: true,
	}
	if app.Request, err = json.Marshal([]string{"rebook", a.Number, r.Hold.String()}); err != nil {
		return Receipt{}, err
	}
	if app.Parties, err = d.Parties(ctx, a); err != nil {
		return Receipt{}, err
	}
	if app.Phone, err = d.Phone(a); err != nil {
		return Receipt{}, err
	}
	if _, app.Consents, err = d.agreed(ctx, a); err != nil {
		return Receipt{}, err
	}
	if app.known, err = d.secondKnown(ctx, a); err != nil {
		return Receipt{}, err
	}
	return d.Confirm(ctx, app)
}

// mayRebook lets a request through whose answer was lost: its hold is an
// appointment already, and that is its right used.
func (d *Desk) mayRebook(ctx context.Context, r Rebooking) error {
	_, right := d.Right(ctx, r.Appointment)
	if right == nil {
		return nil
	}
	var made bool
	if err := d.DB.GetContext(ctx, &made, `SELECT EXISTS (SELECT FROM appointment WHERE hold_id = $1)`, r.Hold); err != nil {
		return fmt.Errorf("whether a hold was booked: %w", err)
	}
	if made {
		return nil
	}
	return right
}
