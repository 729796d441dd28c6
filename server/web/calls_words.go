package web

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/notify"
	"hunyue/server/auth"
	"hunyue/slots"
)

// tallyRow is how far the list has come with one reason or one suspension.
type tallyRow struct {
	What                                  string
	Todo, InHand, Waiting, Reached, Given int
	All                                   int
}

func (p *Pages) tallyRow(c echo.Context, pg page, t notify.Tally) (tallyRow, error) {
	row := tallyRow{
		What: pg.T("calls.reason." + string(t.Reason)), Todo: t.Todo, InHand: t.InHand, Waiting: t.Waiting,
		Reached: t.Reached, Given: t.GivenUp, All: t.All(),
	}
	if t.Suspension == 0 {
		return row, nil
	}
	s, err := p.Offices.Suspension(c.Request().Context(), t.Suspension)
	row.What = pg.T("calls.suspended", "days", pg.stopDays(s), "reason", s.Reason)
	return row, err
}

// stopDays is the days of a suspension as they are told: from the first to the
// last, or until further notice.
func (pg page) stopDays(s slots.Suspension) string {
	switch {
	case s.To.IsZero():
		return pg.T("calls.days_open", "from", pg.ShortDay(s.From))
	case s.To == s.From:
		return pg.ShortDay(s.From)
	}
	return pg.T("calls.days", "from", pg.ShortDay(s.From), "to", pg.ShortDay(s.To))
}

// entryRow is one entry of the list.
type entryRow struct{ Number, When, Reason, Tried, State string }

func (pg page) entryRow(o slots.Office, call notify.Call, now time.Time, s *auth.Staff) entryRow {
	starts := call.StartsAt.In(o.Location)
	e := entryRow{
		Number: call.Number, When: pg.ShortDay(date.DateOf(starts)) + " " + pg.Clock(starts),
		Reason: pg.T("calls.reason." + string(call.Reason)), Tried: pg.tried(o, call),
	}
	switch {
	case call.Holder == s.Actor():
		e.State = pg.T("calls.mine")
	case call.Holder != "":
		e.State = pg.T("calls.held", "by", pg.who(call.Holder))
	case call.Waits(now):
		e.State = pg.T("calls.again_at", "time", pg.clockIn(*call.DueAt, o))
	default:
		e.State = pg.T("calls.to_do")
	}
	return e
}

// tried is how often somebody was called, and how the last call went.
func (pg page) tried(o slots.Office, call notify.Call) string {
	if call.Tries == 0 || call.TriedAt == nil {
		return pg.T("calls.untried")
	}
	return pg.T("calls.tried", "n", call.Tries, "outcome", pg.T("calls.outcome."+string(call.Outcome)), "time", pg.clockIn(*call.TriedAt, o))
}

// heldCall is the entry in hand: the one whose phone is shown.
type heldCall struct {
	ID, Number, Grouped, Names, Phone string
	When, Why, Tried                  string
	First                             said // who is to be on the phone
	Say                               said
	Right                             string // to book anew without typing; "" where they have none
	Meaning                           string // of what is said in another language; "" where it is the reader's
	Outcomes                          []option
	Wrong                             string
	Key                               string
}

// said is a sentence to be read out, in the language of the couple.
type said struct{ Lang, Text string }

