package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// said is what a program has printed so far.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// instance is a program that a test runs.
type instance struct {
	t        testing.TB
	out, log said
	base     string
	stop     context.CancelFunc
	ended    chan error
}

// begin runs `hunyue serve` with an environment of the test's own, and returns
// when it says where it is.
func begin(t testing.TB, environ ...string) *instance {
	t.Helper()
	i := &instance{t: t, ended: make(chan error, 1)}
	ctx, stop := context.WithCancel(t.Context())
	i.stop = stop
	go func() {
		i.ended <- run(ctx, []string{"serve"}, append([]string{"HUNYUE_ADDR=127.0.0.1:0"}, environ...), strings.NewReader(""), &i.out, &i.log)
	}()
	address := regexp.MustCompile(`http://\S+`)
	for deadline := time.Now().Add(30 * time.Second); i.base == ""; {
		select {
		case err := <-i.ended:
			t.Fatalf("the program ended: %v\n%s", err, i.log.String())
		case <-time.After(5 * time.Millisecond):
			i.base = address.FindString(i.out.String())
		}
		if time.Now().After(deadline) {
			t.Fatalf("the program does not start:\n%s%s", i.out.String(), i.log.String())
		}
	}
	return i
}

// end stops the program and returns what became of it.
func (i *instance) end() error {
	i.t.Helper()
	i.stop()
	select {
	case err := <-i.ended:
		return err
	case <-time.After(30 * time.Second):
		i.t.Fatal("the program does not stop")
		return nil
	}
}

func (i *instance) get(path string) (int, string) {
	i.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	answer, err := client.Get(i.base + path)
	if err != nil {
		i.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// dataFolder is a folder that private engines can enter, which may run as
// another user; that of t.TempDir they could not.
func dataFolder(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "hunyue-run-*") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(folder, 0o711); err != nil {
		t.Fatal(err)
	}
	return folder
}

// The program starts on nothing, answers, works with the commands that are run
// beside it, stops when told, and leaves nothing running.
func TestRun(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	data := "HUNYUE_DATA=" + dataFolder(t)
	i := begin(t, data)
	if status, body := i.get("/readyz"); status != http.StatusOK || !strings.Contains(body, `"postgres":"ok","redis":"ok"`) {
		t.Errorf("/readyz: %d %s", status, body)
	}
	if status, body := i.get("/nowhere"); status != http.StatusNotFound || !strings.Contains(body, "<h1>") {
		t.Errorf("/nowhere: %d %s", status, body)
	}
	var out bytes.Buffer
	for _, command := range [][]string{
		{"doctor"},
		{"doctor", "--url", i.base},
		{"user", "add", "anna", "--role", "hall", "--office", "430702"},
		{"user", "disable", "anna"},
	} {
		if err := run(t.Context(), command, []string{data}, strings.NewReader(""), &out, io.Discard); err != nil {
			t.Errorf("%s beside it: %v\n%s", command[0], err, out.String())
		}
	}
	if err := run(t.Context(), []string{"serve"}, []string{data, "HUNYUE_ADDR=127.0.0.1:0"}, strings.NewReader(""), &out, io.Discard); err == nil ||
		!strings.Contains(err.Error(), "in use by another hunyue") {
		t.Errorf("a second program on the same data: %v", err)
	}
	if err := i.end(); err != nil {
		t.Errorf("run: %v\n%s", err, i.log.String())
	}
	if strings.Contains(i.log.String(), `"level":"ERROR"`) {
		t.Errorf("logged: %s", i.log.String())
	}
}
