package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Method is how something is disinfected.
type Method string

// The methods.
const (
	Spray Method = "spray"
	Wipe  Method = "wipe"
	Soak  Method = "soak"
	UV    Method = "uv"
)

// Methods is all of them.
func Methods() []Method { return []Method{Spray, Wipe, Soak, UV} }

// Disinfection is an entry of the disinfection ledger (消毒台账; domain rule 73).
type Disinfection struct {
	Area           string
	Due            slots.TimeOfDay // by which the plan wanted it
	Planned        bool            // it is one of the plan; Due is 0 otherwise
	AfterCouple    bool            // a counter that a couple had left
	Agent          string
	Concentration  string
	Method         Method
	ContactMinutes int
	From, To       time.Time
	Operator       string // who did it
}

// UsualDisinfection is what is filled in beforehand: chlorine, 500 mg/L, 30 minutes.
func UsualDisinfection() Disinfection {
	return Disinfection{Agent: "含氯消毒剂", Concentration: "500 mg/L", Method: Wipe, ContactMinutes: 30}
}

// DisinfectionEntry is one to be kept. Replaces is the entry that it corrects, and
// Reason why; 0 for what was done.
type DisinfectionEntry struct {
	Disinfection
	Office   string
	Replaces int64
	Reason   string
	Key      string // the form's; may be empty
	Actor    string
}

// The bounds of an entry, texts in code points.
const (
	longestArea  = 20
	longestAgent = 40
	longestWho   = 32
	mostContact  = 600 // minutes
)

// The faults of the disinfection ledger, besides those of corrections.
var (
	ErrOwnEntry = fault.New(fault.Conflict, "own_entry")     // it is checked by somebody else
	ErrChecked  = fault.New(fault.Conflict, "entry_checked") // by another, earlier
)

// mistakes tidies the texts and says what is wrong, the times apart.
func (e *DisinfectionEntry) mistakes() map[string]string {
	wrong := map[string]string{}
	for name, text := range map[string]struct {
		is   *string
		most int
	}{
		"area": {&e.Area, longestArea}, "agent": {&e.Agent, longestAgent}, "concentration": {&e.Concentration, longestAgent},
		"operator": {&e.Operator, longestWho}, "reason": {&e.Reason, longestReason},
	} {
		*text.is = strings.TrimSpace(*text.is)
		switch {
		case *text.is == "" && (name != "reason" || e.Replaces != 0):
			wrong[name] = required
		case utf8.RuneCountInString(*text.is) > text.most:
			wrong[name] = tooLong
		}
	}
	if e.Replaces == 0 {
		e.Reason = ""
	}
	if !slices.Contains(Methods(), e.Method) {
		wrong["method"] = required
	}
	if e.ContactMinutes < 1 || e.ContactMinutes > mostContact {
		wrong["contact"] = badRange
	}
	return wrong
}

// wrongTimes notes what is wrong with the times of an entry of today.
func (e DisinfectionEntry) wrongTimes(wrong map[string]string, now time.Time, day date.Date) {
	switch {
	case e.From.IsZero():
		wrong["from"] = required
	case date.DateOf(e.From.In(now.Location())) != day:
		wrong["from"] = "other_day"
	}
	switch {
	case e.To.IsZero():
		wrong["to"] = required
	case !e.To.After(e.From):
		wrong["to"] = "order"
	case e.To.After(now):
		wrong["to"] = "future"
	}
}

// Disinfected keeps an entry of today, or another in place of one of today that was
// wrong; that one stays, and has to be checked anew.
//
// Faults: ErrNoEntry, ErrCorrected, ErrDayOver, booking.ErrKeyReused; fields area,
// agent, concentration, method, contact, from, to, operator, reason, due ("unknown").
func (d *Desk) Disinfected(ctx context.Context, e DisinfectionEntry) (id int64, err error) {
	at, err := d.Offices.Office(ctx, e.Office)
	if err != nil {
		return 0, err
	}
	now := d.Clock.Now().In(at.Location)
	today := date.DateOf(now)
	rules, err := d.Offices.Rules(ctx, e.Office, today)
	if err != nil {
		return 0, err
	}
	wrong := e.mistakes()
	e.wrongTimes(wrong, now, today)
	if e.Planned && !slices.Contains(rules.Disinfection.By, e.Due) {
		wrong["due"] = unknown
	}
	if err := fault.InFields(wrong); err != nil {
		return 0, err
	}
	err = d.as(ctx, e.Actor, func(tx postgres.Querier) error {
		if err := lockLedger(ctx, tx, e.Office); err != nil {
			return err
		}
		asked := request{Actor: e.Actor, Key: e.Key, Body: digest("disinfection", e.Disinfection, e.Office, e.Replaces, e.Reason)}
		id, err = once(ctx, tx, asked, func() (int64, bool, error) {
			if e.Replaces != 0 {
				if err := mayReplace(ctx, tx, e.Replaces, e.Office, today); err != nil {
					return 0, false, err
				}
			}
			id, err := e.store(ctx, tx, today)
			return id, true, err
		})
		return err
	})
	return id, err
}

