package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/server/watch"
)

type alarmsPage struct {
	page
	Waiting []alarmRow
	Done    []alarmRow
	Number  field // of an appointment that nobody has a reason to open
	Honey   []honeyRow
}

type alarmRow struct {
	ID              int64
	What, When      string
	Answer          []field // of the form
	Outcome, Reason string  // said already
}

type honeyRow struct{ Number, Since string }

// alarms is what the security administrator has to look at, and which records raise
// an alarm when they are opened.
func (p *Pages) alarms(c echo.Context) error {
	return p.showAlarms(c, http.StatusOK, p.page(c), 0, nil)
}

// showAlarms shows what was typed, and what is wrong with it, at the alarm with
// this id; at id 0 at the number.
func (p *Pages) showAlarms(c echo.Context, status int, pg page, id int64, wrong wrongs) error {
	ctx := c.Request().Context()
	found, err := p.Looks.Alarms(ctx)
	if err != nil {
		return err
	}
	d := alarmsPage{page: pg}
	for _, a := range found {
		row := alarmRow{ID: a.ID, What: pg.alarmText(a), When: pg.momentIn(a.At)}
		if a.Outcome != "" {
			row.Outcome, row.Reason = pg.T("alarm.outcome."+string(a.Outcome)), pg.T("alarm.by", "reason", a.Reason, "who", a.By)
			d.Done = append(d.Done, row)
			continue
		}
		row.Answer = pg.answerFields(c, a.ID, id, wrong)
		d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", row.Answer...)...)
		d.Waiting = append(d.Waiting, row)
	}
	number, of := "", wrongs{}
	if id == 0 && len(wrong) > 0 {
		number, of = c.FormValue("number"), wrong
	}
	d.Number = pg.typed(field{Name: "number", Mode: "numeric", Auto: "off"}, "alarm.number", number, of)
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Number)...)
	marked, err := p.Looks.Honey(ctx)
	if err != nil {
		return err
	}
	for _, h := range marked {
		d.Honey = append(d.Honey, honeyRow{h.Number, pg.momentIn(h.Since)})
	}
	return p.render(c, status, "alarms", d)
}

// alarmText is an alarm in a sentence.
func (pg page) alarmText(a watch.Alarm) string {
	return pg.T("alarm.kind."+string(a.Kind), "who", strings.TrimPrefix(a.Actor, "staff:"), "record", strings.TrimPrefix(a.Subject, "appointment:"), "n", a.Opened)
}

// answerFields is the form under an alarm. The names of its inputs are those of the
// alarm alone, since many forms stand on one page.
func (pg page) answerFields(c echo.Context, alarm, sent int64, wrong wrongs) []field {
	of, typed := wrongs{}, func(string) string { return "" }
	at := "." + strconv.FormatInt(alarm, 10)
	if alarm == sent {
		of, typed = wrongs{"outcome" + at: wrong["outcome"], "reason" + at: wrong["reason"]}, c.FormValue
	}
	outcome := field{Name: "outcome" + at, Choices: []option{{"", pg.T("unmask.choose"), typed("outcome"+at) == ""}}}
	for _, o := range watch.Outcomes() {
		outcome.Choices = append(outcome.Choices, option{string(o), pg.T("alarm.outcome." + string(o)), typed("outcome"+at) == string(o)})
	}
	return []field{
		pg.typed(outcome, "alarm.outcome", "", of),
		pg.typed(field{Name: "reason" + at, Auto: "off", Hint: pg.T("alarm.reason_hint")}, "alarm.reason", typed("reason"+at), of),
	}
}

// answerAlarm keeps what came of an alarm. Sent twice, it is kept once.
func (p *Pages) answerAlarm(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return watch.ErrNoAlarm
	}
	at := "." + c.Param("id")
	err = p.Looks.Answer(c.Request().Context(), id, watch.Outcome(c.FormValue("outcome"+at)), c.FormValue("reason"+at), me(c).Actor())
	if err != nil {
		pg, why, err := p.page(c).explained(c, err)
		if err != nil {
			return err
		}
		return p.showAlarms(c, statusOf(why), pg, id, why.Fields)
	}
	return c.Redirect(http.StatusSeeOther, "/manage/alarms")
}

// markHoney says of an appointment that nobody has a reason to open it, or that this
// holds no more. It shows nothing of the appointment.
func (p *Pages) markHoney(c echo.Context) error {
	number, code := appointmentNumber(c.FormValue("number"))
	if code == "" {
		err := p.Looks.MarkHoney(c.Request().Context(), number, c.FormValue("step") != "unmark", me(c).Actor())
		if err == nil {
			return c.Redirect(http.StatusSeeOther, "/manage/alarms")
		}
		f, tellable := told(err)
		if !tellable || f.Code != booking.ErrNoAppointment.Code {
			return err
		}
		code = "unknown"
	}
	return p.showAlarms(c, http.StatusUnprocessableEntity, p.page(c), 0, wrongs{"number": code})
}

// momentIn is an instant in China.
func (pg page) momentIn(t time.Time) string {
	t = t.In(china)
	return pg.ShortDay(date.DateOf(t)) + " " + pg.Clock(t)
}

// overseen is where those who look over the staff go, with how many alarms wait.
func (p *Pages) overseen(c echo.Context, pg page) []link {
	var all []link
	here := c.Request().URL.Path
	if maySee(pg.Staff, "/manage/audit") {
		all = append(all, link{To: "/manage/audit", Text: pg.T("audit.title"), Here: here == "/manage/audit"})
	}
	if maySee(pg.Staff, "/manage/alarms") {
		text := pg.T("alarm.title")
		n, err := p.Looks.Waiting(c.Request().Context())
		if err != nil {
			p.Looks.Log.WarnContext(c.Request().Context(), "waiting alarms not counted", "error", err)
		}
		if n > 0 {
			text = pg.T("alarm.waiting", "n", n)
		}
		all = append(all, link{To: "/manage/alarms", Text: text, Here: here == "/manage/alarms"})
	}
	return all
}
