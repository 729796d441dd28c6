package web

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/server/auth"
)

// personPage is one account, or one to be.
type personPage struct {
	page
	New, Oneself, Shut, HasFactor bool
	Name, State, Action           string
	Link                          string // shown once
	Login, FullName               field
	RoleTicks, OfficeTicks        []tick
	WrongRoles                    string
	From, To, Reason              field
	CanBind                       bool // there is a single sign-on
	Subject                       field
	Confirm                       field // the user name, before the account is shut
}

// officeTick begins the name of the box for an office.
const officeTick = "office."

// duties is what was chosen for an account, and what of it cannot be read.
func duties(c echo.Context) (auth.Duties, wrongs) {
	wrong := wrongs{}
	d := auth.Duties{}
	for _, role := range auth.AllRoles() {
		if c.FormValue("role."+role) != "" {
			d.Roles = append(d.Roles, role)
		}
	}
	form, _ := posted(c)
	for name := range form {
		if id, ok := strings.CutPrefix(name, officeTick); ok {
			d.Offices = append(d.Offices, id)
		}
	}
	slices.Sort(d.Offices)
	for name, day := range map[string]*date.Date{"certificate_from": &d.CertificateFrom, "certificate_to": &d.CertificateTo} {
		if c.FormValue(name) != "" {
			*day = typedDay(c, wrong, name)
		}
	}
	return d, wrong
}

// newPerson shows the form for an account to be.
func (p *Pages) newPerson(c echo.Context) error {
	return p.showPerson(c, http.StatusOK, p.page(c), auth.Person{}, personPage{}, nil)
}

// invite makes an account, and shows the link with which its owner chooses a
// password.
func (p *Pages) invite(c echo.Context) error {
	d, wrong := duties(c)
	var token string
	err := fault.InFields(wrong)
	if err == nil {
		_, token, err = p.Accounts.Invite(c.Request().Context(), me(c).Actor(), auth.NewUser{
			Username: c.FormValue("username"), Name: c.FormValue("name"), Roles: d.Roles, Offices: d.Offices,
			CertificateFrom: d.CertificateFrom, CertificateTo: d.CertificateTo,
		})
	}
	if err != nil {
		return p.personRefused(c, auth.Person{}, d, err)
	}
	made, err := p.Accounts.Person(c.Request().Context(), strings.ToLower(strings.TrimSpace(c.FormValue("username"))))
	if err != nil {
		return err
	}
	return p.showPerson(c, http.StatusOK, p.page(c), made, personPage{Link: p.linkAt(c, token)}, nil)
}

// linkAt is a one-time link as it is handed over.
func (p *Pages) linkAt(c echo.Context, token string) string {
	return p.origin(c) + "/staff/link/" + token
}

// person shows an account.
func (p *Pages) person(c echo.Context) error {
	one, err := p.Accounts.Person(c.Request().Context(), c.Param("username"))
	if err != nil {
		return err
	}
	return p.showPerson(c, http.StatusOK, p.page(c), one, personPage{}, nil)
}

// assign gives an account other duties.
func (p *Pages) assign(c echo.Context) error {
	d, wrong := duties(c)
	return p.onPerson(c, "people.saved", func(ctx context.Context, one auth.Person) (string, error) {
		if err := fault.InFields(wrong); err != nil {
			return "", err
		}
		return "", p.Accounts.Assign(ctx, me(c), one.ID, d)
	})
}

// relink makes a link with which somebody chooses another password.
func (p *Pages) relink(c echo.Context) error {
	return p.onPerson(c, "", func(ctx context.Context, one auth.Person) (string, error) {
		token, err := p.Accounts.NewLink(ctx, me(c), me(c).Actor(), one.ID)
		return p.linkAt(c, token), err
	})
}

// endSessions signs somebody out everywhere.
func (p *Pages) endSessions(c echo.Context) error {
	return p.onPerson(c, "people.signed_out", func(ctx context.Context, one auth.Person) (string, error) {
		return "", p.Accounts.EndSessions(ctx, me(c).Actor(), one.ID)
	})
}

// resetFactor takes somebody's second factor away, for a reason.
func (p *Pages) resetFactor(c echo.Context) error {
	return p.onPerson(c, "people.factor_gone", func(ctx context.Context, one auth.Person) (string, error) {
		return "", p.Accounts.ResetFactor(ctx, me(c), me(c).Actor(), one.ID, c.FormValue("reason"))
	})
}

// bind says who somebody is at the single sign-on.
func (p *Pages) bind(c echo.Context) error {
	if p.Accounts.SignOn == nil {
		return p.person(c)
	}
	return p.onPerson(c, "signon.bound", func(ctx context.Context, one auth.Person) (string, error) {
		return "", p.Accounts.Bind(ctx, me(c), one.ID, c.FormValue("subject"))
	})
}

