package hall

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hunyue/internal/date"
	"hunyue/slots"
)

// DisinfectedLine is an entry of the ledger as it is read.
type DisinfectedLine struct {
	ID             int64      `db:"id"`
	Area           string     `db:"area"`
	Due            *int       `db:"due"` // minutes of the day; nil: beside the plan
	AfterCouple    bool       `db:"after_couple"`
	Agent          string     `db:"agent"`
	Concentration  string     `db:"concentration"`
	Method         Method     `db:"method"`
	ContactMinutes int        `db:"contact_minutes"`
	From           time.Time  `db:"from_at"`
	To             time.Time  `db:"to_at"`
	Operator       string     `db:"operator"`
	By             string     `db:"recorded_by"`
	At             time.Time  `db:"at"`
	Replaces       int64      `db:"supersedes"` // 0: none
	Reason         string     `db:"reason"`
	Checker        string     `db:"checker"` // "" until somebody has checked it
	CheckedAt      *time.Time `db:"checked_at"`
	Last           bool       `db:"last"` // nothing has taken its place
}

// Disinfection is what the entry says was done.
func (l DisinfectedLine) Disinfection() Disinfection {
	d := Disinfection{
		Area: l.Area, AfterCouple: l.AfterCouple, Agent: l.Agent, Concentration: l.Concentration, Method: l.Method,
		ContactMinutes: l.ContactMinutes, From: l.From, To: l.To, Operator: l.Operator,
	}
	if l.Due != nil {
		d.Planned, d.Due = true, slots.TimeOfDay(*l.Due)
	}
	return d
}

// Disinfections is an office's ledger of a day, in the order in which it was written.
func (d *Desk) Disinfections(ctx context.Context, office string, day date.Date) ([]DisinfectedLine, error) {
	all := []DisinfectedLine{}
	err := d.DB.SelectContext(ctx, &all, `
		SELECT
			d.id, d.area, d.due, d.after_couple, d.agent, d.concentration, d.method, d.contact_minutes,
			d.from_at, d.to_at, d.operator, d.recorded_by, d.at,
			coalesce(d.supersedes, 0) AS supersedes,
			coalesce(d.reason, '') AS reason,
			coalesce(c.checker, '') AS checker,
			c.at AS checked_at,
			NOT EXISTS (SELECT FROM disinfection AS later WHERE later.supersedes = d.id) AS last
		FROM disinfection AS d
		LEFT JOIN disinfection_check AS c ON c.disinfection_id = d.id
		WHERE d.office_id = $1
		  AND d.day = $2
		ORDER BY d.id`, office, day)
	if err != nil {
		return nil, fmt.Errorf("disinfections of %s at %s: %w", day, office, err)
	}
	return all, nil
}

// Lack is an area that was to be disinfected by a time and was not.
type Lack struct {
	Area string
	By   slots.TimeOfDay
}

// Plan is how a day stands against the plan (domain rule 72).
type Plan struct {
	Holds   bool   // there is one for the day
	Missing []Lack // what should have been done by now
	Coming  []Lack // what is to be done later today

	Unchecked int // entries that nobody else has looked at yet

	AfterCouple    bool // counters are to be done after each couple
	Couples, Wipes int  // that have left a counter; that were entered
}

// Disinfecting is how an office's day stands against its plan, which holds on days on
// which temperatures are taken.
func (d *Desk) Disinfecting(ctx context.Context, office string, day date.Date) (Plan, error) {
	at, err := d.Offices.Office(ctx, office)
	if err != nil {
		return Plan{}, err
	}
	rules, err := d.Offices.Rules(ctx, office, day)
	if err != nil || rules.Screening == slots.ScreeningOff {
		return Plan{}, err
	}
	done, err := d.Disinfections(ctx, office, day)
	if err != nil {
		return Plan{}, err
	}
	p := planned(rules.Disinfection, done, d.Clock.Now(), day.In(at.Location))
	if p.AfterCouple {
		p.Couples, err = d.left(ctx, office, day)
	}
	return p, err
}

// planned compares a day, which begins as given, with a plan.
func planned(plan slots.Disinfection, done []DisinfectedLine, now, begins time.Time) Plan {
	p := Plan{Holds: true, AfterCouple: plan.AfterCouple}
	for _, line := range done {
		if line.Last && line.Checker == "" {
			p.Unchecked++
		}
		if line.Last && line.AfterCouple {
			p.Wipes++
		}
	}
	day := date.DateOf(begins)
	for _, by := range plan.By {
		over := !now.Before(by.On(day, begins.Location()))
		for _, area := range plan.Areas {
			if slices.ContainsFunc(done, func(l DisinfectedLine) bool { return l.Last && l.Area == area && l.Due != nil && *l.Due == int(by) }) {
				continue
			}
			if lack := (Lack{area, by}); over {
				p.Missing = append(p.Missing, lack)
			} else {
				p.Coming = append(p.Coming, lack)
			}
		}
	}
	return p
}

// left is how many couples have left a counter on a day.
func (d *Desk) left(ctx context.Context, office string, day date.Date) (int, error) {
	var n int
	err := d.DB.GetContext(ctx, &n, `
		SELECT count(*)
		FROM appointment AS a
		WHERE a.office_id = $1
		  AND a.day = $2
		  AND a.status IN ('completed', 'not_accepted')
		  AND EXISTS (SELECT FROM counter_call AS c WHERE c.appointment_id = a.id AND c.step = 'in_service')`, office, day)
	if err != nil {
		return 0, fmt.Errorf("couples that left a counter of %s: %w", office, err)
	}
	return n, nil
}
