package web

import (
	"errors"
	"net/http"

	"github.com/boombuler/barcode/qr"
	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
	"hunyue/server/auth"
)

type accountPage struct {
	page
	MustChange bool // the password, before anything else
	Old, New   field
	Factor     bool // a second factor is set up
}

// account is what staff see to themselves: their password, their second
// factor, and where they are signed in.
func (p *Pages) account(c echo.Context) error {
	return p.showAccount(c, http.StatusOK, p.stepping(c), nil)
}

// stepping is a page for somebody who may have a step to take: it leads nowhere
// else until then.
func (p *Pages) stepping(c echo.Context) page {
	pg := p.page(c)
	if auth.StepOf(c.Request().Context()) != auth.Ready {
		pg.Nav = nil
	}
	return pg
}

func (p *Pages) showAccount(c echo.Context, status int, pg page, wrong wrongs) error {
	has, err := p.Accounts.HasFactor(c.Request().Context(), me(c))
	if err != nil {
		return err
	}
	d := accountPage{
		page: pg, Factor: has, MustChange: auth.StepOf(c.Request().Context()) == auth.ChoosePassword,
		Old: pg.typed(field{Name: "password", Type: "password", Auto: "current-password"}, "account.old", "", wrong),
		New: pg.typed(field{Name: "password_new", Type: "password", Auto: "new-password", Hint: p.passwordHint(pg)}, "account.new", "", wrong),
	}
	d.Mistakes = mistakesIn(pg.Reader, "", d.Old, d.New)
	return p.render(c, status, "account", d)
}

// passwordHint says what is asked of a new password.
func (p *Pages) passwordHint(pg page) string {
	switch {
	case p.Accounts.Profile == auth.Dengbao3:
		return pg.T("account.hint_mixed")
	case p.Accounts.SecondFactor:
		return pg.T("account.hint_of_two")
	}
	return pg.T("account.hint")
}

// changePassword gives them another password, and signs them out elsewhere.
func (p *Pages) changePassword(c echo.Context) error {
	s, err := p.Accounts.ChangePassword(c.Request().Context(), p.Accounts.CookieToken(c.Request()), c.FormValue("password"), c.FormValue("password_new"))
	if err != nil {
		wrong := wrongs{}
		switch f := fault.Of(err); {
		case errors.Is(err, auth.ErrLoginFailed):
			wrong["password"] = "password_wrong"
		case f.Fields["password"] != "":
			wrong["password_new"] = f.Fields["password"]
		default:
			return err
		}
		return p.showAccount(c, http.StatusUnprocessableEntity, p.stepping(c), wrong)
	}
	p.enters(c, s)
	return c.Redirect(http.StatusSeeOther, p.onwards(s, ""))
}

// endOwn signs them out everywhere, here too.
func (p *Pages) endOwn(c echo.Context) error {
	if c.FormValue("everywhere") == "" {
		return p.account(c)
	}
	if err := p.Accounts.EndSessions(c.Request().Context(), me(c).Actor(), me(c).ID); err != nil {
		return err
	}
	return p.logout(c)
}

type factorPage struct {
	page
	Must                 bool // before anything else
	Secret, Sealed       string
	QR                   qrCode
	Code, Password       field
	Key                  auth.Challenge
	Keys                 []string // that are set up
	KeyName, KeyPassword field
}

// factorForm offers a secret for codes, and a key where one can be used.
func (p *Pages) factorForm(c echo.Context) error {
	secret, err := p.Accounts.NewSecret(me(c), "Hunyue")
	if err != nil {
		return err
	}
	return p.showFactor(c, http.StatusOK, p.stepping(c), secret, nil)
}

