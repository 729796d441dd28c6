package web

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
	"hunyue/slots"
)

// slowPage is for whoever is too fast: the form as it was sent, to send again, and
// whom to call instead.
type slowPage struct {
	page
	Action string
	Keep   []hidden
	Phone  string      // of the office that the form is for
	Phones []officeRow // of all, where it names none
}

// The inputs by which the page itself is shown again: where the form goes, and
// when it may.
const (
	slowAction = "slow.action"
	slowUntil  = "slow.until"
)

func (p *Pages) slowDown(c echo.Context, f *fault.Error) error {
	sent, err := posted(c)
	if err != nil {
		return err
	}
	retryLater(c, f)
	until := p.Clock.Now().Add(f.RetryAfter)
	return p.showSlow(c, http.StatusTooManyRequests, sent, c.Request().URL.Path, until)
}

// slowAgain is the page in another language or size. What was sent is not done.
func (p *Pages) slowAgain(c echo.Context) error {
	sent, err := posted(c)
	if err != nil {
		return err
	}
	until, err := strconv.ParseInt(sent.Get(slowUntil), 10, 64)
	if to := sent.Get(slowAction); err == nil && counts(to) {
		return p.showSlow(c, http.StatusOK, sent, to, time.Unix(until, 0))
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

// counts reports whether an address is that of a form with a budget.
func counts(at string) bool {
	for form := range acts {
		if fits, _ := path.Match(strings.ReplaceAll(form, ":number", "*"), at); fits {
			return true
		}
	}
	return false
}

func (p *Pages) showSlow(c echo.Context, status int, sent url.Values, action string, until time.Time) error {
	s := slowPage{page: p.page(c), Action: action}
	if done, err := p.turnTo(c, s.page, outcome{View: viewSlow, Status: status}); done {
		return err
	}
	s.Alert = s.wait(until.Sub(p.Clock.Now()))
	for name, values := range sent {
		if name != slowAction && name != slowUntil && name != "page" {
			s.Keep = append(s.Keep, hidden{name, values[0]})
		}
	}
	s.Keep = append(s.Keep, hidden{slowAction, action}, hidden{slowUntil, strconv.FormatInt(until.Unix(), 10)})
	slices.SortFunc(s.Keep, func(a, b hidden) int { return strings.Compare(a.Name, b.Name) })
	if slot, err := slots.ParseSlotID(sent.Get("slot")); err == nil {
		if office, err := p.Offices.Office(c.Request().Context(), slot.Office); err == nil {
			s.Phone = office.Phone
		}
	}
	if s.Phone == "" {
		of, _, err := p.explaining(c)
		if err != nil {
			return err
		}
		s.Phones = of.Offices
	}
	return p.render(c, status, "slow", s)
}
