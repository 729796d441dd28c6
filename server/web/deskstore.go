package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/unicode/norm"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/slots"
)

// deskList is what a desk keeps of the day, so that it can go on without us. It names
// nobody in full.
type deskList struct {
	Office    string     `json:"office"`
	Day       date.Date  `json:"day"`
	Until     time.Time  `json:"until"` // the day is over then, and with it the list
	Now       time.Time  `json:"now"`   // by our clock, which the desk's own may not show
	Letter    string     `json:"letter"`
	Last      int        `json:"last"` // the number of its last ticket that we know of
	Conflicts int        `json:"conflicts"`
	Rules     deskRules  `json:"rules"`
	Rows      []deskLine `json:"rows"`
}

// deskRules is what a desk judges by while it is alone.
type deskRules struct {
	Screening   slots.Screening `json:"screening"`
	Early       int             `json:"early"` // minutes
	Late        int             `json:"late"`
	Fever       int             `json:"fever"`   // tenths of a degree
	Recheck     int             `json:"recheck"` // minutes
	OtherDevice bool            `json:"otherDevice"`
	Companions  int             `json:"companions"`
}

// deskLine is a couple in that list.
type deskLine struct {
	Number  string         `json:"number"`
	Pass    string         `json:"pass"` // the rest of what their QR code holds
	Names   []string       `json:"names"`
	Heads   []string       `json:"heads,omitempty"` // the letters that their names begin with, see hanzi.Begins
	Tags    []string       `json:"tags,omitempty"`  // of their names, see nameTag
	Tails   []string       `json:"tails"`           // of their documents
	Phone   string         `json:"phone"`           // its tail
	Starts  time.Time      `json:"starts"`
	Ends    time.Time      `json:"ends"`
	Status  booking.Status `json:"status"`
	Ticket  string         `json:"ticket,omitempty"`
	Arrived *time.Time     `json:"arrived,omitempty"`
	Rest    *deskRest      `json:"rest,omitempty"`
}

// deskRest is whoever has to be measured again, and from when on.
type deskRest struct {
	Until   time.Time `json:"until"`
	Parties []int     `json:"parties"`
	Devices []string  `json:"devices"`
}

// mountDeskStore adds what a desk asks for by itself, and what it brings afterwards.
func (p *Pages) mountDeskStore(desk *echo.Group) {
	desk.GET("/list.json", p.deskList)
	desk.GET("/shell", p.deskShell)
	desk.POST("/sync", p.deskSync)
	desk.GET("/conflict", p.toSettle)
	desk.POST("/conflict", p.settleConflict)
	desk.GET("/conflict/:conflict", p.oneConflict)
}

// deskList gives a desk the list of the day and the key that it is kept with. A desk
// that has it already is told so, and is shown nothing.
func (p *Pages) deskList(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	ctx, desk := c.Request().Context(), p.deskName(c)
	day := date.DateOf(p.Clock.Now().In(o.Location))
	visits, err := p.Hall.Today(ctx, o.ID, day)
	if err != nil {
		return err
	}
	list, err := p.deskFrame(c, o, day, desk)
	if err != nil {
		return err
	}
	p.giveDeskKey(c, desk)
	tag := deskTag(list, visits)
	c.Response().Header().Set("ETag", tag)
	if c.Request().Header.Get("If-None-Match") == tag {
		return c.NoContent(http.StatusNotModified)
	}
	if list.Rows, err = p.deskLines(c, o, day, visits, p.deskKey(c, desk)); err != nil {
		return err
	}
	list.Now = p.Clock.Now()
	return c.JSON(http.StatusOK, list)
}

// deskShell is the desk with nobody on it, which the browser keeps for when there is no
// network. It names nobody, not even who is signed in.
func (p *Pages) deskShell(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	pg, staff := p.page(c), *me(c)
	staff.Name = pg.T("deskstore.somebody")
	pg.Staff, pg.Other = &staff, ""
	return p.showDesk(c, http.StatusOK, pg, o, deskPage{shell: true}, nil)
}

// deskFrame is a list without its rows.
func (p *Pages) deskFrame(c echo.Context, o slots.Office, day date.Date, desk string) (deskList, error) {
	ctx := c.Request().Context()
	r, err := p.Offices.Rules(ctx, o.ID, day)
	if err != nil {
		return deskList{}, err
	}
	letter, err := p.Hall.Letter(ctx, o.ID, day, desk, me(c).Actor())
	if err != nil {
		return deskList{}, err
	}
	conflicts, err := p.Hall.Conflicts(ctx, o.ID)
	if err != nil {
		return deskList{}, err
	}
	return deskList{
		Office: o.ID, Day: day, Until: day.AddDays(1).In(o.Location), Letter: letter.Letter, Last: letter.Last, Conflicts: len(conflicts),
		Rules: deskRules{r.Screening, r.EarlyMinutes, r.LateMinutes, r.FeverDecicelsius, r.RecheckMinutes, r.RecheckOtherDevice, r.Companions},
	}, nil
}

