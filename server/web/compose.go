package web

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/notify"
	"hunyue/server/auth"
)

type composePage struct {
	page
	Action         string
	Key            string
	After          string // the version that is being edited
	Back           string
	Head, Dates    []field
	Chinese, Other []field // the last of each has several lines
	Preview        *noticePreview
}

// noticePreview is what a notice would look like, in both languages.
type noticePreview struct {
	TitleZH, TitleEN, Days string
	BodyZH, BodyEN         [][]string
}

// tellable is the newest version of the notice of the address; zero where the
// address is that of a new one. What is not of an office of theirs is to them as
// if it were not there.
func (p *Pages) tellable(c echo.Context) (notify.Notice, error) {
	if c.Param("id") == "" {
		return notify.Notice{}, nil
	}
	id, err := noticeID(c)
	if err != nil {
		return notify.Notice{}, err
	}
	all, err := p.Notices.Versions(c.Request().Context(), id)
	if err != nil {
		return notify.Notice{}, err
	}
	if err := p.mayTell(c, all[0].Office); errors.Is(err, auth.ErrForbidden) {
		return notify.Notice{}, notify.ErrNoSuchNotice
	} else if err != nil {
		return notify.Notice{}, err
	}
	return all[0], nil
}

// mayTell refuses an office that is not theirs. What is for every office is for
// those who work for every one.
func (p *Pages) mayTell(c echo.Context, office string) error {
	if office != "" {
		if !me(c).MayServe(office) {
			return auth.ErrForbidden
		}
		return nil
	}
	all, err := p.Offices.Offices(c.Request().Context())
	for _, o := range all {
		if !me(c).MayServe(o.ID) {
			return auth.ErrForbidden
		}
	}
	return err
}

// compose shows the form for a new notice, or for the next version of one.
func (p *Pages) compose(c echo.Context) error {
	n, err := p.tellable(c)
	if err != nil {
		return err
	}
	if n.ID == 0 {
		n.From = p.Notices.Today()
	}
	return p.showCompose(c, http.StatusOK, p.page(c), n, draftForm{Words: n.Words, after: n.Version, from: n.From.String(), to: n.To.String()}, composePage{}, nil)
}

// draftForm is a notice as it was typed: days as text, so that none is lost.
type draftForm struct {
	notify.Words
	office   string
	after    int
	from, to string
}

func readDraft(c echo.Context) (draftForm, wrongs) {
	value := func(name string) string { return strings.ReplaceAll(c.FormValue(name), "\r\n", "\n") }
	f := draftForm{office: value("office"), from: value("from"), to: value("to"), Words: notify.Words{
		Kind: notify.NoticeKind(value("kind")), Audience: notify.Audience(value("audience")),
		TitleZH: value("title_zh"), TitleEN: value("title_en"), BodyZH: value("body_zh"), BodyEN: value("body_en"),
	}}
	f.after, _ = strconv.Atoi(value("after"))
	unread := wrongs{}
	f.From = typedDay(c, unread, "from")
	if strings.TrimSpace(f.to) != "" {
		f.To = typedDay(c, unread, "to")
	}
	wrong := wrongs(f.Wrong())
	maps.Copy(wrong, unread)
	return f, wrong
}

// write shows what a notice would look like and then, if its author says so,
// keeps it as a draft.
func (p *Pages) write(c echo.Context) error {
	n, err := p.tellable(c)
	if err != nil {
		return err
	}
	f, wrong := readDraft(c)
	if n.ID == 0 {
		if f.office == "" {
			wrong["office"] = "required"
		} else if err := p.mayTell(c, officeOf(f.office)); err != nil {
			return err
		}
	}
	pg := p.page(c)
	if len(wrong) > 0 {
		return p.showCompose(c, http.StatusUnprocessableEntity, pg, n, f, composePage{}, wrong)
	}
	if c.FormValue("step") != "save" {
		return p.showCompose(c, http.StatusOK, pg, n, f, composePage{Preview: pg.preview(f.Words)}, nil)
	}
	ref, err := p.Notices.Write(c.Request().Context(), me(c).Actor(), notify.Writing{
		Words: f.Words, Office: officeOf(f.office), After: notify.NoticeRef{ID: n.ID, Version: f.after}, Key: keyOf(c),
	})
	if err != nil {
		pg, why, err := pg.explained(c, err)
		if err != nil {
			return err
		}
		f.after = n.Version // what they see now is what they write after
		return p.showCompose(c, statusOf(why), pg, n, f, composePage{Key: newKey()}, why.Fields)
	}
	return c.Redirect(http.StatusSeeOther, "/manage"+noticeAt(notify.Notice{ID: ref.ID}))
}

