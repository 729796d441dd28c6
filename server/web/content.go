package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// mountContent adds the pages that explain.
func (p *Pages) mountContent(e *echo.Echo) {
	e.GET("/help", p.help)
	e.GET("/help/rare-name", p.rareName)
	e.POST("/help/rare-name", p.rareName)
	e.GET("/bring", p.whatToBring)
	e.GET("/foreign", p.foreign)
	e.GET("/privacy", p.privacy)
	e.GET("/accessibility", p.accessibility)
}

// Lines is a text of several lines, one each.
func (pg page) Lines(key string, pairs ...any) []string {
	return strings.Split(pg.T(key, pairs...), "\n")
}

// explaining is what pages that explain have in common: whom to call.
type explaining struct {
	page
	Offices []officeRow
}

// explaining begins such a page, and says which offices register whom beside
// residents.
func (p *Pages) explaining(c echo.Context) (explaining, []servedAt, error) {
	ctx := c.Request().Context()
	d := explaining{page: p.page(c)}
	var served []servedAt
	all, err := p.Offices.Offices(ctx)
	for _, o := range all {
		if len(o.Services) == 0 {
			continue
		}
		rules, err := p.Offices.Rules(ctx, o.ID, p.officeDay(o))
		if err != nil {
			return d, nil, err
		}
		kinds := beyondResidents(rules)
		row := officeRow{Name: d.officeName(o), Address: o.Address, Phone: o.Phone, To: "/o/" + o.ID, Abroad: len(kinds) > 0}
		d.Offices = append(d.Offices, row)
		if row.Abroad {
			served = append(served, servedAt{row, d.kindNames(kinds)})
		}
	}
	return d, served, err
}

// officeDay is today at an office.
func (p *Pages) officeDay(o slots.Office) date.Date { return date.DateOf(p.Clock.Now().In(o.Location)) }

// servedAt is an office and, in words, whom it registers beside residents.
type servedAt struct {
	officeRow
	Kinds string
}

// beyondResidents is whom an office with these rules registers with a resident of
// the mainland (domain rule 8).
func beyondResidents(r slots.Rules) []identity.PartyKind {
	var kinds []identity.PartyKind
	for _, k := range []struct {
		kind identity.PartyKind
		on   bool
	}{{identity.HMT, r.XBHMT}, {identity.OverseasChinese, r.XBOverseas}, {identity.Foreign, r.XBForeign}} {
		if k.on {
			kinds = append(kinds, k.kind)
		}
	}
	return kinds
}

func (pg page) kindNames(kinds []identity.PartyKind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, pg.T("kind."+string(k)))
	}
	return strings.Join(names, pg.T("kind.and"))
}

type helpPage struct {
	explaining
	Words []word
	Rules slots.Rules // as they are where an office has set nothing
}

// word is a word of the calendar and what it means.
type word struct{ Word, Meaning string }

// chips is the words of the calendar that are explained.
var chips = []string{"open", "few", "full", "closed", "suspended", "unreleased", "lead", "not_published", "past"}

// help is how booking works.
func (p *Pages) help(c echo.Context) error {
	d, _, err := p.explaining(c)
	if err != nil {
		return err
	}
	h := helpPage{explaining: d, Rules: slots.DefaultRules()}
	for _, chip := range chips {
		h.Words = append(h.Words, word{d.T("chip." + chip), d.T("help.word." + chip)})
	}
	return p.render(c, http.StatusOK, "help", h)
}

type foreignPage struct {
	explaining
	Served []servedAt
	Kinds  []link // what to bring, by kind
}

// foreign begins with the question whether one of the two is no resident of the
// mainland, and names who can register them.
func (p *Pages) foreign(c echo.Context) error {
	d, served, err := p.explaining(c)
	if err != nil {
		return err
	}
	f := foreignPage{explaining: d, Served: served}
	for _, kind := range identity.PartyKinds() {
		if kind != identity.Mainland {
			f.Kinds = append(f.Kinds, link{To: "/bring?" + url.Values{"other": {string(kind)}}.Encode(), Text: d.T("kind." + string(kind))})
		}
	}
	return p.render(c, http.StatusOK, "foreign", f)
}

type privacyPage struct {
	explaining
	Notice  []string
	Version string
}

