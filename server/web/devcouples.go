package web

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// devCouples is how many couples the demo books at once: an hour and a half at an
// office of two places in each slot of the phone.
const devCouples = 12

// devService is what they come for.
const devService = "marriage"

// couplesPage is who can be received today, once they have been asked for.
type couplesPage struct {
	page
	Office  string
	Key     string
	Asked   bool
	Couples []devCouple
}

type devCouple struct{ Time, Number, Pass, Names, Tail string }

func (p *Pages) mountDev(e *echo.Echo) {
	if p.Dev == nil {
		return
	}
	e.GET("/dev/messages", p.messages)
	e.GET("/dev/messages.json", p.messagesJSON)
	e.GET("/dev/couples", p.couples)
	e.POST("/dev/couples", p.bookCouples)
}

// couples asks whether somebody is to come today: a demo that has just begun has
// nobody to receive.
func (p *Pages) couples(c echo.Context) error {
	o, err := p.demoOffice(c.Request().Context())
	if err != nil {
		return err
	}
	pg := p.page(c)
	return p.render(c, http.StatusOK, "couples", couplesPage{page: pg, Office: pg.officeName(o), Key: newKey()})
}

// demoOffice is the office at which the demo's staff work: the first.
func (p *Pages) demoOffice(ctx context.Context) (slots.Office, error) {
	all, err := p.Offices.Offices(ctx)
	if err != nil {
		return slots.Office{}, err
	}
	if len(all) == 0 {
		return slots.Office{}, slots.ErrNoSuchOffice
	}
	return all[0], nil
}

// bookCouples books for the next slots of today, by the rules of the phone line.
// The same key books the same couples.
func (p *Pages) bookCouples(c echo.Context) error {
	key := c.FormValue("key")
	if key == "" {
		return p.couples(c)
	}
	ctx := c.Request().Context()
	o, err := p.demoOffice(ctx)
	if err != nil {
		return err
	}
	pg := p.page(c)
	d := couplesPage{page: pg, Office: pg.officeName(o), Key: newKey(), Asked: true}
	for n := range devCouples {
		app, err := madeUp(key, n, pg.Lang)
		if err != nil {
			return err
		}
		made, err := p.bookedToday(ctx, o, app)
		if errors.Is(err, booking.ErrFull) {
			break
		}
		if err != nil {
			return err
		}
		him, her := app.Parties[0], app.Parties[1]
		d.Couples = append(d.Couples, devCouple{
			pg.Span(made.StartsAt.In(o.Location), made.EndsAt.In(o.Location)), grouped(made.Number), p.Desk.DoorPass(made.Number),
			pg.T("couples.two", "one", him.Name, "other", her.Name), him.Document.Number[14:],
		})
	}
	return p.render(c, http.StatusOK, "couples", d)
}

// bookedToday is the couple's appointment, which is booked unless it is there.
func (p *Pages) bookedToday(ctx context.Context, o slots.Office, app booking.Application) (booking.Appointment, error) {
	made, err := p.Desk.Together(ctx, app.Parties, slots.Marriage)
	if !errors.Is(err, booking.ErrNoAppointment) {
		return made, err
	}
	if err := p.bookNext(ctx, o, app); err != nil {
		return booking.Appointment{}, err
	}
	return p.Desk.Together(ctx, app.Parties, slots.Marriage)
}

// bookNext books the next slot of today that has a place for the phone; ErrFull
// where there is none.
func (p *Pages) bookNext(ctx context.Context, o slots.Office, app booking.Application) error {
	free, err := p.Desk.Availability(ctx, o.ID)
	if err != nil {
		return err
	}
	service, known := o.Service(devService)
	if !known {
		return slots.ErrNoSuchSlot
	}
	for _, t := range free.Times(service, slots.Phone, p.todayIn(o)) {
		if t.StartsAt.Before(p.Clock.Now()) {
			continue
		}
		hold, err := p.Desk.Hold(ctx, booking.HoldRequest{Slot: t.Slot, Channel: slots.Phone, Session: byDemo, Key: app.Key})
		if f := fault.Of(err); err != nil && f.Kind != fault.Conflict {
			return err
		}
		if err != nil {
			continue
		}
		app.Hold, app.Token = hold.ID, hold.Token
		_, err = p.Desk.Confirm(ctx, app)
		return err
	}
	return booking.ErrFull
}

// byDemo is who books them, for the audit.
const byDemo = "demo"

// madeUp is the nth couple of a key: names that nobody is asked for, numbers that
// nobody has, and a phone of a range that no network uses.
func madeUp(key string, n int, lang string) (booking.Application, error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", key, n))
	draw := func(at, below int) int { return int(binary.BigEndian.Uint32(sum[4*at:]) % uint32(below)) }
	app := booking.Application{
		Service: devService, Channel: slots.Phone, Session: byDemo, Actor: byDemo, Caller: byDemo,
		Key: uuid.NewSHA1(uuid.NameSpaceOID, sum[:]).String(), Request: sum[:], Locale: lang,
		Consents: map[string]string{"agreement": agreementVersion, "privacy": privacyVersion, "health": healthVersion},
	}
	for i, sex := range []identity.Sex{identity.Male, identity.Female} {
		born := date.Date{Year: 1985 + draw(2*i, 15), Month: time.Month(1 + draw(2*i+1, 12)), Day: 1 + draw(4+i, 28)}
		number, err := identity.Synthetic(born, sex, draw(6+i, identity.SyntheticPerDay))
		if err != nil {
			return app, err
		}
		name := string(families[draw(i, len(families))]) + given[i][draw(3-i, len(given[i]))]
		app.Parties = append(app.Parties, booking.Party{
			Name: name, Sex: sex, Born: born, Document: identity.Document{Type: identity.ResidentID, Number: number},
		})
	}
	phone, wrong := identity.ParsePhone(fmt.Sprintf("1380000%04d", draw(7, 10000)))
	if wrong != "" {
		return app, fmt.Errorf("a made-up phone: %s", wrong)
	}
	app.Phone = phone
	return app, nil
}

// The names are put together of common parts, with two that are rare.
var (
	families = []rune("王李张刘陈杨赵黄周吴徐孙马朱胡林郭何高罗")
	given    = [2][]string{
		{"伟", "强", "军", "志远", "晓明", "海涛", "建国", "子轩", "㼆", "家豪"},
		{"芳", "静", "丽", "思远", "雨桐", "晓燕", "秀英", "䶮", "梦洁", "文君"},
	}
)
