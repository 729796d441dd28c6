package web

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"hunyue/server/auth"
)

// accountScreens is what staff sign in with, and the accounts.
var accountScreens = []screen{
	{"O01", "sign in", []state{
		{"session-ended", nil, func(v *guest) {
			v.signIn(auth.Manager)
			v.later(16 * time.Minute)
			v.get("/manage").want(http.StatusOK)
		}},
		{"form-kept", nil, func(v *guest) {
			v.signIn(auth.Manager)
			v.later(16 * time.Minute)
			v.post("/manage/notices/new", url.Values{"title_zh": {longName}}).want(http.StatusUnauthorized)
		}},
		{"form-back", nil, func(v *guest) {
			name := v.signIn(auth.Manager)
			v.later(16 * time.Minute)
			v.post("/manage/notices/new", url.Values{"title_zh": {longName}}).send("/staff/login", "username", name, "password", password).want(http.StatusOK)
		}},
		{"account", nil, func(v *guest) {
			v.signIn(auth.Operator)
			v.get("/staff/account").want(http.StatusOK)
		}},
		{"account-errors", nil, func(v *guest) {
			v.signIn(auth.Operator)
			v.get("/staff/account").send("/staff/account/password", "password", "x", "password_new", "x").want(http.StatusUnprocessableEntity)
		}},
		{"second-factor", nil, func(v *guest) {
			v.signIn(auth.Operator)
			v.get("/staff/account/factor").want(http.StatusOK)
		}},
		{"second-factor-key", nil, func(v *guest) {
			v.signIn(auth.Operator)
			v.behindHTTPS(func() { v.get("/staff/account/factor").want(http.StatusOK) })
		}},
		{"with-key", nil, func(v *guest) { v.behindHTTPS(func() { v.get("/staff/login").want(http.StatusOK) }) }},
		{"second-factor-error", nil, func(v *guest) {
			v.signIn(auth.Operator)
			v.get("/staff/account/factor").send("/staff/account/factor", "code", "x", "password", password).want(http.StatusUnprocessableEntity)
		}},
		{"link", nil, func(v *guest) { v.get(v.invited()).want(http.StatusOK) }},
		{"link-errors", nil, func(v *guest) {
			to := v.invited()
			v.get(to).send(to, "password_new", "x").want(http.StatusUnprocessableEntity)
		}},
		{"link-over", nil, func(v *guest) { v.get("/staff/link/x").want(http.StatusConflict) }},
	}},
	{"M05", "staff accounts", []state{
		{"list", nil, func(v *guest) {
			v.signIn(auth.SecAdmin)
			v.get("/manage/people").want(http.StatusOK)
		}},
		{"invite", nil, func(v *guest) {
			v.signIn(auth.SecAdmin)
			v.get("/manage/people/new").want(http.StatusOK)
		}},
		{"invite-errors", nil, func(v *guest) {
			v.signIn(auth.SecAdmin)
			v.get("/manage/people/new").send("/manage/people/new", "username", "1", "role.auditor", "1", "role.hall", "1", "certificate_from", "2026-05-01").
				want(http.StatusUnprocessableEntity)
		}},
		{"invited", nil, func(v *guest) {
			v.signIn(auth.SecAdmin)
			v.get("/manage/people/new").send("/manage/people/new", "username", fmt.Sprintf("x%d", v.n), "name", longName, "role.registrar", "1",
				"office."+longNamed, "1", "certificate_from", "2026-05-01", "certificate_to", "2028-04-30").want(http.StatusOK)
		}},
		{"one", nil, func(v *guest) {
			v.signIn(auth.SecAdmin)
			v.get(personAt(v.hired(auth.Registrar))).want(http.StatusOK)
		}},
		{"disabled", nil, func(v *guest) {
			v.signIn(auth.SecAdmin)
			name := v.hired(auth.Operator)
			v.get(personAt(name)).send(personAt(name)+"/disable", "confirm", name).want(http.StatusOK)
		}},
		{"oneself", nil, func(v *guest) { v.get(personAt(v.signIn(auth.SecAdmin))).want(http.StatusOK) }},
	}},
}

// behindHTTPS does something where keys can be used.
func (v *guest) behindHTTPS(do func()) {
	v.Base = "https://hunyue.example"
	do()
	v.Base = ""
}

// hired is the name of a new account of this guest's own.
func (v *guest) hired(role string) string {
	v.t.Helper()
	name := fmt.Sprintf("%s-%d", role, v.n)
	_, err := v.Accounts.AddUser(v.t.Context(), "test", auth.NewUser{
		Username: name, Name: longName, Password: password, Roles: []string{role}, Offices: []string{office, longNamed},
		CertificateFrom: may(1), CertificateTo: may(31),
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return name
}

// signIn signs the guest in with an account of their own, and returns its name.
func (v *guest) signIn(role string) string {
	v.t.Helper()
	name := v.hired(role)
	v.get("/staff/login").send("/staff/login", "username", name, "password", password).want(http.StatusOK)
	return name
}

// invited is a link with which an account of the guest's own is activated.
func (v *guest) invited() string {
	v.t.Helper()
	_, token, err := v.Accounts.Invite(v.t.Context(), "test", auth.NewUser{Username: fmt.Sprintf("invited-%d", v.n), Name: longName, Roles: []string{auth.Hall}})
	if err != nil {
		v.t.Fatal(err)
	}
	return "/staff/link/" + token
}
