package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/internal/testenv"
)

// A hall's screens listen all day. They do not keep the program from ending, nor does
// the limit of other requests end them.
func TestTheProgramDoesNotWaitForStreams(t *testing.T) {
	t.Parallel()
	i := begin(t, "HUNYUE_DEMO=1", "HUNYUE_DATA="+dataFolder(t), "HUNYUE_DATABASE_URL="+testenv.DSN(t))
	answer, err := http.Get(i.base + "/screen/430702/events")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	first, err := bufio.NewReader(answer.Body).ReadString('\n')
	if err != nil || !strings.HasPrefix(first, "retry: ") {
		t.Fatalf("%d %q, %v", answer.StatusCode, first, err)
	}
	began := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- i.end() }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Errorf("the stream was cut: %v", err)
	}
	streamEnded := time.Since(began)
	if err := <-ended; err != nil || streamEnded > 2*time.Second || time.Since(began) >= drain {
		t.Errorf("the stream ended after %s, the program after %s, %v", streamEnded, time.Since(began), err)
	}
	t.Logf("fault: the program stopped while a screen listened: the stream ended after %d ms", streamEnded.Milliseconds())
}

func TestOnlyStreamsHaveNoEnd(t *testing.T) {
	t.Parallel()
	e := echo.New()
	e.Use(bounded)
	bounds := map[string]bool{}
	for _, path := range []string{"/screen/:office", "/screen/:office/events", "/b/:number", "/b/:number/line"} {
		e.GET(path, func(c echo.Context) error {
			_, bounds[c.Path()] = c.Request().Context().Deadline()
			return nil
		})
		at := strings.NewReplacer(":office", "430702", ":number", "12345678").Replace(path)
		e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, at, nil))
	}
	for path, bounded := range bounds {
		if want := path == "/screen/:office" || path == "/b/:number"; bounded != want {
			t.Errorf("%s has an end: %t", path, bounded)
		}
	}
	if len(bounds) != 4 {
		t.Errorf("%d addresses", len(bounds))
	}
}
