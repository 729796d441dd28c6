package slots

import (
	"context"
	"fmt"

	"hunyue/internal/date"
)

// VerifiesFirst reports whether a day is a hot one: who books online shows that
// they have a phone in hand before they choose a time, so that nobody sits on
// places without one. It may be two seconds old; all days of an office are
// remembered together, so that a crowd costs no query. Fault: ErrNoSuchOffice.
func (s *Store) VerifiesFirst(ctx context.Context, office string, day date.Date) (bool, error) {
	if _, err := s.Office(ctx, office); err != nil {
		return false, err // what does not exist is not remembered
	}
	days, err := s.hot.get(ctx, office, s.Clock.Now(), func(ctx context.Context) (map[date.Date]bool, error) {
		return s.hotDays(ctx, office)
	})
	return days[day], err
}

// hotDays is the hot days of an office that are not long over.
func (s *Store) hotDays(ctx context.Context, office string) (map[date.Date]bool, error) {
	var days []date.Date
	err := s.DB.SelectContext(ctx, &days, `
		SELECT day
		FROM schedule_exception
		WHERE office_id = $1
		  AND verify_first
		  AND day >= clock_now()::date - 2`, office)
	if err != nil {
		return nil, fmt.Errorf("hot days of %s: %w", office, err)
	}
	hot := make(map[date.Date]bool, len(days))
	for _, day := range days {
		hot[day] = true
	}
	return hot, nil
}
