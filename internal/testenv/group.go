package testenv

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/engines"
	"hunyue/internal/redis"
)

// Group is the Redis processes that one test has for itself and that stand in
// for each other: a cluster, or a master with its replica and Sentinels.
type Group struct {
	URL string

	t       testing.TB
	servers []*member // those that keep data
}

// member is one process of a group.
type member struct {
	*engines.Node
	port, bus int
	client    *goredis.Client
}

const (
	loopback = "127.0.0.1"
	// failAfter is after how many milliseconds of silence a server counts as
	// dead: short for the tests' sake, and yet longer than a busy machine keeps
	// a process waiting.
	failAfter = "1000"
	patience  = 30 * time.Second // with anything that a group should come to
)

func (m *member) addr() string { return net.JoinHostPort(loopback, strconv.Itoa(m.port)) }

// open is the program's own client of the group.
func (g *Group) open() goredis.UniversalClient {
	g.t.Helper()
	client, err := redis.Open(g.t.Context(), g.URL)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { client.Close() })
	return client
}

// start runs a Redis with what arguments gives for a folder and two free ports,
// of which only the nodes of a cluster use the second. Another program may take
// a port before Redis does: then others are tried.
func (g *Group) start(arguments func(folder string, port, bus int) []string) *member {
	g.t.Helper()
	var m *member
	for range 5 {
		m = &member{}
		m.port, m.bus = g.freePorts()
		var err error
		if m.Node, err = engines.StartNode(g.t.Context(), arguments(g.t.TempDir(), m.port, m.bus)...); err != nil {
			g.t.Fatal(err)
		}
		m.client = goredis.NewClient(&goredis.Options{Addr: m.addr(), MaxRetries: -1})
		g.t.Cleanup(func() { g.end(m) })
		g.await("a Redis answers or has ended", m.answers)
		if m.Err() == nil {
			return m
		}
	}
	g.t.Fatal(m.Err())
	return nil
}

// answers reports nothing once there is no more to wait for. Whoever took the
// port may be a Redis too: the answer has to be that of our process.
func (m *member) answers() error {
	if err := m.says("server", "process_id:"+strconv.Itoa(m.PID)); m.Err() == nil {
		return err
	}
	return nil
}

func (g *Group) end(m *member) {
	m.client.Close()
	if err := m.Kill(); err != nil {
		g.t.Errorf("end %s of this test: %v", m.addr(), err)
	}
}

// freePorts is two that nobody listens on.
func (g *Group) freePorts() (port, bus int) {
	g.t.Helper()
	var ports [2]int
	for i := range ports {
		l, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
		if err != nil {
			g.t.Fatal(err)
		}
		defer l.Close() // only now, or both would be the same
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports[0], ports[1]
}

// keeping is the settings of a server that keeps data as a real one does. A
// replica counts as one once its master has sent it something, at the latest a
// ping.
func keeping(folder string, port int) []string {
	return []string{
		"--bind", loopback, "--port", strconv.Itoa(port), "--dir", folder,
		"--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction",
		"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1",
	}
}

// await returns once ready reports nothing, and fails the test with the last
// that it did report.
func (g *Group) await(what string, ready func() error) {
	g.t.Helper()
	limit := time.Now().Add(patience)
	for {
		err := ready()
		if err == nil {
			return
		}
		if time.Now().After(limit) {
			g.t.Fatalf("not within %v: %s: %v", patience, what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Master is the address of the server that decides about key, or "" while there
// is none.
func (g *Group) Master(key string) string {
	if m := g.master(key); m != nil {
		return m.addr()
	}
	return ""
}

func (g *Group) master(key string) *member {
	for _, m := range g.servers {
		if m.Err() == nil && m.role(g.t.Context()) == "master" && m.client.Exists(g.t.Context(), key).Err() == nil {
			return m
		}
	}
	return nil
}

// role is master, or slave, or "" where there is no answer.
func (m *member) role(ctx context.Context) string {
	said, err := m.client.Do(ctx, "ROLE").Slice()
	if err != nil || len(said) == 0 {
		return ""
	}
	role, _ := said[0].(string)
	return role
}

// KillMaster ends the server that decides about key, without warning.
func (g *Group) KillMaster(key string) {
	g.t.Helper()
	m := g.master(key)
	if m == nil {
		g.t.Fatalf("no master has %s", key)
	}
	if err := m.Kill(); err != nil {
		g.t.Fatal(err)
	}
}

// CutOff makes the replica of the server that decides about key hear of nothing
// more that is written there, as a broken line between the two would.
func (g *Group) CutOff(key string) {
	g.t.Helper()
	ctx, master := g.t.Context(), g.master(key)
	for _, m := range g.servers {
		if master == nil || !m.follows(ctx, master) {
			continue
		}
		_, err := m.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
			p.ConfigSet(ctx, "masterauth", "refused") // so that it cannot come back
			p.Do(ctx, "CLIENT", "KILL", "TYPE", "master")
			return nil
		})
		if err != nil {
			g.t.Fatal(err)
		}
		g.await("the replica is cut off", func() error { return m.says("replication", "master_link_status:down") })
		return
	}
	g.t.Fatalf("no replica has %s", key)
}

func (m *member) follows(ctx context.Context, master *member) bool {
	said, err := m.client.Do(ctx, "ROLE").Slice()
	return err == nil && len(said) > 2 && said[0] == "slave" && said[2] == int64(master.port)
}

// says reports whether a section of INFO has a line.
func (m *member) says(section, line string) error {
	info, err := m.client.Info(context.Background(), section).Result()
	if err == nil && !strings.Contains(info, line+"\r\n") {
		err = fmt.Errorf("%s is not %s", m.addr(), line)
	}
	return err
}
