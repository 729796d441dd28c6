package booking

import "github.com/prometheus/client_golang/prometheus"

// What an operator has to see. The target of the first is 0, always.
var (
	promisesBroken = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "hunyue_promise_broken_total",
		Help: "Granted holds that were refused as full at confirmation.",
	})
	lossesSeen = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "hunyue_redis_losses_total",
		Help: "Office-days that Redis had forgotten and that were filled again under quarantine.",
	})
)

// Collectors are this package's metrics, for the registry.
func Collectors() []prometheus.Collector { return []prometheus.Collector{promisesBroken, lossesSeen} }
