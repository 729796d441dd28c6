package limit

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"strings"
	"time"

	"hunyue/internal/fault"
)

// ErrProofNeeded says that the office is overrun and a hold costs a little work. The
// fault has the challenge in it.
var ErrProofNeeded = fault.New(fault.Conflict, "proof_needed")

const (
	// Difficulty is how many bits at the start of a proof's SHA-256 are zero: 65,536 tries on average, which are a
	// fifth of a second for a page (measured: 0.19 s, at most 0.4 s) and an hour of work for 20,000 holds.
	Difficulty = 16

	proofFor      = 30 * time.Minute // from the page to the hold: somebody may wait for the release on it
	proofPurpose  = "proof of work"
	challengeSize = 4 + 8 + 8
)

// Challenge is what has to be solved for a hold by who: find a number n so that
// the SHA-256 of the challenge, a dot and n begins with Difficulty bits of zero.
// The challenge, the dot and n are the proof. It is good for one hold, for half
// an hour, and for the browser that it was given to, or for the address of a
// program. A nil Limiter asks nothing: "".
func (l *Limiter) Challenge(who Who) string {
	if l == nil {
		return ""
	}
	payload := make([]byte, 12, challengeSize)
	binary.BigEndian.PutUint32(payload, uint32(l.Clock.Now().Add(proofFor).Unix())) // until 2106
	_, _ = rand.Read(payload[4:])                                                   // never fails
	return l.Keys.Sign(proofPurpose, append(payload, l.solver(who)...))
}

// solver is whose a challenge is.
func (l *Limiter) solver(who Who) []byte {
	return l.Keys.MAC("solver", []byte(cmp.Or(who.Session, who.Address)))[:8]
}

// solved reports whether a proof is right for who, and which challenge it solves.
// That a challenge is spent once is for Redis to say.
func (l *Limiter) solved(who Who, proof string) (challenge string, ok bool) {
	last := strings.LastIndexByte(proof, '.')
	if last < 0 || len(proof) > 128 || zeroBits(proof) < Difficulty {
		return "", false
	}
	payload, err := l.Keys.Verify(proofPurpose, proof[:last])
	if err != nil || len(payload) != challengeSize || string(payload[12:]) != string(l.solver(who)) {
		return "", false
	}
	left := time.Unix(int64(binary.BigEndian.Uint32(payload)), 0).Sub(l.Clock.Now())
	return string(payload), left > 0 && left <= proofFor
}

func zeroBits(proof string) int {
	sum := sha256.Sum256([]byte(proof))
	return bits.LeadingZeros64(binary.BigEndian.Uint64(sum[:]))
}
