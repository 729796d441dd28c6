package notify_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/postgres"
	"hunyue/notify"
)

func TestAnEventIsWrittenWithItsChangeOrNotAtAll(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	undo := errors.New("undo")
	err := postgres.InTx(t.Context(), h.db, func(tx postgres.Querier) error {
		h.exec(t, tx, `SELECT enqueue_settle('q')`)
		h.exec(t, tx, `SELECT add_contact(7, 'booked')`)
		if err := notify.Enqueue(t.Context(), tx, notify.CancelledByOffice, 7); err != nil {
			t.Fatal(err)
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	if got := append(h.states(t), h.calls(t)...); len(got) != 0 {
		t.Errorf("a change that was undone left %q", got)
	}
	a := h.appointment(t)
	h.move(t, a, "cancelled")
	if diff := cmp.Diff([]string{"booked pending", "cancelled pending"}, h.states(t)); diff != "" {
		t.Errorf("two changes (-want +got):\n%s", diff)
	}
}

func TestACancellationByTheOfficeIsAlsoCalled(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	a := h.appointment(t)
	h.move(t, a, "cancelled_by_office")
	h.exec(t, h.db, `SELECT add_contact($1, 'cancelled_by_office')`, a)
	h.drain(t)
	if diff := cmp.Diff([]notify.Kind{notify.Booked, notify.CancelledByOffice}, h.post.kinds()); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"cancelled_by_office"}, h.calls(t)); diff != "" {
		t.Errorf("call list (-want +got):\n%s", diff)
	}
}

func TestAnUnknownMessageIsNotEnqueued(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	if err := notify.Enqueue(t.Context(), h.db, "greetings", 7); postgres.State(err) != "23514" {
		t.Errorf("got %v, want a breach of the check", err)
	}
}

func TestAgeIsThatOfTheOldestPendingEvent(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.appointment(t)
	h.shift(t, time.Hour)
	h.appointment(t)
	age, err := h.outbox.Age(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := age[notify.TopicMessage]; got < time.Hour || got > time.Hour+time.Minute {
		t.Errorf("oldest message is %s old, want an hour", got)
	}
	if got, waiting := age[notify.TopicSettle]; waiting {
		t.Errorf("a settlement has waited %s, want none", got)
	}
}

func TestPurgeKeepsWhatIsStillNeeded(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.sender.Channel = &notify.DevChannel{DB: h.db}
	codes := &notify.Codes{DB: h.db, Keys: h.keys, Outbox: h.outbox, Limits: true}
	count := func() []string {
		return h.texts(t, `
			SELECT concat_ws(' ', (SELECT count(*) FROM outbox), (SELECT count(*) FROM attempt),
				(SELECT count(*) FROM phone_code), (SELECT count(*) FROM dev_message))`)
	}
	h.appointment(t)
	if err := codes.Request(t.Context(), mobile, "zh", ""); err != nil {
		t.Fatal(err)
	}
	h.drain(t)
	h.appointment(t) // pending: never purged
	steps := []struct {
		after time.Duration
		gone  int64
		left  string
	}{
		{23 * time.Hour, 0, "3 2 1 2"},
		{25 * time.Hour, 1, "3 2 0 2"}, // the code counts for a day
		{7*24*time.Hour + time.Hour, 4, "1 0 0 0"},
	}
	for _, s := range steps {
		h.shift(t, s.after)
		gone, err := h.outbox.Purge(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if left := count()[0]; gone != s.gone || left != s.left {
			t.Errorf("after %s: %d purged, %s left; want %d and %s", s.after, gone, left, s.gone, s.left)
		}
	}
}
