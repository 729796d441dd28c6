package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/identity"
)

// mountData adds what a couple may do about its own data (domain rule 90): see,
// copy, correct and delete. A code sent to the phone on file opens it for a
// while, in that browser alone.
func (p *Pages) mountData(e *echo.Echo) {
	e.GET("/b/:number/data", p.data)
	e.POST("/b/:number/data/code", p.dataCode)
	e.POST("/b/:number/data/open", p.openData)
	e.GET("/b/:number/data.json", p.copyOfData)
	e.GET("/b/:number/data/correct", p.correcting)
	e.POST("/b/:number/data/correct", p.correct)
	e.GET("/b/:number/data/delete", p.erasing)
	e.POST("/b/:number/data/delete", p.erase)
	e.GET("/b/:number/data/:step", toData)
}

// toData leads back to the page with the data, which asks for a code if need be.
func toData(c echo.Context) error {
	return c.Redirect(http.StatusSeeOther, dataAt(c.Param("number")))
}

func dataAt(number string) string { return "/b/" + number + "/data" }

type dataPage struct {
	page
	Own        ownWords
	Key        string
	Sent       bool
	Code       field
	Call       bool // no code can be sent to their phone
	Erased     string
	Open       bool   // what follows is shown
	Restricted string // they cannot book online, and until when
	Persons    [][]answer
	Stored     []answer
	Agreed     []answer
	History    []answer
	Told       []answer
	Correct    bool   // still possible
	Delete     bool   // has ended
	ForThem    string // staff do this for them until then: what that page says of it
	Leave      string // where staff say that they are done
}

// data is the page with what is stored, or that asks for a code first.
func (p *Pages) data(c echo.Context) error {
	mine, ok, err := p.mine(c)
	if err != nil || !ok {
		return err
	}
	pg := p.page(c)
	if c.QueryParam("saved") != "" {
		pg.Notice = pg.T("data.saved")
	}
	return p.showData(c, http.StatusOK, pg, mine, dataPage{})
}

func (p *Pages) showData(c echo.Context, status int, pg page, mine own, d dataPage) error {
	if done, err := p.turnTo(c, pg, outcome{View: viewData, Step: stepIf(d.Sent), Status: status}); done {
		return err
	}
	d.page, d.Own, d.Code, d.Key = pg, pg.ownWords(mine), pg.codeField(), newKey()
	if given, holds := p.permission(c, mine.appointment); holds && given.By != "" {
		d.ForThem, d.Leave = pg.T("data.for_them", "time", pg.clockIn(time.Unix(given.Until, 0), mine.office)), given.From+"/data"
	}
	switch {
	case mine.Erased:
		d.Erased = pg.T("data.erased", "day", pg.Day(date.DateOf(mine.appointment.ErasedAt.In(mine.office.Location))))
	case p.permitted(c, mine.appointment):
		stored, err := p.Desk.OwnData(c.Request().Context(), mine.appointment)
		if err != nil {
			return err
		}
		d.open(mine, stored)
		if d.Restricted, err = p.restriction(c, pg, mine, stored.Parties, "busy.restricted"); err != nil {
			return err
		}
	default:
		phone, err := p.Desk.Phone(mine.appointment)
		if err != nil {
			return err
		}
		d.Call = !phone.TakesSMS()
	}
	return p.render(c, status, "data", d)
}

// dataCode sends the code that opens the data.
func (p *Pages) dataCode(c echo.Context) error {
	mine, ok, err := p.mine(c)
	if err != nil || !ok {
		return err
	}
	if mine.Erased {
		return toData(c)
	}
	pg, err := p.sendTo(c.Request().Context(), p.page(c), mine.appointment)
	if err != nil {
		return err
	}
	return p.showData(c, http.StatusOK, pg, mine, dataPage{Sent: true})
}

// openData opens the data to whoever has the phone in hand.
func (p *Pages) openData(c echo.Context) error {
	mine, ok, err := p.mine(c)
	if err != nil || !ok {
		return err
	}
	if mine.Erased {
		return toData(c)
	}
	pg, code := p.page(c), digits(c.FormValue("code"))
	if code == "" {
		pg.Mistakes = []mistake{{"code", pg.T("wrong.code.required")}}
		return p.showData(c, http.StatusUnprocessableEntity, pg, mine, dataPage{Sent: true})
	}
	ctx := c.Request().Context()
	phone, err := p.Desk.Phone(mine.appointment)
	if err == nil {
		err = p.spend(ctx, phone.Number(), code, c.FormValue("key"))
	}
	if err != nil {
		pg, status, err := pg.unchanged(err)
		if err != nil {
			return err
		}
		return p.showData(c, status, pg, mine, dataPage{Sent: true})
	}
	if err := p.Desk.Opened(ctx, mine.appointment, "couple"); err != nil {
		return err
	}
	if err := p.permit(c, mine.appointment, permission{}); err != nil {
		return err
	}
	return toData(c)
}

