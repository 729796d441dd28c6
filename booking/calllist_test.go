package booking

import (
	"context"
	"log/slog"
	"testing"

	"github.com/google/uuid"

	"hunyue/notify"
	"hunyue/slots"
)

// deaf refuses every message.
type deaf struct{ notify.NoChannel }

func (deaf) Send(context.Context, notify.Message) error { return notify.ErrRefused }

// tell sends what is to be sent, in vain.
func (w *world) tell() {
	w.t.Helper()
	texts, err := notify.ParseTexts("武陵民政")
	if err != nil {
		w.t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	sender := &notify.Sender{DB: w.db, Channel: deaf{}, Texts: texts, Keys: w.desk.Keys, Clock: w.desk.Clock, Lookup: w.desk.Letter}
	worker := &notify.Worker{
		DB: w.db, Outbox: notify.NewOutbox(w.db, w.desk.Clock, log), Log: log,
		Handlers: map[notify.Topic]notify.Handler{notify.TopicMessage: sender, notify.TopicSettle: w.desk},
	}
	if err := worker.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// Domain rule 57: everybody whom a suspension takes away is on the call list, once,
// until they are reached; also if their texts fail before or after.
func TestASuspensionPutsEveryCoupleOnTheCallListOnce(t *testing.T) {
	w := newWorld(t)
	list, ctx := &notify.CallList{DB: w.db}, t.Context()
	slot := w.slot("0900", 50)
	const couples = 43
	for range couples {
		w.book(slot)
	}
	w.tell() // that they are booked: nobody can be told of that but by phone
	booked, err := list.Open(ctx, office, 100)
	if err != nil || len(booked) != couples || booked[0].Reason != notify.Booked {
		t.Fatalf("%d couples to be told that they are booked, want %d (%v)", len(booked), couples, err)
	}
	closing := slots.Closing{Office: office, From: w.day, To: w.day, Mode: slots.Full, Reason: "停电"}
	if done, err := w.desk.Suspend(ctx, closing, "manager", false); err != nil || len(done.Affected) != couples {
		t.Fatalf("%d affected, %v", len(done.Affected), err)
	}
	w.listed(list, couples)
	w.tell()
	w.listed(list, couples)

	for n := range couples {
		call, there, err := list.Next(ctx, "staff:anna", office, false)
		if err != nil || !there {
			t.Fatalf("after %d calls: %v, %v", n, there, err)
		}
		if err := list.Record(ctx, "staff:anna", office, notify.Called{ID: call.ID, Outcome: notify.Reached, Key: uuid.NewString()}); err != nil {
			t.Fatal(err)
		}
	}
	w.listed(list, 0)
	w.exec(`UPDATE outbox SET state = 'pending', due_at = at WHERE kind = 'cancelled_by_office'`) // a worker was very late
	w.tell()
	w.listed(list, 0)
	tallies, err := list.Progress(ctx, office, w.desk.Clock.Now().Add(-1))
	if err != nil || len(tallies) != 0 {
		t.Errorf("progress of what is over: %+v, %v", tallies, err)
	}
	tallies, err = list.Progress(ctx, office, w.day.AddDays(-30).In(china))
	if err != nil || len(tallies) != 1 || tallies[0].Suspension == 0 || tallies[0].Reached != couples || tallies[0].Left() != 0 {
		t.Errorf("progress %+v, want %d of a suspension reached, %v", tallies, couples, err)
	}
	w.check()
}

// listed checks how many couples are on the call list, each of them once and for
// the suspension.
func (w *world) listed(list *notify.CallList, want int) {
	w.t.Helper()
	open, err := list.Open(w.t.Context(), office, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	seen := map[int64]bool{}
	for _, call := range open {
		if call.Reason != notify.CancelledByOffice || call.Suspension == 0 || seen[call.Appointment] {
			w.t.Errorf("on the list: %+v", call)
		}
		seen[call.Appointment] = true
	}
	if len(seen) != want {
		w.t.Errorf("%d couples are on the call list, want %d", len(seen), want)
	}
}
