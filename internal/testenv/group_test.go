package testenv

import "testing"

func TestOwnClusterEndsWithTheTest(t *testing.T) {
	t.Parallel()
	test := &pretended{TB: t}
	client, g := OwnCluster(test, 0)
	if err := client.Set(t.Context(), "key", "x", 0).Err(); err != nil {
		t.Fatal(err)
	}
	g.KillMaster("key")
	if got := g.Master("key"); got != "" {
		t.Errorf("%s was killed and decides", got)
	}
	test.end()
	for _, m := range g.servers {
		if m.Err() == nil {
			t.Errorf("process %d still runs", m.PID)
		}
	}
}

func TestACutOffReplicaHearsNothingMore(t *testing.T) {
	t.Parallel()
	client, g := OwnSentinel(t)
	g.CutOff("key")
	if err := client.Set(t.Context(), "key", "x", 0).Err(); err != nil {
		t.Fatal(err)
	}
	old := g.Master("key")
	g.KillMaster("key")
	g.await("the replica takes over", func() error { return client.Ping(t.Context()).Err() })
	if n, err := client.Exists(t.Context(), "key").Result(); n != 0 || err != nil || g.Master("key") == old {
		t.Errorf("it knows %d keys, %v", n, err)
	}
}
