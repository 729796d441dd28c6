package booking

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hunyue/internal/identity"
)

// Each scenario below is a promise that one guard keeps. It says in a few words
// how the promise was broken, or "" if it was kept. TestGuards sees every one
// kept, then switches the guard off and wants to see it broken: a test that
// passes without the guard would be worthless.
type scenario func(w *world) string

// guard is something that can be switched off: text in the SQL functions or in
// the Redis library that is replaced.
type guard struct {
	name     string
	function string // whose text is changed; empty for the Redis library
	from, to string
	also     string // SQL that switches off what stands behind it
	promise  scenario
}

var guards = []guard{
	{
		name: "1 conditional update and CHECK", function: "take_place",
		from: "AND booked + cooling < cap", to: "", also: `ALTER TABLE quota DROP CONSTRAINT never_oversold`,
		promise: neverOversold,
	},
	{
		name: "2 conditional update, CHECK alone left", function: "take_place",
		from: "AND booked + cooling < cap", to: "",
		promise: refusedAsFull,
	},
	{
		name: "3 one active appointment per person", also: `DROP INDEX one_active_per_person`,
		promise: personOnce,
	},
	{
		name: "4 replay before expiry", function: "confirm",
		from:    "SELECT o.outcome, o.appointment_id, o.quota_id, o.reason INTO before FROM hold_outcome AS o WHERE o.hold_id = h;\n\tIF NOT FOUND THEN",
		to:      "IF clock_now() >= expires THEN RAISE EXCEPTION 'hold expired' USING ERRCODE = 'HY001'; END IF;\n\tSELECT o.outcome, o.appointment_id, o.quota_id, o.reason INTO before FROM hold_outcome AS o WHERE o.hold_id = h;\n\tIF NOT FOUND THEN",
		promise: replayOutlivesTheHold,
	},
	{
		name: "5 one outcome per hold", function: "confirm",
		from: "IF before.outcome IS NOT NULL THEN", to: "IF before.outcome = 'C' THEN",
		promise: releasedStaysReleased,
	},
	{
		name: "6 the newest figures win",
		from: "new.version > old.version", to: "true",
		promise: oldFiguresDoNotReturn,
	},
	{
		name: "7 quarantine after a loss",
		from: "quarantine > 0 and now + quarantine or 0", to: "0",
		promise: lossBreaksNoPromise,
	},
	{
		name: "8 run_id compared before a grant",
		from: "if run_id() ~= rid then return {'rebuild'} end", to: "",
		promise: failoverBreaksNoPromise,
	},
	{
		name: "9 unlock only one's own lock",
		from: "if redis.call('GET', keys[1]) == args[1] then redis.call('DEL', keys[1]) end", to: "redis.call('DEL', keys[1])",
		promise: strangersLockStays,
	},
	{
		name: "10 who has not confirmed is in no appointment", function: "confirm",
		from: "p.role = 1 OR confirm.link IS NULL", to: "true", also: `ALTER TABLE party DROP CONSTRAINT unconfirmed_is_second`,
		promise: strangerBlocksNobody,
	},
}

func TestGuards(t *testing.T) {
	for i, g := range guards {
		t.Run(g.name, func(t *testing.T) {
			kept := g.promise(newWorld(t))
			if kept != "" {
				t.Errorf("with the guard: %s", kept)
			}
			w := newWorld(t)
			g.switchOff(w, fmt.Sprintf("hunyue_mutant%d", i+1))
			broken := g.promise(w)
			if broken == "" {
				t.Error("without the guard nothing is noticed")
			}
			t.Logf("fault: guard %s, switched off: %s; switched on: %s", g.name, cmp.Or(broken, "nothing was noticed"), cmp.Or(kept, "kept"))
		})
	}
}

