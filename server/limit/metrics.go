package limit

import "github.com/prometheus/client_golang/prometheus"

var (
	refused = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hunyue_limit_refused_total",
		Help: "Requests that were over a budget, by the name of the budget.",
	}, []string{"limit"})
	unchecked = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "hunyue_limit_unchecked_total",
		Help: "Requests that were let through because Redis could not count them.",
	})
	proofs = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hunyue_proofs_total",
		Help: "Holds that needed a proof of work: it was missing, wrong or good.",
	}, []string{"result"})
)

// Collectors are this package's metrics, for the registry.
func Collectors() []prometheus.Collector { return []prometheus.Collector{refused, unchecked, proofs} }
