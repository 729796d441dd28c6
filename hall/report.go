package hall

import (
	"context"
	"fmt"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Report counts an office's day. Every appointment for the day is in Booked and
// in exactly one of Expected, Arrived, NoShow, Cancelled and CancelledByOffice.
type Report struct {
	Booked            int `db:"booked"   json:"booked"`
	Expected          int `db:"expected" json:"expected"` // not here yet
	Arrived           int `db:"arrived"  json:"arrived"`  // whatever came of it
	NoShow            int `db:"no_show"  json:"no_show"`
	Cancelled         int `db:"cancelled" json:"cancelled"`
	CancelledByOffice int `db:"cancelled_by_office" json:"cancelled_by_office"`

	// What came of those who arrived.
	Late        int `db:"late"         json:"late"` // served or not
	Completed   int `db:"completed"    json:"completed"`
	NotAccepted int `db:"not_accepted" json:"not_accepted"`
	Deferred    int `db:"deferred"     json:"deferred"` // for their health
	Open        int `db:"still_open"   json:"open"`

	// Persons measured, and those whose last reading is a fever.
	Measured      int `db:"-" json:"measured"` // couples and who came with them
	Abnormal      int `db:"-" json:"abnormal"`
	StaffMeasured int `db:"-" json:"staff_measured"`
	StaffAbnormal int `db:"-" json:"staff_abnormal"`

	ByChannel map[slots.Channel]int `db:"-" json:"by_channel"` // of Booked
}

// Figure is one count of a report.
type Figure struct {
	Name  string
	Count int
}

// Figures is every count by its name, the channels' apart.
func (r Report) Figures() []Figure {
	return []Figure{
		{"booked", r.Booked},
		{"expected", r.Expected},
		{"arrived", r.Arrived},
		{"late", r.Late},
		{"completed", r.Completed},
		{"not_accepted", r.NotAccepted},
		{"deferred", r.Deferred},
		{"open", r.Open},
		{"no_show", r.NoShow},
		{"cancelled", r.Cancelled},
		{"cancelled_by_office", r.CancelledByOffice},
		{"measured", r.Measured},
		{"abnormal", r.Abnormal},
		{"staff_measured", r.StaffMeasured},
		{"staff_abnormal", r.StaffAbnormal},
	}
}

// Report counts what an office's day has been so far.
func (d *Desk) Report(ctx context.Context, office string, day date.Date) (Report, error) {
	return countReport(ctx, d.DB, office, day)
}

func countReport(ctx context.Context, q postgres.Querier, office string, day date.Date) (Report, error) {
	var r Report
	err := q.GetContext(ctx, &r, `
		SELECT
			count(*) AS booked,
			count(*) FILTER (WHERE a.status = 'booked' AND v.outcome IS NULL) AS expected,
			count(*) FILTER (WHERE a.status NOT IN ('booked', 'no_show', 'cancelled', 'cancelled_by_office')
				OR a.status = 'booked' AND v.outcome IS NOT NULL) AS arrived,
			count(*) FILTER (WHERE a.status = 'no_show') AS no_show,
			count(*) FILTER (WHERE a.status = 'cancelled') AS cancelled,
			count(*) FILTER (WHERE a.status = 'cancelled_by_office') AS cancelled_by_office,
			count(*) FILTER (WHERE v.outcome = 'late') AS late,
			count(*) FILTER (WHERE a.status = 'completed') AS completed,
			count(*) FILTER (WHERE a.status = 'not_accepted') AS not_accepted,
			count(*) FILTER (WHERE a.status = 'health_deferred') AS deferred,
			count(*) FILTER (WHERE a.status IN ('late', 'checked_in', 'called', 'in_service')
				OR a.status = 'booked' AND v.outcome IN ('noted', 'recheck')) AS still_open
		FROM appointment AS a
		LEFT JOIN visit AS v ON v.appointment_id = a.id AND v.day = a.day
		WHERE a.office_id = $1
		  AND a.day = $2`, office, day)
	if err != nil {
		return Report{}, fmt.Errorf("report on %s at %s: %w", day, office, err)
	}
	if err := r.countReadings(ctx, q, office, day); err != nil {
		return Report{}, err
	}
	return r, r.countChannels(ctx, q, office, day)
}

// countReadings counts persons by the reading that nothing supersedes.
func (r *Report) countReadings(ctx context.Context, q postgres.Querier, office string, day date.Date) error {
	var n struct {
		Measured      int `db:"measured"`
		Abnormal      int `db:"abnormal"`
		StaffMeasured int `db:"staff_measured"`
		StaffAbnormal int `db:"staff_abnormal"`
	}
	err := q.GetContext(ctx, &n, `
		SELECT
			count(*) FILTER (WHERE t.kind <> 'staff') AS measured,
			count(*) FILTER (WHERE t.kind <> 'staff' AND t.abnormal) AS abnormal,
			count(*) FILTER (WHERE t.kind = 'staff') AS staff_measured,
			count(*) FILTER (WHERE t.kind = 'staff' AND t.abnormal) AS staff_abnormal
		FROM temperature AS t
		WHERE t.office_id = $1
		  AND t.day = $2
		  AND NOT EXISTS (SELECT FROM temperature AS later WHERE later.supersedes = t.id)`, office, day)
	if err != nil {
		return fmt.Errorf("readings of %s at %s: %w", day, office, err)
	}
	r.Measured, r.Abnormal, r.StaffMeasured, r.StaffAbnormal = n.Measured, n.Abnormal, n.StaffMeasured, n.StaffAbnormal
	return nil
}

func (r *Report) countChannels(ctx context.Context, q postgres.Querier, office string, day date.Date) error {
	var rows []struct {
		Channel slots.Channel `db:"channel"`
		Booked  int           `db:"booked"`
	}
	err := q.SelectContext(ctx, &rows, `
		SELECT channel, count(*) AS booked
		FROM appointment
		WHERE office_id = $1
		  AND day = $2
		GROUP BY channel`, office, day)
	if err != nil {
		return fmt.Errorf("channels of %s at %s: %w", day, office, err)
	}
	r.ByChannel = make(map[slots.Channel]int, len(rows))
	for _, row := range rows {
		r.ByChannel[row.Channel] = row.Booked
	}
	return nil
}

// Visit is a line of the hall's list: what has become of an appointment today.
// It names nobody.
type Visit struct {
	Number    string         `db:"number"`
	Service   string         `db:"service_id"`
	Channel   slots.Channel  `db:"channel"`
	StartsAt  time.Time      `db:"starts_at"`
	EndsAt    time.Time      `db:"ends_at"`
	Status    booking.Status `db:"status"`
	Outcome   Outcome        `db:"outcome"` // "" before they arrive
	Ticket    string         `db:"ticket"`
	ArrivedAt *time.Time     `db:"arrived_at"`
	RecheckAt *time.Time     `db:"recheck_at"`
	Counter   string         `db:"counter"` // where they were last called or served
}

// Today lists an office's day in the order of its slots, without those who
// cancelled.
func (d *Desk) Today(ctx context.Context, office string, day date.Date) ([]Visit, error) {
	visits := []Visit{}
	err := d.DB.SelectContext(ctx, &visits, `
		SELECT
			a.number, a.service_id, a.channel, a.starts_at, a.ends_at, a.status,
			coalesce(v.outcome, '') AS outcome,
			coalesce(v.ticket, '') AS ticket,
			v.arrived_at, v.recheck_at,
			coalesce(c.counter, '') AS counter
		FROM appointment AS a
		LEFT JOIN visit AS v ON v.appointment_id = a.id AND v.day = a.day
		LEFT JOIN LATERAL (
			SELECT counter
			FROM counter_call
			WHERE appointment_id = a.id
			ORDER BY id DESC
			LIMIT 1
		) AS c ON true
		WHERE a.office_id = $1
		  AND a.day = $2
		  AND a.status NOT IN ('cancelled', 'cancelled_by_office')
		ORDER BY a.starts_at, a.id`, office, day)
	if err != nil {
		return nil, fmt.Errorf("list %s at %s: %w", day, office, err)
	}
	return visits, nil
}
