package booking

import (
	"context"
	"errors"

	"hunyue/internal/date"
	"hunyue/notify"
)

// waitLetter is what a message to a couple on the waiting list may say, as it stands
// when it is sent. It reports notify.ErrDrop for news that is none any more: an offer
// that is over, or a place in a list that they have left.
func (d *Desk) waitLetter(ctx context.Context, e notify.Event) (notify.Letter, error) {
	w, err := waiterBy(ctx, d.DB, `
		SELECT `+waiterColumns+`
		FROM waiter
		WHERE id = $1`, e.Waiter)
	if errors.Is(err, ErrNoWaiter) || err == nil && !stillTrue(e.Kind, w) {
		return notify.Letter{}, notify.ErrDrop
	}
	if err != nil {
		return notify.Letter{}, err
	}
	wishes, err := d.Wishes(ctx, w)
	if err != nil {
		return notify.Letter{}, err
	}
	zone, err := d.zone(ctx, w.Office)
	if err != nil {
		return notify.Letter{}, err
	}
	letter := notify.Letter{Locale: w.Locale, Number: w.Number, Until: LastDay(wishes, zone)}
	if e.Kind == notify.WaitHit || e.Kind == notify.WaitPassed {
		if err := d.tellOffer(ctx, &letter, w, e.Kind); err != nil {
			return letter, err
		}
	}
	phone, err := d.waiterPhone(w)
	if err != nil {
		return letter, err
	}
	letter.Phone, letter.SMS = phone.Number(), phone.TakesSMS()
	return d.fromOffice(ctx, letter, w.Office, letter.Until)
}

// stillTrue reports whether a kind of message fits how a couple stands.
func stillTrue(kind notify.Kind, w Waiter) bool {
	switch {
	case len(w.Contact) == 0:
		return false
	case kind == notify.WaitHit:
		return w.State == Offered
	case kind == notify.WaitPassed:
		return w.State == Waiting
	case kind == notify.WaitEnded:
		return w.State == WaitExpired
	}
	return !w.Ended()
}

// tellOffer says which place it is about, and until when it is kept.
func (d *Desk) tellOffer(ctx context.Context, letter *notify.Letter, w Waiter, kind notify.Kind) error {
	ask := d.LastOffer
	if kind == notify.WaitHit {
		ask = d.OpenOffer
	}
	o, err := ask(ctx, w)
	if errors.Is(err, ErrNoOffer) {
		return notify.ErrDrop
	}
	if err != nil {
		return err
	}
	zone, err := d.zone(ctx, w.Office)
	letter.StartsAt, letter.Kept = o.Slot.Start.On(o.Slot.Day, zone), o.Until.In(zone)
	return err
}

// fromOffice signs a letter with the office's words that hold on a day.
func (d *Desk) fromOffice(ctx context.Context, letter notify.Letter, office string, day date.Date) (notify.Letter, error) {
	o, err := d.Offices.Office(ctx, office)
	if err != nil {
		return letter, err
	}
	rules, err := d.Offices.Rules(ctx, office, day)
	letter.Sign, letter.Office, letter.OfficeEN, letter.OfficePhone = rules.SMSSign, o.Name, o.NameEN, o.Phone
	return letter, err
}
