package booking

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// asking is a world whose office asks the second person themselves.
func asking(t *testing.T) *world {
	w := newWorld(t)
	rules := slots.DefaultRules()
	rules.SecondPerson, rules.LeadDays, rules.PerPhone = slots.ByOwnPhone, 0, 2
	if err := w.desk.Offices.SetRules(t.Context(), office, date.DateOf(w.desk.Clock.Now().In(china)), rules, "test", "test"); err != nil {
		t.Fatal(err)
	}
	return w
}

// made books two over the phone line.
func (w *world) made(slot slots.SlotID, parties ...Party) (Appointment, error) {
	w.t.Helper()
	key := uuid.NewString()
	h, err := w.desk.Hold(w.t.Context(), w.ask(slot, key))
	if err != nil {
		return Appointment{}, err
	}
	r, err := w.desk.Confirm(w.t.Context(), w.application(h, key, parties))
	if err != nil {
		return Appointment{}, err
	}
	return w.desk.Find(w.t.Context(), r.Number, r.Secret)
}

// claim is the second person of an appointment, with a phone that nobody else has and
// a code that came to it.
func (w *world) claim(a Appointment, who Party) Claim {
	w.t.Helper()
	phone, _ := identity.ParsePhone(fmt.Sprintf("137%08d", w.born.Add(1)))
	return w.claimWith(a, who, phone)
}

func (w *world) claimWith(a Appointment, who Party, phone identity.Phone) Claim {
	w.t.Helper()
	number := []byte(phone.Number())
	w.exec(`INSERT INTO phone_code (phone_key, code_mac, locale, expires_at) VALUES ($1, $2, 'zh', clock_now() + interval '5 minutes')`,
		w.desk.Keys.MAC("phone", number), w.desk.Keys.MAC("code", number, []byte("123456")))
	return Claim{
		Link: w.desk.linkOf(a.Hold), Name: who.Name, Document: who.Document, Phone: phone, Code: "123456",
		Consents: map[string]string{"agreement": AgreementVersion, "privacy": PrivacyVersion},
	}
}

func (w *world) confirms(c Claim) error {
	_, err := w.desk.ConfirmSecond(w.t.Context(), c)
	return err
}

func (w *world) want(err, want error, what string) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// strangerBlocksNobody: who is named second by somebody else can still book.
func strangerBlocksNobody(w *world) string {
	rules := slots.DefaultRules()
	rules.SecondPerson = slots.ByOwnPhone
	if err := w.desk.Offices.SetRules(w.t.Context(), office, date.DateOf(w.desk.Clock.Now().In(china)), rules, "test", "test"); err != nil {
		w.t.Fatal(err)
	}
	slot, couple := w.slot("0900", 3), w.couple()
	if _, err := w.made(slot, w.person(identity.Male), couple[1]); err != nil {
		return fmt.Sprintf("the stranger: %v", err)
	}
	if _, err := w.made(slot, couple[1], couple[0]); err != nil {
		return fmt.Sprintf("the couple itself: %v", err)
	}
	return ""
}

func TestAStrangerBlocksNobodyWhereTheSecondPersonIsAsked(t *testing.T) {
	w := newWorld(t)
	if broken := strangerBlocksNobody(w); broken != "" {
		t.Error(broken)
	}
	w.check()
}

func TestTheSecondPersonConfirmsOnceWithTheirOwnPhone(t *testing.T) {
	w := asking(t)
	ctx, slot, couple := t.Context(), w.slot("0900", 4), w.couple()
	a, err := w.made(slot, couple...)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := w.desk.Second(ctx, a); err != nil || !s.Unconfirmed || s.Link == "" {
		t.Fatalf("after booking: %+v, %v", s, err)
	}
	c := w.claim(a, couple[1])
	other := c
	other.Name = "李四"
	w.want(w.confirms(other), ErrNotInvited, "another name")
	other = c
	other.Document = w.person(identity.Female).Document
	w.want(w.confirms(other), ErrNotInvited, "another document")
	other = c
	other.Link = "x"
	w.want(w.confirms(other), ErrNoInvitation, "another link")
	phone, err := w.desk.Phone(a)
	if err != nil {
		t.Fatal(err)
	}
	w.want(w.confirms(w.claimWith(a, couple[1], phone)), ErrSamePhone, "the phone of whoever booked")
	other = c
	other.Code = "000000"
	w.want(w.confirms(other), ErrCodeWrong, "a wrong code")

	w.want(w.confirms(c), nil, "the right one")
	w.want(w.confirms(c), nil, "the same again")
	w.want(w.confirms(w.claim(a, couple[1])), ErrNoInvitation, "the link again, with another phone")
	if _, err := w.desk.Invited(ctx, c.Link); !errors.Is(err, ErrNoInvitation) {
		t.Errorf("a used link leads to %v", err)
	}
	s, err := w.desk.Second(ctx, a)
	if err != nil || s.Unconfirmed || s.Link != "" || s.By != "phone" || s.Consents["privacy"] != PrivacyVersion {
		t.Errorf("once confirmed: %+v, %v", s, err)
	}
	_, err = w.made(slot, couple[1], w.person(identity.Male))
	w.want(err, ErrPersonBusy, "who has confirmed books again")
	w.check()
}

