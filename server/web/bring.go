package web

import (
	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// bring is what to bring for a service on a day, in words, one line each (domain
// rule 11).
func (pg page) bring(s slots.Service, rules slots.Rules, visit date.Date, who []identity.PartyKind) []string {
	var lines []string
	for _, m := range rules.Materials(s, who, visit) {
		text := m.Text.ZH
		switch {
		case m.Text.ZH == "":
			text = pg.T("bring." + m.ID)
		case pg.Lang == "en":
			text = m.Text.EN
		}
		if m.Of != "" {
			text = pg.T(whose(m.Of, who), "what", text)
		}
		lines = append(lines, text)
	}
	return lines
}

// whose is the key of the words for the one of them who brings it, or for both.
func whose(of identity.PartyKind, who []identity.PartyKind) string {
	switch {
	case len(who) == 1:
		return "bring.alone"
	case who[0] == who[len(who)-1]:
		return "bring.both"
	}
	return "bring.of." + string(of)
}
