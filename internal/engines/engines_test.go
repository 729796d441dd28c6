package engines

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq"
	"github.com/redis/go-redis/v9"
)

func both(data string) Options { return Options{Data: data, Postgres: true, Redis: true} }

// dataFolder is an empty folder that the account of the engines may enter.
func dataFolder(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "engines-*") //nolint:usetesting // that of t.TempDir is closed to other accounts
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

func mustStart(t testing.TB, o Options) *Engines {
	t.Helper()
	e, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Stop(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// remember writes a word into both engines.
func remember(t *testing.T, e *Engines, word string) {
	t.Helper()
	db, rdb := connect(t, e)
	for _, q := range []string{`CREATE TABLE IF NOT EXISTS words (word text)`, `INSERT INTO words (word) VALUES ('` + word + `')`} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	if err := rdb.Set(t.Context(), "word", word, 0).Err(); err != nil {
		t.Fatal(err)
	}
}

// recall fails the test unless both engines know the word.
func recall(t *testing.T, e *Engines, word string) {
	t.Helper()
	db, rdb := connect(t, e)
	var known bool
	if err := db.QueryRow(`SELECT EXISTS (SELECT FROM words WHERE word = $1)`, word).Scan(&known); err != nil || !known {
		t.Errorf("Postgres knows %q: %t, %v", word, known, err)
	}
	if got, err := rdb.Get(t.Context(), "word").Result(); got != word {
		t.Errorf("Redis knows %q, %v; want %q", got, err, word)
	}
}

func connect(t *testing.T, e *Engines) (*sql.DB, *redis.Client) {
	t.Helper()
	db, err := sql.Open("postgres", e.DatabaseURL+" binary_parameters=yes")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	o, err := redis.ParseURL(e.RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(o)
	t.Cleanup(func() { rdb.Close() })
	return db, rdb
}

func TestDataOutlivesAStop(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	first := mustStart(t, both(data))
	remember(t, first, "first")
	sockets := first.home.sockets
	if err := first.Stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	if err := first.Stop(); err != nil {
		t.Errorf("stop again: %v", err)
	}
	if err := first.Err(); err != nil {
		t.Errorf("a stop that was asked for is reported: %v", err)
	}
	if _, err := os.Stat(sockets); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the sockets are still in %s: %v", sockets, err)
	}
	mustBeGone(t, data, first.PostgresPID, first.RedisPID)

	second := mustStart(t, both(data))
	if second.DatabaseURL != first.DatabaseURL || second.RedisURL != first.RedisURL {
		t.Errorf("addresses moved from %s, %s to %s, %s", first.DatabaseURL, first.RedisURL, second.DatabaseURL, second.RedisURL)
	}
	recall(t, second, "first")
}

func TestSettingsThatKeepPromises(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fast  bool
		fsync string
	}{{"durable", false, "on"}, {"fast", true, "off"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := both(dataFolder(t))
			o.Fast = c.fast
			db, rdb := connect(t, mustStart(t, o))
			for name, want := range map[string]string{
				"synchronous_commit": "on", "fsync": c.fsync, "full_page_writes": c.fsync,
				"data_checksums": "on", "max_connections": "200", "shared_buffers": "128MB", "jit": "off",
				"listen_addresses": "", "TimeZone": "UTC", "server_encoding": "UTF8",
			} {
				var got string
				if err := db.QueryRow(`SELECT current_setting($1)`, name).Scan(&got); err != nil || got != want {
					t.Errorf("%s is %q, %v; want %q", name, got, err, want)
				}
			}
			for name, want := range map[string]string{
				"appendonly": "yes", "appendfsync": "everysec", "save": "", "maxmemory-policy": "noeviction", "port": "0",
			} {
				got, err := rdb.ConfigGet(t.Context(), name).Result()
				if err != nil || got[name] != want {
					t.Errorf("Redis: %s is %q, %v; want %q", name, got[name], err, want)
				}
			}
		})
	}
}

func TestEnginesStartSeparately(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	e := mustStart(t, Options{Data: data, Redis: true})
	if e.DatabaseURL != "" || e.PostgresPID != 0 || e.RedisURL == "" {
		t.Errorf("asked for Redis alone, got %q (%d) and %q", e.DatabaseURL, e.PostgresPID, e.RedisURL)
	}
	if _, err := os.Stat(filepath.Join(data, postgresFolder)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a database that nobody asked for: %v", err)
	}
}

func TestDataFolderHasOneUser(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	first := mustStart(t, both(data))
	remember(t, first, "first")
	_, err := Start(t.Context(), both(data))
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("a second start on one folder: %v; want %v", err, ErrInUse)
	}
	if want := fmt.Sprintf("process %d", os.Getpid()); !strings.Contains(err.Error(), want) {
		t.Errorf("%q does not name the %s", err, want)
	}
	databaseURL, redisURL, err := Addresses(data)
	if databaseURL != first.DatabaseURL || redisURL != first.RedisURL || err != nil {
		t.Errorf("the running engines are said to be at %q and %q, %v; want %q and %q", databaseURL, redisURL, err, first.DatabaseURL, first.RedisURL)
	}
	recall(t, first, "first")
}

func TestUnexpectedEndIsReported(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"postgres", "redis"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := mustStart(t, both(dataFolder(t)))
			if err := e.Err(); err != nil {
				t.Errorf("while all is well: %v", err)
			}
			pid := map[string]int{"postgres": e.PostgresPID, "redis": e.RedisPID}[name]
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			select {
			case <-e.Done():
			case <-time.After(10 * time.Second):
				t.Fatal("nobody noticed")
			}
			err := e.Err()
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "killed") {
				t.Errorf("the end of %s is reported as %v", name, err)
			}
			said, _, _ := strings.Cut(fmt.Sprint(err), ";") // and not its log
			t.Logf("fault: %s killed: reported as %q", name, said)
		})
	}
}

func mustBeGone(t *testing.T, folder string, pids ...int) {
	t.Helper()
	for _, pid := range pids {
		for late := time.After(20 * time.Second); works(pid, folder); {
			select {
			case <-late:
				t.Fatalf("process %d still works in %s", pid, folder)
			case <-time.After(time.Millisecond):
			}
		}
	}
}

func leftovers(t *testing.T, data string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(data, "new-*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}
