package watch

import (
	"context"
	"fmt"
	"strings"

	"github.com/lib/pq"
	"github.com/prometheus/client_golang/prometheus"
)

// reads is rows to be written.
type reads struct {
	who, what string
	why       []string
	subjects  []string
	kin       []string // those of subjects that bear the reader's family name
}

// note writes them, and tells what alarms that raises.
func (l *Log) note(ctx context.Context, r reads) error {
	if len(r.subjects) == 0 {
		return nil
	}
	var raised []struct {
		ID   int64 `db:"alarm"`
		Kind Kind  `db:"kind"`
	}
	err := l.DB.SelectContext(ctx, &raised, `
		SELECT alarm, kind
		FROM note_reads($1, $2, $3, $4, $5, $6, make_interval(secs => $7))`,
		r.who, r.what, strings.Join(r.why, " "), pq.StringArray(r.subjects), pq.StringArray(r.kin), mostRecords, within.Seconds())
	if err != nil {
		return fmt.Errorf("note what staff see: %w", err)
	}
	for _, a := range raised {
		alarms.WithLabelValues(string(a.Kind)).Inc()
		l.Log.WarnContext(ctx, "alarm", "alarm", a.ID, "kind", a.Kind)
	}
	noted.WithLabelValues(r.what).Add(float64(len(r.subjects)))
	return nil
}

var (
	alarms = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hunyue_alarms_total",
		Help: "Alarms about what staff looked at, by kind.",
	}, []string{"kind"})
	noted = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hunyue_reads_total",
		Help: "Audit rows about what staff were shown: read, unmasked, list.",
	}, []string{"what"})
)

// Collectors is what this package measures.
func Collectors() []prometheus.Collector { return []prometheus.Collector{alarms, noted} }
