package web

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"hunyue/internal/date"
	"hunyue/internal/identity"
)

// meaning is what an operator may mean by what stands in the single box.
type meaning string

// What can be meant, in the order in which it is recognised.
const (
	meansNothing  meaning = ""
	meansPhone    meaning = "phone"
	meansDocument meaning = "document"
	meansNumber   meaning = "number" // of an appointment
	meansPass     meaning = "pass"   // what its QR code holds
	meansDay      meaning = "day"
	meansInitials meaning = "initials" // of a name
	meansName     meaning = "name"
	meansCommand  meaning = "command"
	meansUnknown  meaning = "unknown"
)

// meanings is every one of them that has something to say.
func meanings() []meaning {
	return []meaning{meansPhone, meansDocument, meansNumber, meansPass, meansDay, meansInitials, meansName, meansCommand, meansUnknown}
}

// boxReading is what the box was read as.
type boxReading struct {
	as     meaning
	phone  identity.Phone
	text   string // tidied: a number's digits, letters, a name, a command
	day    date.Date
	wrong  string // of a document, as ParseDocument says it; of what is nearly a phone, a day or a name: "digits", "date", "short"
	digits int    // so many an ID number has, where there should be 18, or a mobile number, where there should be 11
}

var (
	bookingNumber = regexp.MustCompile(`^[1-9]\d{7}$`)
	qrDigits      = regexp.MustCompile(`^[1-9]\d{15}$`)
	idLike        = regexp.MustCompile(`^[1-9]\d{14,18}[\dX]?$`)
	otherDocument = regexp.MustCompile(`^[A-Z]{1,3}\d{6,12}$`)
	nearlyMobile  = regexp.MustCompile(`^1[3-9]\d{7,12}$`)
	letters       = regexp.MustCompile(`^[A-Za-z]{2,20}$`)
)

// readBox says what was typed into the single box, on a day at the office. What a
// day can be is read as the next such day from then on.
func readBox(typed string, now time.Time) boxReading {
	today, s := date.DateOf(now), unwidened(typed)
	bare := strings.NewReplacer(" ", "", "×", "X", "*", "X", "x", "X").Replace(s)
	switch {
	case s == "":
		return boxReading{}
	case s[0] == '>':
		return boxReading{as: meansCommand, text: strings.ToLower(strings.TrimSpace(s[1:]))}
	}
	switch phone, _ := identity.ParsePhone(s); {
	case bookingNumber.MatchString(bare):
		return boxReading{as: meansNumber, text: bare}
	case qrDigits.MatchString(bare):
		return boxReading{as: meansPass, text: bare}
	case phone != identity.Phone{} && len(bare) >= shortestPhone:
		return boxReading{as: meansPhone, phone: phone}
	case idLike.MatchString(bare):
		document, wrong := identity.ParseDocument(identity.ResidentID, bare, now)
		return boxReading{as: meansDocument, text: document.Number, wrong: wrong, digits: len(bare)}
	case nearlyMobile.MatchString(bare):
		return boxReading{as: meansPhone, wrong: "digits", digits: len(bare)}
	}
	if day, is := readDay(s, today); is {
		return boxReading{as: meansDay, day: day}
	} else if packed.MatchString(s) || monthDay.MatchString(s) || dayOnly.MatchString(s) {
		return boxReading{as: meansDay, wrong: "date"} // 0230
	}
	switch name, wrong := identity.NormaliseName(s, true); {
	case otherDocument.MatchString(strings.ToUpper(bare)):
		return boxReading{as: meansDocument, text: strings.ToUpper(bare)}
	case letters.MatchString(s):
		return boxReading{as: meansInitials, text: strings.ToLower(s)}
	case wrong == "" && len([]rune(name)) > 1:
		return boxReading{as: meansName, text: name}
	case wrong == "" && unicode.Is(unicode.Han, []rune(name)[0]):
		return boxReading{as: meansName, wrong: "short"}
	}
	return boxReading{as: meansUnknown}
}

// shortestPhone is how many digits a phone has: one without an area code.
const shortestPhone = 7

// unwidened is s as a Latin keyboard types it, whatever the input method made of it.
func unwidened(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '》' || r == '〉':
			return '>'
		case r == '　' || unicode.IsSpace(r):
			return ' '
		case '！' <= r && r <= '～':
			return r - '！' + '!'
		}
		return r
	}, s))
}

var (
	monthDay = regexp.MustCompile(`^(\d{1,2})(?:[月./-])(\d{1,2})[日号]?$`)
	packed   = regexp.MustCompile(`^(\d{1,2})(\d{2})$`)
	dayOnly  = regexp.MustCompile(`^(\d{1,2})[日号]$`)
	ahead    = regexp.MustCompile(`^\+(\d{1,2})$`)
	inWords  = regexp.MustCompile(`^(下?)(?:周|星期|礼拜)([一二三四五六日天])$`)
)

// readDay is the day that is meant by 0520, 520, 5月20日, 20日, 周三, 下周三, 明天 or
// +3: the next from today on. False means that none is.
func readDay(s string, today date.Date) (date.Date, bool) {
	if n, is := map[string]int{"今天": 0, "明天": 1, "后天": 2, "大后天": 3}[s]; is {
		return today.AddDays(n), true
	}
	if m := ahead.FindStringSubmatch(s); m != nil {
		return today.AddDays(number(m[1])), true
	}
	if m := inWords.FindStringSubmatch(s); m != nil {
		return nextWeekday(today, m[2], m[1] != ""), true
	}
	for _, form := range []*regexp.Regexp{monthDay, packed} {
		if m := form.FindStringSubmatch(s); m != nil {
			return nextDate(number(m[1]), number(m[2]), today)
		}
	}
	if m := dayOnly.FindStringSubmatch(s); m != nil {
		return nextOfMonth(number(m[1]), today)
	}
	day, err := date.ParseDate(s)
	return day, err == nil
}

// nextWeekday is the next such day after today, or the one of next week, which
// begins on Monday.
func nextWeekday(today date.Date, han string, nextWeek bool) date.Date {
	wanted := strings.Index("一二三四五六日", strings.Replace(han, "天", "日", 1)) / len("一") // Monday is 0
	is := mondayFirst(today)
	if nextWeek {
		return today.AddDays(7 - is + wanted)
	}
	return today.AddDays((wanted-is+6)%7 + 1)
}

// nextDate is the next 20 May; 29 February may be years away.
func nextDate(month, day int, today date.Date) (date.Date, bool) {
	for year := today.Year; year <= today.Year+8; year++ {
		d := date.Date{Year: year, Month: time.Month(month), Day: day}
		if d.Valid() && !d.Before(today) {
			return d, true
		}
	}
	return date.Date{}, false
}

// nextOfMonth is the next 20th.
func nextOfMonth(day int, today date.Date) (date.Date, bool) {
	for n := range 13 {
		d := date.Date{Year: today.Year, Month: today.Month, Day: 1}
		for range n {
			d = firstOfNext(d)
		}
		d.Day = day
		if d.Valid() && !d.Before(today) {
			return d, true
		}
	}
	return date.Date{}, false
}

// number is the value of a few digits.
func number(digits string) int {
	n, _ := strconv.Atoi(digits) // what a pattern has found are digits
	return n
}
