package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/fault"
	"hunyue/server/limit"
	"hunyue/slots"
)

// proofHeader carries a solved challenge.
const proofHeader = "Proof"

// limited is the operations that have a budget. Holds have one of their own: see
// admission.
var limited = map[string]limit.Act{
	"sendPhoneCode":     limit.Codes,
	"showAppointment":   limit.Finds,
	"cancelAppointment": limit.Finds,
	"moveAppointment":   limit.Finds,
	"book":              limit.Confirms,
	"login":             limit.Logins,
}

// asker is who sent a public request, as the budgets know them, and the proof
// that came with it.
type asker struct {
	who   limit.Who
	proof string
}

type askerKey struct{}

func askerIn(ctx context.Context) asker {
	a, _ := ctx.Value(askerKey{}).(asker)
	return a
}

// known notes who asks.
func known(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		a := asker{
			who:   limit.Who{Address: c.RealIP(), Request: c.Response().Header().Get(echo.HeaderXRequestID)},
			proof: r.Header.Get(proofHeader),
		}
		c.SetRequest(r.WithContext(context.WithValue(r.Context(), askerKey{}, a)))
		return next(c)
	}
}

// budgeted lets a request through whose act is within budget. Codes count that were
// sent, look-ups and confirmations that led nowhere.
func (a *API) budgeted(act limit.Act) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r, thing := c.Request(), ""
			if act == limit.Codes {
				thing = r.Header.Get(keyHeader) // it sends one code; all else is tried again each time
			}
			spent, err := a.Limits.Spend(r.Context(), act, askerIn(r.Context()).who, thing)
			if err != nil {
				return err
			}
			err = next(c)
			counts := tried(err)
			if act == limit.Codes {
				counts = err == nil
			}
			if !counts {
				spent.Back(r.Context())
			}
			return err
		}
	}
}

// tried reports whether err is the answer to a try that led nowhere: not to a form
// that has mistakes in it, nor a failure of ours.
func tried(err error) bool {
	why := fault.Of(err)
	return err != nil && why.Kind > fault.Unavailable && len(why.Fields) == 0
}

// admission is how somebody is let in to ask for a place at an office.
func (a *API) admission(ctx context.Context, office string, rules slots.Rules, phone []byte) limit.Admission {
	asks := askerIn(ctx)
	asks.who.Phone = string(phone)
	return a.Limits.Admit(limit.Ask{
		Who: asks.who, Office: office, PerMinute: rules.ProofPerMinute, Proof: asks.proof, Full: booking.ErrFull,
	})
}

// phoneInHand is the mark of the phone that a hold is asked for with, once its
// code has shown that it is in hand; nil for none.
func (a *API) phoneInHand(ctx context.Context, sent HoldRequest) ([]byte, error) {
	if sent.Phone == "" {
		return nil, nil
	}
	phone, wrong := mobile(sent.Phone)
	if wrong != "" {
		return nil, fault.InFields(map[string]string{"phone": wrong})
	}
	if sent.PhoneCode == "" {
		return nil, fault.InFields(map[string]string{"phone_code": required})
	}
	spent, err := a.Limits.Spend(ctx, limit.Confirms, askerIn(ctx).who, "")
	if err != nil {
		return nil, err
	}
	mark, err := a.Desk.Prove(ctx, phone.Number(), sent.PhoneCode)
	if err == nil {
		spent.Back(ctx)
	}
	return mark, err
}
