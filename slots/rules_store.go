package slots

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// ruleVersion is the rules of an office from a day on.
type ruleVersion struct {
	from  date.Date
	rules Rules
}

// Rules is what holds at the office on the day, or ErrNoSuchOffice. It may be two
// seconds old; all days of an office are remembered together, so that asking
// often costs no query. The rules of a visit are those of the day of the visit.
func (s *Store) Rules(ctx context.Context, office string, day date.Date) (Rules, error) {
	versions, err := s.ruleVersions(ctx, office)
	if err != nil {
		return Rules{}, err
	}
	return rulesOn(versions, day), nil
}

// LongestHold is how long a place may be kept at the office by any of its rules,
// those of the past and of the future too: no hold was ever granted for longer.
func (s *Store) LongestHold(ctx context.Context, office string) (time.Duration, error) {
	versions, err := s.ruleVersions(ctx, office)
	if err != nil {
		return 0, err
	}
	longest := DefaultRules().HoldSeconds
	for _, v := range versions {
		longest = max(longest, v.rules.HoldSeconds)
	}
	return time.Duration(longest) * time.Second, nil
}

func (s *Store) ruleVersions(ctx context.Context, office string) ([]ruleVersion, error) {
	return s.rules.get(ctx, office, s.Clock.Now(), func(ctx context.Context) ([]ruleVersion, error) {
		return loadRules(ctx, s.DB, office)
	})
}

// rulesOn picks from versions, newest first.
func rulesOn(versions []ruleVersion, day date.Date) Rules {
	for _, v := range versions {
		if !v.from.After(day) {
			return v.rules
		}
	}
	return DefaultRules()
}

func loadRules(ctx context.Context, q postgres.Querier, office string) ([]ruleVersion, error) {
	var rows []struct {
		From  date.Date `db:"effective_from"`
		Rules []byte    `db:"rules"`
	}
	err := q.SelectContext(ctx, &rows, `
		SELECT effective_from, rules
		FROM office
		LEFT JOIN office_rules ON office_rules.office_id = office.id
		WHERE office.id = $1
		ORDER BY effective_from DESC, office_rules.id DESC`, office)
	if err != nil {
		return nil, fmt.Errorf("rules of %s: %w", office, err)
	}
	if len(rows) == 0 {
		return nil, ErrNoSuchOffice
	}
	var versions []ruleVersion
	for _, row := range rows {
		if row.Rules == nil {
			continue // an office without rules of its own
		}
		v := ruleVersion{from: row.From, rules: DefaultRules()}
		if err := json.Unmarshal(row.Rules, &v.rules); err != nil {
			return nil, fmt.Errorf("rules of %s from %s: %w", office, row.From, err)
		}
		versions = append(versions, v)
	}
	return versions, nil
}

// SetRules makes the rules hold from a day on, until a later version begins. The
// note says where they come from (domain rule 100). A day that is over is
// refused: rules are never changed retroactively.
func (s *Store) SetRules(ctx context.Context, office string, from date.Date, r Rules, note, actor string) error {
	o, err := s.Office(ctx, office)
	if err != nil {
		return err
	}
	wrong := map[string]string{}
	if err := r.Validate(); err != nil {
		wrong = fault.Of(err).Fields
	}
	for i, own := range r.Bring {
		if _, offered := o.Service(own.Service); own.Service != "" && !offered {
			wrong[fmt.Sprintf("bring.%d.service", i)] = "not_offered"
		}
	}
	s.notPast(wrong, "from", o, from)
	if strings.TrimSpace(note) == "" {
		wrong["note"] = "required"
	}
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("set rules of %s: %w", office, err)
	}
	err = s.actAs(ctx, actor, func(tx postgres.Querier) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO office_rules (office_id, effective_from, rules, note, actor)
			VALUES ($1, $2, $3, $4, $5)`, office, from, string(text), note, actor)
		if err != nil {
			return err
		}
		return postgres.Audit(ctx, tx, "rules_set", "office:"+office, "from "+from.String()+": "+note)
	})
	if err != nil {
		return fmt.Errorf("set rules of %s: %w", office, err)
	}
	s.rules.forget(office)
	return nil
}
