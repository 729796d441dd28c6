package booking

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/identity"
)

// Person is what the database and Redis know a person by: a keyed hash of the
// identity document.
func (d *Desk) Person(document identity.Document) []byte {
	return d.Keys.MAC("person", []byte(document.Key()))
}

// lockPersons keeps each of persons to this hold, all or none. Nothing waits
// for a lock, so nothing can deadlock; whatever a crash leaves behind ends with
// the hold. Nobody is asked whether they have an appointment: a hold must tell
// nothing about a person.
func (d *Desk) lockPersons(ctx context.Context, persons [][]byte, hold uuid.UUID, ttl time.Duration) error {
	for _, person := range slices.SortedFunc(slices.Values(persons), bytes.Compare) {
		locked, err := d.Holds.lock(ctx, person, hold.String(), ttl)
		if err == nil && !locked {
			err = ErrPersonBusy
		} else if err != nil {
			err = d.away(ctx, err)
		}
		if err != nil {
			return errors.Join(err, d.unlockPersons(ctx, persons, hold))
		}
	}
	return nil
}

// unlockPersons frees those of persons whom this hold has locked; others keep
// their lock.
func (d *Desk) unlockPersons(ctx context.Context, persons [][]byte, hold uuid.UUID) error {
	var failed error
	for _, person := range persons {
		failed = errors.Join(failed, d.Holds.unlock(ctx, person, hold.String()))
	}
	return failed
}
