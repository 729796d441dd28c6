package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The crowd is small enough to leave both processors to whom it asks, and large
// enough to keep them busy.
const (
	clients = 32
	lasting = 3 * time.Second
	rounds  = 5
)

// request makes the nth request of a run.
type request func(n int) *http.Request

// throughput is how many requests per second were answered as they should be.
// Any other answer ends the run: a fast refusal is no measurement.
func throughput(client *http.Client, want int, next request) (float64, error) {
	var (
		n, done atomic.Int64
		failed  atomic.Value
		all     sync.WaitGroup
		began   = time.Now()
	)
	for range clients {
		all.Go(func() {
			for time.Since(began) < lasting && failed.Load() == nil {
				if err := one(client, want, next(int(n.Add(1)-1))); err != nil {
					failed.Store(err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	if err, ok := failed.Load().(error); ok {
		return 0, err
	}
	return float64(done.Load()) / time.Since(began).Seconds(), nil
}

func one(client *http.Client, want int, r *http.Request) error {
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != want {
		return fmt.Errorf("%s %s: %d instead of %d: %s", r.Method, r.URL.Path, res.StatusCode, want, bytes.TrimSpace(body))
	}
	return nil
}

// median of an odd number of figures.
func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	return sorted[len(sorted)/2]
}
