package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"hunyue/internal/postgres"
	"hunyue/internal/testenv"
)

// shift moves the clocks of a demo world.
func shift(t *testing.T, d *demoWorld, by time.Duration) {
	t.Helper()
	d.clock.Set(by)
	if err := postgres.Shift(t.Context(), d.db, by); err != nil {
		t.Fatal(err)
	}
}

// send asks the program with a JSON body and headers, and returns the answer.
func (i *instance) send(method, path string, body any, headers ...string) (int, map[string]any) {
	i.t.Helper()
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			i.t.Fatal(err)
		}
		content = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(i.t.Context(), method, i.base+path, content)
	if err != nil {
		i.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for n := 0; n+1 < len(headers); n += 2 {
		r.Header.Set(headers[n], headers[n+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	answer, err := client.Do(r)
	if err != nil {
		i.t.Fatal(err)
	}
	defer answer.Body.Close()
	found := map[string]any{}
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil && answer.StatusCode != http.StatusNoContent && answer.StatusCode != http.StatusAccepted {
		i.t.Fatalf("%s %s: %d, %v", method, path, answer.StatusCode, err)
	}
	return answer.StatusCode, found
}

// must is send where only one status will do.
func (i *instance) must(want int, method, path string, body any, headers ...string) map[string]any {
	i.t.Helper()
	status, answer := i.send(method, path, body, headers...)
	if status != want {
		log := i.log.String()
		i.t.Fatalf("%s %s: %d %v, want %d\n%s", method, path, status, answer, want, log[max(0, len(log)-2000):])
	}
	return answer
}

// code is the phone code that was sent last.
func (i *instance) code(phone string) string {
	i.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for _, m := range i.must(200, "GET", "/dev/messages.json?phone="+phone, nil)["messages"].([]any) {
			if code, ok := m.(map[string]any)["code"].(string); ok && code != "" {
				return code
			}
		}
	}
	i.t.Fatalf("no code was sent to %s\n%s", phone, i.log.String())
	return ""
}

// At whatever hour and on whatever day somebody looks at the demo, a couple can
// book for today on the web, be received, and be married.
func TestTheWholeDayCanBeWalkedAtAnyHour(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program several times")
	}
	for name, now := range map[string]string{
		"a Wednesday morning":   "2026-05-20T08:50:00+08:00",
		"the end of a Saturday": "2026-05-23T23:20:00+08:00",
		"a holiday at midnight": "2026-10-01T00:05:00+08:00",
	} {
		t.Run(name, func(t *testing.T) {
			i := begin(t, "HUNYUE_DEMO=1", "HUNYUE_DATA="+dataFolder(t), "HUNYUE_DATABASE_URL="+testenv.DSN(t), "HUNYUE_DEMO_NOW="+now)
			i.walk(now[:10])
			if err := i.end(); err != nil {
				t.Error(err)
			}
		})
	}
}

func (i *instance) walk(today string) {
	i.t.Helper()
	const phone = "13800000001"
	var slot string
	for _, s := range i.must(200, "GET", "/api/v1/offices/430702/slots?service=marriage&date="+today, nil)["slots"].([]any) {
		if s := s.(map[string]any); s["state"] == "open" {
			slot = s["id"].(string)
			break
		}
	}
	hold := i.must(201, "POST", "/api/v1/holds", map[string]any{"slot": slot})
	i.must(202, "POST", "/api/v1/phone-codes", map[string]any{"phone": phone})
	party := func(name, number string) map[string]any {
		return map[string]any{"name": name, "document": map[string]any{"type": "resident_id", "number": number}}
	}
	booked := i.must(201, "POST", "/api/v1/appointments", map[string]any{
		"hold": hold["id"], "service": "marriage", "phone": phone, "phone_code": i.code(phone), "locale": "zh",
		"parties":  []any{party("测试甲", "430799199003070014"), party("测试乙", "430799199003070022")},
		"consents": map[string]any{"agreement": "2026-01", "privacy": "2026-01"},
	}, "Hold-Token", hold["token"].(string), "Idempotency-Key", "walk-walk-walk")

	visit := "/api/v1/staff/appointments/" + booked["number"].(string)
	as := func(username string) []string {
		token := i.must(200, "POST", "/api/v1/staff/login", map[string]any{"username": username, "password": demoPassword})["token"]
		return []string{"Authorization", "Bearer " + token.(string)}
	}
	hall, registrar := as("hall"), as("registrar")
	arrived := i.must(200, "POST", visit+"/check-in", map[string]any{"readings": []any{
		map[string]any{"party": 1, "celsius": "36.5", "device": "T1"}, map[string]any{"party": 2, "celsius": "36.7", "device": "T1"},
	}}, hall...)
	if arrived["outcome"] != "admitted" {
		i.t.Fatalf("at the door: %v", arrived)
	}
	i.must(200, "POST", visit+"/call", map[string]any{"counter": "3"}, registrar...)
	i.must(200, "POST", visit+"/start", map[string]any{"counter": "3"}, registrar...)
	i.must(200, "POST", visit+"/complete", map[string]any{"certificate_number": "J430702-" + today[:4] + "-000001"}, registrar...)
}
