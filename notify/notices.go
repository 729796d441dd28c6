package notify

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"hunyue/internal/clock"
	"hunyue/internal/date"
)

// Notices is what the offices tell everybody (domain rule 81). A version is
// written, handed in, published by a second person, and withdrawn; none is ever
// changed:
//
//	draft ──► handed_in ──► published ──► withdrawn
//	              └──► sent_back   └──► superseded, by a later version
//
// Use it by pointer: it remembers what is in force for a moment.
type Notices struct {
	DB    *sqlx.DB
	Clock *clock.Clock

	mu     sync.Mutex
	known  []Notice // what is published and neither withdrawn nor superseded, newest first
	seenAt time.Time
}

// seenFor is how old what is in force may be: one query serves a crowd.
const seenFor = 2 * time.Second

// china is where the days of a notice begin and end (domain rule 97).
var china = time.FixedZone("Asia/Shanghai", 8*60*60)

// Today is the day by which notices come into force.
func (n *Notices) Today() date.Date { return DayOf(n.Clock.Now()) }

// DayOf is the day on which an instant falls where notices are read.
func DayOf(t time.Time) date.Date { return date.DateOf(InChina(t)) }

// InChina is an instant with the offset of where notices are read.
func InChina(t time.Time) time.Time { return t.In(china) }

// InForce is the notices that hold today for an office and those for every
// office, the last published first; of "" only those for every office. It may be
// two seconds old.
func (n *Notices) InForce(ctx context.Context, office string) ([]Notice, error) {
	return n.holding(ctx, func(p Notice) bool { return p.Office == "" || p.Office == office })
}

// Everywhere is what holds today at any office, the last published first.
func (n *Notices) Everywhere(ctx context.Context) ([]Notice, error) {
	return n.holding(ctx, func(Notice) bool { return true })
}

// Newest is the last published of InForce, or false where there is none.
func (n *Notices) Newest(ctx context.Context, office string) (Notice, bool, error) {
	all, err := n.InForce(ctx, office)
	if err != nil || len(all) == 0 {
		return Notice{}, false, err
	}
	return all[0], true, nil
}

func (n *Notices) holding(ctx context.Context, here func(Notice) bool) ([]Notice, error) {
	published, err := n.published(ctx)
	if err != nil {
		return nil, err
	}
	today, all := n.Today(), []Notice{}
	for _, p := range published {
		if p.InForce(today) && here(p) {
			all = append(all, p)
		}
	}
	return all, nil
}

func (n *Notices) published(ctx context.Context) ([]Notice, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.Clock.Now()
	if age := now.Sub(n.seenAt); age >= 0 && age < seenFor {
		return n.known, nil
	}
	known, err := n.read(ctx, `
		WHERE state = 'published'
		ORDER BY published_at DESC, notice_id DESC`)
	if err != nil {
		return nil, err
	}
	n.known, n.seenAt = known, now
	return known, nil
}

// forget makes the next reader see what has just been done.
func (n *Notices) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seenAt = time.Time{}
}

// Over is the notices whose days are over or that were withdrawn: up to limit,
// the last published first.
func (n *Notices) Over(ctx context.Context, limit int) ([]Notice, error) {
	return n.read(ctx, `
		WHERE (state = 'withdrawn' OR state = 'published' AND to_day < $1)
		  AND NOT EXISTS (
			SELECT FROM notice_now AS later
			WHERE later.notice_id = notice_now.notice_id AND later.version > notice_now.version AND later.published_at IS NOT NULL)
		ORDER BY published_at DESC, notice_id DESC
		LIMIT $2`, n.Today(), limit)
}

// Public is every version of a notice that was ever published, the newest first,
// or ErrNoSuchNotice.
func (n *Notices) Public(ctx context.Context, id int64) ([]Notice, error) {
	return found(n.read(ctx, `
		WHERE notice_id = $1
		  AND published_at IS NOT NULL
		ORDER BY version DESC`, id))
}

// Versions is every version of a notice, drafts too, the newest first, or
// ErrNoSuchNotice.
func (n *Notices) Versions(ctx context.Context, id int64) ([]Notice, error) {
	return found(n.read(ctx, `
		WHERE notice_id = $1
		ORDER BY version DESC`, id))
}

// Kept is the newest version of each notice of these offices and of those for
// every office: up to limit, the last written first.
func (n *Notices) Kept(ctx context.Context, offices []string, limit int) ([]Notice, error) {
	return n.read(ctx, `
		WHERE newest
		  AND (office_id IS NULL OR office_id = ANY ($1))
		ORDER BY at DESC, notice_id DESC
		LIMIT $2`, pq.Array(offices), limit)
}

func found(all []Notice, err error) ([]Notice, error) {
	if err == nil && len(all) == 0 {
		err = ErrNoSuchNotice
	}
	return all, err
}

// read is the versions that the rest of a query names.
func (n *Notices) read(ctx context.Context, which string, args ...any) ([]Notice, error) {
	notices := []Notice{}
	err := n.DB.SelectContext(ctx, &notices, selectNotice+which, args...)
	if err != nil {
		return nil, fmt.Errorf("notices: %w", err)
	}
	return notices, nil
}

const selectNotice = `
		SELECT notice_id, version, coalesce(office_id, '') AS office, kind, audience, title_zh, title_en, body_zh, body_en,
			from_day, to_day, state, newest, author, at, coalesce(reviewer, '') AS reviewer, published_at,
			coalesce(ended_by, '') AS ended_by, ended_at, coalesce(reason, '') AS reason
		FROM notice_now`
