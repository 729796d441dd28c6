package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"hunyue/internal/engines"
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
	status := <-answered
	if status != http.StatusTeapot {
		t.Errorf("answered %d", status)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	t.Logf("fault: the program stopped in the middle of a request: answered %d, then ended", status)
}

func TestHeadIsAnsweredWhereGetIs(t *testing.T) {
	t.Parallel()
	s, err := listenOn(t.Context(), "127.0.0.1:0", newFront(t, config{}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.serve(ctx) }()
	answer, err := http.Head("http://" + s.listener.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK || len(body) != 0 || err != nil || answer.ContentLength < 1 {
		t.Errorf("%d with %q of %d bytes, %v", answer.StatusCode, body, answer.ContentLength, err)
	}
	stop()
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
	err = mind(t.Context(), running)
	if err == nil || !strings.Contains(err.Error(), "ended unexpectedly") {
		t.Errorf("an engine that died: %v", err)
	}
	said, _, _ := strings.Cut(fmt.Sprint(err), ";") // and not the log of Redis
	t.Logf("fault: the private Redis killed under the program: it ends and says %q", said)
}
