package testenv

import (
	"sync"
	"testing"
	"time"
)

func TestAnswersAreSomebodysWait(t *testing.T) {
	t.Parallel()
	var nobody, one, many Answers
	one.Waited(7 * time.Millisecond)
	var all sync.WaitGroup
	for ms := range 200 {
		all.Go(func() { many.Waited(time.Duration(200-ms) * time.Millisecond) })
	}
	all.Wait()
	for _, c := range []struct {
		answers *Answers
		want    string
	}{
		{&nobody, "0 answers, p50 0s, p95 0s, p99 0s"},
		{&one, "1 answers, p50 7ms, p95 7ms, p99 7ms"},
		{&many, "200 answers, p50 100ms, p95 190ms, p99 198ms"},
	} {
		if got := c.answers.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
