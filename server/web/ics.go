package web

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// entry is an appointment in a calendar, which reminds of it the day before
// (RFC 5545).
type entry struct {
	UID         string // of the appointment, whenever it is
	Sequence    int    // grows with every change
	Stamp       time.Time
	Start, End  time.Time
	Cancelled   bool
	Summary     string
	Location    string
	Description string
	Language    string
}

// ics is the entry as a calendar of its own. Instants are in UTC, which is right
// in whatever zone the phone is.
func (e entry) ics() []byte {
	status := "CONFIRMED"
	if e.Cancelled {
		status = "CANCELLED"
	}
	lines := []string{
		"BEGIN:VCALENDAR",
		"VERSION:2.0",
		"PRODID:-//Hunyue//Appointments//" + strings.ToUpper(e.Language),
		"CALSCALE:GREGORIAN",
		"METHOD:PUBLISH",
		"BEGIN:VEVENT",
		"UID:" + e.UID,
		fmt.Sprintf("SEQUENCE:%d", e.Sequence),
		"DTSTAMP:" + instantOf(e.Stamp),
		"DTSTART:" + instantOf(e.Start),
		"DTEND:" + instantOf(e.End),
		"STATUS:" + status,
		"CLASS:PRIVATE",
		"SUMMARY:" + escaped(e.Summary),
		"LOCATION:" + escaped(e.Location),
		"DESCRIPTION:" + escaped(e.Description),
	}
	if !e.Cancelled {
		lines = append(lines,
			"BEGIN:VALARM",
			"ACTION:DISPLAY",
			"TRIGGER:-P1D",
			"DESCRIPTION:"+escaped(e.Summary),
			"END:VALARM")
	}
	lines = append(lines, "END:VEVENT", "END:VCALENDAR")
	var all strings.Builder
	for _, line := range lines {
		all.WriteString(folded(line) + "\r\n")
	}
	return []byte(all.String())
}

func instantOf(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// escaped is a text as a value (RFC 5545, 3.3.11).
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\r", `\n`, "\n", `\n`).Replace(s)
}

// lineOctets is how long a line may be, without its end (RFC 5545, 3.1).
const lineOctets = 75

// folded is a line cut into lines short enough, each but the first behind a
// space. No character is cut.
func folded(line string) string {
	var all strings.Builder
	room := lineOctets
	for _, r := range line {
		n := utf8.RuneLen(r)
		if n > room {
			all.WriteString("\r\n ")
			room = lineOctets - 1
		}
		all.WriteRune(r)
		room -= n
	}
	return all.String()
}
