package testenv

import (
	"context"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/redis"
)

// attempts at the shared Redis are made before a test gives up: the program waits
// for 300 ms at a time, and a machine that is busy with tests answers later.
const attempts = 10

// Redis is a client of the shared Redis and a prefix for keys that no other
// test uses. What has the prefix is removed after the test.
func Redis(t testing.TB) (client goredis.UniversalClient, prefix string) {
	t.Helper()
	var err error
	for range attempts {
		if client, err = redis.Open(t.Context(), server(t, RedisURL)); err == nil {
			break
		}
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
