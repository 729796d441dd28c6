package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
	"hunyue/slots"
)

// windowed services may be booked on certain days only, which the program does
// not compute yet (domain rules 13 to 16).
var windowed = map[string]bool{"divorce_issue": true, "divorce_withdraw": true}

type officePut struct {
	ID       string   `arg:"" help:"Its division code, 6 or 9 digits."`
	Name     string   `required:"" help:"Its name in Chinese."`
	NameEN   string   `required:"" name:"name-en" help:"Its name in English."`
	Address  string   `required:"" help:"Where it is."`
	Phone    string   `required:"" help:"Where it answers the phone."`
	Service  []string `help:"A service that it offers; may be repeated. If left out, all but those that keep to the windows of a divorce."`
	Position int      `help:"Its place in lists."`
}

// Run makes an office, or changes what is said of it. It opens with the rules
// that hold by default and offers nothing before its manager has published.
func (o *officePut) Run(ctx context.Context, p *program) error {
	return p.withDatabase(ctx, func(db *sqlx.DB) error {
		store := &slots.Store{DB: db, Clock: &clock.Clock{}}
		services, err := o.services(ctx, store)
		if err != nil {
			return err
		}
		err = store.PutOffice(ctx, slots.Office{
			ID: o.ID, Name: o.Name, NameEN: o.NameEN, Address: o.Address, Phone: o.Phone,
			Position: o.Position, Services: services,
		}, byHand)
		if err != nil {
			return explained(err)
		}
		_, err = fmt.Fprintf(p.stdout, "The office %s is in.\n", o.ID)
		return err
	})
}

func (o *officePut) services(ctx context.Context, store *slots.Store) ([]slots.Service, error) {
	if len(o.Service) == 0 {
		all, err := store.Services(ctx)
		return slices.DeleteFunc(all, func(s slots.Service) bool { return windowed[s.ID] }), err
	}
	var named []slots.Service
	for _, id := range o.Service {
		named = append(named, slots.Service{ID: id})
	}
	return named, nil
}