func (p *Pages) heldCall(c echo.Context, pg page, o slots.Office, call notify.Call, wrong wrongs) (*heldCall, error) {
	ctx := c.Request().Context()
	a, err := p.Desk.At(ctx, call.Number, me(c).MayServe)
	if err != nil {
		return nil, err
	}
	mine, err := p.known(c, a)
	if err != nil {
		return nil, err
	}
	phone, err := p.Desk.Contact(ctx, a)
	if err != nil {
		return nil, err
	}
	held := &heldCall{
		ID: strconv.FormatInt(call.ID, 10), Number: call.Number, Grouped: ownWords{Number: call.Number}.Grouped(),
		Names: strings.Join(pg.readable(mine.Row, 1).Names, pg.T("desk.and")), Phone: dialled(phone.Number()),
		When: pg.Day(mine.Day) + " " + pg.Span(mine.StartsAt, mine.EndsAt), Why: pg.T("calls.reason." + string(call.Reason)),
		Tried: pg.tried(o, call), Key: newKey(),
	}
	if wrong["outcome"] != "" {
		held.Wrong = pg.T("calls.no_outcome")
	}
	for _, outcome := range notify.Outcomes() {
		if outcome != notify.GivenUp || call.GivesUp() {
			held.Outcomes = append(held.Outcomes, option{
				Value: string(outcome), Label: pg.T("calls.outcome." + string(outcome)), Chosen: c.FormValue("outcome") == string(outcome),
			})
		}
	}
	theirs := pg
	theirs.Reader = p.Texts.In(a.Locale)
	held.First = said{theirs.HTMLLang(), theirs.T("calls.first", "tail", tail(phone.Number()))}
	held.Say = said{Lang: theirs.HTMLLang()}
	if held.Right, err = p.right(c, pg, mine); err != nil {
		return nil, err
	}
	if held.Say.Text, err = p.say(c, theirs, mine, call); err == nil && theirs.Lang != pg.Lang {
		held.Meaning, err = p.say(c, pg, mine, call)
	}
	return held, err
}

// say is what has to be told, in a sentence. Nobody is named in it, nor what the
// visit is for: somebody else may be listening.
func (p *Pages) say(c echo.Context, pg page, mine own, call notify.Call) (string, error) {
	facts := []any{"office", pg.officeName(mine.office), "when", pg.ShortDay(mine.Day) + " " + pg.Clock(mine.StartsAt), "number", ownWords{Number: mine.Number}.Grouped()}
	switch {
	case call.Suspension != 0:
		s, err := p.Offices.Suspension(c.Request().Context(), call.Suspension)
		return pg.T("calls.say.suspended", append(facts, "days", pg.stopDays(s), "reason", s.Reason)...), err
	case call.Reason == notify.Restricted:
		until, err := p.keptOut(c, mine)
		if err != nil || until.IsZero() {
			return pg.T("calls.say.restricted_over", facts...), err
		}
		return pg.T("calls.say.restricted", append(facts, "until", pg.ShortDay(until))...), nil
	}
	return pg.T("calls.say."+string(call.Reason), facts...), nil
}

// right says until when a couple whom a suspension met may book anew (domain rule
// 58); "" where they may not, or have.
func (p *Pages) right(c echo.Context, pg page, mine own) (string, error) {
	right, err := p.Desk.Right(c.Request().Context(), mine.appointment)
	switch {
	case errors.Is(err, booking.ErrNoRebooking):
		return "", nil
	case right.Until.IsZero():
		return pg.T("calls.right_open"), err
	}
	return pg.T("calls.right_until", "day", pg.ShortDay(right.Until)), err
}

// keptOut is until when whoever booked cannot book online; zero: they can.
func (p *Pages) keptOut(c echo.Context, mine own) (date.Date, error) {
	parties, err := p.Desk.Parties(c.Request().Context(), mine.appointment)
	if err != nil {
		return date.Date{}, err
	}
	today := date.DateOf(p.Clock.Now().In(mine.office.Location))
	return p.Desk.RestrictedUntil(c.Request().Context(), parties[:1], mine.rules, today)
}

// dialled is a number as it is read while it is dialled: a mobile in 3, 4 and 4
// digits.
func dialled(number string) string {
	if len(number) != 11 || number[0] != '1' {
		return number
	}
	return number[:3] + " " + number[3:7] + " " + number[7:]
}

// tail is the last four digits of a number, by which its owner is asked for.
func tail(number string) string { return number[max(0, len(number)-4):] }

// Digit is the key that chooses the outcome in this place.
func (callsPage) Digit(i int) string { return strconv.Itoa(i + 1) }
