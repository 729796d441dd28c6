// Package auth says who of the staff may use the program. Couples have no
// accounts: an appointment is opened with its own secret.
package auth

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"
	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/clock"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/seal"
)

// What a member of staff may be told at the door.
var (
	// ErrLoginFailed is the one answer to a wrong password, an unknown name, a
	// locked and a disabled account: a stranger learns nothing from it.
	ErrLoginFailed   = fault.New(fault.Unauthorized, "login_failed")
	ErrLoginRequired = fault.New(fault.Unauthorized, "login_required") // no token, or one that has ended
	ErrForbidden     = fault.New(fault.Forbidden, "forbidden")
	ErrUserExists    = fault.New(fault.Conflict, "user_exists")
	ErrNoSuchUser    = fault.New(fault.NotFound, "no_such_user")
	ErrBusy          = fault.New(fault.Unavailable, "unavailable") // more people sign in than can be checked

	ErrFactorNeeded   = fault.New(fault.Unauthorized, "factor_needed")       // a second factor has to be set up first
	ErrPasswordOld    = fault.New(fault.Unauthorized, "password_old")        // a new one has to be chosen first
	ErrNotPermitted   = fault.New(fault.Forbidden, "certificate_permission") // to register, or to open a counter, today
	ErrNotOneself     = fault.New(fault.Forbidden, "not_oneself")            // somebody else has to do it
	ErrLinkOver       = fault.New(fault.Conflict, "link_over")               // used, too old, or never ours
	ErrShut           = fault.New(fault.Conflict, "account_shut")            // nothing more is done to a disabled account
	ErrSignOnAway     = fault.New(fault.Unavailable, "sign_on_away")         // the single sign-on does not answer
	ErrFactorMistaken = fault.New(fault.Invalid, "factor_mistaken")          // the code is not that of this secret now
)

// The roles there are. What each of them may do is in the table of the package
// policy.
const (
	Operator  = "operator"  // answers the phone and books for callers
	Hall      = "hall"      // receives couples at the door
	Registrar = "registrar" // completes registrations at a counter
	Manager   = "manager"   // publishes and suspends days of an office
	District  = "district"  // looks over the offices of a district
	Auditor   = "auditor"   // reads the audit
	SysAdmin  = "sysadmin"  // runs the system
	SecAdmin  = "secadmin"  // guards it: accounts and roles
)

// guards are the roles that exclude each other and all others (domain rule 88).
var guards = []string{Auditor, SysAdmin, SecAdmin}

// AllRoles is the roles, those who guard the system last.
func AllRoles() []string {
	return []string{Operator, Hall, Registrar, Manager, District, Auditor, SysAdmin, SecAdmin}
}

// Staff is a signed-in member of staff. It is shared by requests that run at
// once: read it, don't change it.
type Staff struct {
	ID       int64
	Username string
	Name     string
	Roles    []string
	Offices  []string // the offices that they work for

	// When they may register couples: the first day and the last, or neither.
	CertificateFrom, CertificateTo date.Date
}

// Has reports whether they have one of the roles, or any at all where none is
// named.
func (s *Staff) Has(roles ...string) bool {
	return len(roles) == 0 || slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(s.Roles, role) })
}

// MayServe reports whether they work for the office.
func (s *Staff) MayServe(office string) bool { return slices.Contains(s.Offices, office) }

// MayRegister reports whether they may register couples on a day, or
// ErrNotPermitted (domain rule 49).
func (s *Staff) MayRegister(day date.Date) error {
	if s.CertificateFrom.IsZero() || day.Before(s.CertificateFrom) || day.After(s.CertificateTo) {
		return ErrNotPermitted
	}
	return nil
}

// MayCall is MayRegister for those who call couples to a counter as registrars.
// The hall may call them too, and opens no counter by it.
func (s *Staff) MayCall(day date.Date) error {
	if !s.Has(Registrar) {
		return nil
	}
	return s.MayRegister(day)
}

// Actor is how the audit names them.
func (s *Staff) Actor() string { return "staff:" + s.Username }

// Accounts is the staff accounts and who is signed in. Make one for the whole
// program: it remembers for a second whom it has let in.
type Accounts struct {
	DB     *sqlx.DB
	Redis  goredis.UniversalClient // of sign-ins; nil for commands, which sign nobody in
	Prefix string                  // before its keys; for tests
	Keys   *seal.Keys
	Clock  *clock.Clock

	// SecondFactor says that nobody works with a password alone.
	SecondFactor bool

	// Profile is what is asked of passwords.
	Profile Profile

	SignOn *SignOn // of the city; nil: there is none

	// Secure says that the browser comes over https, and so may keep the
	// cookie under a name that no other host can set.
	Secure bool

	admitted  admitted
	passwords passwords
}

type staffKey struct{}

// With is ctx of a request that this member of staff makes.
func With(ctx context.Context, s *Staff) context.Context {
	return context.WithValue(ctx, staffKey{}, s)
}

// From is who makes the request, or nil for the public.
func From(ctx context.Context) *Staff {
	s, _ := ctx.Value(staffKey{}).(*Staff)
	return s
}
