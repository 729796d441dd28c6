package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"hunyue/internal/clock"
	"hunyue/internal/fault"
	"hunyue/server/auth"
	"hunyue/server/i18n"
)

// answered is the page for a fault, asked for by a form or without one.
func answered(t *testing.T, lang string, status int, f *fault.Error, form url.Values) string {
	t.Helper()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Pages{Texts: texts, Accounts: &auth.Accounts{}, Clock: &clock.Clock{}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/book/confirm", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", echo.MIMEApplicationForm)
	r.Header.Set("Accept-Language", lang)
	if err := r.ParseForm(); err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	if err := p.Error(echo.New().NewContext(r, rec), status, f); err != nil || rec.Code != status {
		t.Fatalf("status %d, want %d, error %v", rec.Code, status, err)
	}
	return rec.Body.String()
}

func TestEveryTroubleSaysWhatHappenedAndHowToGoOn(t *testing.T) {
	t.Parallel()
	said := map[string]int{}
	for status, trouble := range map[int]struct {
		fault  *fault.Error
		zh, en string
	}{
		403: {fault.New(fault.Forbidden, "forbidden"), "请换一个有权限的账号", "Use an account that may"},
		404: {fault.New(fault.NotFound, "no_such_page"), "可能是链接不完整", "The link may be incomplete"},
		409: {fault.New(fault.Conflict, "still_running"), "请从头再试一次", "Start again"},
		413: {fault.New(fault.Invalid, "too_large"), "每一栏只填所要的内容", "enter only what is asked for"},
		422: {fault.New(fault.Invalid, "malformed"), "请打电话给登记处", "call the office"},
		429: {fault.New(fault.TooMany, "too_many_requests"), "请过一会儿再试", "Try again a little later"},
		500: {fault.New(fault.Internal, "internal"), "请过几分钟再试", "Try again in a few minutes"},
		503: {fault.New(fault.Unavailable, "unavailable"), "已有的预约不受影响", "Appointments that were made are safe"},
	} {
		for lang, want := range map[string]string{"zh": trouble.zh, "en": trouble.en} {
			body := answered(t, lang, status, trouble.fault, nil)
			title, _, _ := strings.Cut(body[strings.Index(body, "<h1>")+4:], "</h1>")
			if other, twice := said[title]; twice || title == "" {
				t.Errorf("%d and %d have the same heading %q in %s", status, other, title, lang)
			}
			said[title] = status
			if !strings.Contains(body, want) || !strings.Contains(body, `<a href="/">`) || !strings.Contains(body, `role="alert"`) {
				t.Errorf("%d in %s lacks %q, the way home or its alert:\n%s", status, lang, want, body)
			}
		}
	}
	if len(said) != 2*len(troubles) {
		t.Errorf("%d headings for %d statuses in two languages", len(said), len(troubles))
	}
}

func TestTroubleInTheMiddleOfAFormSaysThatNothingIsLost(t *testing.T) {
	t.Parallel()
	form := url.Values{"slot": {nineClock}, "hold": {"h"}, "parties.0.name": {"张三"}}
	body := answered(t, "zh", http.StatusServiceUnavailable, fault.New(fault.Unavailable, "unavailable"), form)
	if !strings.Contains(body, "您填写的内容没有丢") || !strings.Contains(body, `value="张三"`) {
		t.Errorf("what was typed is not offered again:\n%s", body)
	}
	if body := answered(t, "zh", http.StatusServiceUnavailable, fault.New(fault.Unavailable, "unavailable"), nil); strings.Contains(body, "没有丢") {
		t.Error("a page without a form promises that nothing typed was lost")
	}
}
