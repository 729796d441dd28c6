package web

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"hunyue/slots"
)

// part is one of the pages on which a couple says who it is, where the office or
// the simple display has a page for each person: the first, the second, and what is
// left. The zero value is one page for all.
type part struct {
	Is   string // 1, 2, …; the last is the phone and what is agreed to
	Back string // the one before; "" on the first
	Last bool
	Keep []hidden // what was typed on the others
}

// parts is how many pages there are; 0 where one is for all. Staff have one: what a
// caller says does not come in order.
func (l line) parts(pg page, s subject) int {
	if l.assisted() || s.rules.DetailsSteps != slots.SplitPage && pg.Simple == "" {
		return 0
	}
	return s.parties() + 1
}

// partOf is the page to be shown: the first on which something is wrong, or else the
// one that the form is on.
func (l line) partOf(pg page, f bookForm, s subject, wrong wrongs) part {
	n := l.parts(pg, s)
	if n == 0 {
		return part{}
	}
	at, err := strconv.Atoi(f.Part)
	if err != nil || at < 1 || at > n {
		at = 1
	}
	if len(wrong) > 0 {
		at = n
		for input := range wrong {
			at = min(at, partWith(input, n))
		}
	}
	p := part{Is: strconv.Itoa(at), Last: at == n}
	if at > 1 {
		p.Back = strconv.Itoa(at - 1)
	}
	return p
}

// partWith is the page of so many with an input. What is wrong with the two together
// is said where the second is asked for.
func partWith(input string, of int) int {
	if input == "parties" {
		return of - 1
	}
	if rest, is := strings.CutPrefix(input, "parties."); is {
		if i, err := strconv.Atoi(rest[:strings.IndexByte(rest+".", '.')]); err == nil {
			return min(i+1, of)
		}
	}
	return of
}

// next is the form on the page after this one, if what is on this one and before is
// right and there is one after it.
func (l line) next(pg page, f bookForm, s subject, wrong wrongs) (bookForm, bool) {
	n := l.parts(pg, s)
	at, err := strconv.Atoi(f.Part)
	if err != nil || at < 1 || at >= n {
		return f, false
	}
	for input := range wrong {
		if partWith(input, n) > at {
			delete(wrong, input)
		}
	}
	if len(wrong) == 0 && at == n-1 {
		l.judgeCouple(wrong, f, s)
	}
	if len(wrong) > 0 {
		return f, false
	}
	f.Part = strconv.Itoa(at + 1)
	return f, true
}

// judgeCouple notes what is wrong with the two together, before they are asked for a
// phone and have agreed to anything.
func (l line) judgeCouple(wrong wrongs, f bookForm, s subject) {
	f.Phone, f.Agreement, f.Privacy = wellFormed, agreementVersion, privacyVersion
	_, all := l.judge(f, s)
	maps.Copy(wrong, all)
}

// wellFormed is a phone that nobody has, in place of one that is not asked for yet.
const wellFormed = "13900000000"

// lastStep says that nothing comes after the check.
func (l line) lastStep(pg page, s subject) string {
	if n := l.parts(pg, s); n > 0 {
		return pg.T("split.step", "n", n+2, "of", n+2)
	}
	return l.step(pg, 3)
}

// only is d with what the page of its part shows, and the rest in hidden inputs, so
// that nothing that was typed is ever lost.
func (d detailsPage) only(f bookForm) detailsPage {
	if d.Part.Is == "" {
		return d
	}
	here, _ := strconv.Atoi(d.Part.Is)
	n := len(d.Parties) + 1
	d.Step = d.T("split.step", "n", here+1, "of", n+2)
	if d.Part.Keep = slices.DeleteFunc(f.typed(), func(h hidden) bool { return partWith(h.Name, n) == here }); d.Part.Last {
		d.Title, d.Parties = d.T("split.contact"), nil
		return d
	}
	d.Title = d.T("split.person", "who", d.Parties[here-1].Title)
	d.Parties = d.Parties[here-1 : here]
	d.Mistakes = slices.DeleteFunc(d.Mistakes, func(m mistake) bool { return partWith(m.Field, n) != here })
	return d
}