// privacy is the notice that couples agree to, and more of the same.
func (p *Pages) privacy(c echo.Context) error {
	d, _, err := p.explaining(c)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "privacy", privacyPage{explaining: d, Notice: d.Lines("notice.privacy"), Version: privacyVersion})
}

// accessibility is what these pages promise to everybody's eyes and hands.
func (p *Pages) accessibility(c echo.Context) error {
	d, _, err := p.explaining(c)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "accessibility", d)
}

type bringPage struct {
	page
	Heading                       string
	Services, One, Other, Offices []link
	Call                          bool // nobody can book this: they call
	Bring                         []string
}

// asking is what somebody wants to know what to bring for.
type asking struct{ office, service, one, other string }

func (a asking) at() string {
	q := url.Values{"service": {a.service}, "one": {a.one}, "other": {a.other}}
	if a.office != "" {
		q.Set("office", a.office)
	}
	return "/bring?" + q.Encode()
}

// whatToBring is what to bring by the service and by who comes (domain rule 11).
func (p *Pages) whatToBring(c echo.Context) error {
	ctx, pg := c.Request().Context(), p.page(c)
	offices, err := p.Offices.Offices(ctx)
	if err != nil {
		return err
	}
	rules, a := slots.DefaultRules(), asking{c.QueryParam("office"), c.QueryParam("service"), c.QueryParam("one"), c.QueryParam("other")}
	services, today := servicesOf(offices), p.Notices.Today()
	if a.office != "" {
		o, err := p.Offices.Office(ctx, a.office)
		if err != nil {
			return err
		}
		if rules, err = p.Offices.Rules(ctx, o.ID, p.officeDay(o)); err != nil {
			return err
		}
		services = o.Services
	}
	if len(services) == 0 {
		return slots.ErrNoSuchOffice
	}
	return p.render(c, http.StatusOK, "bring", pg.bringPage(a, services, offices, rules, today))
}

// servicesOf is every service that one of the offices offers.
func servicesOf(offices []slots.Office) []slots.Service {
	var all []slots.Service
	for _, o := range offices {
		for _, s := range o.Services {
			if !slices.ContainsFunc(all, func(known slots.Service) bool { return known.ID == s.ID }) {
				all = append(all, s)
			}
		}
	}
	return all
}

// bringPage is the answer and, as links, what else can be asked. What is not
// known is asked as most people would.
func (pg page) bringPage(a asking, services []slots.Service, offices []slots.Office, rules slots.Rules, today date.Date) bringPage {
	service := services[0]
	if i := slices.IndexFunc(services, func(s slots.Service) bool { return s.ID == a.service }); i >= 0 {
		service = services[i]
	}
	one, other := kindOr(a.one), kindOr(a.other)
	who := []identity.PartyKind{one, other}
	if service.PartiesMin < 2 {
		who = who[:1]
	}
	a.service, a.one, a.other = service.ID, string(one), string(other)
	d := bringPage{page: pg, Heading: pg.T("material.for", "service", pg.serviceName(service))}
	d.Call = service.Group == slots.Marriage && len(who) == 2 && one != identity.Mainland && other != identity.Mainland
	d.Bring = pg.bring(service, rules, today, who)
	for _, s := range services {
		to := a
		to.service = s.ID
		d.Services = append(d.Services, link{to.at(), pg.serviceName(s), s.ID == service.ID})
	}
	for _, k := range identity.PartyKinds() {
		first, second := a, a
		first.one, second.other = string(k), string(k)
		d.One = append(d.One, link{first.at(), pg.T("kind." + string(k)), k == one})
		if len(who) == 2 {
			d.Other = append(d.Other, link{second.at(), pg.T("kind." + string(k)), k == other})
		}
	}
	for _, o := range offices {
		to := a
		to.office = o.ID
		d.Offices = append(d.Offices, link{to.at(), pg.officeName(o), o.ID == a.office})
	}
	return d
}

// kindOr is the kind of person that was asked for, or a resident of the mainland.
func kindOr(asked string) identity.PartyKind {
	if kind := identity.PartyKind(asked); slices.Contains(identity.PartyKinds(), kind) {
		return kind
	}
	return identity.Mainland
}
