package auth_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hunyue/internal/fault"
	"hunyue/server/auth"
)

func TestPasswordsAreWhatTheProfileAsks(t *testing.T) {
	t.Parallel()
	alone, ofTwo, mixed := newWorld(t), newWorld(t), newWorld(t)
	ofTwo.SecondFactor, mixed.Profile = true, auth.Dengbao3
	tests := []struct {
		password            string
		alone, ofTwo, mixed string // what is wrong
	}{
		{"demo-hunyue-2026", "", "", ""},
		{"correct-horse-7", "", "", ""},
		{"correcthorsebattery", "", "", "password_classes"},
		{"fourteen-owls!", "password_short", "", "password_classes"},
		{"Nine-Owl9", "password_short", "", "password_short_mixed"},
		{"Nine-Owls9", "password_short", "", ""},
		{"7-owls.", "password_short", "password_short_of_two", "password_short_mixed"},
		{"我家门前有两棵枣树一棵高一棵矮呀", "", "", "password_classes"},
		{"mima123456", "password_short", "password_common", "password_classes"},
		{"Mima123456!", "password_short", "password_common", "password_common"},
		{"1qaz2wsx3edc4rfv", "password_common", "password_common", "password_classes"},
		{"abcdefghijklmnopqrs", "password_common", "password_common", "password_classes"},
		{"aaaaaaaabbbbbbbb", "password_common", "password_common", "password_classes"},
		{"Minzheng-Ju-2026!", "password_context", "password_context", "password_context"},
		{"changde-HUNYIN-2026", "password_context", "password_context", "password_context"},
		{"我爱婚姻登记处的每一个早晨和夜晚", "password_context", "password_context", "password_classes"},
		{"Anna-lives-at-no-7", "contains_username", "contains_username", "contains_username"},
		{"Owls-of-430702-fly", "contains_username", "contains_username", "contains_username"},
		{strings.Repeat("long-Way9 ", 13), "too_long", "too_long", "too_long"},
		{strings.Repeat("long-Way9 ", 12), "", "", ""},
	}
	for _, tt := range tests {
		for _, as := range []struct {
			world *world
			want  string
		}{{alone, tt.alone}, {ofTwo, tt.ofTwo}, {mixed, tt.mixed}} {
			// Roles are left out, so that nothing is stored.
			_, err := as.world.AddUser(t.Context(), "test", auth.NewUser{Username: "anna", Password: tt.password, Offices: []string{"430702"}})
			if got := fault.Of(err).Fields["password"]; got != as.want {
				t.Errorf("%q, profile %q, second factor %t: %q, want %q", tt.password, as.world.Profile, as.world.SecondFactor, got, as.want)
			}
		}
	}
}

func TestAPasswordLastsNinetyDaysUnderDengbao3(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Profile = auth.Dengbao3
	w.add("anna", auth.Operator)
	w.later(90*24*time.Hour - time.Minute)
	w.login()
	w.later(2 * time.Minute)
	if _, err := w.Login(t.Context(), "anna", password, ""); !errors.Is(err, auth.ErrPasswordOld) {
		t.Errorf("a program signs in: %v, want password_old", err)
	}
	old, err := w.SignIn(t.Context(), "anna", password, "")
	if err != nil || old.Step != auth.ChoosePassword {
		t.Fatalf("a person signs in: %v, step %q", err, old.Step)
	}
	if _, err := w.Authenticate(t.Context(), old.Token); !errors.Is(err, auth.ErrPasswordOld) {
		t.Errorf("works at once: %v, want password_old", err)
	}
	s, err := w.ChangePassword(t.Context(), old.Token, password, "Eight-new-owls-8")
	if err != nil || s.Step != auth.Ready {
		t.Fatalf("%v, step %q", err, s.Step)
	}
	w.admitted(s.Token, "with a new password")
	w.refused(old.Token, "the token of before")
}

func TestTheLastFivePasswordsAreNotUsedAgainUnderDengbao3(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Profile = auth.Dengbao3
	w.add("anna", auth.Operator)
	s, now := w.login(), password
	change := func(to string) error {
		t.Helper()
		after, err := w.ChangePassword(t.Context(), s.Token, now, to)
		if err == nil {
			s, now = after, to
		}
		w.later(time.Second)
		return err
	}
	for i := range 4 {
		if err := change(fmt.Sprintf("Other-words-%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, again := range []string{password, "Other-words-0", "Other-words-3"} {
		if err := change(again); fault.Of(err).Fields["password"] != "password_again" {
			t.Errorf("%q: %v, want password_again", again, err)
		}
	}
	if err := change("Other-words-4"); err != nil {
		t.Fatal(err)
	}
	if err := change(password); err != nil {
		t.Errorf("the sixth last: %v", err)
	}
}
