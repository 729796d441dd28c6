package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
	"hunyue/slots"
)

type calendarImport struct {
	Year      int    `arg:"" help:"The year."`
	File      string `arg:"" help:"A CSV file with the lines day,kind,name; kind is holiday or makeup_workday." placeholder:"FILE"`
	Source    string `required:"" help:"Where the days were published, such as the number of the notice."`
	Confirmed bool   `help:"The State Council has published them. Without it days of that year are not published unasked."`
}

// Run replaces what is known of a year by a file, and names the days that are
// worked now and were not, or the other way round: couples who booked one of
// them have to be told (domain rule 60).
func (c *calendarImport) Run(ctx context.Context, p *program) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	return p.withDatabase(ctx, func(db *sqlx.DB) error {
		store := &slots.Store{DB: db, Clock: &clock.Clock{}}
		changed, err := store.ImportCalendar(ctx, file, c.Year, c.Source, c.Confirmed, byHand)
		if err != nil {
			return explained(err)
		}
		if _, err := fmt.Fprintf(p.stdout, "The calendar of %d is in. Days that changed: %d\n", c.Year, len(changed)); err != nil {
			return err
		}
		for _, day := range changed {
			if _, err := fmt.Fprintf(p.stdout, "%s\n", day); err != nil {
				return err
			}
		}
		return nil
	})
}