// deskLines is the couples of a day, masked: one look at the list.
func (p *Pages) deskLines(c echo.Context, o slots.Office, day date.Date, visits []hall.Visit, key []byte) ([]deskLine, error) {
	ctx := c.Request().Context()
	rows, hints, err := p.Desk.DayBy(ctx, o.ID, day, func(name string) string {
		return nameTag(key, day, name) + " " + p.rare.Begins(name)
	})
	if err != nil {
		return nil, err
	}
	masked := map[string]booking.Row{}
	for _, row := range rows {
		masked[row.Number] = row
	}
	lines := make([]deskLine, 0, len(visits))
	for _, v := range visits {
		row := masked[v.Number]
		line := deskLine{
			Number: v.Number, Pass: strings.TrimPrefix(p.Desk.DoorPass(v.Number), v.Number), Names: slices.Concat([]string{}, row.Names), Tails: []string{}, Phone: legible(row.Phone),
			Starts: v.StartsAt, Ends: v.EndsAt, Status: v.Status, Ticket: v.Ticket, Arrived: v.ArrivedAt,
		}
		for _, hint := range hints[v.Number] {
			tag, heads, _ := strings.Cut(hint, " ")
			line.Tags, line.Heads = append(line.Tags, tag), append(line.Heads, heads)
		}
		for _, number := range row.Numbers {
			line.Tails = append(line.Tails, legible(number))
		}
		if v.RecheckAt != nil && v.Status == booking.Booked {
			rest, err := p.Hall.Resting(ctx, v.Number)
			if err != nil {
				return nil, err
			}
			line.Rest = &deskRest{rest.Until, rest.Parties, rest.Devices}
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// legible is what can be read at the end of a masked number.
func legible(masked string) string { return masked[strings.LastIndexByte(masked, '*')+1:] }

// deskTag changes with whatever a list would show.
func deskTag(list deskList, visits []hall.Visit) string {
	sum := fnv.New128a()
	_ = json.NewEncoder(sum).Encode(list)   // of plain values
	_ = json.NewEncoder(sum).Encode(visits) //nolint:musttag // likewise; only whether they differ is asked
	return fmt.Sprintf(`"%x"`, sum.Sum(nil))
}

// deskName is the random name of a browser at the desk, by which its tickets have a
// letter of their own. It outlasts signing out: the letter stays.
func (p *Pages) deskName(c echo.Context) string {
	if known, err := c.Cookie("desk"); err == nil && len(known.Value) >= 26 && len(known.Value) <= 64 {
		return known.Value
	}
	name := rand.Text()
	p.setCookie(c, http.Cookie{Name: "desk", Value: name, Path: "/desk", MaxAge: year})
	return name
}

// giveDeskKey gives the browser the key of what it keeps: of this browser and whoever is
// signed in alone, and the same whenever they come back. Scripts read it; it ends with
// the browser, and with signing in or out (see the decision record).
func (p *Pages) giveDeskKey(c echo.Context, desk string) {
	c.SetCookie(&http.Cookie{
		Name: "deskkey", Value: base64.RawURLEncoding.EncodeToString(p.deskKey(c, desk)), Path: "/desk",
		Secure: p.Accounts.Secure, SameSite: http.SameSiteStrictMode,
	})
}

func (p *Pages) deskKey(c echo.Context, desk string) []byte {
	return p.Keys.MAC("desk store", []byte(me(c).Username), []byte(desk))
}

// nameTag stands for a name in the list, so that one that is typed is found and none can
// be read: a hash with the key of the store, and another one every day. How a name is
// spaced, punctuated and capitalised does not matter.
func nameTag(key []byte, day date.Date, name string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r) {
			return -1
		}
		return r
	}, strings.ToLower(norm.NFKC.String(name)))
	sum := hmac.New(sha256.New, key)
	_, _ = sum.Write([]byte("name " + day.String() + " " + plain)) // never fails
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:9])
}

// takeDeskKey takes it out of the browser.
func (p *Pages) takeDeskKey(c echo.Context) {
	c.SetCookie(&http.Cookie{Name: "deskkey", Path: "/desk", MaxAge: -1, Secure: p.Accounts.Secure, SameSite: http.SameSiteStrictMode})
}

// unsent is how many deeds a browser still has to send, as its store says; "" for none.
func unsent(c echo.Context) string {
	kept, err := c.Cookie("deskwaiting")
	if err != nil || kept.Value == "0" || len(kept.Value) > 4 || digits(kept.Value) != kept.Value {
		return ""
	}
	return kept.Value
}

// storeWords is what the script of the desk says of what is kept there. What stands in
// braces it fills in.
func (pg page) storeWords() map[string]string {
	words := map[string]string{
		"syncing": pg.T("deskstore.syncing"), "waiting": pg.T("deskstore.waiting"), "signed_out": pg.T("deskstore.signed_out"), "others": pg.T("deskstore.others"),
		"saved_recheck": pg.T("deskstore.saved_recheck"), "saved_deferred": pg.T("deskstore.saved_deferred"),
	}
	for _, code := range storeRefusals() {
		words["refused_"+code] = pg.T("deskstore.refused." + code)
	}
	return words
}

// storeRefusals is why a desk that is alone keeps nothing.
func storeRefusals() []string {
	return []string{"no_such_appointment", "not_possible", "already_in", "early", "recheck_too_soon", "invalid_input", "no_list", "no_letter"}
}
