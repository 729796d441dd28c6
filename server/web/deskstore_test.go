package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hunyue/server/auth"
)

// listed asks for the list as the store does.
func (v *visitor) listed(tag string) (deskList, string) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.server.URL+"/desk/list.json?office="+office, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	v.answer(r)
	var list deskList
	if v.Status == http.StatusOK {
		if err := json.Unmarshal([]byte(v.body), &list); err != nil {
			v.t.Fatal(err, v.body)
		}
	}
	return list, v.header.Get("ETag")
}

func TestADeskIsGivenTheListOnceAndMasked(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:40")
	v := tn.well(auth.Hall)
	looks := `SELECT count(*) FROM audit WHERE action = 'list'`
	before := tn.count(looks)
	list, tag := v.listed("")
	if len(list.Rows) != 1 || list.Rows[0].Number != number || !slices.Equal(list.Rows[0].Names, []string{"张*", "李*"}) || list.Letter != "C" {
		t.Fatalf("the list is %+v", list)
	}
	row := list.Rows[0]
	if number+row.Pass != tn.Desk.DoorPass(number) || !slices.Equal(row.Tails, []string{him[14:], her[14:]}) || row.Phone != hisPhone[7:] {
		t.Errorf("the couple is found by %q %q %q", row.Pass, row.Tails, row.Phone)
	}
	for _, secret := range []string{"张三", him, hisPhone} {
		if strings.Contains(v.body, secret) {
			t.Errorf("the list tells %s", secret)
		}
	}
	if again, _ := v.listed(tag); v.Status != http.StatusNotModified || len(again.Rows) != 0 {
		t.Errorf("the same list: %d, %d rows; want 304 and none", v.Status, len(again.Rows))
	}
	if n := tn.count(looks) - before; n != 1 {
		t.Errorf("%d looks are noted, want 1", n)
	}
	if other, _ := tn.staff(auth.Manager).listed(""); other.Letter != "D" {
		t.Errorf("the next desk has the letter %q, want D", other.Letter)
	}
	if same, _ := v.listed(""); same.Letter != "C" {
		t.Errorf("the desk has the letter %q now, want C", same.Letter)
	}
}

func TestTheKeptPageOfTheDeskNamesNobody(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:40")
	v := tn.well(auth.Hall)
	v.get("/desk?office="+office).want(http.StatusOK, number, "张*")
	v.get("/desk/shell?office="+office).want(http.StatusOK, "武陵区婚姻登记处", "本机")
	for _, told := range []string{number, "张", "李", ">" + auth.Hall + "<"} {
		if i := strings.Index(v.body, told); i >= 0 {
			t.Errorf("the kept page tells %s: %s", told, v.body[max(0, i-80):i+80])
		}
	}
}
