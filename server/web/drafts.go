package web

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"hunyue/notify"
)

type draftsPage struct {
	page
	Rows    []noticeRow
	Manages bool // and so has other pages to go back to
}

// drafts lists the notices of their offices, whatever has become of them.
func (p *Pages) drafts(c echo.Context) error {
	all, err := p.Notices.Kept(c.Request().Context(), me(c).Offices, mostNotices)
	if err != nil {
		return err
	}
	d := draftsPage{page: p.page(c), Manages: maySee(me(c), "/manage")}
	for _, n := range all {
		row, err := p.noticeRow(c, d.page, n)
		if err != nil {
			return err
		}
		row.To = "/manage" + row.To
		d.Rows = append(d.Rows, row)
	}
	return p.render(c, http.StatusOK, "drafts", d)
}

type draftPage struct {
	page
	Row            noticeRow
	For            string
	Words          *noticePreview
	Action, Edit   string
	Version        string
	Public         string // where everybody reads it; "" before
	HandIn, Review bool
	Own            bool // handed in, and they have written it
	Withdraw       bool
	Reason         field
	History        []string
}

// draft is the newest version of a notice, and what can be done with it.
func (p *Pages) draft(c echo.Context) error {
	n, err := p.tellable(c)
	if err != nil {
		return err
	}
	return p.showDraft(c, http.StatusOK, p.page(c), n, nil)
}

// moveNotice takes a version one step on.
func (p *Pages) moveNotice(c echo.Context) error {
	n, err := p.tellable(c)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(c.FormValue("version"))
	if err != nil {
		return notify.ErrNoSuchNotice
	}
	err = p.Notices.Move(c.Request().Context(), me(c).Actor(), notify.NoticeRef{ID: n.ID, Version: version},
		notify.NoticeState(c.FormValue("step")), c.FormValue("reason"))
	if err == nil {
		return c.Redirect(http.StatusSeeOther, "/manage"+noticeAt(n))
	}
	pg, why, err := p.page(c).explained(c, err)
	if err != nil {
		return err
	}
	pg.Mistakes = pg.unready(why.Fields)
	return p.showDraft(c, statusOf(why), pg, n, why.Fields)
}

// unready is a line for each field that keeps a notice from being handed in; it
// leads to the form.
func (pg page) unready(wrong wrongs) []mistake {
	var all []mistake
	for _, f := range []struct{ name, label string }{{"title_en", "notices.title_en"}, {"body_en", "notices.body_en"}, {"to", "manage.to"}} {
		if wrong[f.name] != "" {
			all = append(all, mistake{"edit", pg.T("form.mistake", "label", pg.T(f.label), "wrong", wrong.say(pg.Reader, f.name))})
		}
	}
	return all
}

// showDraft shows a notice to those who may move it.
func (p *Pages) showDraft(c echo.Context, status int, pg page, n notify.Notice, wrong wrongs) error {
	all, err := p.Notices.Versions(c.Request().Context(), n.ID)
	if err != nil {
		return err
	}
	n = all[0]
	at := "/manage" + noticeAt(n)
	d := draftPage{
		page: pg, For: pg.T("notices.for." + string(n.Audience)), Words: pg.preview(n.Words),
		Action: at + "/step", Edit: at + "/edit", Version: strconv.Itoa(n.Version), HandIn: n.State == notify.Draft,
		Reason: pg.typed(field{Name: "reason", Hint: pg.T("suspend.reason_hint")}, "suspend.reason", c.FormValue("reason"), wrong),
	}
	if d.Row, err = p.noticeRow(c, pg, n); err != nil {
		return err
	}
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Reason)...)
	d.Own = n.State == notify.HandedIn && wroteSince(all, me(c).Actor())
	d.Review = n.State == notify.HandedIn && !d.Own
	d.Withdraw = n.State == notify.Published
	for _, v := range all {
		if v.PublishedAt != nil {
			d.Public = noticeAt(n)
		}
		d.History = append(d.History, pg.history(v))
	}
	return p.render(c, status, "draft", d)
}

// wroteSince reports whether somebody has written a version since the last that
// was published.
func wroteSince(all []notify.Notice, actor string) bool {
	for _, v := range all {
		if v.PublishedAt != nil {
			return false
		}
		if v.Author == actor {
			return true
		}
	}
	return false
}

// history is what became of a version, in a line.
func (pg page) history(v notify.Notice) string {
	line := pg.T("notices.history", "n", v.Version, "state", pg.T("notices.state."+string(v.State)), "by", v.Author, "day", pg.ShortDay(notify.DayOf(v.At)))
	if v.PublishedAt != nil {
		line += pg.T("notices.history_published", "by", v.Reviewer, "day", pg.ShortDay(notify.DayOf(*v.PublishedAt)))
	}
	if v.EndedAt != nil {
		line += pg.T("notices.history_ended", "by", v.EndedBy, "day", pg.ShortDay(notify.DayOf(*v.EndedAt)), "reason", v.Reason)
	}
	return line
}
