package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/slots"
)

type homePage struct {
	page
	Public  bool // for couples, not for staff who book for them
	News    *noticeRow
	Works   string // what couples are told of a maintenance
	Offices []officeRow
}

type officeRow struct {
	Name, Address, Phone, To string
	Abroad                   bool // registers couples of whom one is not a resident of the mainland
}

// home is the list of offices. Where there is one, couples go straight there.
func (p *Pages) home(c echo.Context) error {
	return p.offices(c, p.web(), func(string) bool { return true })
}

func (p *Pages) offices(c echo.Context, l line, shown func(office string) bool) error {
	ctx := c.Request().Context()
	all, err := p.Offices.Offices(ctx)
	if err != nil {
		return err
	}
	home := homePage{page: p.page(c), Public: !l.assisted()}
	for _, o := range all {
		if !shown(o.ID) || len(o.Services) == 0 {
			continue
		}
		rules, err := p.Offices.Rules(ctx, o.ID, date.DateOf(p.Clock.Now().In(o.Location)))
		if err != nil {
			return err
		}
		home.Offices = append(home.Offices, officeRow{
			Name: home.officeName(o), Address: o.Address, Phone: o.Phone,
			To: l.base + "/o/" + o.ID, Abroad: rules.XBForeign || rules.XBHMT || rules.XBOverseas,
		})
	}
	if home.News, err = p.newestNotice(c, home.page, ""); err != nil {
		return err
	}
	if home.Public {
		home.Works = p.maintained(home.page)
	}
	if home.Public && len(home.Offices) == 1 && len(all) == 1 {
		return c.Redirect(http.StatusSeeOther, home.Offices[0].To)
	}
	return p.render(c, http.StatusOK, "home", home)
}

func (pg page) officeName(o slots.Office) string {
	if pg.Lang == "en" {
		return o.NameEN
	}
	return o.Name
}

func (pg page) serviceName(s slots.Service) string {
	if pg.Lang == "en" {
		return s.NameEN
	}
	return s.Name
}