// seen is the appointment of the address with what is stored, if the browser may
// see that. If not, the answer has been given.
func (p *Pages) seen(c echo.Context) (own, booking.OwnData, bool, error) {
	mine, ok, err := p.mine(c)
	switch {
	case err != nil:
		return mine, booking.OwnData{}, false, err
	case !ok:
		return mine, booking.OwnData{}, false, askWho(c)
	case mine.Erased || !p.permitted(c, mine.appointment):
		return mine, booking.OwnData{}, false, toData(c)
	}
	stored, err := p.Desk.OwnData(c.Request().Context(), mine.appointment)
	return mine, stored, err == nil, err
}

// open fills the page with what is stored.
func (d *dataPage) open(mine own, stored booking.OwnData) {
	pg, zone := d.page, mine.office.Location
	at := func(t time.Time) string { return pg.Day(date.DateOf(t.In(zone))) + " " + pg.Clock(t.In(zone)) }
	d.Open = true
	for _, one := range stored.Parties {
		d.Persons = append(d.Persons, pg.personal(one))
	}
	d.Stored = []answer{
		{pg.T("answer.phone"), stored.Phone.Number()},
		{pg.T("data.channel"), pg.T("channel." + mine.Channel)},
		{pg.T("data.booked_at"), at(stored.Appointment.CreatedAt)},
	}
	if stored.Caller != "" {
		d.Stored = append(d.Stored, answer{pg.T("book.caller"), stored.Caller})
	}
	for _, name := range slices.Sorted(maps.Keys(stored.Consents)) {
		what := pg.T("data.version", "version", stored.Consents[name], "at", at(stored.Appointment.CreatedAt))
		d.Agreed = append(d.Agreed, answer{pg.known("data.consent.", name), what})
	}
	if said := pg.saidBySecond(mine, stored.Second); said != "" {
		d.Agreed = append(d.Agreed, answer{pg.T("book.other"), said})
	}
	for _, name := range slices.Sorted(maps.Keys(stored.Second.Consents)) {
		what := pg.T("data.version", "version", stored.Second.Consents[name], "at", at(*stored.Second.At))
		d.Agreed = append(d.Agreed, answer{pg.T("second.consent_of", "what", pg.known("data.consent.", name)), what})
	}
	for _, h := range stored.History {
		d.History = append(d.History, answer{at(h.At), pg.T("data.by", "what", pg.happened(h), "who", pg.known("data.who.", h.By))})
	}
	for _, m := range stored.Messages {
		d.Told = append(d.Told, answer{at(m.At), pg.known("data.message.", m.Kind) + " · " + pg.known("data.sent.", m.State)})
	}
	d.Correct, d.Delete = mine.Status == booking.Booked, !mine.Status.Active()
}

// personal is what is stored about one of the two.
func (pg page) personal(one booking.Party) []answer {
	return []answer{
		{pg.T("book.name"), one.Name},
		{pg.T("document." + string(one.Document.Type)), one.Document.Number},
		{pg.T("book.sex"), pg.T("sex." + string(one.Sex))},
		{pg.T("book.born"), pg.Day(one.Born)},
	}
}

// happened is a change in words: where an appointment came to another state, the
// state.
func (pg page) happened(h booking.Happened) string {
	if h.Status != "" && h.What != "moved" {
		return pg.T("status." + string(h.Status))
	}
	if h.Why != "" {
		return pg.looked(h)
	}
	return pg.known("data.event.", h.What)
}

// known is the text for a word of the database, or that for any other word.
func (pg page) known(prefix, word string) string {
	if pg.Has(prefix + word) {
		return pg.T(prefix + word)
	}
	return pg.T(prefix + "other")
}

// readable is an appointment of so many as pg says it, also if nobody knows any
// more whose it was.
func (pg page) readable(row booking.Row, of int) booking.Row {
	if row.Erased {
		gone := pg.T("data.erased_short")
		if row.WalkIn {
			gone = pg.T("window.walk_in")
		}
		row.Names, row.Numbers, row.Phone = slices.Repeat([]string{gone}, of), make([]string, of), gone
		row.Kinds = []identity.PartyKind{}
	}
	return row
}

// looked is a look that staff took at these data: for what, and as what. Who it was
// is not told.
func (pg page) looked(h booking.Happened) string {
	what, words := pg.T("watch.seen"), strings.Fields(h.Why)
	if h.What == "unmasked" {
		what = pg.T("watch.seen_whole")
	}
	var as []string
	if len(words) > 1 {
		for role := range strings.SplitSeq(words[1], "+") {
			as = append(as, pg.T("role."+role))
		}
	}
	return pg.T("watch.look", "what", what, "purpose", pg.known("watch.for.", words[0]), "roles", strings.Join(as, pg.T("desk.and")))
}
