package web

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/server/auth"
)

// A session that ends while somebody types must not cost them what they have
// typed. The form that came too late is sealed for the account that was signed
// in before, which a cookie names, and travels in the login form. Only that
// account gets it back: for anybody else it does not open.

// carriedForm is a form that came without a session.
type carriedForm struct {
	To     string     `json:"to"`
	Fields url.Values `json:"fields"`
	At     int64      `json:"at"` // seconds
}

// How long a form is carried, and how much of it: sealed and as text it has to
// fit into one request with what is typed to sign in.
const (
	carriedFor  = time.Hour
	carriedMost = 40 << 10
)

// secrets are never carried: they are typed anew.
var secrets = []string{"password", "password_new", "code", "totp", "secret", "key_answer"}

const whoPurpose = "who was signed in"

// rememberWho notes which account this browser signs in with.
func (p *Pages) rememberWho(c echo.Context, s *auth.Staff) {
	c.SetCookie(p.whoCookie(p.Keys.Sign(whoPurpose, strconv.AppendInt(nil, s.ID, 10)), 0))
}

func (p *Pages) forgetWho(c echo.Context) { c.SetCookie(p.whoCookie("", -1)) }

func (p *Pages) whoCookie(value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: p.own("who"), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: p.Accounts.Secure, SameSite: http.SameSiteStrictMode,
	}
}

// whoWas is the account that this browser was signed in with, or "".
func (p *Pages) whoWas(c echo.Context) string {
	cookie, err := c.Cookie(p.own("who"))
	if err != nil {
		return ""
	}
	id, err := p.Keys.Verify(whoPurpose, cookie.Value)
	if err != nil {
		return ""
	}
	return string(id)
}

// carry is the form that was sent, sealed, or "" where there is nothing to
// keep.
func (p *Pages) carry(c echo.Context) string {
	r, who := c.Request(), p.whoWas(c)
	if r.Method != http.MethodPost || !local(r.URL.Path) || who == "" || r.ParseForm() != nil {
		return ""
	}
	form := carriedForm{To: r.URL.Path, Fields: url.Values{}, At: p.Clock.Now().Unix()}
	for name, values := range r.PostForm {
		if !slices.Contains(secrets, name) {
			form.Fields[name] = values
		}
	}
	plain, err := json.Marshal(form)
	if err != nil || len(form.Fields) == 0 || len(plain) > carriedMost {
		return ""
	}
	sealed, err := p.Keys.Seal(plain, carriedRow(who))
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// broughtBack is a form that was carried for this account.
func (p *Pages) broughtBack(s *auth.Staff, sealed string) (carriedForm, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || sealed == "" {
		return carriedForm{}, false
	}
	plain, err := p.Keys.Open(raw, carriedRow(strconv.FormatInt(s.ID, 10)))
	if err != nil {
		return carriedForm{}, false
	}
	var form carriedForm
	if json.Unmarshal(plain, &form) != nil || !local(form.To) {
		return carriedForm{}, false
	}
	return form, p.Clock.Now().Sub(time.Unix(form.At, 0)) < carriedFor
}

func carriedRow(account string) string { return "carried form:" + account }

type resumePage struct {
	page
	To   string
	Keep []hidden
}

// resume offers to send the form that was kept. Staff press the button: they
// see first that they are back.
func (p *Pages) resume(c echo.Context, s *auth.Staff, form carriedForm) error {
	pg := p.page(c)
	pg.Staff, pg.Other, pg.Settings = s, "", ""
	d := resumePage{page: pg, To: form.To}
	for _, name := range slices.Sorted(maps.Keys(form.Fields)) {
		for _, value := range form.Fields[name] {
			d.Keep = append(d.Keep, hidden{name, value})
		}
	}
	return p.render(c, http.StatusOK, "resume", d)
}
