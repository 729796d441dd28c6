package web

import (
	"flag"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
	"hunyue/server/limit"
)

// Nobody may learn from an answer, or from how long it takes, whether a phone or a
// person is known here. Answers are asked for in pairs, one of each kind, in turns.

var pairs = flag.Int("pairs", 150, "how many pairs of answers the timing tests compare; make timing takes 2000")

// The bounds of design test E4.
const (
	leastP    = 0.01
	mostApart = 2 * time.Millisecond
)

// sample asks for the answer of one kind, the nth time.
type sample func(n int) *visitor

// sameAnswers fails unless both kinds get the same answers, as fast. A machine that
// does other things meanwhile may slow one kind down by chance: it fails only where
// three runs in a row do.
func sameAnswers(t *testing.T, what string, one, other sample) {
	t.Helper()
	n, said := 0, ""
	for run := 1; ; run++ {
		var took [2][]time.Duration
		for i := range 10 + *pairs {
			first := i % 2
			for _, kind := range []int{first, 1 - first} {
				ask := []sample{one, other}[kind]
				begun := time.Now()
				v := ask(n).follow() // the whole answer, as a browser has it
				if i >= 10 {         // what comes first is slow for reasons of its own
					took[kind] = append(took[kind], time.Since(begun))
				}
				if now := plainly(v); said == "" {
					said = now
				} else if now != said {
					t.Fatalf("%s: one answer is\n%s\nand another\n%s", what, said, now)
				}
				if n%20 == 0 {
					v.sendDue() // or texts would be found to be late, on a slow machine
				}
			}
			n++
		}
		p, a, b := mannWhitney(took[0], took[1]), median(took[0]), median(took[1])
		t.Logf("count: timing of %s: n = %d pairs, medians %v and %v, p = %.3f", what, *pairs, a.Round(time.Microsecond), b.Round(time.Microsecond), p)
		if p > leastP && (a-b).Abs() < mostApart {
			return
		}
		if run == 3 {
			t.Errorf("%s: three times in a row the answers differ in time: medians %v and %v, p = %.5f", what, a, b, p)
			return
		}
	}
}

var personal = regexp.MustCompile(`1[0-9]{2} ?[0-9]{4} ?[0-9]{4}|4307991[0-9]{10}[0-9X]|430\*+[0-9X]{4}|1[0-9]{2}\*{4}[0-9]{4}|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]{2}:[0-9]{2}:[0-9]{2}|href="/book/details[^"]*"`)

// plainly is an answer without what was typed and what is made anew each time.
func plainly(v *visitor) string {
	return fmt.Sprint(v.Status, " ", v.header.Get("Retry-After"), " ", personal.ReplaceAllString(v.body, ""))
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// mannWhitney is the probability that two samples of one distribution differ as
// these do or more: the test of Mann and Whitney, two-sided, by the normal
// approximation with its corrections for ties and continuity.
func mannWhitney(a, b []time.Duration) float64 {
	all := slices.Sorted(slices.Values(slices.Concat(a, b)))
	rank, ties := map[time.Duration]float64{}, 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j] == all[i] {
			j++
		}
		rank[all[i]] = float64(i+1+j) / 2
		same := float64(j - i)
		ties += same*same*same - same
		i = j
	}
	sum := 0.0
	for _, x := range a {
		sum += rank[x]
	}
	m, n := float64(len(a)), float64(len(b))
	apart := math.Abs(sum - m*(m+1)/2 - m*n/2)
	deviation := math.Sqrt(m * n / 12 * (m + n + 1 - ties/((m+n)*(m+n-1))))
	if deviation == 0 {
		return 1
	}
	return math.Erfc(max(0, apart-0.5) / deviation / math.Sqrt2)
}

func TestMannWhitneyOfKnownSamples(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b []time.Duration
		p    float64
	}{
		{[]time.Duration{1, 2, 3, 4, 5}, []time.Duration{6, 7, 8, 9, 10}, 0.012186}, // U = 0, z = 12/sqrt(25·11/12)
		{[]time.Duration{1, 1, 2}, []time.Duration{1, 2, 2}, 0.619257},              // ties: U = 3, z = 1/sqrt(4.05)
		{[]time.Duration{1, 4}, []time.Duration{2, 3}, 1},
		{[]time.Duration{5, 5}, []time.Duration{5, 5}, 1},
	} {
		if p := mannWhitney(tt.a, tt.b); math.Abs(p-tt.p) > 1e-5 {
			t.Errorf("%v and %v: p = %.6f, want %.6f", tt.a, tt.b, p, tt.p)
		}
	}
}

