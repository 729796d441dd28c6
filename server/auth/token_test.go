package auth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/testenv"
	"hunyue/server/auth"
)

func (w *world) refused(token, why string) {
	w.t.Helper()
	if _, err := w.Authenticate(w.t.Context(), token); !errors.Is(err, auth.ErrLoginRequired) {
		w.t.Errorf("%s: %v, want login_required", why, err)
	}
}

func (w *world) admitted(token, why string) {
	w.t.Helper()
	if _, err := w.Authenticate(w.t.Context(), token); err != nil {
		w.t.Errorf("%s: %v", why, err)
	}
}

func TestADisabledAccountIsOutWithinASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	s := w.login()
	w.admitted(s.Token, "before")
	if err := w.Disable(t.Context(), "test", "anna"); err != nil {
		t.Fatal(err)
	}
	w.later(time.Second)
	w.refused(s.Token, "a second after")
	if err := w.Disable(t.Context(), "test", "anna"); !errors.Is(err, auth.ErrNoSuchUser) {
		t.Errorf("disabled twice: %v, want no_such_user", err)
	}
}

func TestLogoutEndsTheSessionAtOnceAndElsewhereWithinASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	elsewhere := &world{&auth.Accounts{DB: w.DB, Redis: w.Redis, Prefix: w.Prefix, Keys: w.Keys, Clock: w.Clock}, t}
	mine, other := w.login(), w.login()
	w.admitted(mine.Token, "before")
	elsewhere.admitted(mine.Token, "on another server")
	for range 2 {
		if err := w.Logout(t.Context(), mine.Token); err != nil {
			t.Fatal(err)
		}
	}
	w.refused(mine.Token, "after logout")
	w.admitted(other.Token, "the other session")
	w.later(time.Second)
	elsewhere.refused(mine.Token, "on another server, a second later")
	if n := w.audited("logout"); n != 1 {
		t.Errorf("%d logouts in the audit, want 1", n)
	}
}

func TestASessionEndsWithoutUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	s := w.login()
	for range 3 {
		w.later(14 * time.Minute)
		w.admitted(s.Token, "used every 14 minutes")
	}
	w.later(15 * time.Minute)
	w.refused(s.Token, "after 15 minutes without use")
}

func TestASessionEndsAfterTwelveHours(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	s := w.login()
	for range 71 {
		w.later(10 * time.Minute)
		w.admitted(s.Token, "before 12 hours")
	}
	w.later(11 * time.Minute)
	w.refused(s.Token, "after 12 hours")
}

func TestATokenThatWeDidNotIssueIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	s := w.login()
	for why, token := range map[string]string{
		"none":               "",
		"nonsense":           "nonsense",
		"one letter more":    s.Token + "A",
		"one letter less":    s.Token[:len(s.Token)-1],
		"another letter":     "-" + s.Token[1:],
		"as long":            strings.Repeat("A", len(s.Token)),
		"what Redis keeps":   hashed(s.Token),
		"with a line feed":   s.Token[1:] + "\n",
		"another key's name": "../session:" + s.Token[11:],
	} {
		if token != s.Token {
			w.refused(token, why)
		}
	}
}

func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Whoever reads Redis or the database, or a copy of them, can sign in as nobody,
// and learns from Redis nobody's name.
func TestNeitherEngineHoldsATokenOrAName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	s := w.login()
	keys, err := w.Redis.Keys(t.Context(), w.Prefix+"*").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("keys %q, %v, want one", keys, err)
	}
	value, err := w.Redis.Get(t.Context(), keys[0]).Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{s.Token, "anna", "operator", "430702", password} {
		if strings.Contains(keys[0]+value, secret) {
			t.Errorf("%q is in Redis", secret)
		}
	}
	if left := w.Redis.PTTL(t.Context(), keys[0]).Val(); left <= 14*time.Minute || left > 15*time.Minute {
		t.Errorf("Redis keeps it for %v, want 15 min", left)
	}
	for _, table := range []string{"account", "account_link", "audit"} {
		var all []string
		if err := w.DB.SelectContext(t.Context(), &all, `SELECT to_jsonb(t)::text FROM `+table+` AS t`); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.Join(all, "\n"), s.Token) {
			t.Errorf("the token is in %s", table)
		}
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	w := newWorld(b)
	w.add("anna", auth.Operator)
	s := w.login()
	b.ReportAllocs()
	for b.Loop() {
		w.admitted(s.Token, "benchmark")
	}
}

