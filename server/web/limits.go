package web

import (
	"context"
	"crypto/rand"
	"math"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/fault"
	"hunyue/server/limit"
)

// acts is the addresses of forms that have a budget of their own: they are
// refused before anybody looks at them. Places and codes are counted where they
// are asked for.
var acts = map[string]limit.Act{
	"/find/code":                limit.Finds,
	"/find/phone":               limit.Finds,
	"/find/secret":              limit.Finds,
	"/find/send":                limit.Finds,
	"/find/mine":                limit.Finds,
	"/second/:token/check":      limit.Finds,
	"/second/:token/confirm":    limit.Confirms,
	"/o/:office/wait/join":      limit.Confirms,
	"/w/:number/accept":         limit.Confirms,
	"/book/confirm":             limit.Confirms,
	"/b/:number/cancel":         limit.Confirms,
	"/b/:number/change/confirm": limit.Confirms,
	"/b/:number/rebook/confirm": limit.Confirms,
}

// mountLimits puts the budgets around all addresses, and adds those at which a
// phone is verified before a time is chosen.
func (p *Pages) mountLimits(e *echo.Echo) {
	e.Use(p.counted)
	p.web().mountPhone(e)
	e.POST("/slow", p.slowAgain)
}

// counted counts what is sent to us, and gives back what a place has cost that
// became an appointment or was only looked at.
func (p *Pages) counted(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if c.Path() == "/find" {
			p.nameDevice(c)
		}
		if p.Limits == nil || r.Method != http.MethodPost {
			return next(c)
		}
		c.SetRequest(r.WithContext(context.WithValue(r.Context(), whoKey{}, p.who(c))))
		act, counts := acts[c.Path()]
		if !counts {
			err := next(c)
			p.returned(c, err)
			return err
		}
		ctx := c.Request().Context()
		spent, over := p.Limits.Spend(ctx, act, whoIn(ctx), "")
		if over != nil {
			return p.slowDown(c, fault.Of(over))
		}
		err := next(c)
		if statusAnswered(c) == http.StatusSeeOther || err != nil && fault.Of(err).Kind <= fault.Unavailable {
			spent.Back(ctx) // it led somewhere, or it is our fault
		}
		p.returned(c, err)
		return err
	}
}

// returned frees what the hold of a form has cost.
func (p *Pages) returned(c echo.Context, err error) {
	ctx, hold := c.Request().Context(), c.Request().PostForm.Get("hold")
	if err != nil || hold == "" || statusAnswered(c) >= http.StatusBadRequest {
		return
	}
	switch c.Path() {
	case "/book/confirm", "/b/:number/change/confirm", "/b/:number/rebook/confirm":
		if statusAnswered(c) == http.StatusSeeOther {
			p.Limits.Booked(ctx, whoIn(ctx), hold)
		}
	case "/book/leave":
		p.Limits.Released(ctx, whoIn(ctx), hold)
	}
}

type whoKey struct{}

// whoIn is who sent the form of ctx.
func whoIn(ctx context.Context) limit.Who {
	w, _ := ctx.Value(whoKey{}).(limit.Who)
	return w
}

// who is what a browser can be known by.
func (p *Pages) who(c echo.Context) limit.Who {
	w := limit.Who{
		Device: p.device(c), Phone: p.provenPhone(c),
		Address: c.RealIP(), Request: c.Response().Header().Get(echo.HeaderXRequestID),
	}
	if session, err := c.Cookie(p.own("session")); err == nil {
		w.Session = session.Value
	}
	return w
}

const (
	devicePurpose = "device"
	deviceFor     = 30 * 24 * time.Hour // longer than any budget
)

// device is the name of this browser, or "" before it has sent one back.
func (p *Pages) device(c echo.Context) string {
	cookie, err := c.Cookie(p.own("device"))
	if err != nil {
		return ""
	}
	name, err := p.Keys.Verify(devicePurpose, cookie.Value)
	if err != nil {
		return ""
	}
	return string(name)
}

// nameDevice gives a browser a name that says nothing but that it is the same.
func (p *Pages) nameDevice(c echo.Context) {
	if p.Limits == nil || c.Get(devicePurpose) != nil || p.device(c) != "" {
		return
	}
	c.Set(devicePurpose, true) // once in a request
	p.setCookie(c, http.Cookie{
		Name: p.own("device"), Value: p.Keys.Sign(devicePurpose, []byte(rand.Text())), Path: "/", MaxAge: int(deviceFor.Seconds()),
	})
}

// admission is how a browser is let in to ask for a place; staff always are.
func (l line) admission(c echo.Context, s subject) limit.Admission {
	if l.assisted() {
		return nil
	}
	return l.Limits.Admit(limit.Ask{
		Who: l.who(c), Office: s.office.ID, PerMinute: s.rules.ProofPerMinute, Proof: c.FormValue("proof"), Full: booking.ErrFull,
	})
}

// proof is the work that a form takes in a rush. A page does it while the time is
// chosen; whoever has no scripts is told of the office's phone, once it is needed.
type proof struct {
	Challenge string
	Bits      int
	Call      string
}

func (l line) proof(c echo.Context, pg page, w wish) proof {
	if l.assisted() || w.rules.ProofPerMinute == 0 {
		return proof{}
	}
	of := proof{Challenge: l.Limits.Challenge(limit.Who{Session: l.session(c)}), Bits: limit.Difficulty}
	if pg.Alert == pg.Fault(limit.ErrProofNeeded.Code) {
		of.Call = w.office.Phone
	}
	return of
}

// requestCode has a code sent, within the budget of who asks. A code that is not
// sent costs nothing.
func (p *Pages) requestCode(ctx context.Context, phone, lang string) error {
	spent, err := p.Limits.Spend(ctx, limit.Codes, whoIn(ctx), "")
	if err != nil {
		return err
	}
	if err := p.Codes.Request(ctx, phone, lang, ""); err != nil {
		spent.Back(ctx)
		return err
	}
	return nil
}

// wait says how long to wait: in seconds, or in minutes where they are many.
func (pg page) wait(d time.Duration) string {
	if n := int(math.Ceil(d.Seconds())); n <= 90 {
		return pg.T("limit.seconds", "n", max(1, n))
	}
	return pg.T("limit.minutes", "n", int(math.Ceil(d.Minutes())))
}
