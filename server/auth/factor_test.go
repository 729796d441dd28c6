package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/server/auth"
)

// phone is an authenticator app.
type phone struct {
	w   *world
	key string
}

// code is the code of the moment, or of so many half minutes later.
func (ph phone) code(later int) string {
	ph.w.t.Helper()
	code, err := totp.GenerateCode(ph.key, ph.w.Clock.Now().Add(time.Duration(later)*30*time.Second))
	if err != nil {
		ph.w.t.Fatal(err)
	}
	return code
}

// wrong is a code that is not one of the moment.
func (ph phone) wrong() string {
	for _, code := range []string{"000000", "111111", "222222", "333333"} {
		if code != ph.code(-1) && code != ph.code(0) && code != ph.code(1) {
			return code
		}
	}
	return ""
}

// enrol sets up codes for whoever's session this is.
func (w *world) enrol(s auth.Session) (phone, auth.Session) {
	w.t.Helper()
	secret, err := w.NewSecret(s.Staff, "Hunyue")
	if err != nil {
		w.t.Fatal(err)
	}
	ph := phone{w, secret.Key}
	after, err := w.SetCodes(w.t.Context(), s.Token, secret.Sealed, ph.code(0))
	if err != nil {
		w.t.Fatal(err)
	}
	return ph, after
}

func (w *world) cannot(code, why string) {
	w.t.Helper()
	if _, err := w.Login(w.t.Context(), "anna", password, code); !errors.Is(err, auth.ErrLoginFailed) {
		w.t.Errorf("%s: %v, want login_failed", why, err)
	}
}

func (w *world) can(code, why string) auth.Session {
	w.t.Helper()
	s, err := w.Login(w.t.Context(), "anna", password, code)
	if err != nil {
		w.t.Errorf("%s: %v", why, err)
	}
	return s
}

func TestNobodyWorksWithoutASecondFactorWhereItIsRequired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SecondFactor = true
	w.add("anna", auth.Operator)
	if _, err := w.Login(t.Context(), "anna", password, ""); !errors.Is(err, auth.ErrFactorNeeded) {
		t.Errorf("a program signs in: %v, want factor_needed", err)
	}
	half, err := w.SignIn(t.Context(), "anna", password, "")
	if err != nil || half.Step != auth.SetFactor {
		t.Fatalf("a person signs in: %v, step %q", err, half.Step)
	}
	if _, err := w.Authenticate(t.Context(), half.Token); !errors.Is(err, auth.ErrFactorNeeded) {
		t.Errorf("works at once: %v, want factor_needed", err)
	}
	ph, whole := w.enrol(half)
	w.admitted(whole.Token, "after setting it up")
	w.refused(half.Token, "the token of before")
	w.cannot("", "without a code")
	w.cannot(ph.code(0), "the code that set it up, again")
	w.can(ph.code(1), "the next code")
}

func TestACodeCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	ph, _ := w.enrol(w.login())
	w.later(2 * time.Minute)
	code := ph.code(0)
	w.can(code, "a code")
	w.cannot(code, "the same again")
	w.cannot(ph.code(-1), "an older one that was never used")
	w.later(time.Minute)
	w.can(ph.code(0), "a new one")
}

func TestACodeCountsForAMinuteAndAHalf(t *testing.T) {
	t.Parallel()
	for later, counts := range map[int]bool{-3: false, -2: false, -1: true, 0: true, 1: true, 2: false, 3: false} {
		w := newWorld(t)
		w.add("anna", auth.Operator)
		ph, _ := w.enrol(w.login())
		w.later(10 * time.Minute)
		now := w.Clock.Now() // into the middle of a half minute
		w.later(now.Truncate(30 * time.Second).Add(45 * time.Second).Sub(now))
		_, err := w.Login(t.Context(), "anna", password, ph.code(later))
		if (err == nil) != counts {
			t.Errorf("%d half minutes off: %v, want it to count: %t", later, err, counts)
		}
	}
}

// Only who knows the password gets to try codes, and five wrong ones shut the
// account to everybody, each time for twice as long.
func TestFiveWrongCodesLock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	ph, _ := w.enrol(w.login())
	w.later(time.Minute)
	for _, lock := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour} {
		for range 5 {
			w.cannot(ph.wrong(), "a wrong code")
		}
		w.cannot(ph.code(0), "the right code after five wrong ones")
		w.later(lock - 20*time.Second)
		w.cannot(ph.code(0), "the right code before the lock is over")
		w.later(time.Minute)
	}
	w.can(ph.code(0), "the right code when it is over")
	for range 4 {
		w.cannot(ph.wrong(), "a wrong code")
	}
	w.later(time.Minute)
	w.can(ph.code(0), "the fifth is right")
}

func TestASecretIsSealedForItsAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	w.add("bert", auth.Operator)
	ph, _ := w.enrol(w.login())
	var stored string
	if err := w.DB.GetContext(t.Context(), &stored, `SELECT encode(secret, 'escape') FROM totp`); err != nil {
		t.Fatal(err)
	}
	if len(stored) < 32 || stored == ph.key {
		t.Errorf("stored as %q", stored)
	}
	_, err := w.DB.ExecContext(t.Context(), `UPDATE totp SET account_id = (SELECT id FROM account WHERE username = 'bert'), last_step = 0`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Login(t.Context(), "bert", password, ph.code(0)); err == nil {
		t.Error("another account's secret opens in this row")
	}
}

func TestAnOfferedSecretIsForWhomItWasMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	w.add("bert", auth.Operator)
	mine := w.login()
	bert, err := w.Login(t.Context(), "bert", password, "")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := w.NewSecret(bert.Staff, "Hunyue")
	if err != nil {
		t.Fatal(err)
	}
	for why, sealed := range map[string]string{"another's": theirs.Sealed, "nonsense": "nonsense", "none": ""} {
		if _, err := w.SetCodes(t.Context(), mine.Token, sealed, (phone{w, theirs.Key}).code(0)); !errors.Is(err, auth.ErrFactorMistaken) {
			t.Errorf("%s: %v, want factor_mistaken", why, err)
		}
	}
	own, err := w.NewSecret(mine.Staff, "Hunyue")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetCodes(t.Context(), mine.Token, own.Sealed, (phone{w, own.Key}).wrong()); !errors.Is(err, auth.ErrFactorMistaken) {
		t.Errorf("a wrong first code: %v, want factor_mistaken", err)
	}
}

// Whoever signed in before there was a factor, and has not shown it, cannot
// replace it.
func TestAFactorIsReplacedBySomebodyWhoHasShownIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	before := w.login()
	ph, after := w.enrol(w.login())
	w.later(time.Second)
	w.refused(before.Token, "signed in elsewhere without it")
	w.later(time.Minute)
	shown := w.can(ph.code(0), "with it")
	newPhone, _ := w.enrol(shown)
	w.later(time.Second)
	w.refused(after.Token, "signed in elsewhere with the old one")
	w.later(time.Minute)
	w.cannot(ph.code(0), "a code of the old phone")
	w.can(newPhone.code(0), "a code of the new phone")
}

func TestAnotherAdministratorTakesAFactorAwayForAReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	w.add("guard", auth.SecAdmin)
	guard, err := w.Login(t.Context(), "guard", password, "")
	if err != nil {
		t.Fatal(err)
	}
	_, s := w.enrol(w.login())
	by := guard.Staff
	if err := w.ResetFactor(t.Context(), by, by.Actor(), by.ID, "phone lost"); !errors.Is(err, auth.ErrNotOneself) {
		t.Errorf("one's own: %v, want not_oneself", err)
	}
	if err := w.ResetFactor(t.Context(), by, by.Actor(), s.Staff.ID, "  "); fault.Of(err).Fields["reason"] != "required" {
		t.Errorf("for no reason: %v, want required", err)
	}
	if err := w.ResetFactor(t.Context(), by, by.Actor(), 4711, "phone lost"); !errors.Is(err, auth.ErrNoSuchUser) {
		t.Errorf("nobody's: %v, want no_such_user", err)
	}
	w.later(time.Minute)
	w.cannot("", "before, without a code")
	if err := w.ResetFactor(t.Context(), by, by.Actor(), s.Staff.ID, "phone lost, staff card seen"); err != nil {
		t.Fatal(err)
	}
	w.later(time.Second)
	w.refused(s.Token, "a sign-in of before")
	w.can("", "afterwards, with the password")
	var kept struct {
		Reason string `db:"reason"`
		By     int64  `db:"by_account"`
	}
	if err := w.DB.GetContext(t.Context(), &kept, `SELECT reason, by_account FROM factor_reset`); err != nil {
		t.Fatal(err)
	}
	if kept.Reason != "phone lost, staff card seen" || kept.By != by.ID || w.audited("factor_reset") != 1 {
		t.Errorf("kept %+v, %d in the audit", kept, w.audited("factor_reset"))
	}
	_, err = w.DB.ExecContext(t.Context(), `INSERT INTO factor_reset (account_id, by_account, reason) VALUES ($1, $1, 'x')`, by.ID)
	if !postgres.Violates(err, "factor_reset_by_another") {
		t.Errorf("the database lets somebody reset their own: %v", err)
	}
}
