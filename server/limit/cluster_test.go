package limit

import (
	"log/slog"
	"testing"
	"time"

	"hunyue/internal/clock"
	"hunyue/internal/seal"
	"hunyue/internal/testenv"
)

func TestBudgetsOfAClusterAreWhereverTheirKeysAre(t *testing.T) {
	t.Parallel()
	cluster, _ := testenv.OwnCluster(t, 0)
	keys, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	l := &Limiter{
		Redis: cluster, Keys: keys, Clock: &clock.Clock{}, Log: slog.New(slog.DiscardHandler), Patience: 5 * time.Second,
		Budgets: []Budget{{Holds, Device, 2, time.Hour}, {Holds, Session, 2, time.Hour}, {Holds, Prefix, 3, time.Hour}},
	}
	for _, name := range []string{"1", "2", "3", "4", "5", "6"} { // on different servers
		who := Who{Device: name, Session: name, Address: "203.0." + name + ".1"}
		if through := l.spends(t, Holds, who, 4); through != 2 {
			t.Errorf("%d of 4 went through a budget of 2", through)
		}
	}
}
