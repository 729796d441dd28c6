package auth_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/server/auth"
)

const chosen = "seven blue lanterns 31"

func TestTheFirstAccountIsMadeByAOneTimeLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.SetupLink(t.Context())
	if err != nil || len(first) < 26 {
		t.Fatalf("link %q, %v", first, err)
	}
	link, err := w.SetupLink(t.Context()) // the program was started again
	if err != nil {
		t.Fatal(err)
	}
	for why, token := range map[string]string{"the one before": first, "none": "", "made up": strings.Repeat("A", 26)} {
		if err := w.SetUp(t.Context(), token, auth.NewUser{Username: "guard", Password: chosen}); !errors.Is(err, auth.ErrLinkOver) {
			t.Errorf("%s: %v, want link_over", why, err)
		}
	}
	err = w.SetUp(t.Context(), link, auth.NewUser{Username: "1", Password: "short"})
	if f := fault.Of(err).Fields; f["username"] != "format" || f["password"] != "password_short" {
		t.Errorf("mistakes: %v", f)
	}
	if err := w.SetUp(t.Context(), link, auth.NewUser{Username: "guard", Password: chosen, Roles: []string{auth.Operator}}); err != nil {
		t.Fatal(err)
	}
	s, err := w.Login(t.Context(), "guard", chosen, "")
	if err != nil || strings.Join(s.Staff.Roles, ",") != auth.SecAdmin {
		t.Fatalf("%v, roles %q, want secadmin", err, s.Staff.Roles)
	}
	if err := w.SetUp(t.Context(), link, auth.NewUser{Username: "other", Password: chosen}); !errors.Is(err, auth.ErrLinkOver) {
		t.Errorf("the link again: %v, want link_over", err)
	}
	if again, err := w.SetupLink(t.Context()); err != nil || again != "" {
		t.Errorf("there is an account, and a link %q, %v", again, err)
	}
}

func TestASetupLinkIsWorthNothingOnceThereIsAnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link, err := w.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.add("anna", auth.Operator)
	if _, err := w.Follow(t.Context(), link); !errors.Is(err, auth.ErrLinkOver) {
		t.Errorf("followed: %v, want link_over", err)
	}
	if err := w.SetUp(t.Context(), link, auth.NewUser{Username: "guard", Password: chosen}); !errors.Is(err, auth.ErrLinkOver) {
		t.Errorf("used: %v, want link_over", err)
	}
}

func TestOfTwoWhoFollowALinkOneMakesTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link, err := w.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var made atomic.Int64
	var all sync.WaitGroup
	for _, name := range []string{"one", "two", "three", "four"} {
		all.Go(func() {
			if err := w.SetUp(t.Context(), link, auth.NewUser{Username: name, Password: chosen}); err == nil {
				made.Add(1)
			} else if !errors.Is(err, auth.ErrLinkOver) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := made.Load(); n != 1 {
		t.Errorf("%d accounts were made, want 1", n)
	}
}

func TestAnAccountIsActivatedByItsOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("guard", auth.SecAdmin)
	id, link, err := w.Invite(t.Context(), "staff:guard", auth.NewUser{Username: "Anna", Name: "Anna", Roles: []string{auth.Operator}})
	if err != nil {
		t.Fatal(err)
	}
	for _, guess := range []string{"", password, chosen} {
		if _, err := w.Login(t.Context(), "anna", guess, ""); !errors.Is(err, auth.ErrLoginFailed) {
			t.Errorf("before there is a password, with %q: %v", guess, err)
		}
	}
	if l, err := w.Follow(t.Context(), link); err != nil || l != (auth.Link{Account: id, Username: "anna", Name: "Anna"}) {
		t.Errorf("leads to %+v, %v", l, err)
	}
	if err := w.Activate(t.Context(), link, "short"); fault.Of(err).Fields["password"] != "password_short" {
		t.Errorf("a short one: %v", err)
	}
	if err := w.Activate(t.Context(), link, chosen); err != nil {
		t.Fatal(err)
	}
	if err := w.Activate(t.Context(), link, chosen+"!"); !errors.Is(err, auth.ErrLinkOver) {
		t.Errorf("the link again: %v, want link_over", err)
	}
	if _, err := w.Login(t.Context(), "anna", chosen, ""); err != nil {
		t.Error(err)
	}
	var found int
	err = w.DB.GetContext(t.Context(), &found, `
		SELECT count(*)
		FROM account_link
		WHERE to_jsonb(account_link)::text LIKE '%' || $1 || '%'
		   OR position(convert_to($1, 'UTF8') IN hash) > 0`, link)
	if err != nil || found != 0 {
		t.Errorf("the link is in %d rows, %v", found, err)
	}
}

func TestALinkLastsADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, link, err := w.Invite(t.Context(), "test", auth.NewUser{Username: "anna", Roles: []string{auth.Operator}})
	if err != nil {
		t.Fatal(err)
	}
	w.later(24*time.Hour - time.Minute)
	if _, err := w.Follow(t.Context(), link); err != nil {
		t.Errorf("before: %v", err)
	}
	w.later(2 * time.Minute)
	if err := w.Activate(t.Context(), link, chosen); !errors.Is(err, auth.ErrLinkOver) {
		t.Errorf("after: %v, want link_over", err)
	}
	w.later(31 * 24 * time.Hour)
	if n, err := w.Purge(t.Context()); err != nil || n != 1 {
		t.Errorf("Purge = %d, %v, want 1", n, err)
	}
}

func TestALinkForAForgottenPasswordIsMadeByAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	w.add("guard", auth.SecAdmin)
	s := w.login()
	guard, err := w.Person(t.Context(), "guard")
	if err != nil {
		t.Fatal(err)
	}
	by := &auth.Staff{ID: guard.ID, Username: "guard"}
	if _, err := w.NewLink(t.Context(), by, by.Actor(), guard.ID); !errors.Is(err, auth.ErrNotOneself) {
		t.Errorf("one's own: %v, want not_oneself", err)
	}
	first, err := w.NewLink(t.Context(), by, by.Actor(), s.Staff.ID)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.NewLink(t.Context(), by, by.Actor(), s.Staff.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.admitted(s.Token, "until it is followed")
	if err := w.Activate(t.Context(), first, chosen); !errors.Is(err, auth.ErrLinkOver) {
		t.Errorf("the link before: %v, want link_over", err)
	}
	if err := w.Activate(t.Context(), second, chosen); err != nil {
		t.Fatal(err)
	}
	w.later(time.Second)
	w.refused(s.Token, "after another password was chosen")
	if err := w.Disable(t.Context(), "test", "anna"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.NewLink(t.Context(), by, by.Actor(), s.Staff.ID); !errors.Is(err, auth.ErrNoSuchUser) {
		t.Errorf("of a disabled account: %v, want no_such_user", err)
	}
}

func TestTheDatabaseKeepsOneOpenLinkForEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	insert := func(hash string) error {
		_, err := w.DB.ExecContext(t.Context(), `
			INSERT INTO account_link (hash, account_id, expires_at)
			SELECT decode($1, 'hex'), id, clock_now() + interval '1 day'
			FROM account`, strings.Repeat(hash, 32))
		return err
	}
	if err := insert("01"); err != nil {
		t.Fatal(err)
	}
	if err := insert("02"); !postgres.Violates(err, "account_link_open") {
		t.Errorf("two open links: %v", err)
	}
}
