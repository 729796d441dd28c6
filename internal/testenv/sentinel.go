package testenv

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"
)

// OwnSentinel starts a master with a replica and three Sentinels for this test
// alone, and the program's client of them.
func OwnSentinel(t testing.TB) (*goredis.Client, *Group) {
	t.Helper()
	g := &Group{t: t}
	master := g.start(func(folder string, port, _ int) []string { return keeping(folder, port) })
	replica := g.start(func(folder string, port, _ int) []string {
		return append(keeping(folder, port), "--replicaof", loopback+" "+strconv.Itoa(master.port))
	})
	g.servers = []*member{master, replica}
	g.await("the replica has the data", func() error { return replica.says("replication", "master_link_status:up") })

	var sentinels []*member
	var addrs []string
	for range 3 {
		s := g.start(func(folder string, port, _ int) []string { return g.watching(folder, port, master.port) })
		sentinels, addrs = append(sentinels, s), append(addrs, s.addr())
	}
	for _, s := range sentinels {
		g.await("the Sentinels know each other and the replica", func() error { return s.watches(t.Context()) })
	}
	g.URL = "redis-sentinel://" + strings.Join(addrs, ",") + "/holds"
	return g.open().(*goredis.Client), g
}

// watching is the arguments of a Sentinel. It wants its settings in a file,
// where it writes down what it learns.
func (g *Group) watching(folder string, port, master int) []string {
	g.t.Helper()
	file := filepath.Join(folder, "sentinel.conf")
	settings := fmt.Sprintf(`bind %s
port %d
dir %s
sentinel monitor holds %s %d 2
sentinel down-after-milliseconds holds %s
sentinel failover-timeout holds 3000
`, loopback, port, folder, loopback, master, failAfter)
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		g.t.Fatal(err)
	}
	return []string{file, "--sentinel"}
}

// watches reports whether a Sentinel knows all that it needs to have the replica
// take over.
func (m *member) watches(ctx context.Context) error {
	s := goredis.NewSentinelClient(&goredis.Options{Addr: m.addr(), MaxRetries: -1})
	defer s.Close()
	others, err := s.Sentinels(ctx, "holds").Result()
	if err != nil {
		return err
	}
	replicas, err := s.Replicas(ctx, "holds").Result()
	if err != nil {
		return err
	}
	if len(others) != 2 || len(replicas) != 1 || replicas[0]["master-link-status"] != "ok" {
		return fmt.Errorf("%s knows %d others and %d replicas", m.addr(), len(others), len(replicas))
	}
	return nil
}
