package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/slots"
)

// deskConflicts is the block of a page that lists what somebody has to settle.
type deskConflicts struct {
	page
	Office string
	Rows   []conflictRow
}

type conflictRow struct {
	ID        int64
	Number    string
	What, Why string
	To        string // the couple's page; "" where there is none
	Word      field
	Settle    string // what the button does, for whoever hears it alone
	Open      string // all that the desk had
}

// conflicts is that block for an office. A form that was sent with a mistake comes back
// with what was typed, at the conflict with this id.
func (p *Pages) conflicts(c echo.Context, pg page, o slots.Office, sent int64, wrong wrongs) (deskConflicts, error) {
	block := deskConflicts{page: pg, Office: o.ID}
	found, err := p.Hall.Conflicts(c.Request().Context(), o.ID)
	if err != nil {
		return block, err
	}
	for _, f := range found {
		at := "word." + strconv.FormatInt(f.ID, 10)
		typed, of := "", wrongs{}
		if f.ID == sent {
			typed, of = c.FormValue(at), wrongs{at: wrong["word"]}
		}
		happened := f.HappenedAt.In(o.Location)
		row := conflictRow{
			ID: f.ID, Number: f.Number, Why: pg.Fault(f.Code), Settle: pg.T("deskstore.settle_one", "number", f.Number),
			Open: "/desk/conflict/" + strconv.FormatInt(f.ID, 10) + "?office=" + o.ID,
			Word: pg.typed(field{Name: at, Auto: "off"}, "deskstore.word", typed, of),
		}
		row.What = pg.whatWasDone(f, happened)
		if f.Code != "no_such_appointment" && f.Code != hall.ErrOtherOffice.Code {
			row.To = "/desk/" + f.Number
		}
		block.Rows = append(block.Rows, row)
		block.Mistakes = append(block.Mistakes, mistakesIn(pg.Reader, "", row.Word)...)
	}
	return block, nil
}

// whatWasDone is a conflict in a sentence.
func (pg page) whatWasDone(f hall.Conflict, at time.Time) string {
	key := "deskstore.received"
	switch {
	case f.Kind == hall.GoIn:
		key = "deskstore.went_in"
	case f.Ticket != "":
		key = "deskstore.received_with"
	}
	return pg.T(key, "time", pg.ShortDay(date.DateOf(at))+" "+pg.Clock(at), "who", strings.TrimPrefix(f.Actor, "staff:"), "ticket", f.Ticket)
}

// conflictsPage is the block by itself, where a form comes back to.
type conflictsPage struct {
	page
	Office    named
	Conflicts deskConflicts
}

func (p *Pages) showConflicts(c echo.Context, status int, pg page, o slots.Office, sent int64, wrong wrongs) error {
	block, err := p.conflicts(c, pg, o, sent, wrong)
	if err != nil {
		return err
	}
	pg.Mistakes = block.Mistakes
	return p.render(c, status, "conflicts", conflictsPage{pg, named{o.ID, pg.officeName(o)}, block})
}

// toSettle is what has to be settled at an office.
func (p *Pages) toSettle(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	return p.showConflicts(c, http.StatusOK, p.page(c), o, 0, nil)
}

// settleConflict keeps what came of one.
func (p *Pages) settleConflict(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.FormValue("conflict"), 10, 64)
	if err != nil {
		return hall.ErrNoConflict
	}
	if err := p.settleAs(c, o, id); err != nil {
		pg, why, err := p.page(c).explained(c, err)
		switch {
		case err != nil:
			return err
		case c.FormValue("on") == "page" && why.Code != hall.ErrNoConflict.Code:
			return p.showConflict(c, statusOf(why), pg, o, id, why.Fields)
		}
		return p.showConflicts(c, statusOf(why), pg, o, id, why.Fields)
	}
	return c.Redirect(http.StatusSeeOther, "/desk?office="+o.ID)
}

// settleAs settles it as the button says: the desk's deed counts after all, or what is
// known here stays. Without one the word that was typed says what came of it.
func (p *Pages) settleAs(c echo.Context, o slots.Office, id int64) error {
	ctx, pg, actor := c.Request().Context(), p.page(c), me(c).Actor()
	switch c.FormValue("step") {
	case "take":
		_, err := p.Hall.Take(ctx, o.ID, id, pg.T("deskstore.word_taken"), actor)
		return err
	case "leave":
		return p.Hall.Settle(ctx, o.ID, id, pg.T("deskstore.word_left"), actor)
	}
	return p.Hall.Settle(ctx, o.ID, id, c.FormValue("word."+strconv.FormatInt(id, 10)), actor)
}
