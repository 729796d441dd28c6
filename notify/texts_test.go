package notify

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"hunyue/internal/date"
)

// kinds are all messages that can be written.
var kinds = []Kind{
	Code, Booked, BookedByPhone, Moved, Cancelled, CancelledByOffice, NoShow, HealthDeferred, Reminder, Tried, Restricted, PhoneChanged,
	WaitJoined, WaitHit, WaitPassed, WaitEnded,
}

func parsed(t *testing.T) *Texts {
	t.Helper()
	texts, err := ParseTexts("武陵民政")
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// full is a letter with the longest values that there are.
func full(locale string) Letter {
	return Letter{
		Phone: "13800000001", SMS: true, Locale: locale, Sign: strings.Repeat("签", LongestSign), Number: "99999999",
		Office: "积石山保安族东乡族撒拉族自治县民政局婚姻登记处", OfficeEN: "Jishishan Bonan, Dongxiang and Salar Autonomous County Marriage Registry",
		OfficePhone: "0736-72500001、7250002", StartsAt: time.Date(2026, time.December, 23, 10, 30, 0, 0, time.UTC),
		Until:      date.Date{Year: 2026, Month: time.December, Day: 31},
		ClosedFrom: date.Date{Year: 2026, Month: time.December, Day: 21}, ClosedTo: date.Date{Year: 2027, Month: time.December, Day: 31},
	}
}

func (t *Texts) any(kind Kind, l Letter) (string, error) {
	if kind == Code {
		return t.code(l.Locale, "482913")
	}
	return t.letter(kind, l)
}

func TestEveryTextIsOneMessageAndGivesNothingAway(t *testing.T) {
	t.Parallel()
	texts := parsed(t)
	// Domain rule 92: no business type, no partner; neutral on a locked screen.
	givesAway := regexp.MustCompile(`离婚|结婚|复婚|补领|补办|撤回|档案|辅导|颁证|对方|配偶|另一方|双方|体温|发热|健康|(?i)divorce|re-?issue|wedding|partner|spouse|temperature|fever|health`)
	halfWidth := regexp.MustCompile(`\p{Han}[,.:;!?()]|[,.:;!?()]\p{Han}`)
	plain := regexp.MustCompile(`^[A-Za-z0-9 .,:?'+/-]+$`) // one septet each
	for _, k := range kinds {
		for _, locale := range []string{"zh", "en"} {
			text, err := texts.any(k, full(locale))
			if err != nil {
				t.Error(err)
				continue
			}
			n := utf8.RuneCountInString(text)
			t.Logf("%-20s %s %3d %s", k, locale, n, text)
			if locale == "zh" && (n > 70 || halfWidth.MatchString(text) || !strings.HasPrefix(text, "【")) {
				t.Errorf("%s: %d characters, want 70 at most, signed, with full-width signs: %s", k, n, text)
			}
			if locale == "en" && (n > 160 || !plain.MatchString(text)) {
				t.Errorf("%s: %d characters, want 160 plain ones at most: %s", k, n, text)
			}
			if word := givesAway.FindString(text); word != "" {
				t.Errorf("%s says %q: %s", k, word, text)
			}
			if strings.ContainsAny(text, "\n{}") || strings.Contains(text, "no value") {
				t.Errorf("%s is not one line of text: %q", k, text)
			}
		}
	}
}

func TestAnOfficeKeepsItsNameWhereThereIsRoom(t *testing.T) {
	t.Parallel()
	for long, want := range map[string]string{
		"武陵区婚姻登记处":                "武陵区婚姻登记处",
		"武陵区民政局婚姻登记处":             "武陵区婚姻登记处",
		"张家界市永定区婚姻登记处":            "张家界市永定区登记处",
		"积石山保安族东乡族撒拉族自治县民政局婚姻登记处": "积石山保安族东乡族…",
	} {
		if got := shortened(long, longestOffice); got != want {
			t.Errorf("%s is shortened to %s, want %s", long, got, want)
		}
	}
}

func TestACancellationSaysHowLongTheOfficeIsClosed(t *testing.T) {
	t.Parallel()
	texts := parsed(t)
	days := func(from, to int) Letter {
		l := full("zh")
		l.ClosedFrom, l.ClosedTo = date.Date{}, date.Date{}
		if from > 0 {
			l.ClosedFrom = date.Date{Year: 2027, Month: time.February, Day: from}
		}
		if to > 0 {
			l.ClosedTo = date.Date{Year: 2027, Month: time.February, Day: to}
		}
		return l
	}
	cases := map[string]Letter{
		"抱歉，2月3日至2月9日停办，您12月23日的预约已取消": days(3, 9),
		"抱歉，2月3日停办，您12月23日的预约已取消":      days(3, 3),
		"抱歉，2月3日起停办，您12月23日的预约已取消":     days(3, 0),
		"抱歉，因我处原因，您12月23日的预约已取消":       days(0, 0),
	}
	for want, l := range cases {
		if got, err := texts.letter(CancelledByOffice, l); err != nil || !strings.Contains(got, want) {
			t.Errorf("got %s, error %v; want %s", got, err, want)
		}
	}
}

func TestABookingSomebodyElseTypedSaysWhomToCall(t *testing.T) {
	t.Parallel()
	l := full("zh")
	l.Assisted = true
	got, err := parsed(t).letter(Booked, l)
	if want := "非本人预约请拨073672500001。"; err != nil || !strings.HasSuffix(got, want) {
		t.Errorf("got %s, error %v; want the end %s", got, err, want)
	}
}

func TestABadTextIsRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a word that there is not": `{{define "booked"}}{{.Name}}{{end}}`,
		"too long":                 `{{define "booked"}}` + strings.Repeat("长", 61) + `{{end}}`,
		"a misspelt name":          `{{define "bookked"}}x{{end}}`,
	} {
		texts := parsed(t)
		if _, err := texts.zh.Parse(text); err != nil {
			t.Fatal(err)
		}
		if err := texts.check(); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
