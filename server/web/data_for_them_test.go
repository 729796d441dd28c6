package web

import (
	"net/http"
	"strings"
	"testing"

	"hunyue/booking"
	"hunyue/server/auth"
)

// Domain rule 83: what a couple does about its data online is done at the desk and on
// the phone too, by staff, as themselves, and for as long as they are signed in.
func TestStaffDoForACoupleWhatItCouldDoItself(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	data := dataAt(number)
	hidden := func(v *visitor) {
		t.Helper()
		for _, full := range []string{"张三", "李四", him, her, hisPhone} {
			if strings.Contains(v.text(), full) {
				t.Errorf("%s shows %s", v.URL.Path, full)
			}
		}
	}
	noted := func(action, actor string, want int) {
		t.Helper()
		if n := tn.count(`SELECT count(*) FROM audit WHERE action = $1 AND actor = $2`, action, actor); n != want {
			t.Errorf("%d rows of %s by %s, want %d", n, action, actor, want)
		}
	}

	desk, at := tn.staff(auth.Hall), "/desk/"+number
	hidden(desk.get(data))
	hidden(desk.get(at).send(at+"/data").want(http.StatusUnprocessableEntity, "请选择理由"))
	noted("data_opened", "staff:hall", 0)
	desk.send(at+"/data", "unmask", "correct").want(http.StatusOK, "您在替当事人办理，到 09:05 为止", "张三", him, hisPhone)
	noted("unmasked", "staff:hall", 1)
	noted("data_opened", "staff:hall", 1)
	if desk.get(data + ".json"); !strings.Contains(desk.body, him) {
		t.Error("the copy does not hold their number")
	}
	desk.get(data+"/correct").send(data+"/correct", "parties.0.name", "张三丰").want(http.StatusOK, "张三丰", "您在替当事人办理")
	noted("data_corrected", "staff:hall", 1)
	hidden(tn.visitor().signIn(auth.Hall).get(data)) // another browser of theirs
	desk.send(at+"/data", "step", "leave").want(http.StatusOK, "张**")
	hidden(desk.get(data))

	desk.get(at).send(at+"/data", "unmask", "correct").want(http.StatusOK, him)
	kept := desk.client.Jar
	desk.get("/desk").send("/staff/logout")
	desk.client.Jar = kept
	hidden(desk.get(data)) // they are signed out

	tn.end(number, booking.NoShow)
	phone, called := tn.staff(auth.Operator), "/call/"+number
	phone.get(called).send(called+"/data", "unmask", "callback").want(http.StatusOK, him)
	phone.get(data+"/delete").send(data+"/delete").want(http.StatusOK, "删除")
	noted("data_erased", "staff:operator", 1)
	hidden(phone.get(called))
}

// What is opened for a couple shuts by itself.
func TestWhatStaffOpenedShutsAfterAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	desk, at := tn.staff(auth.Hall), "/desk/"+number
	desk.get(at).send(at+"/data", "unmask", "correct").want(http.StatusOK, him)
	for range 2 {
		tn.later(permissionFor/2 + 1)
		desk.get(at) // they stay signed in
	}
	if desk.get(dataAt(number)); strings.Contains(desk.text(), him) {
		t.Error("it is still open")
	}
}
