package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/notify"
)

var errCrash = errors.New("the process is gone")

// crash handles what is due in a process that dies while it talks to the
// channel: its database connections end, so that it can note nothing.
func (h *hall) crash(t *testing.T, accepted bool) {
	t.Helper()
	db := h.another(t)
	dying := *h.sender
	dying.DB = db
	die := func(notify.Message) error { db.Close(); return errCrash }
	if accepted {
		h.post.after = die
	} else {
		h.post.before = die
	}
	w := h.workerOf(db, map[notify.Topic]notify.Handler{notify.TopicMessage: &dying, notify.TopicCode: &dying})
	if err := w.Drain(t.Context()); err == nil {
		t.Fatal("the worker did not crash")
	}
	h.post.before, h.post.after = nil, nil
}

func TestAMessageOutlivesACrash(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name              string
		accepted, forgets bool
		texts             int
		attempts          []string
	}{
		{"before the channel took it", false, false, 1, []string{"failed missing", "sent"}},
		{"after the channel took it", true, false, 1, []string{"sent"}},
		{"before, and the channel cannot tell", false, true, 1, []string{"failed unknown", "sent"}},
		{"after, and the channel cannot tell", true, true, 2, []string{"failed unknown", "sent"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHall(t)
			h.post.forgets = c.forgets
			h.appointment(t)
			h.crash(t, c.accepted)
			if diff := cmp.Diff([]string{"sending"}, h.attempts(t)); diff != "" {
				t.Errorf("attempts at the crash (-want +got):\n%s", diff)
			}
			h.shift(t, 61*time.Second) // the lease of the dead
			h.drain(t)
			got := len(h.post.kinds())
			if got != c.texts {
				t.Errorf("%d texts, want %d", got, c.texts)
			}
			t.Logf("fault: the program dies %s: messages sent: %d", c.name, got)
			if diff := cmp.Diff(c.attempts, h.attempts(t)); diff != "" {
				t.Errorf("attempts (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"booked done"}, h.states(t)); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
		})
	}
}

func TestACodeIsNeverSentTwice(t *testing.T) {
	t.Parallel()
	for _, accepted := range []bool{false, true} {
		for _, forgets := range []bool{false, true} {
			t.Run(fmt.Sprintf("taken %t, forgotten %t", accepted, forgets), func(t *testing.T) {
				t.Parallel()
				h := newHall(t)
				h.post.forgets = forgets
				h.request(t)
				h.crash(t, accepted)
				for turn := range 6 {
					h.shift(t, time.Duration(turn)*61*time.Second)
					h.drain(t)
				}
				got := len(h.post.kinds())
				if got > 1 || got == 1 != accepted {
					t.Errorf("sent %d times by a process that died (taken: %t)", got, accepted)
				}
				t.Logf("fault: the program dies with a code in hand (taken by the channel %t, forgotten there %t): messages sent: %d", accepted, forgets, got)
				want := "code failed"
				if accepted && !forgets {
					want = "code done"
				}
				if diff := cmp.Diff([]string{want}, h.states(t)); diff != "" {
					t.Errorf("states (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestAnAnswerThatIsLostCostsOneDuplicateAtMost(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.post.forgets = true
	h.post.after = func(notify.Message) error { return context.DeadlineExceeded }
	h.appointment(t)
	for turn := range 8 {
		h.shift(t, time.Duration(turn)*time.Hour)
		h.drain(t)
	}
	got, calls := len(h.post.kinds()), h.calls(t)
	if got != 2 {
		t.Errorf("sent %d times to a phone of which nothing is heard, want 2", got)
	}
	if diff := cmp.Diff([]string{"booked"}, calls); diff != "" {
		t.Errorf("call list (-want +got):\n%s", diff)
	}
	t.Logf("fault: every answer of the channel lost, and it cannot tell: messages sent: %d, then on the call list: %d", got, len(calls))
}

func TestNothingIsRepeatedUntilTheChannelCanBeAsked(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.post.mute = true
	h.post.after = func(notify.Message) error { return context.DeadlineExceeded }
	h.appointment(t)
	for turn := range 4 {
		h.shift(t, time.Duration(turn)*time.Minute)
		h.drain(t)
	}
	h.post.mute = false
	h.shift(t, time.Hour)
	h.drain(t)
	got := len(h.post.kinds())
	if got != 1 {
		t.Errorf("sent %d times, want 1", got)
	}
	if diff := cmp.Diff([]string{"booked done"}, h.states(t)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	t.Logf("fault: an answer lost while the channel cannot be asked: messages sent: %d", got)
}

func TestAMessageWaitsForABusyChannel(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.post.before = func(notify.Message) error { return fmt.Errorf("%s: %w", mobile, notify.ErrBusy) }
	h.appointment(t)
	h.drain(t)
	h.post.before = nil
	h.drain(t)
	if got := h.post.kinds(); len(got) != 0 {
		t.Errorf("sent %v before its next turn", got)
	}
	h.shift(t, 6*time.Second)
	h.drain(t)
	if diff := cmp.Diff([]string{"failed busy", "sent"}, h.attempts(t)); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}

func TestAMessageThatIsRefusedIsCalled(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.sender.Channel = notify.NoChannel{}
	h.appointment(t)
	h.drain(t)
	if diff := cmp.Diff([]string{"booked failed"}, h.states(t)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"booked"}, h.calls(t)); diff != "" {
		t.Errorf("call list (-want +got):\n%s", diff)
	}
}

func TestALandlineIsCalled(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.letter.Phone, h.letter.SMS = landline, false
	a := h.appointment(t)
	h.remind(t, a)
	h.drain(t)
	if got := h.post.kinds(); len(got) != 0 {
		t.Errorf("sent %v to a landline", got)
	}
	if diff := cmp.Diff([]string{"booked", "reminder"}, h.calls(t)); diff != "" {
		t.Errorf("call list (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"booked done", "reminder done"}, h.states(t)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestAReminderIsDroppedOnceItsDayIsGivenUp(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	cancelled, moved, past := h.appointment(t), h.appointment(t), h.appointment(t)
	h.remind(t, cancelled)
	h.remind(t, moved)
	h.move(t, cancelled, "cancelled")
	if err := notify.Enqueue(t.Context(), h.db, notify.Moved, moved); err != nil {
		t.Fatal(err)
	}
	h.remind(t, moved) // of the new day
	h.drain(t)
	h.letter.StartsAt = h.clock.Now().Add(-time.Minute)
	h.remind(t, past)
	h.drain(t)
	h.remind(t, cancelled) // by somebody who had not seen it
	h.drain(t)
	got := h.states(t)
	slices.Sort(got)
	want := []string{
		"booked done", "booked done", "booked done", "cancelled done", "moved done",
		"reminder done", "reminder dropped", "reminder dropped", "reminder dropped", "reminder dropped",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestATextSaysWhatIsTrueWhenItIsSent(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	dev := &notify.DevChannel{DB: h.db}
	h.sender.Channel = dev
	h.appointment(t)
	h.letter.StartsAt = h.letter.StartsAt.AddDate(0, 0, 1)
	h.drain(t)
	got, err := dev.Messages(t.Context(), mobile)
	if err != nil {
		t.Fatal(err)
	}
	want := "【武陵民政】预约成功：5月21日周二09:30，武陵区婚姻登记处，预约号26052038。请当事人带身份证件原件到场。"
	if len(got) != 1 || got[0].Text != want || got[0].Kind != notify.Booked || got[0].Code != "" || got[0].Phone != mobile {
		t.Errorf("got %+v\nwant %s", got, want)
	}
	if others, err := dev.Messages(t.Context(), "13800000009"); err != nil || len(others) != 0 {
		t.Errorf("another phone has %v, error %v", others, err)
	}
}

// TestNothingPersonalIsLoggedOrKept fails in every way there is, with a channel
// whose errors say everything they know.
func TestNothingPersonalIsLoggedOrKept(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.letter.Number = "31415926"
	var code string
	talks := func(answer error) func(notify.Message) error {
		return func(m notify.Message) error {
			if m.Code != "" {
				code = m.Code
			}
			return fmt.Errorf("POST /send?to=%s&text=%s: %w", m.To, m.Text, answer)
		}
	}
	for i, answer := range []error{errCrash, notify.ErrBusy, notify.ErrRefused, context.DeadlineExceeded} {
		h.shift(t, time.Duration(i)*time.Hour)
		h.post.after = talks(answer)
		h.post.mute = i < 3
		h.appointment(t)
		h.request(t)
		h.drain(t)
		h.drain(t)
	}
	h.shift(t, 10*time.Hour)
	h.drain(t)
	if code == "" || !strings.Contains(h.log.String(), "event not done") {
		t.Fatalf("no failure is in the log:\n%s", h.log)
	}
	kept := strings.Join(h.texts(t, `SELECT to_jsonb(outbox)::text FROM outbox UNION ALL SELECT to_jsonb(attempt)::text FROM attempt
		UNION ALL SELECT to_jsonb(contact)::text FROM contact UNION ALL SELECT to_jsonb(phone_code)::text FROM phone_code`), "\n")
	for name, canary := range map[string]string{"phone": mobile, "code": code, "number": h.letter.Number, "text": "预约"} {
		if strings.Contains(h.log.String(), canary) {
			t.Errorf("the %s is in the log:\n%s", name, h.log)
		}
		if name != "code" && strings.Contains(kept, canary) { // six digits may be part of anything
			t.Errorf("the %s is in the database:\n%s", name, kept)
		}
	}
	if got := h.texts(t, `SELECT id::text FROM phone_code WHERE sealed IS NOT NULL`); len(got) != 0 {
		t.Errorf("codes %v are kept after they were sent", got)
	}
}
