package notify

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hunyue/internal/date"
	"hunyue/internal/fault"
)

// What Notices may refuse, beside what is wrong with fields.
var (
	ErrNoSuchNotice = fault.New(fault.NotFound, "no_such_notice")
	ErrNoticeMoved  = fault.New(fault.Conflict, "notice_moved") // somebody else has been quicker: look again
	ErrOwnNotice    = fault.New(fault.Conflict, "own_notice")   // a second person reviews (domain rule 81)
)

// NoticeKind says what a notice is (domain rule 81).
type NoticeKind string

// The kinds of notices.
const (
	Announcement NoticeKind = "announcement" // 通告
	WarmReminder NoticeKind = "reminder"     // 温馨提示
	Suspending   NoticeKind = "suspension"   // 暂停办理
	Resuming     NoticeKind = "resumption"   // 恢复办理
)

// NoticeKinds is every kind, in the order in which they are offered.
func NoticeKinds() []NoticeKind {
	return []NoticeKind{Announcement, WarmReminder, Suspending, Resuming}
}

// Audience is whom a notice is for. Everybody may read it.
type Audience string

// The audiences.
const (
	ForAll         Audience = "public"
	ForBooked      Audience = "booked"       // couples with an appointment
	ForCrossBorder Audience = "cross_border" // of whom one is not a resident of the mainland
)

// Audiences is every audience.
func Audiences() []Audience { return []Audience{ForAll, ForBooked, ForCrossBorder} }

// NoticeState is how a version stands.
type NoticeState string

// The states: draft, handed_in, published, and one of three ends.
const (
	Draft      NoticeState = "draft"
	HandedIn   NoticeState = "handed_in"
	SentBack   NoticeState = "sent_back"
	Published  NoticeState = "published"
	Withdrawn  NoticeState = "withdrawn"
	Superseded NoticeState = "superseded" // by a later version
)

// Words is what a notice says. English may be missing from a draft.
type Words struct {
	Kind     NoticeKind `db:"kind"`
	Audience Audience   `db:"audience"`
	TitleZH  string     `db:"title_zh"`
	TitleEN  string     `db:"title_en"`
	BodyZH   string     `db:"body_zh"` // plain; an empty line parts two paragraphs
	BodyEN   string     `db:"body_en"`
	From     date.Date  `db:"from_day"` // in force from the beginning of this day
	To       date.Date  `db:"to_day"`   // to the end of this one; zero: until further notice
}

// Notice is one version of a notice.
type Notice struct {
	ID      int64  `db:"notice_id"`
	Version int    `db:"version"` // from 1
	Office  string `db:"office"`  // "" means every office
	Words
	State       NoticeState `db:"state"`
	Newest      bool        `db:"newest"` // of its versions
	Author      string      `db:"author"`
	At          time.Time   `db:"at"` // when it was written
	Reviewer    string      `db:"reviewer"`
	PublishedAt *time.Time  `db:"published_at"` // nil before
	EndedBy     string      `db:"ended_by"`     // who sent it back or withdrew it
	EndedAt     *time.Time  `db:"ended_at"`
	Reason      string      `db:"reason"` // why
}

// InForce reports whether it holds on a day.
func (v Notice) InForce(day date.Date) bool {
	return v.State == Published && !day.Before(v.From) && (v.To.IsZero() || !day.After(v.To))
}

// HasEnglish reports whether nothing of its English is missing.
func (w Words) HasEnglish() bool { return w.TitleEN != "" && w.BodyEN != "" }

// The bounds of what a notice says, in characters. A title of an office, such as
// 关于国庆节期间婚姻登记工作安排的通告, has to fit; a body fits one printed page.
const (
	longestTitleZH, longestTitleEN = 40, 120
	longestBodyZH, longestBodyEN   = 1000, 3000
	longestWhy                     = 200
)

// tidy is w with the white space that forms leave taken away.
func (w Words) tidy() Words {
	for _, s := range []*string{&w.TitleZH, &w.TitleEN, &w.BodyZH, &w.BodyEN} {
		*s = strings.TrimSpace(strings.ReplaceAll(*s, "\r\n", "\n"))
	}
	return w
}

// Wrong is what is wrong with a draft, a code for every such field; empty where
// it may be kept.
func (w Words) Wrong() map[string]string {
	wrong := map[string]string{}
	w = w.tidy()
	text := func(name, s string, most int, lines, needed bool) {
		switch {
		case s == "" && needed:
			wrong[name] = "required"
		case utf8.RuneCountInString(s) > most:
			wrong[name] = "too_long"
		case !utf8.ValidString(s), strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && (!lines || r != '\n') }):
			wrong[name] = "format"
		}
	}
	text("title_zh", w.TitleZH, longestTitleZH, false, true)
	text("title_en", w.TitleEN, longestTitleEN, false, false)
	text("body_zh", w.BodyZH, longestBodyZH, true, true)
	text("body_en", w.BodyEN, longestBodyEN, true, false)
	if !slices.Contains(NoticeKinds(), w.Kind) {
		wrong["kind"] = "required"
	}
	if !slices.Contains(Audiences(), w.Audience) {
		wrong["audience"] = "required"
	}
	switch {
	case w.From.IsZero():
		wrong["from"] = "required"
	case !w.To.IsZero() && w.To.Before(w.From):
		wrong["to"] = "order"
	}
	return wrong
}

// unready is what keeps a notice from being handed in and published on a day.
func (w Words) unready(today date.Date) map[string]string {
	wrong := map[string]string{}
	if w.TitleEN == "" {
		wrong["title_en"] = "required"
	}
	if w.BodyEN == "" {
		wrong["body_en"] = "required"
	}
	if !w.To.IsZero() && w.To.Before(today) {
		wrong["to"] = "past"
	}
	return wrong
}

// wrongReason is what is wrong with why a version is sent back or withdrawn.
func wrongReason(reason string) string {
	switch {
	case strings.TrimSpace(reason) == "":
		return "required"
	case utf8.RuneCountInString(reason) > longestWhy:
		return "too_long"
	case !utf8.ValidString(reason), strings.ContainsFunc(reason, unicode.IsControl):
		return "format"
	}
	return ""
}
