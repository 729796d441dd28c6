package engines

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// The floor of a start is what a shell script without any care would do: make
// the database files, start both servers, wait until they answer. Floor and
// start take turns within one run, so that both meet the same machine.
//
// A first start may take 2.5 times the floor, a later one a second.

func BenchmarkColdStart(b *testing.B) {
	besideFloor(b, func() (floor, ours string) { return dataFolder(b), dataFolder(b) })
}

func BenchmarkWarmStart(b *testing.B) {
	floor, ours := dataFolder(b), dataFolder(b)
	took(b, bareStart, floor)
	took(b, fullStart, ours)
	besideFloor(b, func() (string, string) { return floor, ours })
}

// besideFloor reports the median of our starts in milliseconds, that of the
// bare ones, and how many times as long ours take.
func besideFloor(b *testing.B, folders func() (floor, ours string)) {
	var bare, full []float64
	for b.Loop() {
		floor, ours := folders()
		bare = append(bare, took(b, bareStart, floor))
		full = append(full, took(b, fullStart, ours))
	}
	b.ReportMetric(0, "ns/op") // both together, with their stops: says nothing
	b.ReportMetric(median(full), "ms")
	b.ReportMetric(median(bare), "floor-ms")
	b.ReportMetric(median(full)/median(bare), "x-floor")
}

// took is how many milliseconds a start takes. It stops again, uncounted.
func took(b *testing.B, start func(b *testing.B, data string) (stop func() error), data string) float64 {
	b.Helper()
	began := time.Now()
	stop := start(b, data)
	took := time.Since(began)
	if err := stop(); err != nil {
		b.Fatal(err)
	}
	return float64(took.Microseconds()) / 1000
}

func fullStart(b *testing.B, data string) (stop func() error) {
	b.Helper()
	return mustStart(b, both(data)).Stop
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// bareStart starts both servers on folder, which it fills if it is empty.
func bareStart(b *testing.B, folder string) (stop func() error) {
	b.Helper()
	check := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	ctx := b.Context()
	p, err := find(ctx, Options{Data: folder, Postgres: true, Redis: true})
	check(err)
	who, err := accountFor(folder)
	check(err)
	h := &home{data: folder, who: who}
	for _, name := range []string{h.postgresData(), h.redisData()} {
		check(h.folder(name))
	}
	if _, err := os.Stat(filepath.Join(h.postgresData(), "PG_VERSION")); err != nil {
		check(bareInit(ctx, h, p.postgres))
	}
	socket := filepath.Join(h.redisData(), "s")
	pg, err := start(ctx, who, io.Discard, filepath.Join(p.postgres, "postgres"), "-D", h.postgresData(), "-k", h.postgresData(), "-c", "listen_addresses=", "-c", "log_min_messages=fatal")
	check(err)
	rd, err := start(ctx, who, io.Discard, p.redis, "--port", "0", "--unixsocket", socket, "--dir", h.redisData(), "--loglevel", "warning", "--appendonly", "yes")
	check(err)
	check(pg.until(ctx, func() bool { return h.accepting(pg.pid()) }))
	check(rd.until(ctx, func() bool { return answers(ctx, socket) }))
	return func() error {
		return errors.Join(rd.stop(syscall.SIGTERM, syscall.SIGKILL, redisPatience), pg.stop(syscall.SIGINT, syscall.SIGQUIT, postgresPatience))
	}
}

func bareInit(ctx context.Context, h *home, bin string) error {
	c, err := start(ctx, h.who, io.Discard, filepath.Join(bin, "initdb"), "--pgdata="+h.postgresData(), "--auth=trust", "--no-instructions")
	if err != nil {
		return err
	}
	return c.finish(ctx)
}
