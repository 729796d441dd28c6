package testenv

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jmoiron/sqlx"
	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/redis"
)

func TestDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	one, two := DB(t), DB(t)
	if _, err := one.Exec(`CREATE TABLE only_here ()`); err != nil {
		t.Fatal(err)
	}
	for name, db := range map[string]*sqlx.DB{"one": one, "two": two} {
		var there, migrated bool
		if err := db.QueryRow(`SELECT to_regclass('only_here') IS NOT NULL, to_regclass('goose_db_version') IS NOT NULL`).Scan(&there, &migrated); err != nil {
			t.Fatal(err)
		}
		if there != (name == "one") {
			t.Errorf("database %s has the table: %t", name, there)
		}
		if !migrated {
			t.Errorf("database %s has not been migrated", name)
		}
	}
}

func TestDatabaseGoesWithASuccessAndStaysWithAFailure(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{false, true} {
		test := &pretended{TB: t, failed: fails}
		var name string
		if err := DB(test).Get(&name, `SELECT current_database()`); err != nil {
			t.Fatal(err)
		}
		test.end()
		admin, err := sql.Open("postgres", server(t, DatabaseURL))
		if err != nil {
			t.Fatal(err)
		}
		defer admin.Close()
		var kept bool
		if err := admin.QueryRow(`SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&kept); err != nil {
			t.Fatal(err)
		}
		if kept != fails {
			t.Errorf("the test failed: %t; its database was kept: %t", fails, kept)
		}
		if kept {
			if !strings.Contains(test.said, name) {
				t.Errorf("where the database is kept is not in %q", test.said)
			}
			if _, err := admin.Exec(`DROP DATABASE ` + name); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestTemplateFollowsTheMigrations(t *testing.T) {
	t.Parallel()
	sum := func(name, content string) string {
		got, err := fingerprint(fstest.MapFS{"migrations/" + name: {Data: []byte(content)}})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first, again := sum("1.sql", "a"), sum("1.sql", "a")
	if first != again {
		t.Error("the same migrations have two templates")
	}
	if first == sum("1.sql", "b") || first == sum("2.sql", "a") {
		t.Error("other migrations share the template")
	}
}

func TestAddressOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"postgres://u@h:1/old?sslmode=disable": "postgres://u@h:1/new?sslmode=disable",
		"host=/tmp/x dbname=old":               "host=/tmp/x dbname=old dbname=new",
	} {
		if got := within(base, "new"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestKeysGoWithTheTest(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	mine, prefix := Redis(t)
	theirs := &pretended{TB: t}
	other, otherPrefix := Redis(theirs)
	for i := range 1500 { // more than one round of a scan returns
		if err := other.Set(ctx, otherPrefix+fmt.Sprint(i), "x", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := mine.Set(ctx, prefix+"mine", "x", 0).Err(); err != nil {
		t.Fatal(err)
	}
	theirs.end()
	left, err := mine.Keys(ctx, otherPrefix+"*").Result()
	if len(left) > 0 || err != nil {
		t.Errorf("%d keys of another test are left, %v", len(left), err)
	}
	if n, err := mine.Exists(ctx, prefix+"mine").Result(); n != 1 || err != nil {
		t.Errorf("the end of another test took a key of this one: %d, %v", n, err)
	}
}

func TestOwnRedisDiesAndComesBack(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	shared, prefix := Redis(t)
	if err := shared.Set(ctx, prefix+"key", "shared", 0).Err(); err != nil {
		t.Fatal(err)
	}
	own, server := OwnRedis(t)
	if err := own.FlushAll(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	if err := own.Set(ctx, "key", "own", 0).Err(); err != nil {
		t.Fatal(err)
	}
	awaitWritten(t, own)
	server.Kill()
	if err := own.Ping(ctx).Err(); err == nil {
		t.Error("a killed Redis answers")
	}
	address := server.URL
	server.Restart()
	if got, err := own.Get(ctx, "key").Result(); got != "own" || err != nil {
		t.Errorf("after a restart: %q, %v; want what was written before", got, err)
	}
	if server.URL != address {
		t.Errorf("the address moved from %s to %s", address, server.URL)
	}
	if got, err := shared.Get(ctx, prefix+"key").Result(); got != "shared" || err != nil {
		t.Errorf("FLUSHALL reached the shared Redis: %q, %v", got, err)
	}
}

// awaitWritten waits until Redis has handed what it acknowledged to the system.
// While the disk is busy it keeps that to itself for up to two seconds
// (appendfsync everysec), and a kill loses it.
func awaitWritten(t *testing.T, client *goredis.Client) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		said, err := client.Info(t.Context(), "persistence").Result()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(said, "aof_buffer_length:0\r\n") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("Redis keeps what it acknowledged in memory:\n%s", said)
		}
	}
}

func TestOwnRedisEndsWithTheTest(t *testing.T) {
	t.Parallel()
	test := &pretended{TB: t}
	_, server := OwnRedis(test)
	test.end()
	if client, err := redis.Open(t.Context(), server.URL); err == nil {
		client.Close()
		t.Error("it still answers")
	}
	if _, err := os.Stat(server.data); !os.IsNotExist(err) {
		t.Errorf("its data is still in %s: %v", server.data, err)
	}
}

func TestWithoutServersATestSaysHowToRunIt(t *testing.T) {
	t.Setenv(DatabaseURL, "")
	t.Setenv(RedisURL, "")
	for name, ask := range map[string]func(testing.TB){
		"DB":    func(t testing.TB) { DB(t) },
		"Redis": func(t testing.TB) { Redis(t) },
	} {
		test := &pretended{TB: t, mayDie: true}
		done := make(chan bool)
		go func() {
			defer close(done)
			ask(test)
		}()
		<-done
		if !test.failed || !strings.Contains(test.said, "make test") {
			t.Errorf("%s: failed: %t, said %q", name, test.failed, test.said)
		}
	}
}

// pretended is a test within a test: its failure and its end are its own.
type pretended struct {
	testing.TB
	mayDie bool
	failed bool
	said   string
	after  []func()
}

func (p *pretended) Failed() bool             { return p.failed }
func (p *pretended) Cleanup(f func())         { p.after = append(p.after, f) }
func (p *pretended) Context() context.Context { return context.Background() }

func (p *pretended) Logf(format string, args ...any) { p.said += fmt.Sprintf(format, args...) }

func (p *pretended) Fatalf(format string, args ...any) {
	if !p.mayDie {
		p.TB.Fatalf(format, args...)
	}
	p.failed = true
	p.Logf(format, args...)
	runtime.Goexit()
}

func (p *pretended) end() {
	for _, f := range slices.Backward(p.after) {
		f()
	}
}

func BenchmarkDB(b *testing.B) {
	for b.Loop() {
		if err := DB(b).Ping(); err != nil {
			b.Fatal(err)
		}
	}
}
