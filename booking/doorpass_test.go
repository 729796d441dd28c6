package booking

import (
	"strings"
	"testing"

	"hunyue/internal/date"
)

func TestADoorPassFindsItsAppointmentAndNothingElseDoes(t *testing.T) {
	w := newWorld(t)
	a := w.book(w.slot("0900", 2))
	w.book(w.slot("0930", 2))
	pass := w.desk.DoorPass(a.Number)
	if len(pass) != 16 || !strings.HasPrefix(pass, a.Number) || strings.Trim(pass, "0123456789") != "" {
		t.Fatalf("the pass of %s is %s, want sixteen digits that begin with it", a.Number, pass)
	}
	last := pass[:15] + string('0'+(pass[15]-'0'+1)%10)
	for q, want := range map[string]int{
		pass: 1, " " + pass + "\n": 1, a.Number: 1,
		last:                  0, // one digit is wrong
		a.Number + "00000000": 0,
		pass + "0":            0,
		pass[:15]:             0,
		"0" + pass[:15]:       0,
		pass[8:] + a.Number:   0,
		a.Number + w.desk.DoorPass("10000000")[8:]: 0, // another's
	} {
		rows, err := w.desk.Search(t.Context(), office, q, date.Date{})
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != want || want == 1 && rows[0].Number != a.Number {
			t.Errorf("%q finds %d appointments, want %d", q, len(rows), want)
		}
	}
}

func TestADoorPassIsOursAlone(t *testing.T) {
	one, other := newWorld(t), newWorld(t)
	if one.desk.DoorPass("12345678") == other.desk.DoorPass("12345678") {
		t.Error("two key rings make the same pass")
	}
	seen := map[string]bool{}
	for _, number := range []string{"12345678", "12345679", "22345678", "99999999"} {
		seen[one.desk.DoorPass(number)[8:]] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d different ends of four passes", len(seen))
	}
}
