package engines

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestStartCutShortCanBeRepeated(t *testing.T) {
	t.Parallel()
	data, cut := dataFolder(t), 0
	for _, after := range []time.Duration{50, 200, 400} {
		ctx, cancel := context.WithTimeout(t.Context(), after*time.Millisecond)
		e, err := Start(ctx, both(data))
		cancel()
		switch {
		case err == nil: // a fast machine
			if err := e.Stop(); err != nil {
				t.Error(err)
			}
		case !errors.Is(err, context.DeadlineExceeded):
			t.Errorf("cut short after %d ms: %v", after, err)
		default:
			cut++
		}
	}
	e := mustStart(t, both(data))
	remember(t, e, "whole")
	recall(t, e, "whole")
	left := leftovers(t, data)
	if len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	t.Logf("fault: the first start of the engines cut short, %d times: the next one is whole, %d folders left behind", cut, len(left))
}

func TestHalfMadeDatabaseIsNotUsed(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	half := filepath.Join(data, "new-1234") // as a killed start leaves it
	if err := os.Mkdir(half, 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(half, "PG_VERSION"), "15\n")
	mustStart(t, both(data))
	left := leftovers(t, data)
	if len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	t.Logf("fault: a database that was half made: made anew, %d folders left behind", len(left))
}

// Where the system does not tell children that their parent died, the next
// start finds them at work and ends them.
func TestOrphansAreStopped(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	orphaned, err := Start(t.Context(), both(data))
	if err != nil {
		t.Fatal(err)
	}
	remember(t, orphaned, "orphan")
	if err := orphaned.home.lock.release(); err != nil { // all that is left of a dead parent
		t.Fatal(err)
	}
	next := mustStart(t, both(data))
	mustBeGone(t, next.home.postgresData(), orphaned.PostgresPID)
	mustBeGone(t, next.home.redisData(), orphaned.RedisPID)
	recall(t, next, "orphan")
	t.Logf("fault: engines that outlived their program: processes %d and %d ended by the next start, what they wrote is there", orphaned.PostgresPID, orphaned.RedisPID)
}

// The number in a pid file may since have gone to another program.
func TestStrangersAreLeftAlone(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	stranger, err := start(t.Context(), account{}, os.Stderr, "/bin/sleep", "60")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stranger.stop(syscall.SIGTERM, syscall.SIGKILL, time.Second); err != nil {
			t.Error(err)
		}
	})
	file := filepath.Join(data, "stale.pid")
	stale := []string{fmt.Sprintln(stranger.pid()), "", "0\n", "-1\n", "word\n"}
	for _, content := range stale {
		writeFile(t, file, content)
		if err := stopOrphan(t.Context(), file, data, syscall.SIGKILL, syscall.SIGKILL); err != nil {
			t.Errorf("pid file %q: %v", content, err)
		}
	}
	killed := stranger.endsAfter(50 * time.Millisecond)
	if killed {
		t.Error("a stranger was killed")
	}
	t.Logf("fault: %d pid files that are stale or spoilt: the stranger named in one killed: %t", len(stale), killed)
}

// Anybody may make a folder where temporary ones go, also one with our name.
func TestSocketsAvoidTraps(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	who, err := accountFor(data)
	if err != nil {
		t.Fatal(err)
	}
	name, err := trueName(data)
	if err != nil {
		t.Fatal(err)
	}
	sockets := socketFolder(name, who)
	if err := os.Symlink(data, sockets); err != nil {
		t.Fatal(err)
	}
	_, refused := Start(t.Context(), Options{Data: data, Redis: true})
	if refused == nil || !strings.Contains(refused.Error(), sockets) {
		t.Errorf("a start over a link at %s: %v", sockets, refused)
	}
	if err := os.Remove(sockets); err != nil {
		t.Errorf("the link was not left alone: %v", err)
	}
	e := mustStart(t, Options{Data: data, Redis: true})
	info, err := os.Stat(e.home.sockets)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("others may enter the folder of the sockets: %v", info.Mode())
	}
	t.Logf("fault: a link laid where the sockets go: refused (%t), and once it is gone made anew with %v", refused != nil, info.Mode().Perm())
}

func TestDataOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	if err := os.Mkdir(filepath.Join(data, postgresFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(data, postgresFolder, "PG_VERSION"), "9\n")
	_, err := Start(t.Context(), both(data))
	if want := "PostgreSQL 9 (the version that made the data) not found"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v; want %q", err, want)
	}
	t.Logf("fault: data of another version of Postgres: refused with %q", err)
}

func TestFolderThatTheEnginesCannotEnterIsRefused(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(dataFolder(t), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := account{uid: 1, gid: 1, dropped: true}.blocked(closed)
	if got != closed || err != nil {
		t.Errorf("the way is blocked at %q, %v; want %q", got, err, closed)
	}
	got, err = account{uid: uint32(os.Geteuid()), dropped: true}.blocked(closed)
	if got != "" || err != nil {
		t.Errorf("its owner is kept out at %q, %v", got, err)
	}
}

func TestInstallCommandsNameThePackages(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"apt-get": "apt-get install --no-install-recommends postgresql-15 redis-server",
		"brew":    "brew install postgresql@15 redis",
	}
	missing := []need{{engine: "PostgreSQL", oldest: oldestPostgres, exactly: 15}, {engine: "Redis", oldest: oldestRedis}}
	for _, m := range managers() {
		got := strings.TrimPrefix(m.command(missing), "sudo ")
		if w, ok := want[m.program]; ok && got != w {
			t.Errorf("got %q, want %q", got, w)
		}
	}
	err := notInstalled(missing)
	if !strings.Contains(err.Error(), "PostgreSQL 15") || !strings.Contains(err.Error(), "Redis 7 or newer") {
		t.Errorf("%q does not say what is missing", err)
	}
}

func TestDataRoot(t *testing.T) {
	t.Parallel()
	own := map[string]string{"HOME": "/home/a", "XDG_STATE_HOME": "/state"}
	want := "/state/hunyue"
	if os.Geteuid() == 0 {
		want = "/var/lib/hunyue"
	}
	if got := DataRoot(func(name string) string { return own[name] }); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	own["HUNYUE_DATA"] = "/named"
	if got := DataRoot(func(name string) string { return own[name] }); got != "/named" {
		t.Errorf("got %q, want the folder that was named", got)
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