func (g guard) switchOff(w *world, name string) {
	w.t.Helper()
	if g.also != "" {
		w.exec(g.also)
	}
	if g.from == "" {
		return
	}
	if g.function == "" {
		w.desk.Holds.Functions = name
		w.desk.Holds.Source = replaced(w.t, library, g.from, g.to)
		if err := w.desk.Holds.Load(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(func() { w.desk.Holds.Redis.FunctionDelete(w.t.Context(), name) })
		return
	}
	var body string
	if err := w.db.Get(&body, `SELECT pg_get_functiondef($1::regproc)`, g.function); err != nil {
		w.t.Fatal(err)
	}
	w.exec(replaced(w.t, body, g.from, g.to))
}

func replaced(t testing.TB, text, from, to string) string {
	t.Helper()
	if !strings.Contains(text, from) {
		t.Fatalf("the guard is no longer written as %q", from)
	}
	return strings.ReplaceAll(text, from, to)
}

// handedOut is holds that Redis was never asked for: Postgres alone decides.
func (w *world) handedOut(slot string, n int) []Hold {
	w.t.Helper()
	id := w.slotOf(slot)
	holds := make([]Hold, n)
	for i := range holds {
		key := fmt.Sprintf("handed/%d", i)
		request := w.ask(id, key)
		h, err := w.desk.handOut(grant{
			Hold: w.desk.holdID(request, 0), Quota: id.Quota(request.Channel), Epoch: 1, Generation: "another:1",
			Ends: w.desk.Clock.Now().Add(time.Minute).UnixMilli(), Session: sessionMark(w.desk.Keys, key),
		}, id)
		if err != nil {
			w.t.Fatal(err)
		}
		holds[i] = h
	}
	return holds
}

func (w *world) confirmAll(holds []Hold) []error {
	errs := make([]error, len(holds))
	applications := make([]Application, len(holds))
	for i, h := range holds {
		applications[i] = w.application(h, fmt.Sprintf("handed/%d", i), w.couple())
	}
	var all sync.WaitGroup
	for i := range holds {
		all.Go(func() { _, errs[i] = w.desk.Confirm(w.t.Context(), applications[i]) })
	}
	all.Wait()
	return errs
}

func neverOversold(w *world) string {
	slot := w.slot("0900", places)
	w.confirmAll(w.handedOut(slot.String(), rivals))
	if n := w.booked(slot); n != places {
		return fmt.Sprintf("%d booked, %d places", n, places)
	}
	return ""
}

func refusedAsFull(w *world) string {
	slot := w.slot("0900", 1)
	for _, err := range w.confirmAll(w.handedOut(slot.String(), 4)) {
		if err != nil && !errors.Is(err, ErrFull) {
			return fmt.Sprintf("a couple without a place was told: %v", err)
		}
	}
	return ""
}

func personOnce(w *world) string {
	slot := w.slot("0900", 2)
	him := w.person(identity.Male)
	for i, h := range w.handedOut(slot.String(), 2) {
		a := w.application(h, fmt.Sprintf("handed/%d", i), []Party{him, w.person(identity.Female)})
		if _, err := w.desk.Confirm(w.t.Context(), a); err != nil && !errors.Is(err, ErrPersonBusy) {
			w.t.Fatal(err)
		}
	}
	if bad := w.violations()["person_in_one_active_appointment"]; bad != 0 {
		return fmt.Sprintf("%d persons in two active appointments", bad)
	}
	return ""
}

func replayOutlivesTheHold(w *world) string {
	h, err := w.desk.Hold(w.t.Context(), w.ask(w.slot("0900", 1), "k"))
	if err != nil {
		w.t.Fatal(err)
	}
	a := w.application(h, "k", w.couple())
	if _, err := w.desk.Confirm(w.t.Context(), a); err != nil {
		w.t.Fatal(err)
	}
	w.ahead(10 * time.Minute)
	if _, err := w.desk.Confirm(w.t.Context(), a); err != nil {
		return fmt.Sprintf("a booked couple that asked again was told: %v", err)
	}
	return ""
}

func releasedStaysReleased(w *world) string {
	slot := w.slot("0900", 1)
	h, err := w.desk.Hold(w.t.Context(), w.ask(slot, "k"))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.desk.Release(w.t.Context(), h.ID, h.Token, "k"); err != nil {
		w.t.Fatal(err)
	}
	w.desk.Holds.Redis.Del(w.t.Context(), w.desk.Holds.base(slot.String())+":m") // Redis cannot say "gone"
	if _, err := w.desk.Confirm(w.t.Context(), w.application(h, "k", w.couple())); err == nil {
		return "a released hold was confirmed"
	}
	return ""
}

func oldFiguresDoNotReturn(w *world) string {
	slot := w.slot("0900", 2)
	w.book(slot)
	before, err := linesOf(w.t.Context(), w.db, office, w.day, w.day)
	if err != nil {
		w.t.Fatal(err)
	}
	w.book(slot)
	if err := w.desk.Holds.Settle(w.t.Context(), before); err != nil { // a late message
		w.t.Fatal(err)
	}
	if bad := w.violations()["redis_equals_postgres"]; bad != 0 {
		return fmt.Sprintf("%d quotas differ after a late message", bad)
	}
	return ""
}

// lossBreaksNoPromise: Redis forgets everything while a couple types.
func lossBreaksNoPromise(w *world) string {
	slot := w.slot("0900", 1)
	return w.promiseKept(slot.String(), func(base string) {
		w.desk.Holds.Redis.Del(w.t.Context(), base+":m", base+":h:"+slot.Quota("phone"))
	})
}

// failoverBreaksNoPromise: a replica takes over that has not heard of the hold.
func failoverBreaksNoPromise(w *world) string {
	slot := w.slot("0900", 1)
	return w.promiseKept(slot.String(), func(base string) {
		w.desk.Holds.Redis.HSet(w.t.Context(), base+":m", "rid", "0123456789abcdef")
		w.desk.Holds.Redis.Del(w.t.Context(), base+":h:"+slot.Quota("phone"))
	})
}

func (w *world) promiseKept(slot string, lose func(base string)) string {
	id := w.slotOf(slot)
	h, err := w.desk.Hold(w.t.Context(), w.ask(id, "first"))
	if err != nil {
		w.t.Fatal(err)
	}
	lose(w.desk.Holds.base(slot))
	rival, err := w.desk.Hold(w.t.Context(), w.ask(id, "rival"))
	if err == nil {
		if _, err := w.desk.Confirm(w.t.Context(), w.application(rival, "rival", w.couple())); err != nil {
			w.t.Fatal(err)
		}
	} else if !errors.Is(err, ErrResuming) {
		w.t.Fatal(err)
	}
	if _, err := w.desk.Confirm(w.t.Context(), w.application(h, "first", w.couple())); err != nil {
		return fmt.Sprintf("a couple that held the place was told: %v", err)
	}
	return ""
}

func strangersLockStays(w *world) string {
	him := w.desk.Person(w.person(identity.Male).Document)
	if locked, err := w.desk.Holds.lock(w.t.Context(), him, "mine", time.Minute); err != nil || !locked {
		w.t.Fatal(locked, err)
	}
	if err := w.desk.Holds.unlock(w.t.Context(), him, "yours"); err != nil {
		w.t.Fatal(err)
	}
	if locked, err := w.desk.Holds.lock(w.t.Context(), him, "yours", time.Minute); err != nil || locked {
		return "somebody else's lock was taken away"
	}
	return ""
}
