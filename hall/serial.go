package hall

import (
	"context"
	"fmt"
	"strings"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/identity"
)

// Series is the certificates that an office gives out for a service in a year. The
// zero Series is of a service that ends without one.
type Series struct {
	Prefix string // "J430702-2026-"
	Next   int    // the serial that is due; 0 where there is nothing to go by
}

// recentNumbers is how many of the last numbers say which is due: counters may
// finish in another order than the numbers were given out.
const recentNumbers = 20

// SeriesOf is the series from which the next couple's certificate comes. Its division
// is a rule of the office; numbers of another one say nothing of which is due.
func (d *Desk) SeriesOf(ctx context.Context, office, service string, today date.Date) (Series, error) {
	prefix := prefixOf(service)
	if prefix == "" {
		return Series{}, nil
	}
	rules, err := d.Offices.Rules(ctx, office, today)
	if err != nil {
		return Series{}, err
	}
	division := divisionOf(office, rules)
	series := Series{Prefix: fmt.Sprintf("%s%s-%04d-", prefix, division, today.Year)}
	var rows []numberRow
	err = d.DB.SelectContext(ctx, &rows, `
		SELECT id, appointment_id, certificate, n
		FROM standing_registration
		WHERE office_id = $1
		  AND day BETWEEN $2 AND $3
		  AND nationwide
		ORDER BY at DESC, id DESC
		LIMIT $4`, office, date.Date{Year: today.Year, Month: 1, Day: 1}, today, recentNumbers)
	if err != nil {
		return Series{}, fmt.Errorf("last certificates of %s: %w", office, err)
	}
	for _, row := range rows {
		number, err := d.openNumber(row)
		if err != nil {
			return Series{}, err
		}
		c, _ := identity.ParseCertificate(number)
		if c.Prefix == prefix && c.Year == today.Year && c.Division == division {
			series.Next = max(series.Next, c.Serial+1)
		}
	}
	return series, nil
}

// numberRow is a number as it is kept, and what it is sealed for.
type numberRow struct {
	ID          int64  `db:"id"` // of the registration
	Appointment int64  `db:"appointment_id"`
	Sealed      []byte `db:"certificate"`
	N           int    `db:"n"` // of the correction; 0: the registration's own
}

func (d *Desk) openNumber(row numberRow) (string, error) {
	if row.N == 0 {
		return d.openCertificate(row.Sealed, row.Appointment)
	}
	plain, err := d.Keys.Open(row.Sealed, amendmentRow(row.ID, row.N))
	if err != nil {
		return "", fmt.Errorf("corrected certificate of appointment %d: %w", row.Appointment, err)
	}
	return string(plain), nil
}

func amendmentRow(registration int64, n int) string {
	return fmt.Sprintf("amendment/%d/%d", registration, n)
}

// Whole is the number that somebody means who has typed six digits, or the number
// as it was typed. ok is false for digits alone that are more or fewer.
func (s Series) Whole(typed string) (number string, ok bool) {
	typed = strings.TrimSpace(typed)
	if c, _ := identity.ParseCertificate(s.Prefix + typed); s.Prefix != "" && c.Prefix != "" {
		return c.String(), true
	}
	return typed, typed == "" || strings.ContainsFunc(typed, func(r rune) bool {
		return (r < '0' || r > '9') && (r < '０' || r > '９')
	})
}

// Odd is what is odd about a number that somebody is about to note. The zero Odd is
// of one that is as it should be.
type Odd struct {
	Form    string    // as Registration.Warning
	UsedBy  string    // the ticket of the couple that has it; their number where they had none
	UsedOn  date.Date // when they got it
	Skipped int       // numbers between the last one and this
}

// Final reports whether nobody's insisting helps: a number of the present form is
// given once.
func (o Odd) Final() bool { return o.UsedBy != "" && o.Form == "" }

// OddAbout is what is odd about a number for the couple with this appointment. The
// fault is booking.ErrNoAppointment.
func (d *Desk) OddAbout(ctx context.Context, appointment, certificate string) (Odd, error) {
	var at struct {
		Office  string    `db:"office_id"`
		Service string    `db:"service_id"`
		Today   date.Date `db:"today"`
	}
	err := d.DB.GetContext(ctx, &at, `
		SELECT a.office_id, a.service_id, (clock_now() AT TIME ZONE o.time_zone)::date AS today
		FROM appointment AS a
		JOIN office AS o ON o.id = a.office_id
		WHERE a.number = $1`, appointment)
	if err != nil {
		return Odd{}, booking.ErrNoAppointment
	}
	rules, err := d.Offices.Rules(ctx, at.Office, at.Today)
	if err != nil {
		return Odd{}, err
	}
	odd := Odd{Form: unusual(certificate, at.Service, divisionOf(at.Office, rules), at.Today)}
	c, _ := identity.ParseCertificate(certificate)
	if c.String() == "" {
		return odd, nil
	}
	if err := d.usedBefore(ctx, &odd, appointment, c); err != nil || odd.UsedBy != "" {
		return odd, err
	}
	series, err := d.SeriesOf(ctx, at.Office, at.Service, at.Today)
	if err == nil && series.Next > 0 && series.Prefix+fmt.Sprintf("%06d", c.Serial) == c.String() {
		odd.Skipped = max(0, c.Serial-series.Next)
	}
	return odd, err
}

// usedBefore notes who else has a number.
func (d *Desk) usedBefore(ctx context.Context, odd *Odd, appointment string, c identity.Certificate) error {
	var used []struct {
		By string    `db:"by"`
		On date.Date `db:"day"`
	}
	err := d.DB.SelectContext(ctx, &used, `
		SELECT coalesce(v.ticket, r.number) AS by, r.day
		FROM standing_registration AS r
		LEFT JOIN visit AS v ON v.appointment_id = r.appointment_id
		WHERE r.certificate_key = $1
		  AND r.number <> $2
		ORDER BY r.id DESC
		LIMIT 1`, d.Keys.MAC("certificate", []byte(c.String())), appointment)
	if err != nil {
		return fmt.Errorf("who has a certificate number: %w", err)
	}
	if len(used) > 0 {
		odd.UsedBy, odd.UsedOn = used[0].By, used[0].On
	}
	return nil
}