// mayReplace is why an entry cannot be corrected, or nil.
func mayReplace(ctx context.Context, tx postgres.Querier, id int64, office string, today date.Date) error {
	var entry struct {
		Day  date.Date `db:"day"`
		Last bool      `db:"last"`
	}
	err := tx.GetContext(ctx, &entry, `
		SELECT day, NOT EXISTS (SELECT FROM disinfection AS later WHERE later.supersedes = d.id) AS last
		FROM disinfection AS d
		WHERE id = $1
		  AND office_id = $2`, id, office)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrNoEntry
	case err != nil:
		return fmt.Errorf("disinfection %d: %w", id, err)
	case entry.Day != today:
		return ErrDayOver
	case !entry.Last:
		return ErrCorrected
	}
	return nil
}

func (e DisinfectionEntry) store(ctx context.Context, tx postgres.Querier, today date.Date) (id int64, err error) {
	var due, replaces, reason any
	if e.Planned {
		due = int(e.Due)
	}
	if e.Replaces != 0 {
		replaces, reason = e.Replaces, e.Reason
	}
	err = tx.GetContext(ctx, &id, `
		INSERT INTO disinfection (office_id, day, area, due, after_couple, agent, concentration, method, contact_minutes,
			from_at, to_at, operator, recorded_by, supersedes, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		RETURNING id`,
		e.Office, today, e.Area, due, e.AfterCouple, e.Agent, e.Concentration, string(e.Method), e.ContactMinutes,
		e.From, e.To, e.Operator, e.Actor, replaces, reason)
	if postgres.Violates(err, "entry_corrected_once") {
		return 0, ErrCorrected // at the same moment
	}
	if err != nil {
		return 0, fmt.Errorf("keep disinfection: %w", err)
	}
	return id, nil
}

// CheckDisinfected notes that somebody has looked at what an entry of today says, who
// neither did nor entered it. Name is theirs. The same again changes nothing.
//
// Faults: ErrNoEntry, ErrOwnEntry, ErrCorrected, ErrChecked, ErrDayOver.
func (d *Desk) CheckDisinfected(ctx context.Context, id int64, office, name, actor string) error {
	at, err := d.Offices.Office(ctx, office)
	if err != nil {
		return err
	}
	today := date.DateOf(d.Clock.Now().In(at.Location))
	return d.as(ctx, actor, func(tx postgres.Querier) error {
		var entry struct {
			By       string  `db:"recorded_by"`
			Operator string  `db:"operator"`
			Checker  *string `db:"checker"`
		}
		err := tx.GetContext(ctx, &entry, `
			SELECT d.recorded_by, d.operator, c.checker
			FROM disinfection AS d
			LEFT JOIN disinfection_check AS c ON c.disinfection_id = d.id
			WHERE d.id = $1
			  AND d.office_id = $2`, id, office)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNoEntry
		case err != nil:
			return fmt.Errorf("disinfection %d: %w", id, err)
		case entry.Checker != nil && *entry.Checker == actor:
			return nil
		case entry.Checker != nil:
			return ErrChecked
		case entry.By == actor || entry.Operator == name:
			return ErrOwnEntry
		}
		if err := mayReplace(ctx, tx, id, office, today); err != nil {
			return err
		}
		return storeCheck(ctx, tx, id, entry.By, actor)
	})
}

func storeCheck(ctx context.Context, tx postgres.Querier, id int64, by, checker string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO disinfection_check (disinfection_id, recorded_by, checker)
		VALUES ($1, $2, $3)`, id, by, checker)
	if postgres.Violates(err, "disinfection_check_pkey") {
		return ErrChecked // at the same moment
	}
	if err != nil {
		return fmt.Errorf("check disinfection %d: %w", id, err)
	}
	return nil
}
