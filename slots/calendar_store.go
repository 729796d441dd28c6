package slots

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

//go:embed calendar/*.csv
var calendarFiles embed.FS

// knownYear is a year that the program comes with.
type knownYear struct {
	year      int
	source    string
	confirmed bool
}

// KnownCalendars puts in the years that the program comes with, as far as the
// database does not have them: 2026 as published, and the statutory days of 2027,
// whose arrangement has not been.
func (s *Store) KnownCalendars(ctx context.Context, actor string) error {
	for _, known := range []knownYear{
		{2026, "国务院办公厅关于2026年部分节假日安排的通知, 2025-11-04", true},
		{2027, "全国年节及纪念日放假办法: statutory days only", false},
	} {
		if err := s.importKnown(ctx, known, actor); err != nil {
			return fmt.Errorf("known calendar of %d: %w", known.year, err)
		}
	}
	return nil
}

func (s *Store) importKnown(ctx context.Context, known knownYear, actor string) error {
	var years []int
	err := s.DB.SelectContext(ctx, &years, `
		SELECT year
		FROM calendar_year
		WHERE year = $1`, known.year)
	if err != nil || len(years) > 0 {
		return err
	}
	file, err := calendarFiles.ReadFile(fmt.Sprintf("calendar/%d.csv", known.year))
	if err != nil {
		return err
	}
	_, err = s.ImportCalendar(ctx, bytes.NewReader(file), known.year, known.source, known.confirmed, actor)
	return err
}

// Calendar is the calendar of the years.
func (s *Store) Calendar(ctx context.Context, years ...int) (Calendar, error) {
	return loadCalendar(ctx, s.DB, years)
}

func loadCalendar(ctx context.Context, q postgres.Querier, years []int) (Calendar, error) {
	var confirmed []int
	err := q.SelectContext(ctx, &confirmed, `
		SELECT year
		FROM calendar_year
		WHERE year = ANY ($1)
		  AND confirmed`, pq.Array(years))
	if err != nil {
		return Calendar{}, fmt.Errorf("calendar years: %w", err)
	}
	var days []CalendarDay
	err = q.SelectContext(ctx, &days, `
		SELECT day, kind, name
		FROM calendar_day
		WHERE extract(year FROM day) = ANY ($1::int[])`, pq.Array(years))
	if err != nil {
		return Calendar{}, fmt.Errorf("calendar days: %w", err)
	}
	return NewCalendar(confirmed, days), nil
}

// ImportCalendar replaces what is known of a year by a file (see readCalendar for
// its form), all of it or nothing. Every bad line is in the fields of the fault,
// as "lines.3". The source says where the days were published; confirmed, that
// they were. What comes back is the days that are worked now and were not, or the
// other way round: if they have been published, those who booked have to be told
// (domain rule 60).
func (s *Store) ImportCalendar(ctx context.Context, r io.Reader, year int, source string, confirmed bool, actor string) ([]date.Date, error) {
	days, err := readCalendar(r, year)
	if err != nil {
		return nil, err
	}
	wrong := map[string]string{}
	if strings.TrimSpace(source) == "" {
		wrong["source"] = "required"
	}
	between(wrong, "year", year, 2000, 2199)
	if err := fault.InFields(wrong); err != nil {
		return nil, err
	}
	var changed []date.Date
	err = s.actAs(ctx, actor, func(tx postgres.Querier) error {
		before, err := loadCalendar(ctx, tx, []int{year})
		if err != nil {
			return err
		}
		changed = workChanges(before, NewCalendar(nil, days), year)
		return putCalendar(ctx, tx, days, year, source, confirmed)
	})
	if err != nil {
		return nil, fmt.Errorf("import calendar of %d: %w", year, err)
	}
	return changed, nil
}

// workChanges is the days of the year that one calendar works and the other does
// not.
func workChanges(before, after Calendar, year int) []date.Date {
	var changed []date.Date
	for day := (date.Date{Year: year, Month: 1, Day: 1}); day.Year == year; day = day.AddDays(1) {
		if before.Workday(day) != after.Workday(day) {
			changed = append(changed, day)
		}
	}
	return changed
}

func putCalendar(ctx context.Context, tx postgres.Querier, days []CalendarDay, year int, source string, confirmed bool) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO calendar_year (year, confirmed, source)
		VALUES ($1, $2, $3)
		ON CONFLICT (year) DO UPDATE
		SET confirmed = excluded.confirmed, source = excluded.source`, year, confirmed, source)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM calendar_day WHERE extract(year FROM day) = $1`, year); err != nil {
		return err
	}
	text, err := json.Marshal(days)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO calendar_day (day, kind, name)
		SELECT day, kind, name
		FROM jsonb_to_recordset($1) AS d (day date, kind text, name text)`, string(text))
	if err != nil {
		return err
	}
	detail := fmt.Sprintf("%d days, confirmed %t: %s", len(days), confirmed, source)
	return postgres.Audit(ctx, tx, "calendar_imported", fmt.Sprintf("calendar:%d", year), detail)
}