func TestFiveWrongTriesUseALinkUp(t *testing.T) {
	w := asking(t)
	couple := w.couple()
	a, err := w.made(w.slot("0900", 2), couple...)
	if err != nil {
		t.Fatal(err)
	}
	right := w.claim(a, couple[1])
	wrong := right
	wrong.Name = "李四"
	errs := make([]error, 20)
	together(len(errs), func(i int) { _, errs[i] = w.desk.Recognise(t.Context(), wrong) })
	judged := 0
	for _, err := range errs {
		switch {
		case errors.Is(err, ErrNotInvited):
			judged++
		case !errors.Is(err, ErrNoInvitation):
			t.Errorf("a wrong try: %v", err)
		}
	}
	if judged != 5 {
		t.Errorf("%d tries were judged, want 5", judged)
	}
	w.want(w.confirms(right), ErrNoInvitation, "the right one, too late")
	if s, err := w.desk.Second(t.Context(), a); err != nil || !s.Unconfirmed || s.Link != "" {
		t.Errorf("the couple is shown %+v, %v: the hall is left", s, err)
	}
}

// Decision 14: the answer says nothing, and the phone of the other appointment is told.
func TestWhoHasAnotherAppointmentIsToldAtItsPhone(t *testing.T) {
	w := asking(t)
	slot, her, his := w.slot("0900", 6), w.person(identity.Female), w.person(identity.Male)
	a, err := w.made(slot, his, her)
	if err != nil {
		t.Fatal(err)
	}
	other, err := w.made(slot, her, w.person(identity.Male))
	if err != nil {
		t.Fatal(err)
	}
	told := func() (n int) {
		if err := w.db.Get(&n, `SELECT count(*) FROM outbox WHERE kind = 'tried' AND appointment_id = $1`, other.ID); err != nil {
			t.Fatal(err)
		}
		return n
	}
	c := w.claim(a, her)
	err = w.confirms(c)
	w.want(err, ErrPersonBusy, "busy")
	if _, plain := errors.AsType[BusyError](err); plain || told() != 1 {
		t.Errorf("a stranger's phone: told plainly %t; %d messages to the other", plain, told())
	}
	w.want(w.confirms(c), ErrPersonBusy, "the same once more: one answer a code")
	phone, err := w.desk.Phone(other)
	if err != nil {
		t.Fatal(err)
	}
	err = w.confirms(w.claimWith(a, her, phone))
	if _, plain := errors.AsType[BusyError](err); !plain {
		t.Errorf("at the phone of the other appointment: %v, want to be told plainly", err)
	}
	w.check()
}

// Whether somebody is kept from booking online is asked of them, and not of who names them.
func TestWhoIsKeptOutIsNotToldToWhoNamesThem(t *testing.T) {
	w := asking(t)
	slot := w.slot("0900", 8)
	w.web(slot)
	lazy := w.person(identity.Male)
	w.misses(slot, lazy)
	w.misses(slot, lazy)
	if _, err := w.online(slot, []Party{w.person(identity.Female), lazy}); err != nil {
		t.Fatalf("named second: %v", err)
	}
	if _, err := w.online(slot, []Party{lazy, w.person(identity.Female)}); !errors.Is(err, ErrPersonBusy) {
		t.Errorf("named first: %v, want %v", err, ErrPersonBusy)
	}
	a, err := w.made(slot, w.person(identity.Female), lazy)
	if err != nil {
		t.Fatal(err)
	}
	w.want(w.confirms(w.claim(a, lazy)), ErrPersonBusy, "who is kept out confirms")
	if s, err := w.desk.Second(t.Context(), a); err != nil || !s.Unconfirmed {
		t.Errorf("refused, and yet %+v, %v", s, err)
	}
	w.check()
}

func TestAPhoneConfirmsForNoMoreThanItMayBook(t *testing.T) {
	w := asking(t)
	slot := w.slot("0900", 4)
	phone, _ := identity.ParsePhone("13700000001")
	for i, want := range []error{nil, nil, ErrPhoneBusy} {
		couple := w.couple()
		a, err := w.made(slot, couple...)
		if err != nil {
			t.Fatal(err)
		}
		w.exec(`DELETE FROM phone_code`)
		w.want(w.confirms(w.claimWith(a, couple[1], phone)), want, fmt.Sprintf("person %d", i+1))
	}
}

