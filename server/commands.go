package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
	"hunyue/internal/date"
	"hunyue/server/auth"
)

// byHand is who acts, for the audit, when somebody types a command.
const byHand = "command line"

type migrate struct{}

// Run brings the database to the newest form.
func (migrate) Run(ctx context.Context, p *program) error {
	return p.withDatabase(ctx, func(*sqlx.DB) error {
		_, err := fmt.Fprintln(p.stdout, "The database is up to date.")
		return err
	})
}

type userAdd struct {
	Username      string   `arg:"" help:"2 to 32 of a-z, 0-9, . _ -"`
	Role          []string `required:"" help:"operator, hall, registrar, manager, district, auditor, sysadmin or secadmin; may be repeated, but the last three stand alone."`
	Office        []string `help:"An office that they work for; may be repeated."`
	FullName      string   `help:"As it is shown; the user name if left out."`
	PermittedFrom string   `placeholder:"YYYY-MM-DD" help:"The first day on which they may register couples."`
	PermittedTo   string   `placeholder:"YYYY-MM-DD" help:"The last."`
	PasswordStdin bool     `help:"Read the password from the first line of the standard input. Without it a one-time link is printed, with which they choose one."`
}

// Run makes a staff account.
func (u *userAdd) Run(ctx context.Context, p *program) error {
	user := auth.NewUser{Username: u.Username, Name: u.FullName, Roles: u.Role, Offices: u.Office}
	for text, day := range map[*string]*date.Date{&u.PermittedFrom: &user.CertificateFrom, &u.PermittedTo: &user.CertificateTo} {
		if err := day.UnmarshalText([]byte(*text)); err != nil {
			return fmt.Errorf("permission: %w", err)
		}
	}
	if u.PasswordStdin {
		var err error
		if user.Password, err = firstLine(p.stdin); err != nil {
			return err
		}
	}
	return p.withAccounts(ctx, func(accounts *auth.Accounts) (string, error) {
		if u.PasswordStdin {
			_, err := accounts.AddUser(ctx, byHand, user)
			return fmt.Sprintf("Added %s.", u.Username), err
		}
		_, token, err := accounts.Invite(ctx, byHand, user)
		return fmt.Sprintf("Added %s. %s", u.Username, p.linkFor(token)), err
	})
}

// withAccounts runs f with the accounts of a command, and prints what it says.
func (p *program) withAccounts(ctx context.Context, f func(*auth.Accounts) (said string, err error)) error {
	return p.withDatabase(ctx, func(db *sqlx.DB) error {
		said, err := f(&auth.Accounts{DB: db, Clock: &clock.Clock{}, SecondFactor: p.SecondFactor, Profile: p.Passwords})
		if err != nil {
			return explained(err)
		}
		_, err = fmt.Fprintln(p.stdout, said)
		return err
	})
}

// linkFor is a one-time link in words.
func (p *program) linkFor(token string) string {
	return fmt.Sprintf("They choose a password at this link, once and within 24 hours: %s", linkAt(cmp.Or(p.BaseURL, "http://"+p.Addr), token))
}

func linkAt(base, token string) string { return base + "/staff/link/" + token }

type userLink struct {
	Username string `arg:"" help:"Whose account."`
}

// Run makes a one-time link for a forgotten password.
func (u *userLink) Run(ctx context.Context, p *program) error {
	return p.withAccounts(ctx, func(accounts *auth.Accounts) (string, error) {
		who, err := accounts.Person(ctx, u.Username)
		if err != nil {
			return "", err
		}
		token, err := accounts.NewLink(ctx, nil, byHand, who.ID)
		return p.linkFor(token), err
	})
}

type userFactor struct {
	Username string `arg:"" help:"Whose account."`
	Reason   string `required:"" help:"Why, and how you made sure that it is them. It is kept."`
}

// Run takes a second factor away, for the last security administrator who has
// lost theirs.
func (u *userFactor) Run(ctx context.Context, p *program) error {
	return p.withAccounts(ctx, func(accounts *auth.Accounts) (string, error) {
		who, err := accounts.Person(ctx, u.Username)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("The second factor of %s is gone.", u.Username), accounts.ResetFactor(ctx, nil, byHand, who.ID, u.Reason)
	})
}

type userDisable struct {
	Username string `arg:"" help:"Whose account."`
}

// Run shuts a staff account; whoever is signed in with it is out within a
// second.
func (u *userDisable) Run(ctx context.Context, p *program) error {
	return p.withAccounts(ctx, func(accounts *auth.Accounts) (string, error) {
		return fmt.Sprintf("Disabled %s.", u.Username), accounts.Disable(ctx, byHand, u.Username)
	})
}

func firstLine(from io.Reader) (string, error) {
	line, err := bufio.NewReader(from).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