// everyOffice is the choice of an office that means all of them.
const everyOffice = "all"

func officeOf(chosen string) string {
	if chosen == everyOffice {
		return ""
	}
	return chosen
}

func (pg page) preview(w notify.Words) *noticePreview {
	return &noticePreview{
		TitleZH: w.TitleZH, TitleEN: w.TitleEN, Days: pg.noticeDays(w),
		BodyZH: paragraphs(w.BodyZH), BodyEN: paragraphs(w.BodyEN),
	}
}

// showCompose shows the form with what was typed into it.
func (p *Pages) showCompose(c echo.Context, status int, pg page, n notify.Notice, f draftForm, d composePage, wrong wrongs) error {
	d.page, d.Action, d.Back = pg, "/manage/notices/new", "/manage/notices"
	if n.ID != 0 {
		d.Back = "/manage" + noticeAt(n)
		d.Action, d.After = d.Back+"/edit", strconv.Itoa(f.after)
	}
	d.Key = cmp.Or(d.Key, keyOf(c))
	if n.ID == 0 {
		offices, err := p.tellOffices(c, pg, f.office)
		if err != nil {
			return err
		}
		d.Head = append(d.Head, pg.typed(field{Name: "office", Choices: offices}, "notices.office", f.office, wrong))
	}
	d.Head = append(d.Head,
		choice(pg.typed(field{Name: "kind"}, "notices.kind", string(f.Kind), wrong), pg, "notices.kind.", notify.NoticeKinds()),
		choice(pg.typed(field{Name: "audience"}, "notices.audience", string(f.Audience), wrong), pg, "notices.for.", notify.Audiences()))
	d.Dates = []field{
		pg.typed(field{Name: "from", Type: "date"}, "manage.from", f.from, wrong),
		pg.typed(field{Name: "to", Type: "date", Hint: pg.T("suspend.to_hint")}, "manage.to", f.to, wrong),
	}
	d.Chinese = []field{
		pg.typed(field{Name: "title_zh", Hint: pg.T("notices.title_zh_hint")}, "notices.title_zh", f.TitleZH, wrong),
		pg.typed(field{Name: "body_zh", Long: true, Hint: pg.T("notices.body_hint")}, "notices.body_zh", f.BodyZH, wrong),
	}
	d.Other = []field{
		pg.typed(field{Name: "title_en", Hint: pg.T("notices.title_en_hint")}, "notices.title_en", f.TitleEN, wrong),
		pg.typed(field{Name: "body_en", Long: true, Hint: pg.T("notices.body_hint")}, "notices.body_en", f.BodyEN, wrong),
	}
	for _, fields := range [][]field{d.Head, d.Dates, d.Chinese, d.Other} {
		d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", fields...)...)
	}
	return p.render(c, status, "compose", d)
}

// choice is f with these to choose from; the words for each begin with a key.
func choice[T ~string](f field, pg page, words string, of []T) field {
	for _, one := range of {
		f.Choices = append(f.Choices, option{string(one), pg.T(words + string(one)), string(one) == f.Value})
	}
	return f
}

// tellOffices is the offices that they may write for.
func (p *Pages) tellOffices(c echo.Context, pg page, chosen string) ([]option, error) {
	all, err := p.Offices.Offices(c.Request().Context())
	if err != nil {
		return nil, err
	}
	var offices []option
	for _, o := range all {
		if me(c).MayServe(o.ID) {
			offices = append(offices, option{o.ID, pg.officeName(o), o.ID == chosen})
		}
	}
	if len(offices) == len(all) && len(all) > 1 {
		offices = append(offices, option{everyOffice, pg.T("notices.every_office"), chosen == everyOffice})
	}
	return offices, nil
}

// keyOf is the key of the form that was sent, or one for a new form.
func keyOf(c echo.Context) string {
	if key := c.FormValue("key"); uuid.Validate(key) == nil {
		return key
	}
	return newKey()
}
