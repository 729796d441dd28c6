package web

import (
	"errors"
	"fmt"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

// How days and times are said, which is not how they are written: on the phone
// nobody says 09:30.

func spokenDay(lang string, d date.Date) string {
	if lang == "zh" {
		return fmt.Sprintf("%d月%d日星期%s", int(d.Month), d.Day, weekday(d))
	}
	return d.In(time.UTC).Format("Monday, 2 January")
}

// spokenTime is a time of day: 上午9点半, 9:30 in the morning. t is in the zone of
// the office.
func spokenTime(lang string, t time.Time) string {
	half, hour := t.Hour()/12, t.Hour()%12
	if hour == 0 {
		hour = 12
	}
	if lang != "zh" {
		return fmt.Sprintf("%d:%02d in the %s", hour, t.Minute(), []string{"morning", "afternoon"}[half])
	}
	minute := ""
	switch t.Minute() {
	case 0:
	case 30:
		minute = "半"
	default:
		minute = fmt.Sprintf("%d分", t.Minute())
	}
	return fmt.Sprintf("%s%d点%s", []string{"上午", "下午"}[half], hour, minute)
}

// spokenSlot is when a slot begins, with its day where that is another.
func (k *console) spokenSlot(id, lang string, withDay bool) string {
	slot, err := slots.ParseSlotID(id)
	if err != nil {
		return ""
	}
	said := spokenTime(lang, slot.Start.On(slot.Day, k.office.Location))
	if !withDay {
		return said
	}
	if lang == "zh" {
		return spokenDay(lang, slot.Day) + said
	}
	return spokenDay(lang, slot.Day) + ", " + said
}

// ignoreMissing is err unless it says that there is no appointment.
func ignoreMissing(err error) error {
	if errors.Is(err, booking.ErrNoAppointment) {
		return nil
	}
	return err
}
