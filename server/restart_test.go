package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"hunyue/internal/testenv"
)

// Stopping the program in good order costs nobody anything: what was held is
// still held, and places are on sale as soon as it is back. Redis is the
// program's own here; Postgres is the tests', which is quicker.
func TestARestartInGoodOrderGoesOnSelling(t *testing.T) {
	environ := []string{"HUNYUE_DEMO=1", "HUNYUE_DATA=" + dataFolder(t), "HUNYUE_DATABASE_URL=" + testenv.DSN(t)}
	first := begin(t, environ...)
	slot := first.openSlot()
	held := first.must(http.StatusCreated, "POST", "/api/v1/holds", map[string]any{"slot": slot})
	stopped := time.Now()
	if err := first.end(); err != nil {
		t.Fatal(err)
	}

	second := begin(t, environ...)
	second.must(http.StatusCreated, "POST", "/api/v1/holds", map[string]any{"slot": slot})
	away := time.Since(stopped)
	extended := second.must(http.StatusOK, "POST", fmt.Sprintf("/api/v1/holds/%s/extend", held["id"]), nil, "Hold-Token", held["token"].(string))
	if err := second.end(); err != nil {
		t.Fatal(err)
	}
	t.Logf("fault: the program and its Redis stopped while a couple types, and started: selling again after %.1f s, their hold extended to %s",
		away.Seconds(), extended["expires_at"])
}

// openSlot is the first slot that is open on one of the days after today.
func (i *instance) openSlot() string {
	i.t.Helper()
	zone := time.FixedZone("Asia/Shanghai", 8*60*60)
	for ahead := range 7 {
		day := time.Now().In(zone).AddDate(0, 0, ahead+1).Format(time.DateOnly)
		for _, s := range i.must(http.StatusOK, "GET", "/api/v1/offices/430702/slots?service=marriage&date="+day, nil)["slots"].([]any) {
			if s := s.(map[string]any); s["state"] == "open" {
				return s["id"].(string)
			}
		}
	}
	i.t.Fatal("no slot is open")
	return ""
}
