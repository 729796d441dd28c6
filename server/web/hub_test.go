package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hunyue/hall"
	"hunyue/slots"
)

// listener is a stream as it comes in.
type listener struct {
	t      *testing.T
	answer *http.Response
	lines  *bufio.Scanner
}

// listens opens a stream as a browser does.
func (v *visitor) listens(path string, headers ...string) *listener {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.server.URL+path, nil)
	v.must(err)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := (&http.Client{Jar: v.client.Jar}).Do(r)
	v.must(err)
	v.t.Cleanup(func() { answer.Body.Close() })
	l := &listener{v.t, answer, bufio.NewScanner(answer.Body)}
	l.lines.Buffer(nil, 1<<20)
	return l
}

// next is the next event with its name, id and data; "" when the stream has ended.
func (l *listener) next() (name, id, data string) {
	for l.lines.Scan() {
		field, value, _ := strings.Cut(l.lines.Text(), ": ")
		switch field {
		case "event":
			name = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			if name != "" {
				return name, id, data
			}
		}
	}
	return "", "", ""
}

// until is the first event that has a text in it.
func (l *listener) until(text string) string {
	l.t.Helper()
	for {
		name, _, data := l.next()
		if name == "" {
			l.t.Fatalf("the stream ended before %q", text)
		}
		if strings.Contains(data, text) {
			return data
		}
	}
}

// onTheDay is two couples who have come, and the number of the first.
func (tn *town) onTheDay() (*visitor, string, []string) {
	tn.t.Helper()
	v := tn.visitor()
	number := tn.bookedBy(v)
	others := tn.others(2)
	tn.at("2026-05-20 08:50")
	for _, n := range append(others, number) {
		tn.arrive(n, 365, 366)
	}
	return v, number, others
}

func TestACallIsOnEveryScreenWithinTwoSecondsWhereverItWasMade(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	_, _, others := tn.onTheDay()
	l := tn.visitor().listens("/screen/" + office + "/events")
	if kind := l.answer.Header.Get("Content-Type"); l.answer.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream") ||
		l.answer.Header.Get("X-Accel-Buffering") != "no" || !strings.Contains(l.answer.Header.Get("Cache-Control"), "no-transform") {
		t.Fatalf("%d, %v", l.answer.StatusCode, l.answer.Header)
	}
	if first := l.until("A001"); !strings.Contains(first, `"calls":[]`) {
		t.Errorf("before the first call: %s", first)
	}
	another := &hall.Desk{DB: tn.db, Offices: &slots.Store{DB: tn.db, Clock: tn.Clock}, Keys: tn.Keys, Clock: tn.Clock, Log: tn.Hall.Log} // of another server
	began := time.Now()
	_, err := another.Call(t.Context(), others[0], "3", "registrar")
	tn.must(err)
	l.until(`"ticket":"A001","counter":"3"`)
	took := time.Since(began)
	if took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	t.Logf("count: hall screen: a call of another server is shown after %d ms", took.Milliseconds())
}

func TestACallThatIsRepeatedIsAnotherOne(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	_, _, others := tn.onTheDay()
	l := tn.visitor().listens("/screen/" + office + "/events")
	press := hall.Press{Office: office, Counter: "3", Key: newKey(), Actor: "staff:registrar"}
	tn.call(others[0], "3")
	first := callIDs(l.until(`"ticket":"A001"`))
	tn.later(20 * time.Second)
	_, err := tn.Hall.Recall(t.Context(), others[0], press)
	tn.must(err)
	for {
		if again := callIDs(l.until(`"ticket":"A001"`)); again[0] != first[0] {
			return
		}
	}
}

func callIDs(data string) []string {
	var ids []string
	for _, part := range strings.Split(data, `{"id":"`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		ids = append(ids, id)
	}
	return ids
}

