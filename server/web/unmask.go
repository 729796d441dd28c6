package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"hunyue/server/auth"
	"hunyue/server/watch"
)

// unmasking is the form by which staff are shown a couple in full.
type unmasking struct {
	To       string
	Data     string // where all that is kept of them is opened; "": not from here
	Reason   field
	Password *field // nil: they have just shown that it is them
	SignOn   string // where they can show it without a password; "": nowhere
	Done     bool   // it is shown on this page
}

// Wrong reports whether the form has to be mended.
func (u unmasking) Wrong() bool {
	return u.Reason.Wrong != "" || u.Password != nil && u.Password.Wrong != ""
}

// inputs is those of the form, for the summary of what is wrong.
func (u unmasking) inputs() []field {
	if u.Password == nil {
		return []field{u.Reason}
	}
	return []field{u.Reason, *u.Password}
}

func (p *Pages) unmasking(c echo.Context, pg page, g own, to string, wrong wrongs) unmasking {
	reason := field{Name: "unmask", Choices: []option{{"", pg.T("unmask.choose"), true}}}
	for _, r := range watch.Reasons() {
		reason.Choices = append(reason.Choices, option{string(r), pg.T("unmask." + string(r)), false})
	}
	u := unmasking{To: to, Reason: pg.typed(reason, "unmask.reason", "", wrong), Done: g.unmasked}
	for i, r := range u.Reason.Choices {
		u.Reason.Choices[i].Chosen = r.Value == c.FormValue("unmask")
	}
	if !g.unmasked && !p.Accounts.Proved(c.Request().Context(), p.Accounts.CookieToken(c.Request())) {
		password := field{Name: "password", Type: "password", Auto: "current-password", Hint: pg.T("unmask.password_hint")}
		password = pg.typed(password, "factor.password", "", wrong)
		u.Password = &password
		if p.Accounts.SignOn != nil {
			u.SignOn = "/staff/signon?" + url.Values{"next": {c.Request().URL.Path}}.Encode()
		}
	}
	return u
}

// mayUnmask is ctx in which records are opened in full, for the reason that was
// chosen, and what is wrong with the form. Whoever has not shown for a while that it
// is them types their password (ASVS 7.5.3).
func (p *Pages) mayUnmask(c echo.Context) (context.Context, wrongs, error) {
	ctx, known := watch.Unmasked(c.Request().Context(), watch.Reason(c.FormValue("unmask")))
	wrong := wrongs{}
	if !known {
		wrong["unmask"] = "required"
	}
	token := p.Accounts.CookieToken(c.Request())
	if p.Accounts.Proved(ctx, token) {
		return ctx, wrong, nil
	}
	password := c.FormValue("password")
	if password == "" {
		wrong["password"] = "required"
		return ctx, wrong, nil
	}
	err := p.Accounts.ProveAgain(ctx, token, me(c), password)
	if errors.Is(err, auth.ErrLoginFailed) {
		wrong["password"] = "password_wrong"
		return ctx, wrong, nil
	}
	return ctx, wrong, err
}

// unmaskGuest shows a couple in full at the desk.
func (p *Pages) unmaskGuest(c echo.Context) error {
	return p.unmask(c, func(status int, pg page, g own, wrong wrongs) error {
		return p.showGuest(c, status, pg, g, guestPage{}, wrong)
	})
}

// unmaskCalled shows a couple in full to whoever has it on the phone.
func (p *Pages) unmaskCalled(c echo.Context) error {
	return p.unmask(c, func(status int, pg page, g own, wrong wrongs) error {
		return p.showCalled(c, status, pg, g, wrong)
	})
}

// unmask shows one couple in full in this one answer, for a reason that is kept in
// the audit (domain rule 85). Reasons are few, and none can be typed: what is typed
// might name somebody.
func (p *Pages) unmask(c echo.Context, show func(status int, pg page, g own, wrong wrongs) error) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	pg := p.page(c)
	ctx, wrong, err := p.mayUnmask(c)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return show(http.StatusUnprocessableEntity, pg, g, wrong)
	}
	if g.Erased {
		return show(http.StatusOK, pg, g, nil)
	}
	parties, err := p.Desk.Parties(ctx, g.appointment)
	if err != nil {
		return err
	}
	phone, err := p.Desk.Contact(ctx, g.appointment)
	if err != nil {
		return err
	}
	g.Names, g.Numbers, g.Phone, g.unmasked = nil, nil, phone.Number(), true
	for _, party := range parties {
		g.Names = append(g.Names, party.Name)
		g.Numbers = append(g.Numbers, party.Document.Number)
	}
	pg.Notice = pg.T("unmask.done")
	return show(http.StatusOK, pg, g, nil)
}
