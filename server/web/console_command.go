package web

import (
	"net/url"
	"strings"

	"hunyue/slots"
)

// command shows what the word after > asks for: what is closed, the operator's
// day, another office, the keys. Without a word, or with one that asks for nothing, it
// shows every command.
func (k *console) command(word string) error {
	k.said(meansCommand, word)
	is := func(words ...string) bool {
		for _, w := range words {
			if word == "" || strings.Contains(w, word) {
				return true
			}
		}
		return false
	}
	if is("停办", "暂停", "suspend", "closed") {
		if err := k.suspensions(); err != nil {
			return err
		}
	}
	for _, to := range []struct {
		at, key string
		words   []string
	}{
		{"/call/list", "console.to_list", []string{"回访", "名单", "list"}},
		{"/call/stats", "console.to_stats", []string{"我的", "数据", "stats", "today"}},
		{"/call/keys", "console.to_keys", []string{"快捷键", "按键", "帮助", "keys", "help"}},
	} {
		if is(to.words...) {
			k.d.Commands = append(k.d.Commands, link{To: to.at, Text: k.d.T(to.key)})
		}
	}
	if is("换", "登记处", "大厅", "hall", "office") {
		if err := k.otherOffices(); err != nil {
			return err
		}
	}
	if word != "" && !k.d.Listing() {
		if err := k.command(""); err != nil {
			return err
		}
		k.said(meansCommand, k.d.T("console.no_command"))
	}
	return nil
}

// suspensions is what is closed from today on, as the public reads it.
func (k *console) suspensions() error {
	today := k.today()
	stops, err := k.Offices.Suspensions(k.c.Request().Context(), k.office.ID, today, today.AddDays(furthest))
	for _, s := range stops {
		k.d.Stops = append(k.d.Stops, s.Notice)
	}
	if len(stops) == 0 {
		k.d.Stops = []string{k.d.T("console.no_stops")}
	}
	return err
}

// furthest is so many days as anything is sold ahead.
const furthest = 90

// otherOffices leads to the console of each other office that they work for.
func (k *console) otherOffices() error {
	for _, id := range me(k.c).Offices {
		if id == k.office.ID {
			continue
		}
		o, err := k.Offices.Office(k.c.Request().Context(), id)
		if err != nil {
			return err
		}
		k.d.Commands = append(k.d.Commands, k.consoleAt(o))
	}
	return nil
}

func (k *console) consoleAt(o slots.Office) link {
	return link{To: "/call?" + url.Values{"office": {o.ID}}.Encode(), Text: k.d.T("console.switch", "office", k.d.officeName(o))}
}
