package booking

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/notify"
	"hunyue/slots"
)

// Handle does what the outbox asks after a change of a quota: Redis is told how
// it stands now, also if the program died before it could.
func (d *Desk) Handle(ctx context.Context, e notify.Event) error {
	return d.Resettle(ctx, e.Quota)
}

// Letter is what a message about an appointment may say, as it stands when the
// message is sent. It reports notify.ErrDrop for one that has been purged, or
// whose data were erased, and for news that is none any more.
func (d *Desk) Letter(ctx context.Context, e notify.Event) (notify.Letter, error) {
	if e.Waiter != 0 {
		return d.waitLetter(ctx, e)
	}
	a, err := byID(ctx, d.DB, e.Appointment)
	if errors.Is(err, sql.ErrNoRows) || err == nil && (a.Erased() || e.Kind == notify.Tried && !a.Status.Active()) {
		return notify.Letter{}, notify.ErrDrop
	}
	if err != nil {
		return notify.Letter{}, err
	}
	office, err := d.Offices.Office(ctx, a.Office)
	if err != nil {
		return notify.Letter{}, err
	}
	rules, err := d.Offices.Rules(ctx, a.Office, a.Day)
	if err != nil {
		return notify.Letter{}, err
	}
	zone := office.Location
	phone, err := d.addressee(ctx, a, e.Kind)
	if err != nil {
		return notify.Letter{}, err
	}
	letter := notify.Letter{
		Phone: phone.Number(), SMS: phone.TakesSMS(), Locale: a.Locale, Assisted: a.Channel != "web",
		Sign: rules.SMSSign, Number: a.Number, Office: office.Name, OfficeEN: office.NameEN, OfficePhone: office.Phone,
		StartsAt: a.StartsAt.In(zone), EndsAt: a.EndsAt.In(zone),
	}
	if e.Kind == notify.Restricted {
		letter.Until, err = d.keptOut(ctx, a, rules)
		return letter, err
	}
	letter.ClosedFrom, letter.ClosedTo, err = d.closedBy(ctx, a)
	return letter, err
}

// addressee is the phone that a message goes to. A landline that is not used any
// more is not told: nobody should have to call there.
func (d *Desk) addressee(ctx context.Context, a Appointment, kind notify.Kind) (identity.Phone, error) {
	if kind != notify.PhoneChanged {
		return d.phoneOf(a)
	}
	var former []byte
	if err := d.DB.GetContext(ctx, &former, `SELECT former_contact FROM appointment WHERE id = $1`, a.ID); err != nil {
		return identity.Phone{}, fmt.Errorf("former phone of appointment %d: %w", a.ID, err)
	}
	if former == nil {
		return identity.Phone{}, notify.ErrDrop
	}
	phone, err := d.openPhone(a, former)
	if err == nil && !phone.TakesSMS() {
		err = notify.ErrDrop
	}
	return phone, err
}

// keptOut is until when whoever missed an appointment cannot book online.
func (d *Desk) keptOut(ctx context.Context, a Appointment, rules slots.Rules) (date.Date, error) {
	parties, err := d.parties(ctx, d.DB, a)
	if err != nil {
		return date.Date{}, err
	}
	zone, err := d.zone(ctx, a.Office)
	if err != nil {
		return date.Date{}, err
	}
	until, err := d.RestrictedUntil(ctx, parties[:1], rules, date.DateOf(d.Clock.Now().In(zone)))
	if err == nil && until.IsZero() {
		err = notify.ErrDrop
	}
	return until, err
}

// closedBy is the days of the suspension that took an appointment away, or
// zero dates.
func (d *Desk) closedBy(ctx context.Context, a Appointment) (from, to date.Date, err error) {
	if a.Status != CancelledByOffice {
		return from, to, nil
	}
	stops, err := d.Offices.Suspensions(ctx, a.Office, a.Day, a.Day)
	if err != nil {
		return from, to, fmt.Errorf("suspension of appointment %d: %w", a.ID, err)
	}
	for _, s := range stops {
		from, to = s.From, s.To
	}
	return from, to, nil
}
