package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

// A stream is an answer that goes on: server-sent events. It tells what changes,
// and every few seconds that nothing has.
const (
	looksEvery = 250 * time.Millisecond
	beatsEvery = 5 * time.Second
	streamsFor = 30 * time.Minute // then the browser asks again, and is judged again
	askAgainIn = 10               // seconds, where there is no room to listen
)

// Streams reports whether the answers of an address as it is mounted go on until
// the visitor leaves.
func Streams(path string) bool { return path == "/screen/:office/events" || path == "/b/:number/line" }

// EndStreams ends every stream at once; browsers ask again elsewhere.
func (p *Pages) EndStreams() { p.hub.end() }

// event is what a stream tells. The same id again is not told again.
type event struct {
	Name, ID string
	Data     any
	Last     bool // nothing follows
}

// stream tells a browser what say says of a hall, whenever that changes, until one
// of the two ends it. With once in the address it ends after the first time. When
// the hall cannot be read nothing is told, not even that nothing has changed: the
// page then says that it is behind.
func (p *Pages) stream(c echo.Context, office, audience string, say func(seen) (event, error)) error {
	leave, ok := p.hub.join(audience+" "+office, c.RealIP())
	if !ok {
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(askAgainIn))
		return c.NoContent(http.StatusServiceUnavailable)
	}
	defer leave()
	s, err := p.openStream(c)
	if err != nil {
		return nil // they have gone
	}
	look := time.NewTicker(looksEvery)
	defer look.Stop()
	for began := p.Clock.Now(); p.Clock.Now().Sub(began) < streamsFor; {
		goesOn, err := p.tell(c, s, office, say)
		if err != nil || !goesOn || c.QueryParam("once") != "" {
			return err
		}
		select {
		case <-c.Request().Context().Done():
			return nil
		case <-p.hub.over:
			return nil
		case <-look.C:
		}
	}
	return nil
}

// unlessGone is err, unless that is because the visitor has left: screens are turned
// off, and phones put away, at any moment.
func unlessGone(c echo.Context, err error) error {
	if c.Request().Context().Err() != nil {
		return nil //nolint:nilerr // nobody is there to be told
	}
	return err
}

// tell writes what there is to tell now. Whoever does not read it is left, which is no
// error.
func (p *Pages) tell(c echo.Context, s *sse, office string, say func(seen) (event, error)) (bool, error) {
	now, err := p.hub.now(c.Request().Context(), office, second)
	if err != nil {
		return true, nil //nolint:nilerr // noted where it was read
	}
	e, err := say(now)
	if err != nil {
		return false, err
	}
	switch {
	case e.Last || e.ID != s.last:
		return s.write(e) == nil && !e.Last, nil
	case p.Clock.Now().Sub(s.told) >= beatsEvery:
		return s.write(event{Name: "beat", Data: beat{p.Clock.Now().UnixMilli()}}) == nil, nil
	}
	return true, nil
}

// beat tells that nothing has changed, and the time in milliseconds.
type beat struct {
	Now int64 `json:"now"`
}

// sse is a stream that is written to.
type sse struct {
	pages *Pages
	to    *http.ResponseController
	w     http.ResponseWriter
	last  string // the id of what was told last; of a stream before, where this one goes on
	told  time.Time
}

func (p *Pages) openStream(c echo.Context) (*sse, error) {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/event-stream; charset=utf-8")
	h.Set(echo.HeaderCacheControl, "no-store, no-transform") // nobody on the way packs it, and waits until there is enough
	h.Set("X-Accel-Buffering", "no")
	s := &sse{pages: p, to: http.NewResponseController(c.Response()), w: c.Response(), last: c.Request().Header.Get("Last-Event-ID")}
	if err := s.to.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return s, s.send("retry: 2000\n\n")
}

func (s *sse) write(e event) error {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return err
	}
	id := ""
	if e.ID != "" {
		id, s.last = "id: "+e.ID+"\n", e.ID
	}
	s.told = s.pages.Clock.Now()
	return s.send("event: " + e.Name + "\n" + id + "data: " + string(data) + "\n\n")
}

// send gives the browser a few seconds to take what it is sent.
func (s *sse) send(text string) error {
	// The connection has a clock of its own, which no test moves.
	if err := s.to.SetWriteDeadline(time.Now().Add(s.pages.hub.patience)); err != nil { //nolint:forbidigo // see above
		return err
	}
	if _, err := fmt.Fprint(s.w, text); err != nil {
		return err
	}
	return s.to.Flush()
}
