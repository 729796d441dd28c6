package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hunyue/slots"
)

// splits has the office ask for each person on a page of their own.
func (tn *town) splits() {
	tn.t.Helper()
	tn.ruled(func(r *slots.Rules) { r.DetailsSteps = slots.SplitPage })
}

// ruled sets rules of the office anew, from today on.
func (tn *town) ruled(change func(*slots.Rules)) {
	tn.t.Helper()
	rules, err := tn.Offices.Rules(tn.t.Context(), office, may(18))
	if err == nil {
		change(&rules)
		err = tn.Offices.SetRules(tn.t.Context(), office, may(18), rules, "test", "test")
	}
	tn.must(err)
}

// the inputs of the three pages
func firstOf() []string  { return couple()[:4] }
func secondOf() []string { return couple()[4:8] }
func lastOf() []string   { return couple()[8:] }

// inputs is the names that the page shows inputs for.
func (v *visitor) shownInputs() string {
	var all []string
	for in := range v.all("input") {
		if attr(in, "type") != "hidden" {
			all = append(all, attr(in, "name"))
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (v *visitor) wantInputs(which ...string) {
	v.t.Helper()
	slices.Sort(which)
	if got := v.shownInputs(); !strings.HasPrefix(got, strings.Join(which, " ")) {
		v.t.Errorf("the page asks for %q, want %q", got, which)
	}
}

func TestEachPersonHasAPageWhereTheOfficeHasItSo(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.splits()
	v := tn.visitor()
	first := []string{"parties.0.document.number", "parties.0.name"}
	second := []string{"parties.1.document.number", "parties.1.name"}
	v.get(theDay).send(theDay, "slot", nineClock).want(http.StatusOK, "填写一方的信息", "第 2 步，共 5 步").wantInputs(first...)
	v.send("/book/check", "parties.0.name", "张三").want(http.StatusUnprocessableEntity).wantInputs(first...)
	v.send("/book/check", firstOf()...).want(http.StatusOK, "填写另一方的信息", "第 3 步，共 5 步").wantInputs(second...)

	// an error, another language, more time and a step back lose nothing
	v.send("/book/check", "parties.1.name", "李四", "parties.1.document.number", "12").want(http.StatusUnprocessableEntity).wantInputs(second...)
	v.send("/book/details?lang=en").want(http.StatusOK, "Second partner", "Step 3 of 5").wantInputs(second...)
	v.send("/book/details?lang=zh").want(http.StatusOK).send("/book/extend").want(http.StatusOK).wantInputs(second...)
	values := v.form("/book/details")
	values.Set("go", "1")
	v.post("/book/details", values).want(http.StatusOK, "填写一方的信息").wantInputs(first...)
	if got := v.form("/book/check"); got.Get("parties.0.document.number") != him || got.Get("parties.1.document.number") != "12" {
		t.Errorf("after Back the form has %q and %q", got.Get("parties.0.document.number"), got.Get("parties.1.document.number"))
	}
	v.send("/book/check").want(http.StatusOK)
	v.send("/book/check", "parties.1.document.number", him).want(http.StatusUnprocessableEntity).wantInputs(second...) // the same person twice
	v.send("/book/check", secondOf()...).want(http.StatusOK, "手机号和同意事项", "第 4 步，共 5 步")
	v.send("/book/check", "phone", "12").want(http.StatusUnprocessableEntity, "手机号和同意事项")
	v.send("/book/check", lastOf()...).want(http.StatusOK, "核对并验证手机", "第 5 步，共 5 步", "张三", "李四")
	v.send("/book/confirm", "code", v.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
}

// What is wrong with the first person is shown on their page, whichever page it is
// found on.
func TestAMistakeLeadsToThePageOfWhomItIsAbout(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.splits()
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	young := "430799201003070016"
	v.send("/book/check", "parties.0.name", "张三", "parties.0.document.number", checked(young))
	v.send("/book/check", secondOf()...).want(http.StatusUnprocessableEntity, "填写一方的信息").wantInputs("parties.0.document.number", "parties.0.name")
	if got := v.form("/book/check").Get("parties.1.document.number"); got != her {
		t.Errorf("the second person's number is %q, want %q", got, her)
	}
}

// checked is a number of 18 digits with its right check digit.
func checked(number string) string { return number[:17] + checkDigit(number[:17]) }

func TestTheSimpleDisplayHasAPageForEachPerson(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get(theDay+"?simple=1").send(theDay, "slot", nineClock).want(http.StatusOK, "填写一方的信息")
	v.send("/book/check", firstOf()...).want(http.StatusOK)
	v.send("/book/check", secondOf()...).want(http.StatusOK)
	v.send("/book/check", lastOf()...).want(http.StatusOK, "核对并验证手机")
}

func TestAHoldThatEndsOnTheWayKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.splits()
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	v.send("/book/check", firstOf()...).send("/book/check", secondOf()...)
	tn.at("2026-05-18 12:00")
	v.send("/book/check", lastOf()...).want(http.StatusConflict)
	v.send("/book/hold").want(http.StatusOK, "核对并验证手机", "张三", "李四")
}

// Without what is asked for on other pages one page shows what it always did.
func TestStaffAndOthersHaveOnePage(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get(theDay).send(theDay, "slot", nineClock).want(http.StatusOK, "填写双方信息")
	v.send("/book/check", couple()...).want(http.StatusOK, "核对并验证手机")
}

// A couple books with a real browser, keyboard and all, a page for each.
func TestACoupleBooksAPageEach(t *testing.T) {
	tn := newTown(t)
	tn.splits()
	ctx := tn.browser()
	fill := func(inputs []string) step {
		var all []step
		for i := 0; i+1 < len(inputs); i += 2 {
			if strings.HasPrefix(inputs[i], "consents.") {
				all = append(all, click(`[name="`+inputs[i]+`"]`))
			} else {
				all = append(all, typed(`[name="`+inputs[i]+`"]`, inputs[i+1]))
			}
		}
		return chromedp.Steps(all...)
	}
	tn.look(ctx, "1-first", chromedp.Navigate(tn.server.URL+theDay+"?lang=zh"), click(`input[value="`+nineClock+`"]`), submit("main form > button", `[name="parties.0.name"]`))
	tn.look(ctx, "2-second", fill(firstOf()), submit("main form > button", `[id="parties.1.name"]`))
	tn.look(ctx, "3-back", fill(secondOf()), submit(`button[name=go]`, `[id="parties.0.name"]`))
	tn.look(ctx, "4-second-again", submit("main form > button", `[id="parties.1.name"]`))
	tn.look(ctx, "5-last", submit("main form > button", "#phone"))
	tn.look(ctx, "6-check", fill(lastOf()), submit("main form > button", "#code"))
	tn.look(ctx, "7-booked", typed("#code", tn.codeFor(hisPhone)), submit("main form > button", `a[href$="/cancel"]`))
}
