package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"
)

// late is how long a line of the log may wait to be written.
const late = 100 * time.Millisecond

// lateLog writes the log in batches: in a release minute a system call for
// every couple that gets nothing would be paid by those who get something.
// Warnings and errors do not wait, nor does anything before them. Whoever kills
// the program loses a tenth of a second of request lines.
type lateLog struct {
	mu sync.Mutex
	to *bufio.Writer
}

// newLateLog is a log that writes to to, until stop is called and has written
// the rest.
func newLateLog(to io.Writer) (log *slog.Logger, stop func()) {
	l := &lateLog{to: bufio.NewWriterSize(to, 64<<10)}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(late)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_ = l.flush() // there is no log to tell that the log fails
			case <-done:
				_ = l.flush()
				return
			}
		}
	}()
	return slog.New(hasty{slog.NewJSONHandler(l, nil), l}), func() {
		close(done)
		<-ended
	}
}

func (l *lateLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(line)
}

func (l *lateLog) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Flush()
}

// hasty has what matters written at once.
type hasty struct {
	slog.Handler
	late *lateLog
}

func (h hasty) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		err = errors.Join(err, h.late.flush())
	}
	return err
}

func (h hasty) WithAttrs(attrs []slog.Attr) slog.Handler {
	return hasty{h.Handler.WithAttrs(attrs), h.late}
}

func (h hasty) WithGroup(name string) slog.Handler { return hasty{h.Handler.WithGroup(name), h.late} }
