package web

import (
	"github.com/labstack/echo/v4"

	"hunyue/booking"
)

type waitPage struct {
	detailsPage
	Action string
	Wishes []field
	None   string // why nothing can be waited for
	Back   string
}

func (l line) showWait(c echo.Context, status int, pg page, s waitSubject, wrong wrongs) error {
	if done, err := l.turnTo(c, pg, outcome{View: viewWait, Status: status, Wrong: wrong}); done {
		return err
	}
	pg.Settings = ""
	d := waitPage{
		detailsPage: detailsPage{page: pg, Base: l.base, Where: pg.officeName(s.office), Service: pg.serviceName(s.service), Wrong: wrong.say(pg.Reader, "parties")},
		Action:      "/o/" + s.office.ID + "/wait", Back: l.daysAt(s.office.ID, s.service.ID),
	}
	d.Held = []hidden{{"service", s.service.ID}, {"key", s.form.Key}}
	if len(s.open) == 0 && len(s.wishes) == 0 {
		d.None = pg.T("wait.none")
		return l.render(c, status, "wait", d)
	}
	for i := range booking.MostWishes {
		d.Wishes = append(d.Wishes, pg.wishField(i, s, wrong))
	}
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Wishes...)...)
	if err := l.fillDetails(c, &d.detailsPage, s.form, s.subject, wrong); err != nil {
		return err
	}
	return l.render(c, status, "wait", d)
}

// wishField is one of the wishes. What was chosen stays chosen, also where it can be
// wished no longer: it says so.
func (pg page) wishField(i int, s waitSubject, wrong wrongs) field {
	f := field{Name: wishInput(i), Label: pg.T("wait.wish", "n", i+1)}
	first := "wait.choose"
	if i > 0 {
		first = "wait.no_more"
	}
	f.Choices = []option{{"", pg.T(first), len(s.wishes) <= i}}
	all := s.open
	if i < len(s.wishes) && !hasWish(all, s.wishes[i]) && !s.wishes[i].Day.IsZero() {
		all = append([]booking.Wish{s.wishes[i]}, all...)
	}
	for _, w := range all {
		f.Choices = append(f.Choices, option{wishValue(w), pg.halfOption(w), i < len(s.wishes) && w.Day == s.wishes[i].Day && w.Half == s.wishes[i].Half})
	}
	if code := wrong[f.Name]; code != "" {
		f.Wrong = pg.T("wait.wrong." + code)
	}
	return f
}
