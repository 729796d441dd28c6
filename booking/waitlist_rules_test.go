package booking

import (
	"errors"
	"sync"
	"testing"
	"time"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/slots"
)

func TestAnOfferIsKeptForItsMinutesInTheHoursOfTheOffice(t *testing.T) {
	t.Parallel()
	rules := slots.DefaultRules()
	day := date.Date{Year: 2026, Month: time.May, Day: 18}
	at := func(days, hour, minute, second int) time.Time {
		d := day.AddDays(days)
		return time.Date(d.Year, d.Month, d.Day, hour, minute, second, 0, china)
	}
	deadline := at(2, 0, 0, 0)
	for name, c := range map[string]struct{ now, until, again time.Time }{
		"a whole minute":         {at(0, 10, 0, 0), at(0, 10, 30, 0), time.Time{}},
		"to the end of one":      {at(0, 10, 0, 1), at(0, 10, 31, 0), time.Time{}},
		"before the hours":       {at(0, 7, 0, 0), time.Time{}, at(0, 8, 30, 0)},
		"to the very end":        {at(0, 19, 30, 0), at(0, 20, 0, 0), time.Time{}},
		"too late for today":     {at(0, 19, 31, 0), time.Time{}, at(1, 8, 30, 0)},
		"too late for any day":   {at(1, 19, 31, 0), time.Time{}, time.Time{}},
		"the last minutes of it": {at(1, 19, 30, 0), at(1, 20, 0, 0), time.Time{}},
	} {
		if until, again := offerTime(c.now, china, rules, deadline); !until.Equal(c.until) || !again.Equal(c.again) {
			t.Errorf("%s: until %s, again %s; want %s, %s", name, until, again, c.until, c.again)
		}
	}
}

func TestNothingIsOfferedOutsideTheHours(t *testing.T) {
	w, _, booked := waitWorld(t, 1)
	waiter := w.joined()
	w.at(1, 19, 45)
	w.frees(booked[0])
	theirs := map[string]Waiter{"they": waiter}
	w.states(map[string]WaitState{"they": Waiting}, theirs)
	w.at(2, 8, 0)
	w.warms()
	w.states(map[string]WaitState{"they": Waiting}, theirs)
	w.at(2, 8, 31)
	w.warms()
	w.states(map[string]WaitState{"they": Offered}, theirs)
	w.drain()
	w.check()
}

func TestAfterTheDeadlineTheListIsOver(t *testing.T) {
	w, slot, booked := waitWorld(t, 1)
	waiter := w.joined()
	w.ahead(w.day.In(china).Sub(w.desk.Clock.Now()) + time.Minute) // the day of the visit has begun
	w.frees(booked[0])
	if got := w.now(waiter).State; got != WaitExpired {
		t.Errorf("who waited is %s, want %s", got, WaitExpired)
	}
	if _, err := w.desk.Join(t.Context(), w.joining()); !errors.Is(err, ErrNoWaiting) {
		t.Errorf("joining on the day: %v, want %v", err, ErrNoWaiting)
	}
	var cooling int
	if err := w.db.Get(&cooling, `SELECT cooling FROM quota WHERE id = $1`, slot.Quota(slots.Web)); err != nil || cooling != 0 {
		t.Errorf("%d places still cool (%v)", cooling, err)
	}
	w.drain()
	w.check()
}

