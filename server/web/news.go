package web

import (
	"context"
	"math"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

// news is what the page of an appointment says first: how it stands, and what to
// do next.
type news struct {
	Title, Text, Note string
	Live              bool // it changes while they look
	InLine            bool // as the line does
}

// news is of an appointment as it stands now.
func (p *Pages) news(ctx context.Context, pg page, o own) (news, error) {
	n := news{Title: pg.T("status." + string(o.Status))}
	switch o.Status {
	case booking.Booked:
		return pg.coming(o, p.Clock.Now()), nil
	case booking.CheckedIn, booking.Late, booking.Called, booking.InService:
		return p.inLine(ctx, pg, o)
	case booking.Completed:
		if o.service.Group == slots.Marriage {
			n = news{Title: pg.T("booked.congratulations"), Text: pg.T("booked.wish")}
		}
	case booking.NotAccepted:
		n.Text = pg.T("booked.not_accepted", "phone", o.office.Phone)
	case booking.Cancelled:
		n.Text = pg.T("booked.cancelled")
	case booking.CancelledByOffice:
		n.Text = pg.T("booked.cancelled_by_office", "phone", o.office.Phone)
	case booking.NoShow:
		missed := "booked.missed"
		if len(o.Names) == 1 {
			missed = "booked.missed_alone"
		}
		n.Text = pg.T(missed, "day", pg.ShortDay(o.Day), "time", pg.Clock(o.StartsAt), "phone", o.office.Phone)
		n.Note = pg.missed(o.rules.NoShow)
	case booking.HealthDeferred:
		n.Text = pg.T("booked.deferred", "phone", o.office.Phone)
	}
	return n, nil
}

// coming is for a couple that has not come yet.
func (pg page) coming(o own, now time.Time) news {
	opens, late := o.opens(), o.StartsAt.Add(time.Duration(o.rules.LateMinutes)*time.Minute)
	today := date.DateOf(now.In(o.office.Location))
	n := news{Title: pg.T("booked.today_title", "time", pg.Span(o.StartsAt, o.EndsAt))}
	switch {
	case today.Before(o.Day):
		return news{Title: pg.T("status.booked")}
	case o.Day.Before(today): // the day is about to be closed
		return news{Title: pg.T("booked.over_title"), Text: pg.T("booked.over", "phone", o.office.Phone)}
	case now.Before(opens):
		n.Text = pg.T("booked.today", "time", pg.Clock(opens))
	case now.After(late):
		n.Text, n.Live = pg.T("booked.late", "phone", o.office.Phone), true
	default:
		n.Text, n.Live = pg.T("booked.come"), true
	}
	return n
}

// opens is when check-in opens (domain rule 40).
func (o own) opens() time.Time {
	return o.StartsAt.Add(-time.Duration(o.rules.EarlyMinutes) * time.Minute)
}

// inFives is a wait in minutes, to the nearest five: nobody knows it better.
func inFives(d time.Duration) int { return 5 * max(1, int(math.Round(d.Minutes()/5))) }