// However many look, the hall is read once a second; while nobody does, never.
func TestFiftyListenersCostOneReadingASecond(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.onTheDay()
	var reads atomic.Int64
	real := tn.hub.read
	tn.hub.read = func(ctx context.Context, office string, before seen) (seen, error) {
		reads.Add(1)
		return real(ctx, office, before)
	}
	asked := tn.countQueries()
	beats := make(chan string)
	for range 50 {
		l := tn.visitor().listens("/screen/" + office + "/events")
		go func() {
			l.next()
			name, _, _ := l.next()
			beats <- name
		}()
	}
	began, before, askedBefore := time.Now(), reads.Load(), asked.Load()
	for range 50 { // the first has come to all, and five seconds later a beat
		if name := <-beats; name != "beat" && name != "board" { // a board when a minute has passed meanwhile
			t.Fatalf("got %q", name)
		}
	}
	took := time.Since(began)
	n, queries := reads.Load()-before, asked.Load()-askedBefore
	if took < 2*time.Second || float64(n) > took.Seconds()+1 || n < 2 {
		t.Errorf("%d readings in %s", n, took)
	}
	if most := 3*n + 8*int64(took.Minutes()+2); queries < 3*n || queries > most {
		t.Errorf("%d readings are %d queries, want 3 for each and no more than %d in all", n, queries, most)
	}
	t.Logf("count: hall screen: 50 listeners cost %d readings and %d queries in %.1f s", n, queries, took.Seconds())
}

// A reading is the couples, the counters and the calls, however full the hall is; what
// else a screen shows is read once a minute.
func TestAReadingOfTheBoardIsThreeStatements(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	rules := slots.DefaultRules()
	rules.HallLimit = 1
	tn.must(tn.Offices.SetRules(t.Context(), office, may(20), rules, "test", "test"))
	_, _, others := tn.onTheDay() // the first is inside, two wait outside
	tn.call(others[0], "3")
	tn.at("2026-05-20 09:01") // and no later minute
	asked := tn.countQueries()
	last, err := tn.hub.read(t.Context(), office, seen{})
	tn.must(err)
	if len(last.Outside()) != 2 || len(last.Calls) != 1 || len(last.Counters) != 1 {
		t.Fatalf("%d outside, %d calls, %d counters", len(last.Outside()), len(last.Calls), len(last.Counters))
	}
	before := asked.Load()
	t.Logf("count: hall screen: the first reading of a minute is %d statements", before)
	for range 10 {
		tn.later(time.Second)
		last, err = tn.hub.read(t.Context(), office, last)
		tn.must(err)
	}
	if n := asked.Load() - before; n != 30 {
		t.Errorf("10 readings are %d statements, want 30", n)
	}
}

func TestWhoGoesOnWhereTheyStoppedIsToldNothingTwice(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.onTheDay()
	_, id, _ := tn.visitor().listens("/screen/" + office + "/events").next()
	if id == "" {
		t.Fatal("an event without an id")
	}
	name, _, _ := tn.visitor().listens("/screen/"+office+"/events", "Last-Event-ID", id).next()
	if name != "beat" {
		t.Errorf("told %q again", name)
	}
}

func TestNoMoreListenThanThereIsRoomFor(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	at := "/screen/" + office + "/events"
	tn.hub.most = 2
	first := tn.visitor().listens(at)
	first.next()
	tn.visitor().listens(at).next()
	third := tn.visitor().listens(at)
	if third.answer.StatusCode != http.StatusServiceUnavailable || third.answer.Header.Get("Retry-After") == "" {
		t.Errorf("the third: %d, %v", third.answer.StatusCode, third.answer.Header)
	}
	first.answer.Body.Close()
	for tn.listening() > 1 {
		time.Sleep(5 * time.Millisecond)
	}
	if again := tn.visitor().listens(at); again.answer.StatusCode != http.StatusOK {
		t.Errorf("after one has left: %d", again.answer.StatusCode)
	}
	tn.hub.most, tn.hub.mostFrom = 100, 2
	if fourth := tn.visitor().listens("/screen/" + elsewhere + "/events"); fourth.answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a third of one address: %d", fourth.answer.StatusCode)
	}
}

