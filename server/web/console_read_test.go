package web

import (
	"testing"
	"time"

	"hunyue/internal/date"
)

// What the single box is read as, on Wednesday 20 May 2026.
func TestTheBoxIsReadAsWhatWasMeant(t *testing.T) {
	now := time.Date(2026, 5, 20, 9, 41, 0, 0, shanghai)
	for _, c := range []struct {
		typed string
		as    meaning
		what  string // the phone, the text, the day or what is wrong
	}{
		{"", meansNothing, ""},
		{"  ", meansNothing, ""},
		{"13800000001", meansPhone, "13800000001"},
		{"138 0000 0001", meansPhone, "13800000001"},
		{"１３８００００００００１", meansPhone, "digits"}, // twelve of them
		{"1380000000", meansPhone, "digits"},
		{"138 0000 00012", meansPhone, "digits"},
		{"１３８０００００００１", meansPhone, "13800000001"},
		{"+86 138-0000-0001", meansPhone, "13800000001"},
		{"07367123456", meansPhone, "07367123456"},
		{"0736-7123456", meansPhone, "07367123456"},
		{"0736 7123456", meansPhone, "07367123456"},
		{"7123456", meansPhone, "7123456"},
		{"+85261234567", meansPhone, "+85261234567"},
		{"430799199003070014", meansDocument, "430799199003070014"},
		{"430799 19900307 0014", meansDocument, "430799199003070014"},
		{"43079919900307001", meansDocument, "format"},
		{"430799199003070013", meansDocument, "check_digit"},
		{"4307991990030700145", meansDocument, "too_long"},
		{"H12345678", meansDocument, "H12345678"},
		{"e12345678", meansDocument, "E12345678"},
		{"26052038", meansNumber, "26052038"},
		{"2605 2038", meansNumber, "26052038"},
		{"2605203812345678", meansPass, "2605203812345678"},
		{"0520", meansDay, "2026-05-20"},
		{"520", meansDay, "2026-05-20"},
		{"0519", meansDay, "2027-05-19"},
		{"1225", meansDay, "2026-12-25"},
		{"0229", meansDay, "2028-02-29"},
		{"0230", meansDay, "date"},
		{"1301", meansDay, "date"},
		{"13月1日", meansDay, "date"},
		{"5月21日", meansDay, "2026-05-21"},
		{"5.21", meansDay, "2026-05-21"},
		{"5/21", meansDay, "2026-05-21"},
		{"21号", meansDay, "2026-05-21"},
		{"19日", meansDay, "2026-06-19"},
		{"31日", meansDay, "2026-05-31"},
		{"周三", meansDay, "2026-05-27"},
		{"周四", meansDay, "2026-05-21"},
		{"星期天", meansDay, "2026-05-24"},
		{"礼拜一", meansDay, "2026-05-25"},
		{"下周三", meansDay, "2026-05-27"},
		{"下周一", meansDay, "2026-05-25"},
		{"今天", meansDay, "2026-05-20"},
		{"明天", meansDay, "2026-05-21"},
		{"+3", meansDay, "2026-05-23"},
		{"＋3", meansDay, "2026-05-23"},
		{"2026-06-01", meansDay, "2026-06-01"},
		{"zs", meansInitials, "zs"},
		{"ZS", meansInitials, "zs"},
		{"z", meansUnknown, ""},
		{"张三", meansName, "张三"},
		{"张", meansName, "short"},
		{"买买提·吐尔逊", meansName, "买买提·吐尔逊"},
		{"买买提•吐尔逊", meansName, "买买提·吐尔逊"},
		{"Maria Schmidt", meansName, "Maria Schmidt"},
		{">停办", meansCommand, "停办"},
		{"》help", meansCommand, "help"},
		{">", meansCommand, ""},
		{"12345", meansUnknown, ""},
		{"@#", meansUnknown, ""},
	} {
		got := readBox(c.typed, now)
		what := got.text + got.phone.Number() + got.wrong
		if got.as == meansDay && got.wrong == "" {
			what = got.day.String()
		}
		if got.as != c.as || what != c.what {
			t.Errorf("%q is read as %s %q, want %s %q", c.typed, got.as, what, c.as, c.what)
		}
	}
}

// A day that is read is never past, whatever day it is.
func TestADayThatIsReadIsAhead(t *testing.T) {
	today := date.Date{Year: 2026, Month: time.January, Day: 1}
	for range 800 {
		for _, typed := range []string{"0101", "1231", "0229", "周一", "周日", "下周五", "1日", "31日", "+0"} {
			day, is := readDay(typed, today)
			if !is || day.Before(today) || day.DaysSince(today) > 366*8 {
				t.Fatalf("%s on %s is %s, %t", typed, today, day, is)
			}
		}
		today = today.AddDays(1)
	}
}
