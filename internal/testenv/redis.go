package testenv

import (
	"context"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/redis"
)

// patient is how long a test waits for the shared Redis: the program waits for 300 ms,
// and goes on without what it asked for; a machine that is busy with tests answers later.
const patient = 10 * time.Second

// Redis is a client of the shared Redis and a prefix for keys that no other
// test uses. What has the prefix is removed after the test.
func Redis(t testing.TB) (client goredis.UniversalClient, prefix string) {
	t.Helper()
	address := server(t, RedisURL)
	o, err := goredis.ParseURL(address)
	if err == nil && !strings.Contains(address, ",") {
		o.ReadTimeout, o.WriteTimeout, o.DialTimeout, o.PoolTimeout = patient, patient, patient, patient
		o.ContextTimeoutEnabled = true
		client = goredis.NewClient(o)
		err = client.Ping(t.Context()).Err()
	} else {
		client, err = redis.Open(t.Context(), address) // a cluster or Sentinel
	}
	if err != nil {
		t.Fatal(err)
	}
	prefix = unique() + ":"
	t.Cleanup(func() {
		defer client.Close()
		if err := remove(context.Background(), client, prefix); err != nil { // t.Context has ended
			t.Errorf("remove the keys of this test: %v", err)
		}
	})
	return client, prefix
}

func remove(ctx context.Context, client goredis.UniversalClient, prefix string) error {
	if cluster, ok := client.(*goredis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, node *goredis.Client) error {
			return removeFrom(ctx, node, prefix)
		})
	}
	return removeFrom(ctx, client, prefix)
}

func removeFrom(ctx context.Context, node goredis.Cmdable, prefix string) error {
	keys := node.Scan(ctx, 0, prefix+"*", 1000).Iterator()
	for keys.Next(ctx) {
		if err := node.Unlink(ctx, keys.Val()).Err(); err != nil {
			return err
		}
	}
	return keys.Err()
}
