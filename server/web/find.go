package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/identity"
)

type findPage struct {
	page
	Mobile field // alone
	Number field // with Phone
	Phone  field
	Code   field
	Sent   string // the way that a code was sent by: "" before
	Closed bool   // the other ways than the phone alone
	Key    string
	Secret findSecret
}

// The ways to find an appointment that a code is sent by.
const (
	byPhone  = "phone"
	byNumber = "number"
)

type findSecret struct{ Number, Secret field }

// find asks for the phone, which is enough with the code that is sent to it, or
// which appointment, and for a second fact beside its number (domain rules 36 and
// 39): the document of one of the two, or the secret that was shown when it was
// made.
func (p *Pages) find(c echo.Context) error {
	f, err := sentFind(c)
	if err != nil {
		return err
	}
	f.Number = cmp.Or(c.QueryParam("number"), f.Number)
	return p.showFind(c, http.StatusOK, p.page(c), f, nil)
}

type findForm struct {
	Mobile string
	Number string
	Phone  string // or a document
	Code   string
	Key    string
	number string // in digits
	sent   string // as in findPage
}

// sentFind is the form as it was typed.
func sentFind(c echo.Context) (findForm, error) {
	sent, err := posted(c)
	return findForm{
		Mobile: sent.Get("mobile"), Number: cmp.Or(sent.Get("number"), sent.Get("number2")), Phone: sent.Get("phone"),
		Code: sent.Get("code"), Key: sent.Get("key"),
	}, err
}

func (p *Pages) showFind(c echo.Context, status int, pg page, f findForm, wrong wrongs) error {
	if done, err := p.turnTo(c, pg, outcome{View: viewFind, Step: f.sent, Status: status, Wrong: wrong}); done {
		return err
	}
	d := findPage{
		page: pg, Sent: f.sent, Key: f.Key,
		Mobile: pg.mobileField(f, wrong),
		Number: pg.typed(field{Name: "number", Mode: "numeric", Auto: "off", Hint: pg.T("find.number_hint")}, "find.number", f.Number, wrong),
		Phone:  pg.typed(field{Name: "phone", Auto: "off"}, "find.phone", f.Phone, wrong),
		Code:   pg.typed(field{Name: "code", Mode: "numeric", Auto: "one-time-code", Hint: pg.T("code.hint")}, "code.label", "", wrong),
	}
	d.Secret.Number = d.Number
	d.Secret.Number.Name, d.Secret.Number.Wrong = "number2", wrongs{"number": wrong["number2"]}.say(pg.Reader, "number")
	d.Secret.Secret = pg.typed(field{Name: "secret", Auto: "off"}, "find.secret", "", wrong)
	if wrong["secret"] != "" {
		d.Secret.Secret.Wrong = pg.Fault(wrong["secret"])
	}
	if d.Key == "" {
		d.Key = newKey()
	}
	d.Closed = f.sent != byNumber && d.Number.Wrong+d.Phone.Wrong+d.Secret.Number.Wrong+d.Secret.Secret.Wrong == ""
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Mobile, d.Number, d.Phone, d.Code, d.Secret.Number, d.Secret.Secret)...)
	return p.render(c, status, "find", d)
}

// findAgain is the page in another language or size, with what was typed.
func (p *Pages) findAgain(c echo.Context) error {
	f, err := sentFind(c)
	if err != nil {
		return err
	}
	if sent := c.FormValue("page"); sent == byPhone || sent == byNumber {
		f.sent = sent
	}
	return p.showFind(c, http.StatusOK, p.page(c), f, nil)
}

// appointmentNumber reads a number as people write it, in groups, or says what
// is wrong with it.
func appointmentNumber(typed string) (number, wrong string) {
	number = digits(typed)
	switch {
	case strings.TrimSpace(typed) == "":
		return "", "required"
	case len(number) != 8:
		return "", "format"
	}
	return number, ""
}

// readFind reads the form. What was typed stays in it as it is.
func (p *Pages) readFind(c echo.Context) (findForm, wrongs, error) {
	f, err := sentFind(c)
	if err != nil {
		return f, nil, err
	}
	wrong := wrongs{}
	var code string
	if f.number, code = appointmentNumber(f.Number); code != "" {
		wrong["number"] = code
	}
	if !p.Desk.Recognises(f.Phone) {
		wrong["phone"] = "or_document"
	}
	return f, wrong, nil
}

