package slots

import (
	"slices"
	"strconv"
	"strings"

	"hunyue/internal/date"
	"hunyue/internal/fault"
)

// ErrNoSuchSlot is the answer for a slot or quota that does not exist, or whose
// id is not even of the right form.
var ErrNoSuchSlot = fault.New(fault.NotFound, "no_such_slot")

// Channel is the way by which a place is sold (domain rule 23).
type Channel string

// The channels. Phone and counter are typed in by staff.
const (
	Web     Channel = "web"
	Phone   Channel = "phone"
	Counter Channel = "counter"
)

// Channels is every channel, in the order in which rounding favours them.
func Channels() [3]Channel { return [3]Channel{Web, Phone, Counter} }

// Group is a business group: the services that share places (domain rule 22).
type Group string

// The business groups.
const (
	Marriage Group = "marriage"
	Divorce  Group = "divorce"
	Other    Group = "other"
)

// Groups is every business group.
func Groups() [3]Group { return [3]Group{Marriage, Divorce, Other} }

func (c Channel) known() bool { channels := Channels(); return slices.Contains(channels[:], c) }

func (g Group) known() bool { groups := Groups(); return slices.Contains(groups[:], g) }

// SlotID names a slot and the business group for which it is asked. Its parts
// can be read from its text, so that no lookup is needed to know its office-day.
type SlotID struct {
	Office string
	Day    date.Date
	Start  TimeOfDay
	Group  Group
}

// ParseSlotID reads 430702-20260520-0900-marriage, or returns ErrNoSuchSlot.
func ParseSlotID(s string) (SlotID, error) {
	parts := strings.Split(s, "-")
	if len(parts) != 4 {
		return SlotID{}, ErrNoSuchSlot
	}
	day, dayOK := parseDay(parts[1])
	start, startOK := parseDigits(parts[2])
	id := SlotID{Office: parts[0], Day: day, Start: start, Group: Group(parts[3])}
	if !dayOK || !startOK || !officeID(id.Office) || !id.Group.known() || start == endOfDay {
		return SlotID{}, ErrNoSuchSlot
	}
	return id, nil
}

// ParseQuotaID reads the id of a place quota, 430702-20260520-0900-marriage-web,
// or returns ErrNoSuchSlot. Caps are not bookable and are refused likewise.
func ParseQuotaID(s string) (SlotID, Channel, error) {
	at := strings.LastIndexByte(s, '-')
	if at < 0 || !Channel(s[at+1:]).known() {
		return SlotID{}, "", ErrNoSuchSlot
	}
	id, err := ParseSlotID(s[:at])
	return id, Channel(s[at+1:]), err
}

// String is the id as the API shows it: 430702-20260520-0900-marriage.
func (id SlotID) String() string { return id.Row() + "-" + string(id.Group) }

// Row is the id of the slot itself, without the group: 430702-20260520-0900.
func (id SlotID) Row() string { return id.day() + "-" + id.Start.digits() }

// Quota is the id of the places that a channel has in the slot.
func (id SlotID) Quota(c Channel) string { return id.String() + "-" + string(c) }

// Family is the id of the quota, and then of every cap that may stand above it,
// in the order in which they are locked. Which of the caps exist is for the
// template to say.
func (id SlotID) Family(c Channel) []string {
	return append(append(make([]string, 0, 4), id.Quota(c)), id.caps()...)
}

// caps is the ids of the caps that may stand above the slot's quotas, in order.
func (id SlotID) caps() []string {
	on, group := id.day(), string(id.Group)
	if id.Start < noon {
		return []string{on + "-am-" + group, on + "-day-" + group, on + "-hall"}
	}
	return []string{on + "-day-" + group, on + "-hall", on + "-pm-" + group}
}

// halfDayCap counts the slots that start before noon, or from noon on.
func (id SlotID) halfDayCap() string {
	if id.Start < noon {
		return id.day() + "-am-" + string(id.Group)
	}
	return id.day() + "-pm-" + string(id.Group)
}

func (id SlotID) dayCap() string { return id.day() + "-day-" + string(id.Group) }

// hallCap counts all groups of the day together.
func (id SlotID) hallCap() string { return id.day() + "-hall" }

func (id SlotID) day() string { return id.Office + "-" + compact(id.Day) }

// OfficeDay is one day at one office.
type OfficeDay struct {
	Office string    `db:"office_id"`
	Day    date.Date `db:"day"`
}

// compact is the day as ids have it: 20260520.
func compact(day date.Date) string {
	return padded(day.Year*10000+int(day.Month)*100+day.Day, len("20260520"))
}

// padded is n in so many digits. Every hold asks for it, so it is not left to fmt.
func padded(n, width int) string {
	digits := strconv.Itoa(n)
	return strings.Repeat("0", max(0, width-len(digits))) + digits
}

func parseDay(s string) (date.Date, bool) {
	if len(s) != len("20260520") {
		return date.Date{}, false
	}
	day, err := date.ParseDate(s[:4] + "-" + s[4:6] + "-" + s[6:])
	return day, err == nil
}

// officeID reports whether s has the form of a division code.
func officeID(s string) bool {
	if len(s) != 6 && len(s) != 9 {
		return false
	}
	return s[0] != '0' && strings.Trim(s, "0123456789") == ""
}