func TestWhoMayJoinTheList(t *testing.T) {
	w, _, booked := waitWorld(t, 1)
	free := w.slot("1400", 0)
	w.webSlot(free, 1)
	first := w.joining()
	joined, err := w.desk.Join(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.desk.Join(t.Context(), first); err != nil || again.ID != joined.ID {
		t.Errorf("sent twice: %d, %v; want %d", again.ID, err, joined.ID)
	}
	morning, afternoon := Wish{Day: w.day, Half: Morning}, Wish{Day: w.day, Half: Afternoon}
	parties, err := w.desk.parties(t.Context(), w.db, booked[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Joining)
		want   error
		field  string
	}{
		"no wish":                        {func(j *Joining) { j.Wishes = nil }, nil, "wishes"},
		"the same wish twice":            {func(j *Joining) { j.Wishes = []Wish{morning, morning} }, nil, "wishes"},
		"four wishes":                    {func(j *Joining) { j.Wishes = []Wish{morning, morning, morning, morning} }, nil, "wishes"},
		"a half-day with places":         {func(j *Joining) { j.Wishes = []Wish{morning, afternoon} }, ErrNoWaiting, ""},
		"a day that is not on sale":      {func(j *Joining) { j.Wishes = []Wish{{Day: w.day.AddDays(1), Half: Morning}} }, ErrNoWaiting, ""},
		"a half that is none":            {func(j *Joining) { j.Wishes = []Wish{{Day: w.day, Half: "noon"}} }, ErrNoWaiting, ""},
		"a service that is not offered":  {func(j *Joining) { j.Service = "divorce_apply" }, nil, "service"},
		"one person":                     {func(j *Joining) { j.Parties = j.Parties[:1] }, nil, "parties"},
		"a wrong code":                   {func(j *Joining) { j.Code = "000000" }, ErrCodeWrong, ""},
		"no code":                        {func(j *Joining) { j.Code = "" }, ErrCodeWrong, ""},
		"who waits, by another phone":    {func(j *Joining) { j.Parties = first.Parties }, ErrPersonBusy, ""},
		"one of who waits, with another": {func(j *Joining) { j.Parties[1] = first.Parties[1] }, ErrPersonBusy, ""},
		"who is booked":                  {func(j *Joining) { j.Parties = parties }, ErrPersonBusy, ""},
		"an office that there is not":    {func(j *Joining) { j.Office = "430799" }, slots.ErrNoSuchOffice, ""},
	} {
		j := w.joining()
		c.change(&j)
		_, err := w.desk.Join(t.Context(), j)
		if c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if told, known := errors.AsType[*fault.Error](err); c.field != "" && (!known || told.Fields[c.field] == "") {
			t.Errorf("%s: %v, want something about %s", name, err, c.field)
		}
	}
	var n int
	if err := w.db.Get(&n, `SELECT count(*) FROM waiter`); err != nil || n != 1 {
		t.Errorf("%d on the list (%v), want 1", n, err)
	}
	w.check()
}

func TestAPhoneIsOnTheListSoOften(t *testing.T) {
	w, _, _ := waitWorld(t, 1)
	phone := w.joining().Phone
	for i := range 3 {
		j := w.joining()
		j.Phone = phone
		w.codeTo(phone.Number())
		_, err := w.desk.Join(t.Context(), j)
		if i < 2 && err != nil || i == 2 && !errors.Is(err, ErrWaiting) {
			t.Errorf("couple %d with one phone: %v", i+1, err)
		}
	}
}

func TestLeavingGivesTheOfferOnAndErases(t *testing.T) {
	w, _, booked := waitWorld(t, 1)
	all := map[string]Waiter{"first": w.joined(), "second": w.joined()}
	w.frees(booked[0])
	for range 2 {
		if err := w.desk.Leave(t.Context(), w.answer(all["first"])); err != nil {
			t.Fatal(err)
		}
	}
	w.warms()
	w.states(map[string]WaitState{"first": WaitLeft, "second": Offered}, all)
	if is := w.now(all["first"]); len(is.Contact) != 0 {
		t.Error("the phone of who left is kept")
	}
	if _, err := w.desk.waiterParties(t.Context(), w.now(all["first"])); !errors.Is(err, ErrErased) {
		t.Errorf("who they were: %v, want %v", err, ErrErased)
	}
	var wishes int
	if err := w.db.Get(&wishes, `SELECT count(*) FROM waiter_person WHERE sealed <> '' AND waiter_id = $1`, all["first"].ID); err != nil || wishes != 0 {
		t.Errorf("%d persons kept (%v)", wishes, err)
	}
	if _, err := w.desk.Join(t.Context(), w.joining()); err != nil {
		t.Errorf("somebody joins after them: %v", err)
	}
	w.drain()
	w.check()
}

func TestWhoIsBookedOtherwiseIsPassedOver(t *testing.T) {
	w, slot, booked := waitWorld(t, 2)
	busy := w.joining()
	waits, err := w.desk.Join(t.Context(), busy)
	if err != nil {
		t.Fatal(err)
	}
	next := w.joined()
	w.frees(booked[0])
	other := w.slot("1500", 1)
	h, err := w.desk.Hold(t.Context(), w.ask(other, "otherwise"))
	if err != nil {
		t.Fatal(err)
	}
	app := w.application(h, "otherwise", busy.Parties)
	if _, err := w.desk.Confirm(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Accept(t.Context(), w.answer(waits)); !errors.Is(err, ErrPersonBusy) {
		t.Errorf("accepting while booked: %v, want %v", err, ErrPersonBusy)
	}
	w.warms()
	w.states(map[string]WaitState{"busy": Waiting, "next": Offered}, map[string]Waiter{"busy": waits, "next": next})
	if made, err := w.desk.Accept(t.Context(), w.answer(next)); err != nil || made.Slot != slot {
		t.Errorf("the next: %+v, %v", made, err)
	}
	w.frees(booked[1])
	w.states(map[string]WaitState{"busy": Waiting}, map[string]Waiter{"busy": waits})
	w.drain()
	w.check()
}

func TestWhoBooksWithTheSamePhoneIsOffTheList(t *testing.T) {
	w, _, _ := waitWorld(t, 1)
	j := w.joining()
	waits, err := w.desk.Join(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	other := w.slot("1500", 1)
	h, err := w.desk.Hold(t.Context(), w.ask(other, "otherwise"))
	if err != nil {
		t.Fatal(err)
	}
	app := w.application(h, "otherwise", j.Parties)
	app.Phone = j.Phone
	if _, err := w.desk.Confirm(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	w.warms()
	w.states(map[string]WaitState{"they": WaitLeft}, map[string]Waiter{"they": waits})
	w.check()
}

func TestASuspensionWithdrawsOffers(t *testing.T) {
	w, slot, booked := waitWorld(t, 1)
	waiter := w.joined()
	w.frees(booked[0])
	answer := w.answer(waiter)
	if _, err := w.shutdown(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Accept(t.Context(), answer); !errors.Is(err, ErrSuspended) {
		t.Errorf("accepting in a suspension: %v, want %v", err, ErrSuspended)
	}
	w.warms()
	w.states(map[string]WaitState{"they": Waiting}, map[string]Waiter{"they": waiter})
	if w.booked(slot) != 0 {
		t.Error("somebody is booked in a suspension")
	}
	w.drain()
	w.check()
}

func TestSeveralServersOfferAPlaceOnce(t *testing.T) {
	w, _, booked := waitWorld(t, 3)
	var waiters []Waiter
	for range 5 {
		waiters = append(waiters, w.joined())
	}
	for _, a := range booked {
		if _, err := w.desk.Cancel(t.Context(), Change{Appointment: a, Actor: "operator", Staff: true, Reason: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	w.exec(`UPDATE cooling SET until = clock_now()`)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := w.desk.Warm(t.Context()); err != nil {
				t.Errorf("warm: %v", err)
			}
		})
	}
	all.Wait()
	w.warms() // whoever came second may have had nothing to do
	for i, waiter := range waiters {
		want := Waiting
		if i < len(booked) {
			want = Offered
		}
		if got := w.now(waiter).State; got != want {
			t.Errorf("number %d is %s, want %s", i+1, got, want)
		}
	}
	w.drain()
	w.check()
}

func TestACutTakesAnOfferedPlaceAndSaysSo(t *testing.T) {
	w, slot, booked := waitWorld(t, 1)
	waiter := w.joined()
	w.frees(booked[0])
	if _, err := w.desk.SetCapacity(t.Context(), Capacity{Quota: slot.Quota(slots.Web), Places: 0, Reason: "test", Actor: "manager"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Accept(t.Context(), w.answer(waiter)); !errors.Is(err, ErrFull) {
		t.Errorf("accepting what was cut: %v, want %v", err, ErrFull)
	}
	w.warms()
	w.states(map[string]WaitState{"they": Waiting}, map[string]Waiter{"they": waiter})
	var left int
	if err := w.db.Get(&left, `SELECT cooling + excess FROM quota WHERE id = $1`, slot.Quota(slots.Web)); err != nil || left != 0 {
		t.Errorf("%d places are left over (%v)", left, err)
	}
	w.drain()
	w.check()
}

func TestAcceptingBesideARushSellsNoPlaceTwice(t *testing.T) {
	w, slot, booked := waitWorld(t, 4)
	var waiters []Waiter
	for range booked {
		waiters = append(waiters, w.joined())
	}
	for _, a := range booked {
		w.frees(a)
	}
	var answers []Answer
	for _, waiter := range waiters {
		answers = append(answers, w.answer(waiter))
	}
	var all sync.WaitGroup
	for i, a := range answers {
		all.Go(func() {
			if _, err := w.desk.Accept(t.Context(), a); err != nil {
				t.Errorf("number %d: %v", i+1, err)
			}
		})
		all.Go(func() {
			r := HoldRequest{Slot: slot, Channel: slots.Web, Session: a.Waiter.Number, Key: a.Waiter.Number}
			if _, err := w.desk.Hold(t.Context(), r); !errors.Is(err, ErrFull) {
				t.Errorf("a rival: %v, want %v", err, ErrFull)
			}
		})
		all.Go(func() {
			if err := w.desk.Warm(t.Context()); err != nil {
				t.Errorf("warm: %v", err)
			}
		})
	}
	all.Wait()
	if got := w.booked(slot); got != 4 {
		t.Errorf("%d booked in 4 places that were offered and accepted", got)
	}
	w.drain()
	w.check()
}
