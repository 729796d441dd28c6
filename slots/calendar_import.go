package slots

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hunyue/internal/date"
	"hunyue/internal/fault"
)

// calendarHeader is the first line of a calendar file.
const calendarHeader = "day,kind,name"

// readCalendar reads the days of a year that differ from their weekday:
//
//	day,kind,name
//	2026-01-01,holiday,元旦
//	2026-01-04,makeup_workday,元旦
//
// Every bad line is in the fields of the fault, as "lines.3": its code is
// "columns", "date", "other_year", "twice", "kind", "not_weekend" (a make-up
// workday that would be worked anyway) or "name". A file that is no such file at
// all has the field "file".
func readCalendar(r io.Reader, year int) ([]CalendarDay, error) {
	const most = 64 << 10 // some ten times what a year takes
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("read calendar: %w", err)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // spreadsheets write it
	if len(text) > most || !utf8.Valid(text) {
		return nil, fault.InFields(map[string]string{"file": "format"})
	}
	in := csv.NewReader(bytes.NewReader(text))
	in.FieldsPerRecord = -1
	wrong := map[string]string{}
	if header, err := in.Read(); err != nil || strings.Join(header, ",") != calendarHeader {
		wrong["lines.1"] = "columns"
	}
	days := calendarLines(in, year, wrong)
	if len(days) == 0 && len(wrong) == 0 {
		wrong["file"] = "empty"
	}
	return days, fault.InFields(wrong)
}

func calendarLines(in *csv.Reader, year int, wrong map[string]string) []CalendarDay {
	var days []CalendarDay
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return days
		}
		if err != nil {
			e, ok := errors.AsType[*csv.ParseError](err)
			if !ok {
				wrong["file"] = "format"
				return days
			}
			wrong[fmt.Sprintf("lines.%d", e.StartLine)] = "columns"
			continue
		}
		line, _ := in.FieldPos(0)
		d, code := calendarDay(record, year)
		if code == "" && slices.ContainsFunc(days, func(o CalendarDay) bool { return o.Day == d.Day }) {
			code = "twice"
		}
		if code != "" {
			wrong[fmt.Sprintf("lines.%d", line)] = code
			continue
		}
		days = append(days, d)
	}
}

// calendarDay reads one line, or says what is wrong with it.
func calendarDay(record []string, year int) (CalendarDay, string) {
	if len(record) != 3 {
		return CalendarDay{}, "columns"
	}
	day, err := date.ParseDate(record[0])
	d := CalendarDay{Day: day, Kind: DayKind(record[1]), Name: strings.TrimSpace(record[2])}
	weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
	switch {
	case err != nil:
		return d, "date"
	case day.Year != year:
		return d, "other_year"
	case d.Kind != Holiday && d.Kind != MakeupWorkday:
		return d, "kind"
	case d.Kind == MakeupWorkday && !weekend:
		return d, "not_weekend"
	case d.Name == "":
		return d, "name"
	}
	return d, ""
}
