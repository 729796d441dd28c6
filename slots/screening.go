package slots

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// Screened is a stretch of days on which an office takes temperatures alike.
type Screened struct {
	From, To  date.Date // To is zero: from then on
	Screening Screening
}

// longestNote is in code points.
const longestNote = 200

// SetScreening says whether an office takes temperatures from one day to another
// (domain rule 63); afterwards holds what held before. A zero to is until somebody
// says otherwise. Other rules stay as they are. Days that have it so already are left
// alone, so asking again changes nothing.
//
// Faults: ErrNoSuchOffice; fields screening ("unknown"), from ("past"), to ("order"),
// note ("required", "too_long").
func (s *Store) SetScreening(ctx context.Context, office string, from, to date.Date, screening Screening, note, actor string) error {
	o, err := s.Office(ctx, office)
	if err != nil {
		return err
	}
	note = strings.TrimSpace(note)
	wrong := map[string]string{}
	if screening != ScreeningRequired && screening != ScreeningOptional && screening != ScreeningOff {
		wrong["screening"] = "unknown"
	}
	s.notPast(wrong, "from", o, from)
	if to.Valid() && to.Before(from) {
		wrong["to"] = "order"
	}
	switch {
	case note == "":
		wrong["note"] = "required"
	case utf8.RuneCountInString(note) > longestNote:
		wrong["note"] = "too_long"
	}
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	err = s.actAs(ctx, actor, func(tx postgres.Querier) error {
		if err := lockRules(ctx, tx, office); err != nil {
			return err
		}
		known, err := loadRules(ctx, tx, office)
		if err != nil {
			return err
		}
		added := screened(known, from, to, screening)
		if len(added) == 0 {
			return nil
		}
		for _, v := range added {
			if err := addRules(ctx, tx, office, v, note, actor); err != nil {
				return err
			}
		}
		until := "on"
		if to.Valid() {
			until = "to " + to.String()
		}
		return postgres.Audit(ctx, tx, "screening_set", "office:"+office, fmt.Sprintf("%s from %s %s: %s", screening, from, until, note))
	})
	if err != nil {
		return fmt.Errorf("set screening of %s: %w", office, err)
	}
	s.rules.forget(office)
	return nil
}

// lockRules lets those who change the rules of an office by what they are take turns.
func lockRules(ctx context.Context, tx postgres.Querier, office string) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('office rules ' || $1, 0))`, office)
	return err
}

func addRules(ctx context.Context, tx postgres.Querier, office string, v ruleVersion, note, actor string) error {
	text, err := json.Marshal(v.rules)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO office_rules (office_id, effective_from, rules, note, actor)
		VALUES ($1, $2, $3, $4, $5)`, office, v.from, string(text), note, actor)
	return err
}

// screened is the versions to add to those that are known, newest first, so that
// screening holds from one day to another: one wherever the rules change meanwhile,
// and one for the day after.
func screened(known []ruleVersion, from, to date.Date, screening Screening) []ruleVersion {
	begins := []date.Date{from}
	for _, v := range known {
		if v.from.After(from) && (!to.Valid() || !v.from.After(to)) {
			begins = append(begins, v.from)
		}
	}
	slices.SortFunc(begins, date.Date.Compare)
	begins = slices.Compact(begins)
	var added []ruleVersion
	for _, day := range begins {
		if r := rulesOn(known, day); r.Screening != screening {
			r.Screening = screening
			added = append(added, ruleVersion{day, r})
		}
	}
	if after := to.AddDays(1); len(added) > 0 && to.Valid() && !slices.ContainsFunc(known, func(v ruleVersion) bool { return v.from == after }) {
		if before := rulesOn(known, after); before.Screening != screening {
			added = append(added, ruleVersion{after, before})
		}
	}
	return added
}

// ScreeningFrom is how an office takes temperatures from a day on, as is known now.
func (s *Store) ScreeningFrom(ctx context.Context, office string, day date.Date) ([]Screened, error) {
	versions, err := s.ruleVersions(ctx, office)
	if err != nil {
		return nil, err
	}
	begins := []date.Date{day}
	for _, v := range versions {
		if v.from.After(day) {
			begins = append(begins, v.from)
		}
	}
	slices.SortFunc(begins, date.Date.Compare)
	var all []Screened
	for _, from := range slices.Compact(begins) {
		now := rulesOn(versions, from).Screening
		if n := len(all); n > 0 && all[n-1].Screening == now {
			continue
		} else if n > 0 {
			all[n-1].To = from.AddDays(-1)
		}
		all = append(all, Screened{From: from, Screening: now})
	}
	return all, nil
}
