package main

import (
	"time"

	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/slots"
)

// demoPassword is known to everybody. That is why demo mode is refused in
// public.
const demoPassword = "demo-hunyue-2026"

// demoAhead is how many days after today are published. On the last of them
// places go on sale this morning, so that a release can be watched.
const demoAhead = 30

// demoStaff is the staff of demo mode, one for each role. Those who look over
// the system see no appointments, so they work for no office.
func demoStaff() []auth.NewUser {
	main, all := []string{demoOffices()[0].ID}, []string{}
	for _, o := range demoOffices() {
		all = append(all, o.ID)
	}
	from, to := date.Date{Year: 2020, Month: time.January, Day: 1}, date.Date{Year: 2099, Month: time.December, Day: 31}
	return []auth.NewUser{
		{Username: "operator", Name: "热线话务员", Roles: []string{auth.Operator}, Offices: main},
		{Username: "hall", Name: "大厅引导员", Roles: []string{auth.Hall}, Offices: main},
		{Username: "registrar", Name: "婚姻登记员", Roles: []string{auth.Registrar}, Offices: main, CertificateFrom: from, CertificateTo: to},
		{Username: "manager", Name: "登记处主任", Roles: []string{auth.Manager}, Offices: main, CertificateFrom: from, CertificateTo: to},
		{Username: "district", Name: "民政局值班", Roles: []string{auth.District}, Offices: all},
		{Username: "auditor", Name: "审计员", Roles: []string{auth.Auditor}},
		{Username: "sysadmin", Name: "系统管理员", Roles: []string{auth.SysAdmin}},
		{Username: "secadmin", Name: "安全管理员", Roles: []string{auth.SecAdmin}},
	}
}

// demoOffices is three offices of one city. Their streets and numbers are made
// up.
func demoOffices() []slots.Office {
	every := []slots.Service{}
	for _, id := range []string{
		"marriage", "remarriage", "marriage_makeup", "divorce_apply",
		"reissue_marriage", "reissue_divorce", "archive_query", "counselling", "ceremony",
	} {
		every = append(every, slots.Service{ID: id})
	}
	return []slots.Office{
		{
			ID: "430702", Name: "武陵区婚姻登记处", NameEN: "Wuling District Marriage Registry",
			Address: "武陵区示例路 1 号（演示地址）", Phone: "0736-0000001", Position: 1, Services: every,
		},
		{
			ID: "430703", Name: "鼎城区婚姻登记处", NameEN: "Dingcheng District Marriage Registry",
			Address: "鼎城区示例路 2 号（演示地址）", Phone: "0736-0000002", Position: 2, Services: every,
		},
		{
			ID: "430725", Name: "桃源县婚姻登记处", NameEN: "Taoyuan County Marriage Registry",
			Address: "桃源县示例路 3 号（演示地址）", Phone: "0736-0000003", Position: 3, Services: every[:1],
		},
	}
}

// demoWeek is an ordinary week. Each slot has places of each group on every
// channel.
func demoWeek() slots.Template {
	workday := []slots.Period{{From: 9 * 60, To: 12 * 60}, {From: 14*60 + 30, To: 17 * 60}}
	return slots.Template{
		SlotMinutes: 30,
		Weekdays: slots.Week{
			"mon": workday, "tue": workday, "wed": workday, "thu": workday, "fri": workday,
			"sat": {{From: 9 * 60, To: 12 * 60}},
		},
		Capacity: slots.Capacity{slots.Marriage: 10, slots.Divorce: 5, slots.Other: 5},
	}
}

// demoRules lets one book for today, which the demo opens round the clock at
// once, on every channel. The second office registers couples from abroad.
func demoRules(office string) slots.Rules {
	r := slots.DefaultRules()
	abroad := office == demoOffices()[1].ID
	r.XBForeign, r.XBHMT, r.XBOverseas = abroad, abroad, abroad
	r.LeadDays, r.SpecialNoticeDays = 0, 0
	r.KeepShares = true
	r.Shares = slots.Shares{Web: 60, Phone: 20, Counter: 20}
	r.ExactCounts = true
	return r
}
