package auth_test

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"hunyue/server/auth"
)

// cheaply stores a password of everybody under a hash that is quickly checked:
// what is tested is how often one may guess, not how long a guess takes.
func (w *world) cheaply(password string) {
	w.t.Helper()
	hash, err := argon2id.CreateHash(password, &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.DB.ExecContext(w.t.Context(), `UPDATE account SET password = $1`, hash); err != nil {
		w.t.Fatal(err)
	}
}

// Of a thousand guesses in an hour, the right one among them, none gets past
// the lock; and whoever they were to keep out gets in with the second factor,
// in the middle of it.
func TestAThousandGuessesGetNowhereAndKeepNobodyOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	w.add("bert", auth.Operator)
	w.cheaply(password)
	ph, _ := w.enrol(w.login())
	checked := 0
	for i := range 1000 {
		if i%25 == 0 {
			w.later(90 * time.Second)
		}
		guess, code := "guess-"+strconv.Itoa(i), ""
		if i%10 == 9 { // knows the password by now, and nothing else
			guess = password
		}
		if i%3 == 0 {
			code = ph.wrong()
		}
		if guess == password {
			code = ""
		}
		if _, err := w.Login(t.Context(), "anna", guess, code); !errors.Is(err, auth.ErrLoginFailed) {
			t.Fatalf("guess %d: %v", i, err)
		}
		_, err := w.Login(t.Context(), "bert", "guess-"+strconv.Itoa(i), "")
		if i == 700 {
			_, err = w.Login(t.Context(), "bert", password, "")
		}
		if !errors.Is(err, auth.ErrLoginFailed) {
			t.Fatalf("guess %d at an account without a second factor: %v", i, err)
		}
		if i == 500 {
			w.can(ph.code(0), "in the middle of it")
		}
		checked++
	}
	w.later(time.Minute)
	w.can(ph.code(0), "afterwards")
	if n := w.audited("login_failed"); n < 2*checked {
		t.Errorf("%d failures in the audit, want %d", n, 2*checked)
	}
	t.Logf("%d guesses at each of two accounts: none got in", checked)
}

// A program that knows the password and tries codes gets five tries in the
// first quarter of an hour, and 40 in the first two days.
func TestCodesAreNotToBeTriedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	w.cheaply(password)
	ph, _ := w.enrol(w.login())
	w.later(time.Minute)
	for range 48 * 12 { // every five minutes
		w.cannot(ph.wrong(), "a wrong code")
		w.later(5 * time.Minute)
	}
	var judged int
	if err := w.DB.GetContext(t.Context(), &judged, `SELECT count(*) FROM audit WHERE action = 'factor_failed'`); err != nil {
		t.Fatal(err)
	}
	if judged > 40 {
		t.Errorf("%d codes were judged in two days, want 40 at most", judged)
	}
	t.Logf("%d of %d codes were judged", judged, 48*12)
}

// A stranger with a stopwatch must not find out which names exist: refusals of
// known and unknown names, by turns, are told apart by a rank test no better
// than chance has it. Chance alone would fail one round in a hundred, so three
// rounds must.
func TestLoginTimesTellNothing(t *testing.T) {
	w := newWorld(t)
	w.add("anna", auth.Operator)
	_, err := w.DB.ExecContext(t.Context(), `
		INSERT INTO account (username, name, password, roles)
		SELECT 'anna' || n, name, password, roles
		FROM account, generate_series(1, 200) AS n`)
	if err != nil {
		t.Fatal(err)
	}
	took := func(name string) float64 {
		began := time.Now()
		if _, err := w.Login(t.Context(), name, "wrong-password", ""); !errors.Is(err, auth.ErrLoginFailed) {
			t.Fatal(err)
		}
		return time.Since(began).Seconds()
	}
	for round := range 3 {
		var known, unknown []float64
		for i := range 200 {
			n := strconv.Itoa(i + 1)
			if i%2 == 0 {
				known, unknown = append(known, took("anna"+n)), append(unknown, took("nobody"+n))
			} else {
				unknown, known = append(unknown, took("nobody"+n)), append(known, took("anna"+n))
			}
		}
		p := ranks(known, unknown)
		t.Logf("round %d: medians %.2f and %.2f ms, p = %.3f (Mann-Whitney, n = 200 each)", round+1, 1000*median(known), 1000*median(unknown), p)
		if p > 0.01 {
			return
		}
	}
	t.Error("known names can be told from unknown ones by how long a refusal takes")
}

func median(all []float64) float64 { return slices.Sorted(slices.Values(all))[len(all)/2] }

// ranks is the two-sided p of the Mann-Whitney test, by its normal
// approximation; times do not tie.
func ranks(a, b []float64) float64 {
	u := 0.0
	for _, x := range a {
		for _, y := range b {
			if x > y {
				u++
			}
		}
	}
	n, m := float64(len(a)), float64(len(b))
	z := (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}

func TestTheRankTestFindsADifference(t *testing.T) {
	t.Parallel()
	var a, b, c []float64
	for i := range 200 {
		x := math.Mod(float64(i)*0.618034, 1)
		a, b, c = append(a, x), append(b, x+0.2), append(c, math.Mod(float64(i)*0.7548777+0.3, 1))
	}
	if p := ranks(a, b); p > 0.001 {
		t.Errorf("a fifth of the spread apart: p = %.4f", p)
	}
	if p := ranks(a, c); p < 0.05 {
		t.Errorf("the same spread: p = %.4f", p)
	}
}
