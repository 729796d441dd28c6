package web

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/width"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/slots"
)

// cameEarlier is the input for when a couple really came, where they are entered later
// from a list on paper (domain rule 99).
func (d *guestPage) cameEarlier(c echo.Context, wrong wrongs) {
	f := field{Name: "arrived", Mode: "numeric", Auto: "off", Hint: d.T("deskstore.arrived_hint")}
	d.Came = d.typed(f, "deskstore.arrived", c.FormValue("arrived"), wrong)
	d.Mistakes = append(d.Mistakes, mistakesIn(d.Reader, "", d.Came)...)
}

// cameAt reads it: a time of today at the office; zero where nothing was typed.
func cameAt(c echo.Context, o slots.Office, today date.Date, wrong wrongs) time.Time {
	typed := strings.TrimSpace(width.Narrow.String(c.FormValue("arrived")))
	if typed == "" {
		return time.Time{}
	}
	at, ok := slots.ParseTimeOfDay(typed)
	if !ok {
		wrong["arrived"] = "format"
		return time.Time{}
	}
	return at.On(today, o.Location)
}

// notThen puts what the hall says of that time under its input.
func (w wrongs) notThen(f *fault.Error) {
	if code := f.Fields["at"]; code != "" {
		w["arrived"] = code
	}
}
