package slots

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"hunyue/internal/date"
	"hunyue/internal/identity"
)

// Material is something to bring, or to know about what to bring.
type Material struct {
	ID   string             // names its text in every language
	Of   identity.PartyKind // who brings it; "" for what is brought together
	Text BringText          // what the office says in place of the common text; zero where it says nothing
}

// BringText is what an office says about what to bring, such as the size of
// photographs (domain rule 11).
type BringText struct {
	Service   string             `json:"service"`    // "" means every service
	Party     identity.PartyKind `json:"party"`      // "" means all of them together
	InsteadOf string             `json:"instead_of"` // the ID of the common text that it replaces; "" adds to them
	ZH        string             `json:"zh"`
	EN        string             `json:"en"`
}

// noRegister is the first day on which residents bring no household register
// (婚姻登记条例 8; State Council order 804).
var noRegister = date.Date{Year: 2025, Month: 5, Day: 10}

// identification is how each kind of person shows who they are, and unmarried how
// they show that they may marry (婚姻登记条例 8, 15, 21).
var (
	identification = map[identity.PartyKind][]string{
		identity.Mainland:        {"id_card"},
		identity.HMT:             {"permit", "local_id"},
		identity.OverseasChinese: {"chinese_passport"},
		identity.Foreign:         {"passport"},
	}
	unmarried = map[identity.PartyKind]string{
		identity.Mainland:        "statement",
		identity.HMT:             "notarised_statement",
		identity.OverseasChinese: "authenticated_statement",
		identity.Foreign:         "authenticated_statement",
	}
)

// asked is what a service asks for beside identification.
type asked struct {
	marries        bool // each shows that they may marry
	register       bool // residents brought their household register, before noRegister
	each, together []string
}

// askedFor is by the id of the service. Whoever comes for another one shows who
// they are.
var askedFor = map[string]asked{
	"marriage":         {marries: true, register: true, together: []string{"photos_joint"}},
	"remarriage":       {marries: true, register: true, together: []string{"divorce_certificate", "photos_joint"}},
	"marriage_makeup":  {marries: true, register: true, together: []string{"photos_joint"}},
	"divorce_apply":    {register: true, each: []string{"marriage_certificate", "photos_single"}, together: []string{"both_come"}},
	"divorce_withdraw": {together: []string{"divorce_receipt"}},
	"divorce_issue":    {register: true, each: []string{"marriage_certificate", "photos_single"}, together: []string{"divorce_receipt", "both_come"}},
	"reissue_marriage": {register: true, together: []string{"photos_joint"}},
	"reissue_divorce":  {register: true, each: []string{"photos_single"}},
	"ceremony":         {each: []string{"marriage_certificate"}},
}

// Materials is what to bring for a service on the day of the visit: first what
// each kind of person brings, in the order of who, then what they bring together.
// These must be the rules of that day (domain rule 11).
func (r Rules) Materials(s Service, who []identity.PartyKind, visit date.Date) []Material {
	ask := askedFor[s.ID]
	var all []Material
	add := func(of identity.PartyKind, ids ...string) {
		for _, id := range ids {
			all = append(all, Material{ID: id, Of: of, Text: r.instead(s, of, id)})
		}
		for _, own := range r.Bring {
			if own.InsteadOf == "" && own.about(s, of) {
				all = append(all, Material{Of: of, Text: own})
			}
		}
	}
	resident := slices.Contains(who, identity.Mainland)
	for i, kind := range who {
		if !slices.Contains(who[:i], kind) {
			add(kind, ask.of(kind, visit)...)
		}
	}
	together := slices.Clone(ask.together)
	if ask.marries && resident {
		together = append(together, "soldiers")
	}
	if ask.register && resident && !visit.Before(noRegister) {
		together = append(together, "no_register")
	}
	add("", together...)
	return all
}

func (a asked) of(kind identity.PartyKind, visit date.Date) []string {
	ids := slices.Clone(identification[kind])
	if a.register && kind == identity.Mainland && visit.Before(noRegister) {
		ids = append(ids, "household_register")
	}
	if a.marries {
		ids = append(ids, unmarried[kind])
	}
	return append(ids, a.each...)
}

func (b BringText) about(s Service, of identity.PartyKind) bool {
	return (b.Service == "" || b.Service == s.ID) && b.Party == of
}

// instead is what the office says in place of a common text. What it says about
// the service goes before what it says about every one.
func (r Rules) instead(s Service, of identity.PartyKind, id string) BringText {
	var found BringText
	for _, own := range r.Bring {
		if own.InsteadOf == id && own.about(s, of) && found.Service == "" {
			found = own
		}
	}
	return found
}

// The bounds of the office's own texts.
const (
	mostBring    = 20
	longestBring = 100 // in code points
)

// checkBring also refuses what the law no longer lets an office ask for.
func (r Rules) checkBring(wrong map[string]string) {
	if len(r.Bring) > mostBring {
		wrong["bring"] = "out_of_range"
		return
	}
	for i, own := range r.Bring {
		field := fmt.Sprintf("bring.%d.", i)
		if own.Party != "" && !slices.Contains(identity.PartyKinds(), own.Party) {
			wrong[field+"party"] = "unknown"
		}
		if own.InsteadOf != "" && !slices.Contains(MaterialIDs(), own.InsteadOf) {
			wrong[field+"instead_of"] = "unknown"
		}
		for name, text := range map[string]string{"zh": own.ZH, "en": own.EN} {
			if code := wrongInBring(text); code != "" {
				wrong[field+name] = code
			}
		}
	}
}

func wrongInBring(text string) string {
	lower := strings.ToLower(text)
	switch {
	case strings.TrimSpace(text) == "":
		return "required"
	case utf8.RuneCountInString(text) > longestBring:
		return "too_long"
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }):
		return "format"
	case strings.Contains(text, "户口"), strings.Contains(lower, "hukou"), strings.Contains(lower, "household"):
		return "household_register"
	}
	return ""
}

// MaterialIDs is the ID of every common text.
func MaterialIDs() []string {
	ids := map[string]bool{"household_register": true, "soldiers": true, "no_register": true}
	for _, kind := range identity.PartyKinds() {
		ids[unmarried[kind]] = true
		for _, id := range identification[kind] {
			ids[id] = true
		}
	}
	for _, ask := range askedFor {
		for _, id := range slices.Concat(ask.each, ask.together) {
			ids[id] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}