func (p *Pages) showFactor(c echo.Context, status int, pg page, secret auth.Secret, wrong wrongs) error {
	code, err := qr.Encode(secret.URI, qr.M, qr.Unicode)
	if err != nil {
		return err
	}
	d := factorPage{
		page: pg, Must: auth.StepOf(c.Request().Context()) == auth.SetFactor,
		Secret: inFours(secret.Key), Sealed: secret.Sealed, QR: qrCode{code},
		Code:        pg.typed(field{Name: "code", Mode: "numeric", Auto: "one-time-code"}, "factor.code", "", wrong),
		Password:    pg.typed(field{Name: "password", Type: "password", Auto: "current-password"}, "factor.password", "", wrong),
		KeyName:     pg.typed(field{Name: "key_name", Auto: "off", Hint: pg.T("key.name_hint")}, "key.name", c.FormValue("key_name"), wrong),
		KeyPassword: pg.typed(field{Name: "key_password", Type: "password", Auto: "current-password"}, "factor.password", "", wrong),
	}
	if d.Keys, err = p.Accounts.KeyNames(c.Request().Context(), me(c)); err != nil {
		return err
	}
	if d.Key, err = p.Accounts.OfferKey(c.Request().Context(), me(c), p.origin(c)); err != nil {
		return err
	}
	d.Mistakes = mistakesIn(pg.Reader, "", d.Code, d.Password, d.KeyName, d.KeyPassword)
	return p.render(c, status, "factor", d)
}

// setKey sets up a security key that has answered.
func (p *Pages) setKey(c echo.Context) error {
	ctx := c.Request().Context()
	wrong := wrongs{}
	err := p.Accounts.Reprove(ctx, me(c), c.FormValue("key_password"))
	var s auth.Session
	if err == nil {
		s, err = p.Accounts.SetKey(ctx, p.Accounts.CookieToken(c.Request()), p.origin(c), c.FormValue("key_name"), c.FormValue("key_state"), c.FormValue("key_answer"))
	}
	switch {
	case err == nil:
		p.enters(c, s)
		return c.Redirect(http.StatusSeeOther, p.onwards(s, ""))
	case errors.Is(err, auth.ErrLoginFailed):
		wrong["key_password"] = "password_wrong"
	case errors.Is(err, auth.ErrFactorMistaken):
		wrong["key_name"] = "key_mistaken"
	case fault.Of(err).Fields["key_name"] != "":
		wrong = fault.Of(err).Fields
	default:
		return err
	}
	secret, err := p.Accounts.NewSecret(me(c), "Hunyue")
	if err != nil {
		return err
	}
	return p.showFactor(c, http.StatusUnprocessableEntity, p.stepping(c), secret, wrong)
}

// inFours is a key in fours, as it is typed.
func inFours(key string) string {
	var said []byte
	for i := range len(key) {
		if i > 0 && i%4 == 0 {
			said = append(said, ' ')
		}
		said = append(said, key[i])
	}
	return string(said)
}

// setFactor sets up codes once the first is right.
func (p *Pages) setFactor(c echo.Context) error {
	ctx, sealed := c.Request().Context(), c.FormValue("sealed")
	secret, err := p.Accounts.Offered(me(c), sealed)
	if err != nil {
		return p.factorForm(c)
	}
	if err := p.Accounts.Reprove(ctx, me(c), c.FormValue("password")); errors.Is(err, auth.ErrLoginFailed) {
		return p.showFactor(c, http.StatusUnprocessableEntity, p.stepping(c), secret, wrongs{"password": "password_wrong"})
	} else if err != nil {
		return err
	}
	s, err := p.Accounts.SetCodes(ctx, p.Accounts.CookieToken(c.Request()), sealed, c.FormValue("code"))
	if errors.Is(err, auth.ErrFactorMistaken) {
		return p.showFactor(c, http.StatusUnprocessableEntity, p.stepping(c), secret, wrongs{"code": "code_mistaken"})
	}
	if err != nil {
		return err
	}
	p.enters(c, s)
	return c.Redirect(http.StatusSeeOther, p.onwards(s, ""))
}
