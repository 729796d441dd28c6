package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/slots"
)

// scanBox is the one input of the desk, and what its script has to know. The script
// takes what a scanner types wherever the focus is.
type scanBox struct {
	Find      field
	Office    string
	Day       string
	Now       int64 // milliseconds, by the server's clock
	Early     int   // minutes before the beginning of the slot that the door opens
	Late      int   // minutes after it from which a couple is late
	Screening slots.Screening
	Device    string // that was used last in this browser
	WalkIn    bool   // somebody without an appointment can be taken here
	Words     string // what the script says, as JSON
}

func (p *Pages) scanBox(c echo.Context, pg page, o slots.Office, rules slots.Rules, typed string) (scanBox, error) {
	p.deskName(c) // before the page's script asks, perhaps twice at once: one browser has one name
	b := scanBox{
		Find:   field{Name: "q", Label: pg.T("desk.box"), Hint: pg.T("desk.box_hint"), Value: typed, Auto: "off"},
		Office: o.ID, Day: p.dayAt(o).String(), Now: p.Clock.Now().UnixMilli(),
		Early: rules.EarlyMinutes, Late: rules.LateMinutes, Screening: rules.Screening,
		Device: thermometer(c), WalkIn: mayPost(me(c), "/desk/walk-in"),
	}
	words, err := json.Marshal(pg.deskWords())
	if err != nil {
		return b, fmt.Errorf("words of the desk: %w", err)
	}
	b.Words = string(words)
	return b, nil
}

// deskWords is what the script of the desk says by itself: of a couple that it knows
// before the server has answered, and of what it cannot do. What stands in braces it
// fills in.
func (pg page) deskWords() map[string]string {
	words := map[string]string{
		"and": pg.T("desk.and"), "ok": pg.T("desk.can"), "early": pg.T("desk.early"), "late": pg.T("desk.late"),
		"already": pg.T("desk.already_local"), "over": pg.T("desk.over"),
		"door": pg.T("door.submit"), "both": pg.T("door.both"), "take_early": pg.T("desk.take_early"), "take_late": pg.T("desk.take_late"),
		"celsius": pg.T("door.celsius_of"), "odd": pg.T("desk.odd"), "looking": pg.T("desk.checking"),
		"offline": pg.T("desk.offline"), "saved": pg.T("desk.saved"), "not_kept": pg.T("desk.not_kept"),
		"no_camera": pg.T("desk.no_camera"), "due": pg.T("desk.due"), "found": pg.T("desk.found"), "of": pg.T("desk.of"),
	}
	for _, s := range shownStatuses() {
		words[string(s)] = pg.T("status." + string(s))
	}
	maps.Copy(words, pg.storeWords())
	return words
}

// thermometer is the one that was used last in this browser.
func thermometer(c echo.Context) string {
	kept, err := c.Cookie("thermometer")
	if err != nil || len(kept.Value) > longestDevice {
		return ""
	}
	return strings.TrimSpace(kept.Value)
}

// longestDevice is in bytes: what a cookie holds is plain.
const longestDevice = 32

// keepThermometer remembers it for the next couple, if a cookie can hold its name.
func (p *Pages) keepThermometer(c echo.Context, device string) {
	device = strings.TrimSpace(device)
	plain := !strings.ContainsFunc(device, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`",;\`, r) })
	if device != "" && plain && len(device) <= longestDevice {
		p.setCookie(c, http.Cookie{Name: "thermometer", Value: device, Path: "/desk", MaxAge: year})
	}
}
