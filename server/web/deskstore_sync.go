package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/hall"
	"hunyue/internal/fault"
)

// errNoDeeds: no store of ours sends this.
var errNoDeeds = fault.New(fault.Invalid, "malformed")

// mostDeeds is how many a desk may bring at once; the rest come with the next request.
const mostDeeds = 20

// deskDeed is something that was done at a desk, as it sends it.
type deskDeed struct {
	Kind   hall.DeedKind `json:"kind"`
	Number string        `json:"number"`
	Key    string        `json:"key"`
	At     time.Time     `json:"at"`
	Ticket string        `json:"ticket"` // "": it gave none
	Early  bool          `json:"early"`
	Live   bool          `json:"live"` // it is being done: what is wrong can be mended there
	Said   struct {
		Outcome hall.Outcome `json:"outcome"`
	} `json:"said"`
	Readings []struct {
		Party   int    `json:"party"`
		Celsius int    `json:"celsius"` // tenths of a degree
		Device  string `json:"device"`
	} `json:"readings"`
	Companions []struct {
		Reason  string `json:"reason"`
		Celsius int    `json:"celsius"`
		Device  string `json:"device"`
	} `json:"companions"`
}

// deskResult is what became of it: done, conflict (kept for somebody to settle), refused
// (not kept, since it is mended at the desk) or retry.
type deskResult struct {
	Key    string            `json:"key"`
	State  string            `json:"state"`
	Answer *hall.CheckIn     `json:"answer,omitempty"`
	Code   string            `json:"code,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
}

var (
	deedKey    = regexp.MustCompile(`^[0-9A-Za-z-]{20,64}$`)
	deedNumber = regexp.MustCompile(`^[1-9][0-9]{7}$`)
	deedTicket = regexp.MustCompile(`^([C-Z][0-9]{3,6})?$`)
)

// wellFormed reports whether a store of ours can have sent it.
func (d deskDeed) wellFormed() bool {
	known := d.Kind == hall.Receive || d.Kind == hall.GoIn
	return known && deedKey.MatchString(d.Key) && deedNumber.MatchString(d.Number) && deedTicket.MatchString(d.Ticket) &&
		!d.At.IsZero() && len(d.Readings) <= 8 && len(d.Companions) <= 8
}

// deskSync does what a desk brings, in its order, up to the first that has to wait: the
// desk sends that and all behind it again.
func (p *Pages) deskSync(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	var sent struct {
		Deeds []deskDeed `json:"deeds"`
	}
	if err := json.NewDecoder(c.Request().Body).Decode(&sent); err != nil {
		return errors.Join(errNoDeeds, err)
	}
	for _, d := range sent.Deeds {
		if !d.wellFormed() || len(sent.Deeds) > mostDeeds {
			return errNoDeeds
		}
	}
	results, waits := make([]deskResult, 0, len(sent.Deeds)), false
	for _, d := range sent.Deeds {
		r := deskResult{Key: d.Key, State: "retry"}
		if !waits {
			r = p.doDeed(c, d.at(c, o.ID), d.Live)
			waits = r.State == "retry"
		}
		results = append(results, r)
	}
	return c.JSON(http.StatusOK, struct {
		Now     time.Time    `json:"now"`
		Results []deskResult `json:"results"`
	}{p.Clock.Now(), results})
}

// at is the deed as the hall knows it. What is being done now has no time but ours.
func (d deskDeed) at(c echo.Context, office string) hall.Deed {
	a := hall.Arrival{Number: d.Number, Office: office, Key: d.Key, Actor: me(c).Actor(), Early: d.Early, At: d.At, Ticket: d.Ticket}
	if d.Live {
		a.At, a.Ticket = time.Time{}, ""
	}
	for _, r := range d.Readings {
		a.Readings = append(a.Readings, hall.Reading{Party: r.Party, Decicelsius: r.Celsius, Device: r.Device})
	}
	for _, w := range d.Companions {
		a.Companions = append(a.Companions, hall.Companion{Reason: w.Reason, Decicelsius: w.Celsius, Device: w.Device})
	}
	return hall.Deed{Kind: d.Kind, Staff: me(c).Username, Said: d.Said.Outcome, Arrival: a}
}

func (p *Pages) doDeed(c echo.Context, deed hall.Deed, live bool) deskResult {
	ctx, r := c.Request().Context(), deskResult{Key: deed.Key, State: "done"}
	if live {
		answer, err := p.Hall.Do(ctx, deed)
		if err != nil {
			return r.failed(c, err)
		}
		r.Answer = &answer
		return r
	}
	done, err := p.Hall.Replay(ctx, deed)
	switch {
	case err != nil:
		return r.failed(c, err)
	case done.Conflict:
		r.State, r.Code = "conflict", done.Code
	default:
		r.Answer = &done.Answer
	}
	return r
}

// failed tells what is the desk's to mend. All else is logged, and asked again.
func (r deskResult) failed(c echo.Context, err error) deskResult {
	why, tellable := told(err)
	if !tellable || why.Kind == fault.Unavailable || why.Kind == fault.TooMany {
		c.Logger().Error(err)
		return deskResult{Key: r.Key, State: "retry"}
	}
	return deskResult{Key: r.Key, State: "refused", Code: why.Code, Fields: why.Fields}
}