// disable shuts an account, once its user name is typed: nothing opens it again.
func (p *Pages) disable(c echo.Context) error {
	return p.onPerson(c, "people.disabled", func(ctx context.Context, one auth.Person) (string, error) {
		if one.ID != me(c).ID && strings.TrimSpace(c.FormValue("confirm")) != one.Username {
			return "", fault.InFields(map[string]string{"confirm": "username"})
		}
		return "", p.Accounts.Shut(ctx, me(c), one)
	})
}

// onPerson does something to the account of the address, and shows it with what
// has happened and the link that came of it, if any.
func (p *Pages) onPerson(c echo.Context, done string, do func(context.Context, auth.Person) (link string, err error)) error {
	ctx := c.Request().Context()
	one, err := p.Accounts.Person(ctx, c.Param("username"))
	if err != nil {
		return err
	}
	link := ""
	if err = auth.ErrShut; !one.Disabled {
		link, err = do(ctx, one)
	}
	if err != nil {
		d, _ := duties(c)
		return p.personRefused(c, one, d, err)
	}
	if one, err = p.Accounts.Person(ctx, one.Username); err != nil {
		return err
	}
	pg := p.page(c)
	if done != "" {
		pg.Notice = pg.T(done)
	}
	return p.showPerson(c, http.StatusOK, pg, one, personPage{Link: link}, nil)
}

// personRefused shows the form again with what was chosen.
func (p *Pages) personRefused(c echo.Context, one auth.Person, d auth.Duties, err error) error {
	pg, why, err := p.page(c).explained(c, err)
	if err != nil {
		return err
	}
	if len(d.Roles) > 0 || one.ID == 0 {
		one.Roles, one.Offices = d.Roles, d.Offices
		one.CertificateFrom, one.CertificateTo = d.CertificateFrom, d.CertificateTo
	}
	return p.showPerson(c, statusOf(why), pg, one, personPage{}, why.Fields)
}

func (p *Pages) showPerson(c echo.Context, status int, pg page, one auth.Person, d personPage, wrong wrongs) error {
	d.page, d.New = pg, one.ID == 0
	d.Name, d.State, d.Shut, d.HasFactor = one.Name, pg.personState(one), one.Disabled, one.Factor()
	d.Oneself = one.ID == me(c).ID
	d.Action = "/manage/people/new"
	if !d.New {
		d.Action = personAt(one.Username)
	}
	names, err := p.officeNames(c)
	if err != nil {
		return err
	}
	d.Login = pg.typed(field{Name: "username", Auto: "off", Hint: pg.T("people.username_hint")}, "login.username", c.FormValue("username"), wrong)
	d.FullName = pg.typed(field{Name: "name", Auto: "off"}, "people.name", c.FormValue("name"), wrong)
	d.From = pg.typed(field{Name: "certificate_from", Type: "date"}, "people.from", one.CertificateFrom.String(), wrong)
	d.To = pg.typed(field{Name: "certificate_to", Type: "date"}, "people.to", one.CertificateTo.String(), wrong)
	d.Reason = pg.typed(field{Name: "reason", Auto: "off", Hint: pg.T("people.reason_hint")}, "people.reason", c.FormValue("reason"), wrong)
	d.CanBind = p.Accounts.SignOn != nil
	d.Subject = pg.typed(field{Name: "subject", Auto: "off", Hint: pg.T("signon.subject_hint")}, "signon.subject", cmp.Or(c.FormValue("subject"), one.Subject.String), wrong)
	d.Confirm = pg.typed(field{Name: "confirm", Auto: "off", Hint: pg.T("people.confirm_hint", "name", one.Username)}, "people.confirm", c.FormValue("confirm"), wrong)
	d.chooseFrom(one, names, wrong)
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Login, d.FullName, d.From, d.To, d.Reason, d.Subject, d.Confirm)...)
	return p.render(c, status, "person", d)
}

// chooseFrom is the roles and offices that there are, those of the account
// ticked.
func (d *personPage) chooseFrom(one auth.Person, offices map[string]string, wrong wrongs) {
	for _, role := range auth.AllRoles() {
		d.RoleTicks = append(d.RoleTicks, tick{Name: "role." + role, Value: "1", Label: d.T("role." + role), On: slices.Contains(one.Roles, role)})
	}
	for _, id := range slices.Sorted(maps.Keys(offices)) {
		d.OfficeTicks = append(d.OfficeTicks, tick{Name: officeTick + id, Value: "1", Label: offices[id], On: slices.Contains(one.Offices, id)})
	}
	if d.WrongRoles = wrong.say(d.Reader, "roles"); d.WrongRoles != "" {
		d.Mistakes = append(d.Mistakes, mistake{d.RoleTicks[0].Name, d.T("form.mistake", "label", d.T("people.roles"), "wrong", d.WrongRoles)})
	}
}
