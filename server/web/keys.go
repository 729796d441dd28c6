package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/server/operator"
)

// mountKeys adds the keys and the day of whoever is signed in.
func (p *Pages) mountKeys(call *echo.Group) {
	call.GET("/keys", p.keys)
	call.POST("/keys", p.setKeys)
	call.GET("/stats", p.stats)
}

type keysPage struct {
	page
	Keys   []keyRow
	Fixed  []keyRow
	Off    bool // all of them
	Fields []field
}

// keyRow is what a key does; Key is empty where nothing does it.
type keyRow struct{ Does, Key string }

// keys shows the keys of the console as they are for this account.
func (p *Pages) keys(c echo.Context) error {
	now, err := p.Operator.Bindings(c.Request().Context(), me(c).ID)
	if err != nil {
		return err
	}
	return p.showKeys(c, http.StatusOK, p.page(c), now, now, nil)
}

// setKeys takes other keys, all off, or those that everybody has at first.
func (p *Pages) setKeys(c echo.Context) error {
	ctx, account := c.Request().Context(), me(c).ID
	typed := operator.Keys{}
	for i, a := range shownActions() {
		typed[a] = strings.TrimSpace(c.FormValue(keyInput(i)))
	}
	typed[operator.Wait] = operator.Default(operator.Wait)
	chosen, err := operator.Chosen(typed)
	switch c.FormValue("step") {
	case "off":
		chosen, err = nil, nil
	case "defaults":
		chosen, err = operator.Defaults(), nil
	}
	if err != nil {
		pg, why, err := p.page(c).explained(c, err)
		if err != nil {
			return err
		}
		now, err := p.Operator.Bindings(ctx, account)
		if err != nil {
			return err
		}
		return p.showKeys(c, statusOf(why), pg, now, typed, why.Fields)
	}
	if err := p.Operator.Bind(ctx, account, chosen); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/call/keys")
}

// shownActions is what the console can do: there is no waiting list yet.
func shownActions() []operator.Action {
	return slices.DeleteFunc(operator.Actions(), func(a operator.Action) bool { return a == operator.Wait })
}

// keyInput names the input for the key of an action, by its place.
func keyInput(i int) string { return "key." + strconv.Itoa(i) }

func (p *Pages) showKeys(c echo.Context, status int, pg page, now, typed operator.Keys, wrong wrongs) error {
	d := keysPage{page: pg, Off: true}
	for i, a := range shownActions() {
		does := "keys.do." + string(a)
		d.Keys, d.Off = append(d.Keys, keyRow{pg.T(does), printed(now[a])}), d.Off && now[a] == ""
		at := wrongs{}
		if code := wrong[string(a)]; code != "" {
			at[keyInput(i)] = code
		}
		hint := pg.T("keys.usual", "key", printed(operator.Default(a)))
		d.Fields = append(d.Fields, pg.typed(field{Name: keyInput(i), Hint: hint, Auto: "off"}, does, printed(typed[a]), at))
	}
	for _, fixed := range [][2]string{{"keys.fixed.slot", "1–9 ↑ ↓"}, {"keys.fixed.choose", "Enter"}, {"keys.fixed.outcome", "1–3"}} {
		d.Fixed = append(d.Fixed, keyRow{pg.T(fixed[0]), fixed[1]})
	}
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Fields...)...)
	return p.render(c, status, "keys", d)
}
