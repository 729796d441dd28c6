package web

import (
	"net/url"
	"slices"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
)

// monthTable is one month of an office's calendar. Every day says what it is in
// a word, and those that have more to say lead to it.
type monthTable struct {
	Caption       string
	Weekdays      []named // the full name, and the short one
	Weeks         [][]dayCell
	Before, After *link // the months beside it, as far as there is something to see
	Legend        []legendLine
}

type legendLine struct{ Chip, Meaning string }

// dayCell is a day of the table, or a gap before the first and after the last.
type dayCell struct {
	N      string // of the month; "" in a gap
	Words  string // 5月20日 周三
	State  booking.State
	Chip   string
	Few    bool
	To     string // "" where there is nothing more to see
	Chosen bool
}

// Off reports whether the day can be left out of a list of days.
func (d dayCell) Off() bool { return d.To == "" }

// monthOf is the month of a day, of which that day is chosen.
func (l line) monthOf(pg page, a *booking.Availability, w wish, ch chooser, chosen date.Date) monthTable {
	first := date.Date{Year: chosen.Year, Month: chosen.Month, Day: 1}
	next := firstOfNext(first)
	t := monthTable{Caption: monthIn(pg.Lang, first)}
	for i := range 7 {
		day := first.AddDays(i - mondayFirst(first))
		t.Weekdays = append(t.Weekdays, named{weekdayIn(pg.Lang, day), shortWeekdayIn(pg.Lang, day)})
	}
	cells := make([]dayCell, mondayFirst(first))
	seen := map[string]bool{}
	for _, d := range a.Days(w.service, l.channel, first, next.AddDays(-1)) {
		cell := l.dayCell(pg, w, ch, d, chosen)
		if key := chipOf(d); !seen[key] && pg.Has("legend."+key) {
			seen[key] = true
			chip := cell.Chip
			if d.State == booking.Open && l.exact(w) {
				chip = pg.T("chip.left", "n", "N")
			}
			t.Legend = append(t.Legend, legendLine{chip, pg.T("legend." + key)})
		}
		cells = append(cells, cell)
	}
	for len(cells)%7 != 0 {
		cells = append(cells, dayCell{})
	}
	t.Weeks = slices.Collect(slices.Chunk(cells, 7))
	if last := first.AddDays(-1); !last.Before(w.today) {
		t.Before = ch.monthLink(pg, last)
	}
	if !next.After(w.today.AddDays(w.rules.HorizonDays)) {
		t.After = ch.monthLink(pg, next)
	}
	return t
}

// dayCell is a day of the table. The word for it is the number of places where that
// is told.
func (l line) dayCell(pg page, w wish, ch chooser, d booking.Day, chosen date.Date) dayCell {
	cell := dayCell{
		N: d.Date.In(time.UTC).Format("2"), Words: pg.ShortDay(d.Date), State: d.State, Few: few(d), Chosen: d.Date == chosen,
		Chip: pg.T("chip." + chipOf(d)),
	}
	if d.State == booking.Open && l.exact(w) {
		cell.Chip = pg.T("chip.left", "n", d.Remaining)
	}
	if d.State != booking.Closed && d.State != booking.Past {
		cell.To = ch.dayAt(d.Date)
	}
	return cell
}

// few is when it is worth saying that a day is nearly full.
func few(d booking.Day) bool { return d.State == booking.Open && d.Remaining <= 5 }

// chipOf is the key of the word for a day.
func chipOf(d booking.Day) string {
	switch {
	case few(d):
		return "few"
	case d.State == booking.Closed && (d.Reason == "lead" || d.Reason == "not_published"):
		return d.Reason
	}
	return string(d.State)
}

// exact reports whether it is told how many places are left: to staff, and to the
// public where the office says so (domain rule 29).
func (l line) exact(w wish) bool { return l.assisted() || w.rules.ExactCounts }

// monthLink leads to the month of a day.
func (ch chooser) monthLink(pg page, in date.Date) *link {
	first := date.Date{Year: in.Year, Month: in.Month, Day: 1}
	asked := url.Values{"month": {first.String()[:len("2026-05")]}}
	for name, value := range ch.keep {
		asked.Set(name, value)
	}
	return &link{To: ch.base + "?" + asked.Encode(), Text: monthIn(pg.Lang, first)}
}

// opensOn is the day that the page opens on: the first with places, in the month
// that was asked for if one was. Where there is none it is the first that has
// something to say, and at last the first.
func (l line) opensOn(a *booking.Availability, w wish, month string) date.Date {
	from, to := w.today, w.today.AddDays(w.rules.HorizonDays)
	if first, err := date.ParseDate(month + "-01"); err == nil {
		if from.Before(first) {
			from = first
		}
		if last := firstOfNext(first).AddDays(-1); last.Before(to) {
			to = last
		}
	}
	if to.Before(from) { // a month that is over, or too far ahead
		from, to = w.today, w.today.AddDays(w.rules.HorizonDays)
	}
	days := a.Days(w.service, l.channel, from, to)
	for _, fits := range []func(booking.State) bool{
		func(s booking.State) bool { return s == booking.Open },
		func(s booking.State) bool { return s != booking.Closed && s != booking.Past },
	} {
		if i := slices.IndexFunc(days, func(d booking.Day) bool { return fits(d.State) }); i >= 0 {
			return days[i].Date
		}
	}
	return from
}

// firstOfNext is the first day of the month after that of a first day.
func firstOfNext(first date.Date) date.Date {
	return date.DateOf(time.Date(first.Year, first.Month+1, 1, 0, 0, 0, 0, time.UTC))
}

// mondayFirst is how many days of its week lie before the day.
func mondayFirst(d date.Date) int { return (int(d.Weekday()) + 6) % 7 }
