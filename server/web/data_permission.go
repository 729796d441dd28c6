package web

import (
	"cmp"
	"crypto/hmac"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
)

// permission lets a browser see, copy, correct and delete the data of one
// appointment: the couple's, or that of staff who do it for a couple that is there or
// on the phone (domain rule 83).
type permission struct {
	Number  string `json:"n"`
	Witness []byte `json:"w"`           // other once the phone is changed or the data are gone
	Until   int64  `json:"u"`           // seconds
	By      string `json:"b,omitempty"` // who of the staff; "": the couple
	From    string `json:"f,omitempty"` // the page of the couple on which they pressed
}

// actor is who does what it permits, for the audit.
func (s permission) actor() string { return cmp.Or(s.By, "couple") }

const (
	permissionPurpose = "own data"
	permissionFor     = 15 * time.Minute
)

// permit gives the browser a permission for as long as such last, which is the one
// given but for that.
func (p *Pages) permit(c echo.Context, a booking.Appointment, given permission) error {
	given.Number, given.Witness, given.Until = a.Number, p.Desk.Witness(a), p.Clock.Now().Add(permissionFor).Unix()
	payload, err := json.Marshal(given)
	if err != nil {
		return err
	}
	p.setCookie(c, http.Cookie{
		Name: "data", Value: p.Keys.Sign(permissionPurpose, payload), Path: "/b/" + a.Number,
		MaxAge: int(permissionFor.Seconds()),
	})
	return nil
}

// permission is the browser's for an appointment, if it has one. One of staff holds
// while they are signed in.
func (p *Pages) permission(c echo.Context, a booking.Appointment) (permission, bool) {
	cookie, err := c.Cookie("data")
	if err != nil {
		return permission{}, false
	}
	payload, err := p.Keys.Verify(permissionPurpose, cookie.Value)
	if err != nil {
		return permission{}, false
	}
	var shown permission
	holds := json.Unmarshal(payload, &shown) == nil && shown.Number == a.Number && hmac.Equal(shown.Witness, p.Desk.Witness(a)) &&
		p.Clock.Now().Before(time.Unix(shown.Until, 0))
	if holds && shown.By != "" {
		staff, _, err := p.Accounts.Admit(c.Request().Context(), p.Accounts.CookieToken(c.Request()))
		holds = err == nil && staff.Actor() == shown.By && staff.MayServe(a.Office)
	}
	if !holds {
		return permission{}, false
	}
	return shown, true
}

// permitted reports whether the browser has a permission for an appointment.
func (p *Pages) permitted(c echo.Context, a booking.Appointment) bool {
	_, holds := p.permission(c, a)
	return holds
}
