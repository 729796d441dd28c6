package redis

import (
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

func TestAddressSaysWhatKindOfRedis(t *testing.T) {
	one, err := client("redis://127.0.0.1:1/2")
	if c, ok := one.(*goredis.Client); err != nil || !ok || c.Options().DB != 2 || c.Options().ReadTimeout != callTimeout {
		t.Errorf("one server: %T, %v", one, err)
	}
	many, err := client("redis://127.0.0.1:1,redis://127.0.0.1:2")
	cluster, ok := many.(*goredis.ClusterClient)
	if err != nil || !ok || strings.Join(cluster.Options().Addrs, " ") != "127.0.0.1:1 127.0.0.1:2" {
		t.Fatalf("a cluster: %T, %v", many, err)
	}
	if every := cluster.Options().ClusterStateReloadInterval; every > time.Second {
		t.Errorf("a cluster looks for its new master only every %v", every)
	}
	watched, err := client("redis-sentinel://user:secret@127.0.0.1:1,127.0.0.1:2/holds")
	if c, ok := watched.(*goredis.Client); err != nil || !ok || c.Options().Username != "user" {
		t.Errorf("watched by Sentinel: %T, %v", watched, err)
	}
}

func TestWrongAddressesAreRefusedWithoutTheirPassword(t *testing.T) {
	for _, address := range []string{"", "127.0.0.1:6379", "http://127.0.0.1", "redis-sentinel://127.0.0.1:1", "redis://127.0.0.1:1,nonsense://:secret@x"} {
		_, err := client(address)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
