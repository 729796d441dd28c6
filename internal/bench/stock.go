package main

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// stock is slots made beside the published ones, on a day of their own.
type stock struct {
	day   time.Time
	slots []string // without channel
}

const perSlot = 10_000

// stockOn is the slots of a stock, 06:00 to 06:59 of a day.
func stockOn(day time.Time) *stock {
	s := &stock{day: day}
	for minute := range 60 {
		s.slots = append(s.slots, fmt.Sprintf("430702-%s-06%02d-marriage", day.Format("20060102"), minute))
	}
	return s
}

// newStock inserts a stock so many days ahead.
func newStock(db *sqlx.DB, ahead, places int) (*stock, error) {
	s := stockOn(time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, ahead))
	for minute, slot := range s.slots {
		id := strings.TrimSuffix(slot, "-marriage")
		start := s.day.Add(-2*time.Hour + time.Duration(minute)*time.Minute) // 06:00 in Shanghai
		if _, err := db.Exec(`INSERT INTO slot (id, office_id, day, starts_at, ends_at) VALUES ($1, '430702', $2, $3, $4)`,
			id, s.day.Format(time.DateOnly), start, start.Add(time.Minute)); err != nil {
			return nil, err
		}
		for _, channel := range []string{"web", "phone"} {
			if _, err := db.Exec(`
				INSERT INTO quota (id, office_id, day, kind, slot_id, biz_group, channel, cap, opens_at, closes_at)
				VALUES ($1, '430702', $2, 'place', $3, 'marriage', $4, $5, now() - interval '1 day', $6)`,
				slot+"-"+channel, s.day.Format(time.DateOnly), id, channel, places, start); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *stock) slot(n int) string  { return s.slots[n%len(s.slots)] }
func (s *stock) quota(n int) string { return s.slot(n) + "-phone" }

// family, keys and note are what booking gives the Redis function for a quota.
func (s *stock) family(quota string) []any {
	day := "430702-" + s.day.Format("20060102")
	return []any{quota, day + "-am-marriage", day + "-day-marriage", day + "-hall"}
}

func (s *stock) keys(quota string) []string {
	keys := []string{s.base() + ":m"}
	for _, q := range s.family(quota) {
		keys = append(keys, s.base()+":h:"+fmt.Sprint(q))
	}
	return keys
}

func (s *stock) note(hold string) string { return s.base() + ":n:" + hold }
func (s *stock) base() string            { return "b:{430702-" + s.day.Format("20060102") + "}" }

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

// people are couples whom nobody else is, as the API takes them.
func people(n int) (him, her string) {
	born := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n/400)
	number := func(sequence int) string {
		body := "430799" + born.Format("20060102") + fmt.Sprintf("%03d", sequence)
		sum := 0
		for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
			sum += int(body[i]-'0') * weight
		}
		return body + strings.Split("1 0 X 9 8 7 6 5 4 3 2", " ")[sum%11]
	}
	return number(2*(n%400) + 1), number(2*(n%400) + 2)
}
