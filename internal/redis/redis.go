// Package redis opens Redis: one server, a group watched by Sentinel, or a
// cluster.
package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// The time a call may take on the booking path, where a late answer is worth
// less than none. A caller whose context ends sooner waits no longer.
const (
	callTimeout = 300 * time.Millisecond
	poolTimeout = time.Second
)

// Open connects to the Redis at address: redis://, rediss:// or unix:// for one
// server; several of them with commas between for a cluster;
// redis-sentinel://host,host/master for a watched group.
func Open(ctx context.Context, address string) (goredis.UniversalClient, error) {
	client, err := client(address)
	if err != nil {
		return nil, fmt.Errorf("redis address: %w", err)
	}
	if err := answers(ctx, client); err != nil {
		client.Close()
		return nil, fmt.Errorf("open redis: %w", err)
	}
	return client, nil
}

// answers asks for a sign of life. One node of a cluster gives it too, and would
// then send most callers elsewhere.
func answers(ctx context.Context, client goredis.UniversalClient) error {
	if err := client.Ping(ctx).Err(); err != nil {
		return err
	}
	if _, whole := client.(*goredis.ClusterClient); whole {
		return nil
	}
	info, err := client.Info(ctx, "cluster").Result()
	if err == nil && strings.Contains(info, "cluster_enabled:1") {
		return errors.New("this is a node of a cluster: name several nodes, with commas between")
	}
	return err
}

func client(address string) (goredis.UniversalClient, error) {
	if rest, ok := strings.CutPrefix(address, "redis-sentinel://"); ok {
		return sentinel(rest)
	}
	first, others, cluster := strings.Cut(address, ",")
	o, err := goredis.ParseURL(first)
	if err != nil {
		return nil, err
	}
	if cluster {
		return clusterOf(o, strings.Split(others, ","))
	}
	o.ReadTimeout, o.WriteTimeout, o.DialTimeout = callTimeout, callTimeout, callTimeout
	o.PoolTimeout, o.DialerRetries, o.ContextTimeoutEnabled = poolTimeout, 1, true
	return goredis.NewClient(o), nil
}

// clusterOf is a cluster client that looks for a new master every second. The
// library's own minute would leave an office-day shut for that long. It asks at
// most three times: a server that is silent costs callTimeout each time.
func clusterOf(first *goredis.Options, others []string) (goredis.UniversalClient, error) {
	o := &goredis.ClusterOptions{
		Addrs:    []string{first.Addr},
		Username: first.Username, Password: first.Password, TLSConfig: first.TLSConfig,
		ReadTimeout: callTimeout, WriteTimeout: callTimeout, DialTimeout: callTimeout,
		PoolTimeout: poolTimeout, DialerRetries: 1, ContextTimeoutEnabled: true,
		MaxRedirects: 2, ClusterStateReloadInterval: time.Second,
	}
	for _, other := range others {
		u, err := goredis.ParseURL(other)
		if err != nil {
			return nil, err
		}
		o.Addrs = append(o.Addrs, u.Addr)
	}
	return goredis.NewClusterClient(o), nil
}

// sentinel reads [user:password@]host:port,host:port/master.
func sentinel(rest string) (goredis.UniversalClient, error) {
	hosts, master, _ := strings.Cut(rest, "/")
	if master == "" {
		return nil, errors.New("a Sentinel address ends in /NAME of the master")
	}
	o := &goredis.FailoverOptions{
		MasterName:  master,
		ReadTimeout: callTimeout, WriteTimeout: callTimeout, DialTimeout: callTimeout,
		PoolTimeout: poolTimeout, DialerRetries: 1, ContextTimeoutEnabled: true,
	}
	if login, after, ok := strings.Cut(hosts, "@"); ok {
		o.Username, o.Password, _ = strings.Cut(login, ":")
		hosts = after
	}
	o.SentinelAddrs = strings.Split(hosts, ",")
	return goredis.NewFailoverClient(o), nil
}
