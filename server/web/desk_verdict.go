package web

import (
	"strings"
	"time"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
)

// judgement is what is said of a couple at the door before anything is done: a
// sentence, and the kind that says which sign, tone and key belong to it.
type judgement struct {
	Kind string
	Text string
}

// The kinds of judgement.
const (
	mayEnter = "ok"
	early    = "early"
	late     = "late"
	wrongDay = "wrong-day"
	already  = "already"
	over     = "over" // cancelled, missed, ended
	resting  = "resting"
	restOver = "recheck" // to be measured again now
)

// shownStatuses is every status of an appointment, for the script of the desk.
func shownStatuses() []booking.Status {
	return []booking.Status{
		booking.Booked, booking.Late, booking.CheckedIn, booking.Called, booking.InService, booking.Completed,
		booking.NotAccepted, booking.Cancelled, booking.CancelledByOffice, booking.NoShow, booking.HealthDeferred,
	}
}

// kindOfArrival decides what a couple that stands at the door is told. It came now, or
// when it was noted as here.
func kindOfArrival(g own, came hall.Arrived, now time.Time) string {
	opens := g.StartsAt.Add(-time.Duration(g.rules.EarlyMinutes) * time.Minute)
	closes := g.StartsAt.Add(time.Duration(g.rules.LateMinutes) * time.Minute)
	switch {
	case g.Status.Active() && g.Status != booking.Booked:
		return already
	case g.Status != booking.Booked:
		return over
	case g.Day != date.DateOf(now.In(g.office.Location)):
		return wrongDay
	case !g.rest.Until.IsZero() && now.Before(g.rest.Until):
		return resting
	case !g.rest.Until.IsZero():
		return restOver
	case came.Outcome == hall.Noted && !came.At.After(closes):
		return mayEnter
	case came.Outcome == hall.Noted:
		return late
	case now.Before(opens):
		return early
	case now.After(closes):
		return late
	}
	return mayEnter
}

// judged is that in words.
func (pg page) judged(g own, came hall.Arrived, now time.Time) judgement {
	j := judgement{Kind: kindOfArrival(g, came, now)}
	opens := g.StartsAt.Add(-time.Duration(g.rules.EarlyMinutes) * time.Minute)
	switch j.Kind {
	case mayEnter:
		j.Text = pg.T("desk.can", "who", pg.couple(g.Row))
		if came.Outcome == hall.Noted {
			j.Text = pg.T("desk.can_noted", "time", pg.clockIn(came.At, g.office), "who", pg.couple(g.Row))
		}
	case early:
		j.Text = pg.T("desk.early", "time", pg.clockIn(g.StartsAt, g.office), "opens", pg.clockIn(opens, g.office))
	case late:
		if came.Outcome == hall.Noted {
			now = came.At
		}
		j.Text = pg.T("desk.late", "time", pg.clockIn(g.StartsAt, g.office), "n", int(now.Sub(g.StartsAt).Minutes()))
	case wrongDay:
		j.Text = pg.T("desk.wrong_day", "day", pg.Day(g.Day))
	case already:
		j.Text = pg.T("desk.already", "ticket", came.Ticket, "time", pg.clockIn(came.At, g.office), "by", strings.TrimPrefix(came.By, "staff:"))
	case over:
		j.Text = pg.T("desk.over", "status", pg.T("status."+string(g.Status)))
	case resting, restOver:
		j.Text = pg.recheck(g.rest.Parties, g.rest.Until, g)
	}
	return j
}

// Sign stands before the sentence: what is said is never in colour alone.
func (j judgement) Sign() string { return signs[j.Kind] }

var signs = map[string]string{
	mayEnter: "✓", early: "◷", late: "◷", wrongDay: "✕", already: "i", over: "✕", resting: "◷", restOver: "◷",
}

// Tone is what is heard, and how the sentence is coloured.
func (j judgement) Tone() string { return tones[j.Kind] }

var tones = map[string]string{
	mayEnter: "yes", early: "wait", late: "wait", wrongDay: "no", already: "known", over: "no", resting: "wait", restOver: "wait",
}
