package booking

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/seal"
)

// grant is what the holder of a place carries: enough for Postgres to finish
// the booking when Redis has forgotten everything. It names nobody.
type grant struct {
	Hold       uuid.UUID `json:"h"`
	Quota      string    `json:"q"`
	Epoch      int       `json:"e"`
	Generation string    `json:"g"`           // the life of Redis in which it was granted
	Ends       int64     `json:"x"`           // ms, by the clock of Redis
	Session    []byte    `json:"v"`           // keyed hash of who holds it
	Persons    [][]byte  `json:"p,omitempty"` // keyed hashes, where they were named at the hold
	Phone      []byte    `json:"t,omitempty"` // mark, where whoever holds has shown to have it in hand
}

func (g grant) ends() time.Time { return time.UnixMilli(g.Ends) }

func (g grant) sign(keys *seal.Keys) (string, error) {
	payload, err := json.Marshal(g)
	if err != nil {
		return "", fmt.Errorf("hold token: %w", err)
	}
	return keys.Sign("hold-token", payload), nil
}

// readGrant is the grant in a token, or ErrHoldForeign: not ours, not of this
// hold, or not of this session.
func readGrant(keys *seal.Keys, token string, hold uuid.UUID, session string) (grant, error) {
	payload, err := keys.Verify("hold-token", token)
	if err != nil {
		return grant{}, ErrHoldForeign
	}
	var g grant
	if err := json.Unmarshal(payload, &g); err != nil {
		return grant{}, fmt.Errorf("hold token that we signed: %w", err)
	}
	if g.Hold != hold || string(g.Session) != string(sessionMark(keys, session)) {
		return grant{}, ErrHoldForeign
	}
	return g, nil
}

func sessionMark(keys *seal.Keys, session string) []byte {
	return keys.MAC("session", []byte(session))[:12]
}