// findCode sends a code to the phone of the appointment, if what was typed belongs
// to it and the phone has not had enough. The answer is the same if not, and
// claims nothing.
func (p *Pages) findCode(c echo.Context) error {
	f, wrong, err := p.readFind(c)
	if err != nil {
		return err
	}
	pg := p.page(c)
	if len(wrong) > 0 {
		return p.showFind(c, http.StatusUnprocessableEntity, pg, f, wrong)
	}
	f.sent = byNumber
	_, phone, err := p.reachedAt(c.Request().Context(), f)
	if err == nil {
		_, err = p.send(c.Request().Context(), pg, phone.Number())
	}
	if err != nil && !errors.Is(err, booking.ErrNoAppointment) {
		return err
	}
	pg.Notice = pg.T("find.code_sent")
	return p.showFind(c, http.StatusOK, pg, f, nil)
}

// reachedAt is the appointment with the number, if the other fact belongs to it,
// with its phone, if that gets texts, and otherwise booking.ErrNoAppointment.
func (p *Pages) reachedAt(ctx context.Context, f findForm) (booking.Appointment, identity.Phone, error) {
	a, err := p.Desk.At(ctx, f.number, func(string) bool { return true })
	if err != nil {
		return a, identity.Phone{}, err
	}
	phone, err := p.Desk.Reached(ctx, a, f.Phone)
	if err == nil && !phone.TakesSMS() {
		err = booking.ErrNoAppointment
	}
	return a, phone, err
}

// findByNumber lets in whoever has the phone of the appointment in hand, or the
// one of the two who is told what came to it.
func (p *Pages) findByNumber(c echo.Context) error {
	f, wrong, err := p.readFind(c)
	if err != nil {
		return err
	}
	pg, code := p.page(c), digits(f.Code)
	if code == "" {
		wrong["code"] = "required"
	}
	f.sent = byNumber
	if len(wrong) > 0 {
		return p.showFind(c, http.StatusUnprocessableEntity, pg, f, wrong)
	}
	a, phone, err := p.reachedAt(c.Request().Context(), f)
	if err == nil {
		err = p.spend(c.Request().Context(), phone.Number(), code, f.Key)
	}
	if refusedCode(err) {
		return p.showFind(c, http.StatusUnprocessableEntity, pg, f, wrongs{"code": "no_match"})
	}
	if err != nil {
		return err
	}
	if err := p.letIn(c, a.Number, ""); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/b/"+a.Number)
}

// refusedCode is one answer for a code that is wrong, late or used up and for a
// phone that is another's: with more of them anybody could ask whose phone it is.
func refusedCode(err error) bool {
	return errors.Is(err, booking.ErrNoAppointment) || errors.Is(err, booking.ErrCodeWrong) ||
		errors.Is(err, booking.ErrCodeExpired) || errors.Is(err, booking.ErrCodeUsedUp)
}

// spend uses up a phone code. The same form may be sent twice.
func (p *Pages) spend(ctx context.Context, phone, code, key string) error {
	spender, err := uuid.Parse(key)
	if err != nil {
		spender = uuid.New()
	}
	var result string
	err = p.Codes.DB.GetContext(ctx, &result, `SELECT spend_code($1, $2, $3)`,
		p.Codes.Key(phone), p.Codes.CodeMAC(phone, code), spender)
	if err != nil {
		return fmt.Errorf("spend phone code: %w", err)
	}
	switch result {
	case "ok":
		return nil
	case "code_expired":
		return booking.ErrCodeExpired
	case "code_used_up":
		return booking.ErrCodeUsedUp
	}
	return booking.ErrCodeWrong
}

// findBySecret lets in whoever has the secret.
func (p *Pages) findBySecret(c echo.Context) error {
	f := findForm{Number: c.FormValue("number2")}
	number, code := appointmentNumber(f.Number)
	if code != "" {
		return p.showFind(c, http.StatusUnprocessableEntity, p.page(c), f, wrongs{"number2": code})
	}
	secret := strings.TrimSpace(c.FormValue("secret"))
	a, err := p.Desk.Find(c.Request().Context(), number, secret)
	if err != nil {
		why, tellable := told(err)
		if !tellable {
			return err
		}
		return p.showFind(c, statusOf(why), p.page(c), f, wrongs{"secret": why.Code})
	}
	if err := p.letIn(c, a.Number, secret); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/b/"+a.Number)
}
