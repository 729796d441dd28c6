package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"hunyue/internal/engines"
	"hunyue/internal/postgres"
	"hunyue/internal/testenv"
)

func TestARequestThatHasBegunIsAnswered(t *testing.T) {
	t.Parallel()
	began, goOn := make(chan struct{}), make(chan struct{})
	s, err := listenOn(t.Context(), "127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-goOn
		w.WriteHeader(http.StatusTeapot)
	}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended, answered := make(chan error, 1), make(chan int, 1)
	go func() { ended <- s.serve(ctx) }()
	go func() {
		answer, err := http.Get("http://" + s.listener.Addr().String())
		if err != nil {
			t.Error(err)
			answered <- 0
			return
		}
		answer.Body.Close()
		answered <- answer.StatusCode
	}()
	<-began
	stop()
	select {
	case err := <-ended:
		t.Fatalf("ended before the answer: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(goOn)
	if status := <-answered; status != http.StatusTeapot {
		t.Errorf("answered %d", status)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTheProgramEndsWithItsEngines(t *testing.T) {
	t.Parallel()
	running, err := engines.Start(t.Context(), engines.Options{Data: dataFolder(t), Redis: true, Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	defer running.Stop()
	if err := syscall.Kill(running.RedisPID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := watch(t.Context(), running); err == nil || !strings.Contains(err.Error(), "ended unexpectedly") {
		t.Errorf("an engine that died: %v", err)
	}
}

func TestCheckFailsOnABrokenInvariant(t *testing.T) {
	t.Parallel()
	dsn := testenv.DSN(t)
	environ := []string{"HUNYUE_DATA=" + dataFolder(t), "HUNYUE_DATABASE_URL=" + dsn}
	command := func() (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), []string{"check"}, environ, strings.NewReader(""), &out, io.Discard)
		return out.String(), err
	}
	if out, err := command(); err != nil || !strings.Contains(out, "0  never_oversold\n") {
		t.Errorf("an empty database: %v\n%s", err, out)
	}
	db, err := postgres.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `
		INSERT INTO office (id, name, name_en, address, phone) VALUES ('430702', 'x', 'x', 'x', 'x');
		INSERT INTO quota (id, office_id, day, kind, cap, booked, opens_at, closes_at)
		VALUES ('430702-20260520-hall', '430702', '2026-05-20', 'hall', 5, 3, '2026-05-01', '2026-05-20')`)
	if err != nil {
		t.Fatal(err)
	}
	out, err := command()
	if err == nil || !strings.Contains(out, "1  caps_equal_their_places\n") {
		t.Errorf("a cap that counts what nobody booked: %v\n%s", err, out)
	}
}

func TestDoctorSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	look := func(environ ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), []string{"doctor"}, environ, strings.NewReader(""), &out, io.Discard)
		return out.String(), err
	}
	data, dsn := "HUNYUE_DATA="+dataFolder(t), "HUNYUE_DATABASE_URL="+testenv.DSN(t)
	out, err := look(data, dsn)
	if err != nil || strings.Contains(out, "WRONG") || !strings.Contains(out, "6 of 6 applied") {
		t.Errorf("all is well: %v\n%s", err, out)
	}
	out, err = look(data, dsn, "HUNYUE_REDIS_URL=unix:///nowhere/redis.sock")
	if err == nil || !strings.Contains(out, "WRONG  redis") || strings.Contains(out, "WRONG  postgres") {
		t.Errorf("no Redis: %v\n%s", err, out)
	}
	var answer bytes.Buffer
	if err := run(t.Context(), []string{"doctor", "--url", "http://127.0.0.1:1"}, nil, nil, &answer, io.Discard); err == nil {
		t.Errorf("no program: %s", answer.String())
	}
}

func TestAPasswordIsReadOrMade(t *testing.T) {
	t.Parallel()
	environ := []string{"HUNYUE_DATABASE_URL=" + testenv.DSN(t)}
	add := func(stdin string, args ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"user", "add"}, args...), environ, strings.NewReader(stdin), &out, io.Discard)
		return out.String(), err
	}
	if out, err := add("", "anna", "--role", "hall"); err != nil || !strings.Contains(out, "Password, shown only now: ") {
		t.Errorf("made: %v, %s", err, out)
	}
	if out, err := add("my-own-words-7\n", "bert", "--role", "hall", "--password-stdin"); err != nil || strings.Contains(out, "assword") {
		t.Errorf("read: %v, %s", err, out)
	}
	_, err := add("short\n", "carl", "--role", "hall", "--role", "king", "--password-stdin")
	if err == nil || !strings.Contains(err.Error(), "password: A password needs at least 10 characters.") || !strings.Contains(err.Error(), "roles: There is no such choice.") {
		t.Errorf("two mistakes: %v", err)
	}
	if _, err := add("", "anna", "--role", "hall"); err == nil || !strings.Contains(err.Error(), "taken") {
		t.Errorf("the same name: %v", err)
	}
}