// known makes so many appointments with a phone each.
func (tn *town) known(phones []string) {
	tn.t.Helper()
	var keys pq.ByteaArray
	for _, phone := range phones {
		keys = append(keys, tn.Codes.Key(phone))
	}
	err := postgres.InTx(tn.t.Context(), tn.db, func(tx postgres.Querier) error {
		if err := postgres.SetActor(tn.t.Context(), tx, "test"); err != nil {
			return err
		}
		_, err := tx.ExecContext(tn.t.Context(), `
		INSERT INTO appointment (number, hold_id, office_id, quota_id, service_id, biz_group, day, starts_at, ends_at, channel, phone_key, contact, locale, consents)
		SELECT (20000000 + n)::text, gen_random_uuid(), office_id, quota_id, service_id, biz_group, day, starts_at, ends_at, channel, key, contact, locale, consents
		FROM appointment
		CROSS JOIN unnest($1::bytea[]) WITH ORDINALITY AS other (key, n)`, keys)
		return err
	})
	if err != nil {
		tn.t.Fatal(err)
	}
}

func TestAKnownPhoneIsAnsweredLikeAnUnknownOne(t *testing.T) {
	tn := newTown(t)
	tn.visitor().book()
	most := 3 * (10 + *pairs)
	var phones []string
	for i := range most {
		phones = append(phones, fmt.Sprintf("137%08d", i))
	}
	tn.known(phones)
	v := tn.visitor()
	v.get("/find")
	form := v.form("/find/send")
	ask := func(prefix string) sample {
		return func(n int) *visitor {
			form.Set("mobile", fmt.Sprintf("%s%08d", prefix, n))
			return v.quick("/find/send", form)
		}
	}
	sameAnswers(t, "a phone at /find", ask("137"), ask("136"))
	if n := tn.count(`SELECT count(DISTINCT phone_key) FROM phone_code JOIN appointment USING (phone_key)`); n < *pairs {
		t.Errorf("%d of the phones were known, want %d at least", n, *pairs)
	}
}

// With a code that is not theirs nobody learns whether a person has an appointment.
func TestAPersonWithAnAppointmentIsAnsweredLikeOneWithout(t *testing.T) {
	tn := newTown(t)
	tn.visitor().book() // they have one now
	tn.later(2 * time.Minute)
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", slotAt("0930")).want(http.StatusOK)
	v.send("/book/check", append(couple(), "phone", "13700000001")...).want(http.StatusOK)
	form := v.form("/book/confirm")
	form.Set("code", "000000")
	if tn.codeFor("13700000001") == "000000" {
		form.Set("code", "000001")
	}
	free := url.Values{}
	for name, values := range form {
		free[name] = slices.Clone(values)
	}
	for i, sex := range []identity.Sex{identity.Male, identity.Female} {
		number, err := identity.Synthetic(date.Date{Year: 1990, Month: time.March, Day: 7}, sex, 77)
		if err != nil {
			t.Fatal(err)
		}
		free.Set(partyInput(i, "document.number"), number)
	}
	ask := func(who url.Values) sample {
		return func(int) *visitor {
			if _, err := tn.db.ExecContext(t.Context(), `UPDATE phone_code SET tries = 0`); err != nil {
				t.Fatal(err)
			}
			return v.quick("/book/confirm", who)
		}
	}
	sameAnswers(t, "a person at confirm", ask(form), ask(free))
	if n := tn.count(`SELECT count(*) FROM appointment`); n != 1 {
		t.Errorf("%d appointments, want 1", n)
	}
}

func TestWhoIsOverBudgetIsAnsweredLikeWhoComesTooLate(t *testing.T) {
	tn := newTown(t)
	tn.limits(limit.Budget{Act: limit.Holds, Of: limit.Device, Most: 3, Within: time.Hour})
	for full := false; !full; { // all places of nine o'clock
		full = tn.visitor().get(theDay).send(theDay, "slot", slotAt("0900")).Status == http.StatusConflict
	}
	over, late := tn.visitor().get(theDay), tn.visitor().get(theDay)
	for _, hhmm := range []string{"0930", "1000", "1030"} {
		over.get(theDay).send(theDay, "slot", slotAt(hhmm)).want(http.StatusOK)
		tn.oldHolds()
	}
	late.get(theDay).send(theDay, "slot", slotAt("1030")).want(http.StatusOK) // both hold one
	over.get(theDay)
	late.get(theDay)
	ask := func(v *visitor, hhmm string) sample {
		form := v.form(theDay)
		form.Set("slot", slotAt(hhmm))
		return func(int) *visitor {
			form.Set("key", newKey())
			return v.quick(theDay, form)
		}
	}
	sameAnswers(t, "a choice of a time", ask(over, "1100"), ask(late, "0900"))
	over.get(theDay).send(theDay, "slot", slotAt("1100")).want(http.StatusConflict)
	late.get(theDay).send(theDay, "slot", slotAt("1100")).want(http.StatusOK) // it was not over its budget
}

// quick is post without reading the page as a browser would.
func (v *visitor) quick(action string, values url.Values) *visitor {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.server.URL+action, strings.NewReader(values.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	follow := v.client.CheckRedirect
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v.answer(r)
	v.client.CheckRedirect = follow
	return v
}

// follow asks for the page whose address was the answer, which nobody is timed for:
// it is made of what was answered.
func (v *visitor) follow() *visitor {
	v.t.Helper()
	if v.Status == http.StatusSeeOther {
		r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.server.URL+v.header.Get("Location"), nil)
		if err != nil {
			v.t.Fatal(err)
		}
		v.answer(r)
	}
	return v
}
