package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// Person is an account as whoever guards it sees it.
type Person struct {
	row
	Disabled bool           `db:"disabled"`
	Pending  bool           `db:"pending"` // has not chosen a password yet
	Locked   bool           `db:"locked"`
	Codes    bool           `db:"codes"`         // codes are their second factor
	Keys     int            `db:"security_keys"` // and so many keys
	Subject  sql.NullString `db:"subject"`       // at the single sign-on
}

// Factor reports whether a password is not enough to sign in.
func (p Person) Factor() bool { return p.Codes || p.Keys > 0 }

// People is every account, those that are shut last.
func (a *Accounts) People(ctx context.Context) ([]Person, error) {
	var all []Person
	err := a.DB.SelectContext(ctx, &all, `
		SELECT
			a.id, a.username, a.name, a.roles, a.offices, a.certificate_from, a.certificate_to,
			a.disabled_at IS NOT NULL AS disabled, a.password IS NULL AS pending,
			coalesce(a.locked_until > clock_now() OR a.factor_locked_until > clock_now(), false) AS locked,
			EXISTS (SELECT FROM totp AS t WHERE t.account_id = a.id) AS codes,
			(SELECT count(*) FROM security_key AS k WHERE k.account_id = a.id) AS security_keys,
			(SELECT s.subject FROM sign_on AS s WHERE s.account_id = a.id) AS subject
		FROM account AS a
		ORDER BY disabled, a.username`)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return all, nil
}

// Colleague is somebody who works at an office, as others there see them.
type Colleague struct {
	Username string `db:"username"`
	Name     string `db:"name"`
}

// At is who receives or serves couples at an office, by their account's name.
func (a *Accounts) At(ctx context.Context, office string) ([]Colleague, error) {
	var all []Colleague
	err := a.DB.SelectContext(ctx, &all, `
		SELECT username, name
		FROM account
		WHERE $1 = ANY (offices)
		  AND roles && $2
		  AND disabled_at IS NULL
		  AND password IS NOT NULL
		ORDER BY username`, office, pq.StringArray{Hall, Registrar, Manager})
	if err != nil {
		return nil, fmt.Errorf("who works at %s: %w", office, err)
	}
	return all, nil
}

// Person is the account with this name, or ErrNoSuchUser.
func (a *Accounts) Person(ctx context.Context, username string) (Person, error) {
	all, err := a.People(ctx)
	if err != nil {
		return Person{}, err
	}
	i := slices.IndexFunc(all, func(p Person) bool { return p.Username == username })
	if i < 0 {
		return Person{}, ErrNoSuchUser
	}
	return all[i], nil
}

// Duties is what somebody may do, and where.
type Duties struct {
	Roles, Offices                 []string
	CertificateFrom, CertificateTo date.Date
}

// Assign gives somebody duties. Other roles than before end their sign-ins.
//
// Faults: ErrNotOneself; ErrNoSuchUser; fields roles and certificate_to.
func (a *Accounts) Assign(ctx context.Context, by *Staff, id int64, d Duties) error {
	if by.ID == id {
		return ErrNotOneself
	}
	wrong := map[string]string{}
	if code := wrongRoles(d.Roles); code != "" {
		wrong["roles"] = code
	}
	if code := wrongPeriod(d.CertificateFrom, d.CertificateTo); code != "" {
		wrong["certificate_to"] = code
	}
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	return postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		result, err := tx.ExecContext(ctx, `
			UPDATE account
			SET roles = $2, offices = $3, certificate_from = $4, certificate_to = $5
			WHERE id = $1
			  AND disabled_at IS NULL`,
			id, pq.Array(d.Roles), pq.Array(append([]string{}, d.Offices...)), d.CertificateFrom, d.CertificateTo)
		if err := one(result, err, "assign duties"); err != nil {
			return err
		}
		return auditDuties(ctx, tx, by.Actor(), id, d)
	})
}

// auditDuties writes down who may do what from now on; none of it names a
// person.
func auditDuties(ctx context.Context, tx postgres.Querier, actor string, id int64, d Duties) error {
	if err := postgres.SetActor(ctx, tx, actor); err != nil {
		return err
	}
	detail := fmt.Sprintf("roles %s; offices %s; certificate %s to %s",
		strings.Join(d.Roles, ","), strings.Join(d.Offices, ","), d.CertificateFrom, d.CertificateTo)
	return postgres.Audit(ctx, tx, "duties_assigned", fmt.Sprintf("account:%d", id), detail)
}

// Shut is Disable by somebody who guards the accounts, and not their own.
//
// Faults: ErrNotOneself; ErrNoSuchUser.
func (a *Accounts) Shut(ctx context.Context, by *Staff, p Person) error {
	if by.ID == p.ID {
		return ErrNotOneself
	}
	return a.Disable(ctx, by.Actor(), p.Username)
}

// ResetFactor takes somebody's second factors away, for a reason that is kept,
// and ends their sign-ins. They set up another when they next sign in. By is
// nil on the command line.
//
// Faults: ErrNotOneself; ErrNoSuchUser; field reason.
func (a *Accounts) ResetFactor(ctx context.Context, by *Staff, actor string, id int64, reason string) error {
	reason = strings.TrimSpace(reason)
	switch {
	case by != nil && by.ID == id:
		return ErrNotOneself
	case reason == "":
		return fault.InFields(map[string]string{"reason": "required"})
	case utf8.RuneCountInString(reason) > 200:
		return fault.InFields(map[string]string{"reason": "too_long"})
	}
	return postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		if _, err := lockAccount(ctx, tx, id); errors.Is(err, ErrLoginFailed) {
			return ErrNoSuchUser
		} else if err != nil {
			return err
		}
		if err := audit(ctx, tx, actor, "factor_reset", id); err != nil {
			return err
		}
		if err := keepReset(ctx, tx, by, id, reason); err != nil {
			return err
		}
		if err := dropFactors(ctx, tx, id); err != nil {
			return err
		}
		return nextEpoch(ctx, tx, id)
	})
}

func keepReset(ctx context.Context, tx postgres.Querier, by *Staff, id int64, reason string) error {
	var who sql.NullInt64
	if by != nil {
		who = sql.NullInt64{Int64: by.ID, Valid: true}
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO factor_reset (account_id, by_account, reason)
		VALUES ($1, $2, $3)`, id, who, reason)
	if err != nil {
		return fmt.Errorf("keep reset of factor: %w", err)
	}
	return nil
}

func dropFactors(ctx context.Context, tx postgres.Querier, id int64) error {
	_, err := tx.ExecContext(ctx, `
		WITH codes AS (DELETE FROM totp WHERE account_id = $1),
		     keys  AS (DELETE FROM security_key WHERE account_id = $1)
		UPDATE account
		SET factor_failures = 0, factor_locked_until = NULL
		WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("drop factors: %w", err)
	}
	return nil
}
