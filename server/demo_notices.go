package main

import (
	"context"
	"fmt"

	"hunyue/internal/date"
	"hunyue/notify"
)

// byDemoReview is the second person, who publishes what byDemo has written.
const byDemoReview = "demo-review"

// demoNoticeKey is the form in which the reminder of demo mode was written.
const demoNoticeKey = "6f0a4c5e-2f4b-4a53-9a55-3c1d7f2b9e01"

// demoNotice is a reminder of every office that holds from a day on.
func demoNotice(from date.Date) notify.Words {
	return notify.Words{
		Kind: notify.WarmReminder, Audience: notify.ForAll, From: from,
		TitleZH: "来登记前请看一遍要带的材料",
		BodyZH: "双方都要到场，各带本人的身份证件原件；结婚登记另带双方近期 2 寸半身免冠合影 3 张。内地居民不需要户口簿。\n\n" +
			"来不了请在前一天 24:00 前取消或改期，把名额留给别人。没有预约也可以到现场办理。",
		TitleEN: "Look through what to bring before you come",
		BodyEN: "Both of you have to come, each with the original identity document. For a marriage bring three recent 2-inch photos of the two of you together, no hats. " +
			"Mainland residents do not need the household register.\n\n" +
			"If you cannot come, cancel or change by the end of the day before, so that others can have the place. You may also come without an appointment.",
	}
}

// tell publishes the reminder, once.
func (d *demoWorld) tell(ctx context.Context) error {
	notices := &notify.Notices{DB: d.db, Clock: d.clock}
	kept, err := notices.Kept(ctx, nil, 1)
	if err != nil {
		return err
	}
	var ref notify.NoticeRef
	if len(kept) > 0 {
		if kept[0].Author != byDemo || kept[0].Version > 1 {
			return nil // somebody has written since
		}
		ref = notify.NoticeRef{ID: kept[0].ID, Version: kept[0].Version}
	} else if ref, err = notices.Write(ctx, byDemo, notify.Writing{Words: demoNotice(d.day()), Key: demoNoticeKey}); err != nil {
		return fmt.Errorf("demo notice: %w", err)
	}
	if err := notices.Move(ctx, byDemo, ref, notify.HandedIn, ""); err != nil {
		return fmt.Errorf("demo notice: %w", err)
	}
	if err := notices.Move(ctx, byDemoReview, ref, notify.Published, ""); err != nil {
		return fmt.Errorf("demo notice: %w", err)
	}
	return nil
}