func TestALinkLastsAsLongAsItsAppointment(t *testing.T) {
	w := asking(t)
	ctx, slot := t.Context(), w.slot("0900", 3)
	couple := w.couple()
	a, err := w.made(slot, couple...)
	if err != nil {
		t.Fatal(err)
	}
	c := w.claim(a, couple[1])
	if _, err := w.desk.Recognise(ctx, c); err != nil {
		t.Errorf("before: %v", err)
	}
	if a, err = w.desk.Cancel(ctx, Change{Appointment: a, Actor: "staff:x", Staff: true, Reason: "-"}); err != nil {
		t.Fatal(err)
	}
	w.want(w.confirms(c), ErrNoInvitation, "once it is cancelled")
	if a, err = w.desk.Erase(ctx, a, "couple"); err != nil {
		t.Fatal(err)
	}
	w.want(w.confirms(c), ErrNoInvitation, "once it is erased")
	if s, err := w.desk.Second(ctx, a); err != nil || s.Link != "" {
		t.Errorf("the erased one still has %+v, %v", s, err)
	}
	w.check()
}

// Who cancels and who books again at the same moment do not wait for each other in
// a circle: the place is locked no more strongly than a new appointment in it bears.
func TestWhoCancelsAndBooksAgainAtOnceIsNotStuck(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 200)
	couples := make([][]Party, 6)
	for i := range couples {
		couples[i] = w.couple()
	}
	for range 4 {
		booked := make([]Appointment, len(couples))
		for i, couple := range couples {
			var err error
			if booked[i], err = w.made(slot, couple...); err != nil {
				t.Fatal(err)
			}
		}
		together(2*len(couples), func(i int) {
			if i%2 == 0 {
				if _, err := w.desk.Cancel(t.Context(), Change{Appointment: booked[i/2], Actor: "staff:x", Staff: true, Reason: "-"}); err != nil {
					t.Errorf("cancel: %v", err)
				}
				return
			}
			a, err := w.made(slot, couples[i/2]...)
			if err != nil && !errors.Is(err, ErrPersonBusy) {
				t.Errorf("book again: %v", err)
			}
			if err == nil {
				_, err = w.desk.Cancel(t.Context(), Change{Appointment: a, Actor: "staff:x", Staff: true, Reason: "-"})
			}
			if err != nil && !errors.Is(err, ErrPersonBusy) {
				t.Errorf("cancel again: %v", err)
			}
		})
	}
	w.check()
}

func TestAtOnceIsAsItWas(t *testing.T) {
	w := newWorld(t)
	slot, couple := w.slot("0900", 3), w.couple()
	a, err := w.made(slot, couple...)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := w.desk.Second(t.Context(), a); err != nil || s.Unconfirmed || s.Link != "" {
		t.Errorf("nobody is asked, and yet %+v, %v", s, err)
	}
	_, err = w.made(slot, couple[1], w.person(identity.Male))
	w.want(err, ErrPersonBusy, "the second person books")
}

// Many couples of a few people book, confirm by phone and in the hall, and cancel, all
// at once: nobody is ever in two appointments.
func TestNobodyIsInTwoAppointmentsHoweverTheyConfirm(t *testing.T) {
	w := asking(t)
	slot := w.slot("0900", 400)
	men, women := make([]Party, 8), make([]Party, 8)
	for i := range men {
		men[i], women[i] = w.person(identity.Male), w.person(identity.Female)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var counts [4]struct{ done, refused int }
	results := make(chan [2]int, 400)
	together(12, func(i int) {
		chance := rand.New(rand.NewPCG(seed, uint64(i)))
		for range 12 {
			one, two := men[chance.IntN(8)], women[chance.IntN(8)]
			if chance.IntN(2) == 0 {
				one, two = two, one
			}
			a, err := w.made(slot, one, two)
			results <- [2]int{0, w.outcome(err)}
			if err != nil {
				continue
			}
			switch chance.IntN(3) {
			case 0:
				results <- [2]int{1, w.outcome(w.confirms(w.claim(a, two)))}
			case 1:
				results <- [2]int{2, w.outcome(postgres.InTx(t.Context(), w.db, func(tx postgres.Querier) error {
					if err := postgres.SetActor(t.Context(), tx, "staff:x"); err != nil {
						return err
					}
					return Present(t.Context(), tx, a.ID, "", "staff:x")
				}))}
			}
			if chance.IntN(2) == 0 {
				_, err := w.desk.Cancel(t.Context(), Change{Appointment: a, Actor: "staff:x", Staff: true, Reason: "-"})
				results <- [2]int{3, w.outcome(err)}
			}
		}
	})
	close(results)
	for r := range results {
		counts[r[0]].done += 1 - r[1]
		counts[r[0]].refused += r[1]
	}
	t.Logf("count: booked, confirmed by phone, in the hall, cancelled (done, refused): %v", counts)
	if counts[0].done == 0 || counts[0].refused == 0 || counts[1].done+counts[2].done == 0 || counts[1].refused+counts[2].refused == 0 {
		t.Error("too little happened to show anything")
	}
	w.drain()
	w.check()
}

// outcome is 0 for what was done and 1 for what was refused because somebody is in
// another appointment; anything else is a mistake.
func (w *world) outcome(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, ErrPersonBusy), errors.Is(err, ErrSecondBusy):
		return 1
	}
	w.t.Errorf("neither done nor refused: %v", err)
	return 1
}