// What ends a session ends it although its key is still in Redis, and also
// where Redis brings back a key that was deleted.
func TestTheAccountEndsSessionsAndNotRedis(t *testing.T) {
	t.Parallel()
	for why, end := range map[string]func(w *world, s auth.Session) error{
		"disabled":     func(w *world, s auth.Session) error { return w.Disable(t.Context(), "test", "anna") },
		"signed out":   func(w *world, s auth.Session) error { return w.EndSessions(t.Context(), "test", s.Staff.ID) },
		"another role": func(w *world, s auth.Session) error { return w.assign(s, auth.Hall) },
		"another password": func(w *world, s auth.Session) error {
			_, err := w.ChangePassword(t.Context(), s.Token, password, "seven blue lanterns")
			return err
		},
	} {
		w := newWorld(t)
		w.add("anna", auth.Operator)
		mine, other := w.login(), w.login()
		w.admitted(mine.Token, "before")
		w.admitted(other.Token, "before")
		dump := w.dump()
		if err := end(w, mine); err != nil {
			t.Fatalf("%s: %v", why, err)
		}
		w.restore(dump)
		w.later(time.Second)
		w.refused(mine.Token, why)
		w.refused(other.Token, why+", the other session")
	}
}

func (w *world) assign(s auth.Session, role string) error {
	return w.Assign(w.t.Context(), &auth.Staff{ID: -1, Username: "guard"}, s.Staff.ID, auth.Duties{Roles: []string{role}, Offices: []string{"430702"}})
}

// dump is everything that Redis keeps for the test.
func (w *world) dump() map[string]string {
	w.t.Helper()
	all := map[string]string{}
	for _, key := range w.Redis.Keys(w.t.Context(), w.Prefix+"*").Val() {
		all[key] = w.Redis.Get(w.t.Context(), key).Val()
	}
	return all
}

// restore brings keys back, as a replica does that missed their end.
func (w *world) restore(all map[string]string) {
	w.t.Helper()
	for key, value := range all {
		if err := w.Redis.Set(w.t.Context(), key, value, 15*time.Minute).Err(); err != nil {
			w.t.Fatal(err)
		}
	}
}

// A logout that Redis forgets leaves a session that its own end still ends.
func TestALogoutThatRedisForgetsIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	s := w.login()
	dump := w.dump()
	if err := w.Logout(t.Context(), s.Token); err != nil {
		t.Fatal(err)
	}
	w.refused(s.Token, "after logout")
	w.restore(dump)
	w.later(15 * time.Minute)
	w.refused(s.Token, "15 minutes after it was last used")
}

// A request that is under way while its session ends does not bring it back.
func TestASessionThatHasEndedIsNotWrittenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	s := w.login()
	var all sync.WaitGroup
	for range 8 {
		w.later(31 * time.Second) // so that its use is written down
		for range 4 {
			all.Go(func() { _, _ = w.Authenticate(t.Context(), s.Token) })
		}
	}
	all.Go(func() {
		if err := w.Logout(t.Context(), s.Token); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	w.later(time.Second)
	w.refused(s.Token, "after logout")
	if left := w.dump(); len(left) > 0 {
		t.Errorf("%d keys are left in Redis", len(left))
	}
}

// While Redis is away, who was let in by this program goes on, for as long as
// the session would; nobody else gets in, and whoever is disabled is out.
func TestStaffGoOnWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	w.add("bert", auth.Operator)
	s := w.login()
	bert, err := w.Login(t.Context(), "bert", password, "")
	if err != nil {
		t.Fatal(err)
	}
	unknown, err := w.Login(t.Context(), "bert", password, "")
	if err != nil {
		t.Fatal(err)
	}
	w.admitted(s.Token, "before")
	w.admitted(bert.Token, "before")
	away := goredis.NewClient(&goredis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialTimeout: 100 * time.Millisecond, DialerRetries: 1})
	t.Cleanup(func() { away.Close() })
	w.Redis = away
	w.later(10 * time.Minute)
	w.admitted(s.Token, "while Redis is away")
	if _, err := w.Authenticate(t.Context(), unknown.Token); err == nil || errors.Is(err, auth.ErrLoginRequired) {
		t.Errorf("one that was never seen: %v, want the outage", err)
	}
	if err := w.Disable(t.Context(), "test", "bert"); err != nil {
		t.Fatal(err)
	}
	w.refused(bert.Token, "disabled while Redis is away")
	w.later(5 * time.Minute)
	if _, err := w.Authenticate(t.Context(), s.Token); err == nil {
		t.Error("goes on after a quarter of an hour")
	}
}

func TestSessionsOfAClusterAreWhereverTheirKeysAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Redis, _ = testenv.OwnCluster(t, 0)
	w.add("anna", auth.Operator)
	w.cheaply(password)
	var tokens []string
	for range 20 {
		tokens = append(tokens, w.login().Token)
	}
	w.later(31 * time.Second)
	for i, token := range tokens {
		w.admitted(token, "on the cluster")
		if i%2 == 0 {
			if err := w.Logout(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.later(time.Second)
	for i, token := range tokens {
		if i%2 == 0 {
			w.refused(token, "after logout")
		} else {
			w.admitted(token, "the others")
		}
	}
}
