package limit

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/fault"
)

// busy is an office at which the next one who asks is one too many.
func busy(t *testing.T) (*Limiter, Ask) {
	t.Helper()
	l := counter(t, Budget{Holds, Session, 1000, time.Hour})
	ask := Ask{Who: Who{Session: "mine"}, Office: "430702", PerMinute: 6}
	if err := l.admits(t, ask); err != nil {
		t.Fatalf("the first of a rush is answered %v", err)
	}
	return l, ask
}

func TestProofIsNeededOnlyInARush(t *testing.T) {
	t.Parallel()
	l, ask := busy(t)
	err := l.admits(t, ask)
	if !errors.Is(err, ErrProofNeeded) {
		t.Fatalf("in a rush the answer is %v", err)
	}
	ask.Proof = solve(fault.Of(err).Challenge)
	if err := l.admits(t, ask); err != nil {
		t.Errorf("with the proof the answer is %v", err)
	}
	ask.Proof, ask.Office = "", "430703"
	if err := l.admits(t, ask); err != nil {
		t.Errorf("a rush at another office: %v", err)
	}
	ask.Office, ask.PerMinute = "430702", 0
	if err := l.admits(t, ask); err != nil {
		t.Errorf("an office that never asks for proofs answers %v", err)
	}
}

func TestRushEnds(t *testing.T) {
	t.Parallel()
	l := counter(t)
	rate := func(times int) int64 {
		one := call{"rate", l.Prefix + "r:x", []any{1000}}
		answers, ok := l.ask(t.Context(), slices.Repeat([]call{one}, times))
		if !ok {
			t.Fatal("redis does not count")
		}
		n, _ := answers[times-1].(int64)
		return n
	}
	if n := rate(50); n < 40 {
		t.Errorf("50 at once are counted as %d", n)
	}
	time.Sleep(2100 * time.Millisecond)
	if n := rate(1); n != 1 {
		t.Errorf("after two quiet windows %d are counted, want 1", n)
	}
}

func TestProofIsGoodForOneHold(t *testing.T) {
	t.Parallel()
	l, ask := busy(t)
	ask.Proof = solve(l.Challenge(ask.Who))
	hold := uuid.New()
	for range 2 { // whose answer was lost sends the same again
		if _, err := l.Admit(ask)(t.Context(), hold); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.admits(t, ask); !errors.Is(err, ErrProofNeeded) {
		t.Errorf("a proof that is spent is answered %v", err)
	}
}

func TestProofIsTheSolvers(t *testing.T) {
	t.Parallel()
	l, ask := busy(t)
	ask.Proof = solve(l.Challenge(Who{Session: "another's"}))
	if err := l.admits(t, ask); !errors.Is(err, ErrProofNeeded) {
		t.Errorf("another session's proof is answered %v", err)
	}
	program := Ask{Who: Who{Address: "203.0.113.7"}, Office: ask.Office, PerMinute: ask.PerMinute}
	program.Proof = solve(l.Challenge(program.Who))
	if err := l.admits(t, program); err != nil {
		t.Errorf("a program's own proof is answered %v", err)
	}
}

func TestProofEnds(t *testing.T) {
	t.Parallel()
	l, ask := busy(t)
	ask.Proof = solve(l.Challenge(ask.Who))
	l.Clock.Set(proofFor + time.Second)
	if err := l.admits(t, ask); !errors.Is(err, ErrProofNeeded) {
		t.Errorf("after half an hour a proof is answered %v", err)
	}
}

func TestWhatIsNoProofIsRefused(t *testing.T) {
	t.Parallel()
	l, ask := busy(t)
	challenge := l.Challenge(ask.Who)
	unsolved := challenge + ".x"
	for zeroBits(unsolved) >= Difficulty {
		unsolved += "x"
	}
	forged := solve(challenge[:len(challenge)-2] + "AA")
	for _, proof := range []string{".", "1", challenge, unsolved, forged, challenge + "." + string(make([]byte, 4096))} {
		ask.Proof = proof
		if err := l.admits(t, ask); !errors.Is(err, ErrProofNeeded) {
			t.Errorf("proof %.60q is answered %v", proof, err)
		}
	}
}
