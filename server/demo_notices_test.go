package main

import (
	"testing"

	"hunyue/notify"
)

func TestTheDemoHasOneReminderInForceAndLoadingAgainAddsNone(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	for range 2 {
		if err := d.load(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	notices := &notify.Notices{DB: d.db, Clock: d.clock}
	all, err := notices.Everywhere(t.Context())
	if err != nil || len(all) != 1 || all[0].Kind != notify.WarmReminder || all[0].Author == all[0].Reviewer || !all[0].HasEnglish() {
		t.Errorf("notices of the demo: %+v, error %v", all, err)
	}
}
