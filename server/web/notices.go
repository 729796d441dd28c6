package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/notify"
)

// mountNotices adds the notices, for everybody to read and for some to write.
func (p *Pages) mountNotices(e *echo.Echo) {
	e.GET("/notices", p.notices)
	e.GET("/notices/:id", p.announced)

	tell := e.Group("/manage/notices")
	tell.GET("", p.drafts)
	tell.GET("/new", p.compose)
	tell.POST("/new", p.write)
	tell.GET("/:id", p.draft)
	tell.GET("/:id/edit", p.compose)
	tell.POST("/:id/edit", p.write)
	tell.POST("/:id/step", p.moveNotice)
	tell.GET("/:id/step", func(c echo.Context) error {
		return c.Redirect(http.StatusSeeOther, "/manage/notices/"+c.Param("id"))
	})
}

// mostNotices is how many notices a list shows.
const mostNotices = 100

type noticesPage struct {
	page
	Rows   []noticeRow
	Over   bool // the list of those that hold no more
	Office string
}

// noticeRow is one notice in a list, and all that another page says of one.
type noticeRow struct {
	To, Kind, Title, Office, Days string
	Missing                       bool   // English
	State                         string // in words
}

// notices lists what is in force, or what was.
func (p *Pages) notices(c echo.Context) error {
	ctx, pg := c.Request().Context(), p.page(c)
	d := noticesPage{page: pg, Over: c.QueryParam("over") != "", Office: c.QueryParam("office")}
	read := p.Notices.Everywhere
	if d.Over {
		read = func(ctx context.Context) ([]notify.Notice, error) { return p.Notices.Over(ctx, mostNotices) }
	} else if d.Office != "" {
		if _, err := p.Offices.Office(ctx, d.Office); err != nil {
			return err
		}
		read = func(ctx context.Context) ([]notify.Notice, error) { return p.Notices.InForce(ctx, d.Office) }
	}
	all, err := read(ctx)
	if err != nil {
		return err
	}
	for _, n := range all {
		row, err := p.noticeRow(c, pg, n)
		if err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	return p.render(c, http.StatusOK, "notices", d)
}

func (p *Pages) noticeRow(c echo.Context, pg page, n notify.Notice) (noticeRow, error) {
	office, err := p.noticeOffice(c, pg, n.Office)
	return noticeRow{
		To: noticeAt(n), Kind: pg.T("notices.kind." + string(n.Kind)), Title: pg.titleOf(n.Words), Office: office,
		Days: pg.noticeDays(n.Words), Missing: !n.HasEnglish(), State: pg.T("notices.state." + string(n.State)),
	}, err
}

func noticeAt(n notify.Notice) string { return "/notices/" + strconv.FormatInt(n.ID, 10) }

// noticeOffice is the name of the office of a notice, or that it is for all.
func (p *Pages) noticeOffice(c echo.Context, pg page, id string) (string, error) {
	if id == "" {
		return pg.T("notices.every_office"), nil
	}
	o, err := p.Offices.Office(c.Request().Context(), id)
	return pg.officeName(o), err
}

// titleOf is a title in the reader's language.
func (pg page) titleOf(w notify.Words) string {
	if pg.Lang == "en" && w.TitleEN != "" {
		return w.TitleEN
	}
	return w.TitleZH
}

// noticeDays is the days on which a notice holds.
func (pg page) noticeDays(w notify.Words) string {
	if w.To.IsZero() {
		return pg.T("notices.from", "from", pg.Day(w.From))
	}
	return pg.T("notices.days", "from", pg.Day(w.From), "to", pg.Day(w.To))
}

// paragraphs is a plain text in its paragraphs, each in its lines.
func paragraphs(text string) [][]string {
	var all [][]string
	var now []string
	for line := range strings.Lines(text + "\n\n") {
		if line = strings.TrimSpace(line); line != "" {
			now = append(now, line)
		} else if len(now) > 0 {
			all, now = append(all, now), nil
		}
	}
	return all
}

type announcedPage struct {
	page
	Row      noticeRow
	Told     string // why it does not hold, if it does not
	Replaced string // where the present version is
	Body     [][]string
	For      string
	Imprint  string
	Versions []versionRow
}

// versionRow is one version in the line of them; To is empty where it is shown.
type versionRow struct{ To, Text string }

// announced is one notice as everybody reads it.
func (p *Pages) announced(c echo.Context) error {
	id, err := noticeID(c)
	if err != nil {
		return err
	}
	all, err := p.Notices.Public(c.Request().Context(), id)
	if err != nil {
		return err
	}
	shown := all[0]
	if asked := c.QueryParam("version"); asked != "" {
		found := false
		for _, v := range all {
			if strconv.Itoa(v.Version) == asked {
				shown, found = v, true
			}
		}
		if !found {
			return notify.ErrNoSuchNotice
		}
	}
	pg := p.page(c)
	d := announcedPage{page: pg, Body: paragraphs(shown.BodyZH), For: pg.T("notices.for." + string(shown.Audience))}
	if pg.Lang == "en" {
		d.Body = paragraphs(shown.BodyEN)
	}
	if d.Row, err = p.noticeRow(c, pg, shown); err != nil {
		return err
	}
	d.Told = pg.standing(shown, p.Notices.Today())
	if shown.State == notify.Superseded {
		d.Replaced = noticeAt(shown)
	}
	d.Imprint = pg.T("notices.imprint", "day", pg.Day(notify.DayOf(*shown.PublishedAt)), "n", shown.Version)
	for _, v := range all {
		row := versionRow{Text: pg.T("notices.version", "n", v.Version, "day", pg.Day(notify.DayOf(*v.PublishedAt)))}
		if v.Version != shown.Version {
			row.To = noticeAt(v) + "?version=" + strconv.Itoa(v.Version)
		}
		d.Versions = append(d.Versions, row)
	}
	return p.render(c, http.StatusOK, "announced", d)
}

// standing says of a published notice why it does not hold today, or nothing.
func (pg page) standing(n notify.Notice, today date.Date) string {
	switch {
	case n.State == notify.Withdrawn:
		return pg.T("notices.told_withdrawn", "day", pg.Day(notify.DayOf(*n.EndedAt)))
	case n.State == notify.Superseded:
		return pg.T("notices.told_superseded")
	case today.Before(n.From):
		return pg.T("notices.told_coming", "day", pg.Day(n.From))
	case !n.To.IsZero() && today.After(n.To):
		return pg.T("notices.told_over", "day", pg.Day(n.To))
	}
	return ""
}

// noticeID is the notice of the address.
func noticeID(c echo.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return 0, notify.ErrNoSuchNotice
	}
	return id, nil
}

// newestNotice is the notice to be shown above the calendar of an office, or of
// "" above the list of offices; nil where nothing is in force.
func (p *Pages) newestNotice(c echo.Context, pg page, office string) (*noticeRow, error) {
	n, there, err := p.Notices.Newest(c.Request().Context(), office)
	if err != nil || !there {
		return nil, err
	}
	row, err := p.noticeRow(c, pg, n)
	return &row, err
}
