package web

import (
	"net/http"
	"testing"
	"time"
)

// maintained opens the town anew with a maintenance.
func (tn *town) maintained(from, to string) {
	tn.t.Helper()
	at := func(moment string) time.Time {
		t, err := time.ParseInLocation("2006-01-02 15:04", moment, shanghai)
		if err != nil {
			tn.t.Fatal(err)
		}
		return t
	}
	tn.Maintenance = Maintenance{From: at(from), To: at(to)}
	tn.open()
}

func TestMaintenanceIsToldBeforehandAndKeepsItsHours(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.maintained("2026-05-18 23:00", "2026-05-19 01:00")
	v := tn.visitor()
	v.get("/").want(http.StatusOK, "5月18日 周一 23:00 到 5月19日 周二 01:00 系统维护")
	v.book()
	own := v.URL.Path
	v.get(theDay).want(http.StatusOK, "5月18日 周一 23:00")
	v.send(theDay, "slot", slotAt("0930")).want(http.StatusOK, "填写双方信息")

	tn.at("2026-05-18 23:00")
	v.send("/book/check", couple()...).want(http.StatusServiceUnavailable, "系统维护中", "到 5月19日 周二 01:00 为止", "您填写的内容没有丢")
	if v.header.Get("Retry-After") != "7200" {
		t.Errorf("Retry-After is %q, want two hours", v.header.Get("Retry-After"))
	}
	v.send("/book/details").want(http.StatusOK, "填写双方信息") // what was typed is still there
	v.get(theDay).want(http.StatusOK, "系统正在维护", "0736-7250001")
	if n := len(v.radios()); n > 0 {
		t.Errorf("%d times can be chosen", n)
	}
	v.get(own).want(http.StatusOK, "预约成功")
	v.get(own+"/cancel").send(own+"/cancel/code").want(http.StatusServiceUnavailable, "系统维护中")

	tn.at("2026-05-19 01:00")
	if text := v.get("/").text(); v.Status != http.StatusOK || len(v.get(theDay).radios()) == 0 {
		t.Errorf("afterwards nothing can be chosen:\n%s", text)
	}
	v.get(own+"/cancel").send(own+"/cancel/code").want(http.StatusOK, "验证码已发送")
}

func TestStaffWorkDuringMaintenance(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.maintained("2026-05-18 09:00", "2026-05-18 11:00")
	v := tn.staff("operator").get("/call" + theDay)
	v.send("/call"+theDay, "slot", nineClock).want(http.StatusOK, "填写双方信息")
}
