package main

import (
	"strings"
	"testing"
	"time"
)

func TestWarningsDoNotWaitAndNothingIsLost(t *testing.T) {
	to := &said{}
	log, stop := newLateLog(to)
	log.InfoContext(t.Context(), "first")
	log.With("a", 1).WithGroup("g").WarnContext(t.Context(), "second")
	if lines := to.String(); !strings.Contains(lines, "first") || !strings.Contains(lines, "second") {
		t.Errorf("after a warning the log is %q", lines)
	}
	log.InfoContext(t.Context(), "third")
	for deadline := time.Now().Add(5 * time.Second); !strings.Contains(to.String(), "third"); time.Sleep(late / 10) {
		if time.Now().After(deadline) {
			t.Fatal("a line waits for ever")
		}
	}
	log.InfoContext(t.Context(), "last")
	stop()
	if !strings.HasSuffix(to.String(), "\"msg\":\"last\"}\n") {
		t.Errorf("at the end the log is %q", to.String())
	}
}