// listening is how many streams are open.
func (tn *town) listening() int {
	tn.hub.mu.Lock()
	defer tn.hub.mu.Unlock()
	n := 0
	for _, all := range tn.hub.addresses {
		n += all
	}
	return n
}

func TestStreamsEndAtOnceWhenTheProgramStops(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	l := tn.visitor().listens("/screen/" + office + "/events")
	l.next()
	began := time.Now()
	tn.EndStreams()
	tn.EndStreams() // twice is once
	if name, _, _ := l.next(); name != "" || time.Since(began) > time.Second {
		t.Errorf("after %s: %q", time.Since(began), name)
	}
	if late := tn.visitor().listens("/screen/" + office + "/events"); late.answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after the end: %d", late.answer.StatusCode)
	}
}

// The server gives no request more than so long. A stream goes on all the same.
func TestAStreamOutlivesTheLimitsOfRequests(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	hasty := httptest.NewUnstartedServer(tn.server.Config.Handler)
	hasty.Config.ReadTimeout, hasty.Config.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond
	hasty.Start()
	t.Cleanup(hasty.Close)
	tn.server.Close()
	tn.server = hasty
	l := tn.visitor().listens("/screen/" + office + "/events")
	l.next()
	if name, _, _ := l.next(); name != "beat" && name != "board" {
		t.Errorf("the stream ended: %v", l.lines.Err())
	}
}

// pipes is a listener whose connections hold nothing: what is not read is not written.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, io.EOF
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func TestWhoDoesNotReadIsLeft(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.hub.patience = 100 * time.Millisecond
	all := make(pipes, 1)
	server := &http.Server{Handler: tn.server.Config.Handler, ReadHeaderTimeout: time.Second}
	ended := make(chan error)
	go func() { ended <- server.Serve(all) }()
	ours, theirs := net.Pipe()
	defer ours.Close()
	all <- theirs
	_, err := io.WriteString(ours, "GET /screen/"+office+"/events HTTP/1.1\r\nHost: hunyue\r\n\r\n")
	tn.must(err)
	for tn.listening() == 0 {
		time.Sleep(time.Millisecond)
	}
	began := time.Now()
	for tn.listening() > 0 {
		if time.Since(began) > 5*time.Second {
			t.Fatal("who does not read is still listened to")
		}
		time.Sleep(5 * time.Millisecond)
	}
	close(all)
	<-ended
}

// What is shown is no older than a few seconds, or it is not said to be new: while the
// hall cannot be read, not even a beat comes.
func TestNothingIsToldWhileTheHallCannotBeRead(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.hub.read = func(context.Context, string, seen) (seen, error) { return seen{}, errors.New("away") }
	l := tn.visitor().listens("/screen/" + office + "/events?once=1")
	if name, _, _ := l.next(); name != "" {
		t.Errorf("told %q", name)
	}
	tn.visitor().get("/screen/"+office).want(http.StatusOK, "信号中断，请听工作人员呼叫", "No signal. Please listen for staff")
}

// Domain rule 46.
func TestNoStreamNamesAnybody(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v, number, others := tn.onTheDay()
	tn.call(others[0], "3")
	_, _, wall := v.listens("/screen/" + office + "/events?once=1").next()
	_, _, own := v.listens("/b/" + number + "/line?once=1").next()
	page := v.get("/screen/" + office).want(http.StatusOK).body
	if !strings.Contains(wall, "A001") || !strings.Contains(own, "A003") {
		t.Fatalf("nothing to read:\n%s\n%s", wall, own)
	}
	secrets := []string{number, others[0], "张", "李", "4307", hisPhone, "marriage", "结婚", "36.5", "365"}
	for where, text := range map[string]string{"the screen's stream": wall, "the couple's stream": own, "the screen": page} {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "婚姻登记处", ""), "/screen/"+office, "")
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s has %q in it", where, s)
			}
		}
	}
}
