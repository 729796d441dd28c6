package engines

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// child is a process that ends when this one does.
type child struct {
	name  string
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // why it ended; set before ended is closed
	said  *tail
}

// start runs program as who. The process gets a group of its own, so that a
// Ctrl-C at the terminal reaches only us and we choose the order of stopping.
func start(ctx context.Context, who account, log io.Writer, program string, args ...string) (*child, error) {
	return startWith(ctx, who, log, nil, program, args...)
}

// startWith is start with something to read.
func startWith(ctx context.Context, who account, log io.Writer, input io.Reader, program string, args ...string) (*child, error) {
	c := &child{name: filepath.Base(program), ended: make(chan struct{}), said: &tail{to: log}}
	c.cmd = exec.CommandContext(context.WithoutCancel(ctx), program, args...)
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = input, c.said, c.said
	c.cmd.Dir = "/"
	c.cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=" + locale(), "TZ=UTC"}
	c.cmd.WaitDelay = 2 * time.Second // a grandchild may hold on to the output
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: who.credential()}
	endWithParent(c.cmd.SysProcAttr)

	started := make(chan error)
	go c.live(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name, err)
	}
	return c, nil
}

// live starts the process and waits for its end, all on one thread: Linux tells
// a child that its parent died when the thread that made it does.
func (c *child) live(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := c.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	if err := c.cmd.Wait(); !errors.Is(err, exec.ErrWaitDelay) {
		c.err = err
	}
	close(c.ended)
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// over is closed when the process has ended; for no process it never is.
func (c *child) over() <-chan struct{} {
	if c == nil {
		return nil
	}
	return c.ended
}

// lastWords describes an end that nobody asked for.
func (c *child) lastWords() error {
	how := "exit status 0"
	if c.err != nil {
		how = c.err.Error()
	}
	return fmt.Errorf("%s ended unexpectedly (%s); it said:\n%s", c.name, how, c.said)
}

// until waits for ready to hold, and fails if the process ends before that.
func (c *child) until(ctx context.Context, ready func() bool) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ready() {
		select {
		case <-c.ended:
			return c.lastWords()
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", c.name, context.Cause(ctx))
		case <-tick.C:
		}
	}
	return nil
}

// finish waits for a process that is meant to end, and kills it with ctx.
func (c *child) finish(ctx context.Context) error {
	select {
	case <-c.ended:
		if c.err != nil {
			return fmt.Errorf("%s: %w; it said:\n%s", c.name, c.err, c.said)
		}
		return nil
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), c.signalGroup(syscall.SIGKILL))
	}
}

// stop asks the process to end, and after patience insists, then kills it.
// Having had to insist is an error.
func (c *child) stop(ask, insist syscall.Signal, patience time.Duration) error {
	if c == nil || c.endsAfter(0) {
		return nil
	}
	if err := c.signal(ask); err != nil {
		return err
	}
	if c.endsAfter(patience) {
		return c.verdict(ask)
	}
	late := fmt.Errorf("%s did not stop within %s", c.name, patience)
	if err := c.signal(insist); err != nil {
		return errors.Join(late, err)
	}
	if c.endsAfter(5 * time.Second) {
		return late
	}
	return errors.Join(late, c.signalGroup(syscall.SIGKILL))
}

// verdict is the error of a process that was asked to end by a signal. Dying of
// that signal is as good as leaving: it came before the process was listening.
func (c *child) verdict(asked syscall.Signal) error {
	status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if c.err == nil || ok && status.Signaled() && status.Signal() == asked {
		return nil
	}
	return fmt.Errorf("stop %s: %w; it said:\n%s", c.name, c.err, c.said)
}

func (c *child) endsAfter(patience time.Duration) bool {
	select {
	case <-c.ended:
		return true
	default:
	}
	select {
	case <-c.ended:
		return true
	case <-time.After(patience):
		return false
	}
}

func (c *child) signal(s syscall.Signal) error {
	if err := c.cmd.Process.Signal(s); err != nil && !c.endsAfter(time.Second) {
		return fmt.Errorf("signal %s: %w", c.name, err)
	}
	return nil
}

// signalGroup kills the process with all that it started, and waits.
func (c *child) signalGroup(s syscall.Signal) error {
	if err := syscall.Kill(-c.pid(), s); err != nil && !c.endsAfter(time.Second) {
		return fmt.Errorf("kill %s: %w", c.name, err)
	}
	<-c.ended
	return nil
}

// tail passes on what a process prints and remembers the end of it.
type tail struct {
	to io.Writer

	mu   sync.Mutex
	last []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	t.last = append(t.last, p...)
	if extra := len(t.last) - 4096; extra > 0 {
		t.last = t.last[extra:]
	}
	t.mu.Unlock()
	// An engine must not stop because its log is full, so a failure here is
	// not told to exec, which would stop reading what the process prints.
	_, _ = t.to.Write(p)
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.last))
}

// sharedWriter lets two processes write to one place.
type sharedWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *sharedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}
