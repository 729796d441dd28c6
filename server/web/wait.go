package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

// mountWait adds the waiting list: where a couple joins it, and the page of one that
// is on it.
func (p *Pages) mountWait(e *echo.Echo) {
	l := p.web()
	e.GET("/o/:office/wait", l.waitForm)
	e.GET("/o/:office/wait/:step", func(c echo.Context) error {
		return c.Redirect(http.StatusSeeOther, "/o/"+url.PathEscape(c.Param("office"))+"/wait")
	})
	e.POST("/o/:office/wait", l.waitAgain)
	e.POST("/o/:office/wait/check", l.waitCheck)
	e.POST("/o/:office/wait/join", l.waitJoin)
	e.GET("/w/:number", p.waiter)
	e.GET("/w/:number/:step", func(c echo.Context) error {
		return c.Redirect(http.StatusSeeOther, "/w/"+url.PathEscape(c.Param("number")))
	})
	e.POST("/w/:number/accept", p.waiterAccepts)
	e.POST("/w/:number/decline", p.waiterDeclines)
	e.POST("/w/:number/leave", p.waiterLeaves)
}

// waitAt is where a couple joins the list of an office.
func waitAt(w wish, day date.Date) string {
	return "/o/" + w.office.ID + "/wait?" + url.Values{"service": {w.service.ID}, "date": {day.String()}}.Encode()
}

// waitSubject is who joins for what: the form of a booking with wishes in place of a
// time. The day of its slot is the first that is wished.
type waitSubject struct {
	subject
	form   bookForm
	wishes []booking.Wish
	open   []booking.Wish // what can be wished
}

// waitForm asks what they wish and who they are.
func (l line) waitForm(c echo.Context) error {
	if c.Request().PostForm.Get("key") != "" { // what was typed is kept
		return l.waitAgain(c)
	}
	s, err := l.waits(c, bookForm{Service: c.QueryParam("service"), Key: newKey()}, nil)
	if err != nil {
		return err
	}
	day, err := date.ParseDate(c.QueryParam("date"))
	for _, wish := range s.open {
		if err == nil && wish.Day == day && len(s.wishes) < booking.MostWishes {
			s.wishes = append(s.wishes, wish)
		}
	}
	l.session(c)
	return l.showWait(c, http.StatusOK, l.page(c), s, nil)
}

// waits reads the office, and what can be waited for there.
func (l line) waits(c echo.Context, f bookForm, wishes []booking.Wish) (waitSubject, error) {
	ctx := c.Request().Context()
	office, err := l.Offices.Office(ctx, c.Param("office"))
	if err != nil {
		return waitSubject{}, err
	}
	w, err := l.wishAt(c, office, f.Service)
	if err != nil {
		return waitSubject{}, err
	}
	f.Service = w.service.ID
	a, err := l.Desk.Availability(ctx, office.ID)
	if err != nil {
		return waitSubject{}, err
	}
	s := waitSubject{subject: subject{wish: w, now: l.Clock.Now().In(office.Location)}, form: f, wishes: wishes}
	for day := w.today; !day.After(w.today.AddDays(w.rules.HorizonDays)); day = day.AddDays(1) {
		s.open = append(s.open, a.Waitable(w.service, slots.Web, day)...)
	}
	s.slot = slots.SlotID{Office: office.ID, Day: w.today, Group: w.service.Group}
	for i, wish := range wishes {
		if i == 0 || wish.Day.Before(s.slot.Day) {
			s.slot.Day = wish.Day
		}
	}
	return s, nil
}

// waitSent is the form as it was sent.
func (l line) waitSent(c echo.Context) (waitSubject, wrongs, error) {
	sent, err := posted(c)
	if err != nil {
		return waitSubject{}, nil, err
	}
	wrong := wrongs{}
	var wishes []booking.Wish // one that was left out leaves no gap
	for i := range booking.MostWishes {
		typed := sent.Get(wishInput(i))
		if typed == "" {
			continue
		}
		wish, ok := readWish(typed)
		if !ok {
			wrong[wishInput(len(wishes))] = "unknown"
		} else if hasWish(wishes, wish) {
			wrong[wishInput(len(wishes))] = "twice"
		}
		wishes = append(wishes, wish)
	}
	if len(wishes) == 0 {
		wrong[wishInput(0)] = "required"
	}
	s, err := l.waits(c, readBookForm(sent), wishes)
	for i, wish := range wishes {
		if name := wishInput(i); wrong[name] == "" && !hasWish(s.open, wish) {
			wrong[name] = "closed"
		}
	}
	return s, wrong, err
}

func wishInput(i int) string { return "wishes." + strconv.Itoa(i) }

// wishValue is a half-day as a form has it: 2026-05-27 am.
func wishValue(w booking.Wish) string { return w.Day.String() + " " + string(w.Half) }

func readWish(s string) (booking.Wish, bool) {
	day, half, _ := strings.Cut(s, " ")
	d, err := date.ParseDate(day)
	of := booking.Half(half)
	return booking.Wish{Day: d, Half: of}, err == nil && (of == booking.Morning || of == booking.Afternoon)
}

func hasWish(all []booking.Wish, w booking.Wish) bool {
	return slices.ContainsFunc(all, func(other booking.Wish) bool { return other.Day == w.Day && other.Half == w.Half })
}

// halfOption is a wish in few words, which fit the narrowest list in the largest print.
func (pg page) halfOption(w booking.Wish) string {
	day := pg.ShortDay(w.Day)
	if pg.Lang == "zh" {
		day, _, _ = strings.Cut(day, " ") // without the weekday
	}
	return pg.T("wait.option."+string(w.Half), "day", day)
}

// half is a wish in words.
func (pg page) half(w booking.Wish) string {
	return pg.ShortDay(w.Day) + " " + pg.T("wait.half."+string(w.Half))
}
