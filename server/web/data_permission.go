package web

import (
	"crypto/hmac"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
)

// permission lets a browser see, copy, correct and delete the data of one
// appointment.
type permission struct {
	Number  string `json:"n"`
	Witness []byte `json:"w"` // other once the phone is changed or the data are gone
	Until   int64  `json:"u"` // seconds
}

const (
	permissionPurpose = "own data"
	permissionFor     = 15 * time.Minute
)

// permit gives the browser a permission.
func (p *Pages) permit(c echo.Context, a booking.Appointment) error {
	payload, err := json.Marshal(permission{a.Number, p.Desk.Witness(a), p.Clock.Now().Add(permissionFor).Unix()})
	if err != nil {
		return err
	}
	p.setCookie(c, http.Cookie{
		Name: "data", Value: p.Keys.Sign(permissionPurpose, payload), Path: "/b/" + a.Number,
		MaxAge: int(permissionFor.Seconds()),
	})
	return nil
}

// permitted reports whether the browser has a permission for an appointment.
func (p *Pages) permitted(c echo.Context, a booking.Appointment) bool {
	cookie, err := c.Cookie("data")
	if err != nil {
		return false
	}
	payload, err := p.Keys.Verify(permissionPurpose, cookie.Value)
	if err != nil {
		return false
	}
	var shown permission
	return json.Unmarshal(payload, &shown) == nil && shown.Number == a.Number && hmac.Equal(shown.Witness, p.Desk.Witness(a)) &&
		p.Clock.Now().Before(time.Unix(shown.Until, 0))
}
