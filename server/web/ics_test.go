package web

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ical "github.com/arran4/golang-ical"
)

// read is the one event of a calendar.
func readEvent(t *testing.T, raw []byte) *ical.VEvent {
	t.Helper()
	calendar, err := ical.ParseCalendar(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	if n := len(calendar.Events()); n != 1 {
		t.Fatalf("%d events, want 1", n)
	}
	return calendar.Events()[0]
}

func value(e *ical.VEvent, of ical.ComponentProperty) string {
	if p := e.GetProperty(of); p != nil {
		return p.Value
	}
	return ""
}

func visit() entry {
	start := time.Date(2026, 5, 20, 9, 30, 0, 0, shanghai)
	return entry{
		UID: "u@hunyue", Sequence: 2, Stamp: start.AddDate(0, 0, -2), Start: start, End: start.Add(30 * time.Minute),
		Summary: "预约 2605 2038，武陵区婚姻登记处", Location: "武陵区婚姻登记处 示例路8号1层", Description: "第一行\n第二行", Language: "zh",
	}
}

func TestACalendarIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	e := visit()
	e.Summary = `a; b, c\d ` + strings.Repeat("积石山保安族东乡族撒拉族自治县", 5)
	raw := e.ics()
	got := readEvent(t, raw)
	if s := value(got, ical.ComponentPropertySummary); s != e.Summary {
		t.Errorf("the title reads %q, want %q", s, e.Summary)
	}
	if s := value(got, ical.ComponentPropertyDescription); s != e.Description {
		t.Errorf("the text reads %q, want %q", s, e.Description)
	}
	starts, err := got.GetStartAt()
	if err != nil || !starts.Equal(e.Start) {
		t.Errorf("it starts at %v, %v; want %v", starts, err, e.Start)
	}
	ends, err := got.GetEndAt()
	if err != nil || !ends.Equal(e.End) {
		t.Errorf("it ends at %v, %v; want %v", ends, err, e.End)
	}
	alarms := got.Alarms()
	if len(alarms) != 1 || alarms[0].GetProperty(ical.ComponentPropertyTrigger).Value != "-P1D" {
		t.Errorf("%d alarms, want one the day before", len(alarms))
	}
	for what, want := range map[ical.ComponentProperty]string{
		ical.ComponentPropertyUniqueId: "u@hunyue", ical.ComponentPropertySequence: "2", ical.ComponentPropertyStatus: "CONFIRMED",
	} {
		if s := value(got, what); s != want {
			t.Errorf("%s is %q, want %q", what, s, want)
		}
	}
}

func TestLinesOfACalendarAreShortAndNoCharacterIsCut(t *testing.T) {
	t.Parallel()
	for shift := range 4 { // so that a fold falls on every part of a character
		e := visit()
		e.Summary = strings.Repeat("x", shift) + strings.Repeat("㼆䶮𫖮𬎆", 20)
		raw := string(e.ics())
		if strings.Count(raw, "\n") != strings.Count(raw, "\r\n") || strings.Count(raw, "\r") != strings.Count(raw, "\r\n") {
			t.Error("a line ends otherwise than with CR LF")
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(raw, "\r\n"), "\r\n") {
			if len(line) > 75 || !utf8.ValidString(line) || line == "" {
				t.Errorf("%d octets: %q", len(line), line)
			}
		}
		if unfolded := strings.ReplaceAll(raw, "\r\n ", ""); !strings.Contains(unfolded, "SUMMARY:"+e.Summary+"\r\n") {
			t.Errorf("unfolded, the title is not %s", e.Summary)
		}
	}
	if got := folded(strings.Repeat("x", 75)); len(got) != 75 {
		t.Errorf("a line of 75 octets is folded: %q", got)
	}
	if got := folded(strings.Repeat("x", 76)); got != strings.Repeat("x", 75)+"\r\n x" {
		t.Errorf("a line of 76 octets is folded as %q", got)
	}
}

func TestACancelledEntryTakesItselfOut(t *testing.T) {
	t.Parallel()
	e := visit()
	e.Cancelled = true
	got := readEvent(t, e.ics())
	if s := value(got, ical.ComponentPropertyStatus); s != "CANCELLED" || len(got.Alarms()) != 0 {
		t.Errorf("status %s with %d alarms", s, len(got.Alarms()))
	}
}
