package booking

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hunyue/internal/date"
	"hunyue/notify"
)

// Handle does what the outbox asks after a change of a quota: Redis is told how
// it stands now, also if the program died before it could.
func (d *Desk) Handle(ctx context.Context, e notify.Event) error {
	return d.Resettle(ctx, e.Quota)
}

// Letter is what a message about an appointment may say, as it stands when the
// message is sent. It reports notify.ErrDrop for one that has been purged.
func (d *Desk) Letter(ctx context.Context, appointment int64) (notify.Letter, error) {
	a, err := byID(ctx, d.DB, appointment)
	if errors.Is(err, sql.ErrNoRows) {
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
	phone, err := d.Phone(a)
	if err != nil {
		return notify.Letter{}, err
	}
	letter := notify.Letter{
		Phone: phone.Number(), SMS: phone.TakesSMS(), Locale: a.Locale, Assisted: a.Channel != "web",
		Sign: rules.SMSSign, Number: a.Number, Office: office.Name, OfficeEN: office.NameEN, OfficePhone: office.Phone,
		StartsAt: a.StartsAt.In(zone), EndsAt: a.EndsAt.In(zone),
	}
	letter.ClosedFrom, letter.ClosedTo, err = d.closedBy(ctx, a)
	return letter, err
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
