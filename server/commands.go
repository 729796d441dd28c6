package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
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
	Role          []string `required:"" help:"operator, hall, registrar, manager, district, auditor, sysadmin or secadmin; may be repeated."`
	Office        []string `help:"An office that they work for; may be repeated."`
	FullName      string   `help:"As it is shown; the user name if left out."`
	PasswordStdin bool     `help:"Read the password from the first line of the standard input. Without it one is made and printed once."`
}

// Run makes a staff account.
func (u *userAdd) Run(ctx context.Context, p *program) error {
	password, made := auth.NewPassword(), true
	if u.PasswordStdin {
		var err error
		if password, err = firstLine(p.stdin); err != nil {
			return err
		}
		made = false
	}
	return p.withDatabase(ctx, func(db *sqlx.DB) error {
		accounts := &auth.Accounts{DB: db, Clock: &clock.Clock{}}
		_, err := accounts.AddUser(ctx, byHand, auth.NewUser{
			Username: u.Username, Name: u.FullName, Password: password, Roles: u.Role, Offices: u.Office,
		})
		if err != nil {
			return explained(err)
		}
		said := fmt.Sprintf("Added %s.", u.Username)
		if made {
			said += fmt.Sprintf(" Password, shown only now: %s", password)
		}
		_, err = fmt.Fprintln(p.stdout, said)
		return err
	})
}

type userDisable struct {
	Username string `arg:"" help:"Whose account."`
}

// Run shuts a staff account; whoever is signed in with it is out within a
// second.
func (u *userDisable) Run(ctx context.Context, p *program) error {
	return p.withDatabase(ctx, func(db *sqlx.DB) error {
		accounts := &auth.Accounts{DB: db, Clock: &clock.Clock{}}
		if err := accounts.Disable(ctx, byHand, u.Username); err != nil {
			return explained(err)
		}
		_, err := fmt.Fprintf(p.stdout, "Disabled %s.\n", u.Username)
		return err
	})
}

func firstLine(from io.Reader) (string, error) {
	line, err := bufio.NewReader(from).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
