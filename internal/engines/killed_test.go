package engines

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"syscall"
	"testing"
)

// asParent makes the test binary a program with engines, for tests that kill it.
const asParent = "ENGINES_TEST_PARENT_OF"

func TestMain(m *testing.M) {
	if data := os.Getenv(asParent); data != "" {
		if err := beParent(data); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func beParent(data string) error {
	e, err := Start(context.Background(), both(data))
	if err != nil {
		return err
	}
	if _, err := fmt.Printf("%s\n%s\n%d %d\n", e.DatabaseURL, e.RedisURL, e.PostgresPID, e.RedisPID); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin) // until killed
	return errors.Join(err, e.Stop())
}

// A parent killed without warning leaves no process behind, and the next start
// finds all that was written, whichever account runs it.
func TestKilledParentLeavesNothing(t *testing.T) {
	t.Parallel()
	accounts := map[string]*syscall.Credential{"as we are": nil}
	if os.Geteuid() == 0 {
		accounts["as an ordinary user"] = nobody(t)
	}
	for name, who := range accounts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := dataFolder(t)
			if who != nil {
				if err := os.Chown(data, int(who.Uid), int(who.Gid)); err != nil {
					t.Fatal(err)
				}
			}
			parent, e := startParent(t, data, who)
			remember(t, e, "before")
			kill(t, parent)
			mustBeGone(t, filepath.Join(data, postgresFolder), e.PostgresPID)
			mustBeGone(t, filepath.Join(data, redisFolder), e.RedisPID)

			// Not a moment between the next two: the engines are still ending.
			parent, _ = startParent(t, data, who)
			kill(t, parent)
			parent, e = startParent(t, data, who)
			recall(t, e, "before")
			left := leftovers(t, data)
			if len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
			stopParent(t, parent)
			t.Logf("fault: the program killed twice (%s): its engines ended with it, the next start knows what was written, %d folders left behind", name, len(left))
		})
	}
}

func nobody(t *testing.T) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	a, err := accountOf(u)
	if err != nil {
		t.Fatal(err)
	}
	return a.credential()
}

type parent struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

// startParent starts another process that has engines, and returns when they run.
func startParent(t *testing.T, data string, who *syscall.Credential) (parent, *Engines) {
	t.Helper()
	cmd := exec.Command(reachableBinary(t))
	cmd.Env = append(os.Environ(), asParent+"="+data)
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() }) // if the test ends early
	return parent{cmd, stdin}, readEngines(t, stdout)
}

// readEngines reads what beParent prints.
func readEngines(t *testing.T, from io.Reader) *Engines {
	t.Helper()
	lines, e := bufio.NewScanner(from), &Engines{}
	for _, field := range []*string{&e.DatabaseURL, &e.RedisURL} {
		lines.Scan()
		*field = lines.Text()
	}
	lines.Scan()
	if _, err := fmt.Sscan(lines.Text(), &e.PostgresPID, &e.RedisPID); err != nil {
		t.Fatalf("the other process did not start its engines: %v", err)
	}
	return e
}

// reachableBinary is a copy of the test binary that any account may run.
func reachableBinary(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dataFolder(t), "engines.test")
	// Another process copies: a file that this one had open for writing might
	// still be open, in a child just forked by another test, when it is to run.
	if said, err := exec.Command("cp", self, path).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v: %s", err, said)
	}
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func kill(t *testing.T, p parent) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err == nil {
		t.Fatal("the parent ended well before it was killed")
	}
}

func stopParent(t *testing.T, p parent) {
	t.Helper()
	if err := p.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("stop: %v", err)
	}
}
