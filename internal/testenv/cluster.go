package testenv

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"
)

const (
	masters   = 3
	slotCount = 16384
)

// OwnCluster starts a Redis Cluster of three masters for this test alone, each
// with so many replicas, and the program's client of it.
func OwnCluster(t testing.TB, replicas int) (*goredis.ClusterClient, *Group) {
	t.Helper()
	g := &Group{t: t}
	var addrs []string
	for range masters * (1 + replicas) {
		m := g.start(clustered)
		g.servers, addrs = append(g.servers, m), append(addrs, "redis://"+m.addr())
	}
	g.URL = strings.Join(addrs, ",")
	g.share()
	g.meet()
	g.follow()
	for _, m := range g.servers {
		g.await("the cluster is whole", func() error { return m.seesAll(t.Context(), 1+replicas) })
	}
	return g.open().(*goredis.ClusterClient), g
}

func clustered(folder string, port, bus int) []string {
	return append(keeping(folder, port),
		"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus), "--cluster-node-timeout", failAfter,
		"--cluster-require-full-coverage", "no") // the other masters' days go on
}

// share gives each master its part of the slots.
func (g *Group) share() {
	g.t.Helper()
	for i, m := range g.servers[:masters] {
		from, to := i*slotCount/masters, (i+1)*slotCount/masters-1
		if err := m.client.ClusterAddSlotsRange(g.t.Context(), from, to).Err(); err != nil {
			g.t.Fatal(err)
		}
		if err := m.client.Do(g.t.Context(), "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			g.t.Fatal(err)
		}
	}
}

// meet makes the nodes known to each other; they go on by themselves.
func (g *Group) meet() {
	g.t.Helper()
	for i, m := range g.servers {
		for _, other := range g.servers[:i] {
			if err := m.client.Do(g.t.Context(), "CLUSTER", "MEET", loopback, other.port, other.bus).Err(); err != nil {
				g.t.Fatal(err)
			}
		}
	}
}

// follow makes replicas of the nodes that have no slots.
func (g *Group) follow() {
	g.t.Helper()
	ctx := g.t.Context()
	for i, m := range g.servers[masters:] {
		id, err := g.servers[i%masters].client.ClusterMyID(ctx).Result()
		if err != nil {
			g.t.Fatal(err)
		}
		g.await("a node knows its master", func() error { return m.client.ClusterReplicate(ctx, id).Err() })
		g.await("the replica has the data", func() error { return m.says("replication", "master_link_status:up") })
	}
}

// seesAll reports whether a node sees every slot served, by so many nodes each.
func (m *member) seesAll(ctx context.Context, nodes int) error {
	info, err := m.client.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	parts, err := m.client.ClusterShards(ctx).Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, "cluster_state:ok") || len(parts) != masters {
		return fmt.Errorf("%s sees %d parts and %s", m.addr(), len(parts), info)
	}
	for _, p := range parts {
		online := slices.DeleteFunc(p.Nodes, func(n goredis.Node) bool { return n.Health != "online" })
		if len(online) != nodes {
			return fmt.Errorf("%s sees %d nodes of %d", m.addr(), len(online), nodes)
		}
	}
	return nil
}
