package slots

import (
	"context"
	"errors"

	"hunyue/internal/date"
)

// told is what the public is told of the days of an office.
type told struct {
	stops  []Suspension
	unlike []Exception
}

// toldBack is how many days that are over are told of.
const toldBack = 31

// ToldOf is what the public is told of a day that is on sale, or was a month ago at
// most: of a suspension of the service, or of why the day is unlike others; "" where
// there is nothing to tell. It may be two seconds old; all days of an office are
// remembered together, so that a crowd costs no query. Fault: ErrNoSuchOffice.
func (s *Store) ToldOf(ctx context.Context, office string, day date.Date, service Service) (string, error) {
	o, err := s.Office(ctx, office)
	if err != nil {
		return "", err // what does not exist is not remembered
	}
	all, err := s.told.get(ctx, office, s.Clock.Now(), func(ctx context.Context) (told, error) {
		from, to := s.today(o).AddDays(-toldBack), s.today(o).AddDays(mostDays)
		stops, noStops := s.Suspensions(ctx, office, from, to)
		unlike, noUnlike := s.Exceptions(ctx, office, from, to)
		return told{stops, unlike}, errors.Join(noStops, noUnlike)
	})
	return all.of(day, service), err
}

// Changed makes whoever asks next be told what is true now.
func (s *Store) Changed(office string) {
	s.hot.forget(office)
	s.told.forget(office)
}

func (t told) of(day date.Date, service Service) string {
	for _, s := range t.stops {
		if s.Stops(day, service, Counter) { // also where only walk-ins are not received
			return s.Notice
		}
	}
	for _, e := range t.unlike {
		if e.Day == day {
			return e.Notice
		}
	}
	return ""
}
