// Package web is the pages: what couples and staff see in a browser.
//
// Every page is made here, whole, and works without scripts. What a person has
// typed so far travels in the form itself, and sealed in a cookie (turn.go,
// outcome.go): it is in no address and in no store until it becomes an appointment.
package web

import (
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/clock"
	"hunyue/internal/hanzi"
	"hunyue/internal/seal"
	"hunyue/notify"
	"hunyue/server/auth"
	"hunyue/server/i18n"
	"hunyue/server/limit"
	"hunyue/server/operator"
	"hunyue/server/watch"
	"hunyue/slots"
)

// Pages answers browsers.
type Pages struct {
	Desk     *booking.Desk // for couples
	Assisted *booking.Desk // for staff
	Hall     *hall.Desk
	Offices  *slots.Store
	Codes    *notify.Codes
	Notices  *notify.Notices
	Calls    *notify.CallList
	Operator *operator.Store
	Accounts *auth.Accounts
	Looks    *watch.Log         // what staff see of couples
	Dev      *notify.DevChannel // nil outside demo mode
	Limits   *limit.Limiter     // nil: there are none
	Keys     *seal.Keys
	Clock    *clock.Clock
	Base     string // the address that visitors use; "": the one that they ask for
	Texts    *i18n.Texts
	Voice    fs.FS // recordings that take the place of our clips of the same names; nil: none

	Maintenance Maintenance

	look look
	rare *hanzi.Table
	hub  *hub
}

// New is p, ready to be mounted. Templates are parsed here, so that a broken
// one stops the program and not a visitor.
func New(p Pages) (*Pages, error) {
	var err error
	if p.rare, err = hanzi.Load(); err != nil {
		return nil, err
	}
	p.hub = newHub(p.Clock, p.lookAt)
	if p.look, err = newLook(); err == nil && p.Voice != nil {
		err = p.look.record(p.Voice)
	}
	return &p, err
}

// Mount adds every address that a browser may ask for. Who may enter is in the
// table of the package policy. Writes need protection against other sites' forms around them
// (http.CrossOriginProtection): couples and staff are known by cookies.
func (p *Pages) Mount(e *echo.Echo) {
	e.Use(watch.Mark, p.keepsCall)
	e.Use(p.Maintenance.Refused(p.Clock.Now))
	e.GET("/", p.home)
	e.GET("/notice", p.notice)
	p.mountAssets(e)
	e.GET("/sw.js", p.serviceWorker)
	e.GET("/offline", p.offline)
	e.GET("/settings", p.settings)
	e.POST("/settings", p.set)

	p.web().mount(e.Group(""))
	p.mountLimits(e)
	e.Use(p.turnsBack)

	p.mountFind(e)
	e.GET("/b/:number", p.booked)
	e.GET("/b/:number/image", p.picture)
	e.GET("/b/:number/image.png", p.pictureFile)
	e.GET("/b/:number/calendar.ics", p.calendar)
	e.GET("/b/:number/cancel", p.cancelling)
	e.POST("/b/:number/cancel/code", p.cancelCode)
	e.POST("/b/:number/cancel", p.cancel)
	e.GET("/b/:number/change", p.changing)
	e.POST("/b/:number/change", p.changeHold)
	e.POST("/b/:number/change/code", p.changeCode)
	e.POST("/b/:number/change/confirm", p.change)
	p.mountRebook(e)
	p.mountData(e)
	p.mountSecond(e)
	p.mountWait(e)
	p.mountScreen(e)

	p.mountLogin(e)
	p.mountPeople(e)
	e.GET("/staff", p.staff)
	p.mountStaff(e)
	p.mountLedgers(e)
	p.mountAudit(e)
	p.mountNotices(e)
	p.mountContent(e)
	p.mountBack(e)

	p.mountDev(e)
}

// mountBack answers addresses that only take forms when somebody asks for them
// without one: after signing in again, or from the browser's history.
func (p *Pages) mountBack(e *echo.Echo) {
	to := func(page string) echo.HandlerFunc {
		return func(c echo.Context) error {
			return c.Redirect(http.StatusSeeOther, strings.ReplaceAll(page, ":number", url.PathEscape(c.Param("number"))))
		}
	}
	e.GET("/find/:step", to("/find"))
	e.GET("/slow", to("/"))
	e.GET("/b/:number/cancel/:step", to("/b/:number/cancel"))
	e.GET("/b/:number/change/:step", to("/b/:number/change"))
	e.GET("/b/:number/rebook/:step", to("/b/:number/rebook"))
	e.GET("/call/:number/:step", to("/call/:number"))
	e.GET("/desk/find", to("/desk"))
	e.GET("/desk/reading", to("/desk"))
	e.GET("/desk/sync", to("/desk"))
	e.GET("/desk/:number/:step", to("/desk/:number"))
	e.GET("/staff/logout", to("/staff"))
}

// forStaff is the same pages with what staff have to themselves.
func (p *Pages) forStaff() *Pages {
	staff := *p
	staff.Desk, staff.Offices = p.Assisted, p.Assisted.Offices
	return &staff
}

func (p *Pages) mountStaff(e *echo.Echo) {
	p = p.forStaff()
	call := e.Group("/call")
	p.mountConsole(call)
	p.phone().mount(call)
	p.mountCalls(call)
	p.mountKeys(call)
	call.GET("/:number", p.called)
	call.POST("/:number/unmask", p.unmaskCalled)
	call.POST("/:number/data", p.dataOfCalled)
	call.POST("/:number/cancel", p.cancelForCaller)
	call.POST("/:number/excuse", p.excuse)

	desk := e.Group("/desk")
	desk.GET("", p.today)
	desk.POST("/find", p.lookUp)
	desk.POST("/reading", p.ownReading)
	desk.GET("/ticket/:number", p.ticketPaper)
	desk.POST("/ticket/:number", p.printTicket)
	p.mountDeskStore(desk)
	desk.GET("/:number", p.guest)
	desk.POST("/:number/unmask", p.unmaskGuest)
	desk.POST("/:number/data", p.dataOfGuest)
	desk.POST("/:number/check-in", p.checkIn)
	desk.POST("/:number/enter", p.comeIn)
	desk.POST("/:number/let-in", p.letInAtDesk)
	desk.POST("/:number/call", p.callGuest)
	desk.POST("/:number/start", p.startGuest)
	desk.POST("/:number/complete", p.complete)
	desk.POST("/:number/not-accepted", p.notAccepted)
	p.mountWalkIn(desk)
	p.mountCounter(e)
	p.mountKiosk(e)

	manage := e.Group("/manage")
	manage.GET("/policy", p.access)
	manage.GET("", p.managedOffices)
	manage.GET("/:office", p.office)
	manage.POST("/:office/schedule", p.schedule)
	manage.POST("/:office/publish", p.publish)
	manage.POST("/:office/special", p.putSpecial)
	manage.POST("/:office/special/drop", p.dropSpecial)
	manage.POST("/:office/suspend", p.suspend)
	manage.POST("/:office/suspensions/:id", p.amend)
	manage.POST("/:office/close", p.closeDay)
	manage.GET("/:office/:date", p.places)
	manage.POST("/:office/:date/places", p.setPlaces)
	manage.POST("/:office/:date/report", p.submitDaily)
}
