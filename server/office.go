package main

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
	"hunyue/slots"
)

type officePut struct {
	ID       string   `arg:"" help:"Its division code, 6 or 9 digits."`
	Name     string   `required:"" help:"Its name in Chinese."`
	NameEN   string   `required:"" name:"name-en" help:"Its name in English."`
	Address  string   `required:"" help:"Where it is."`
	Phone    string   `required:"" help:"Where it answers the phone."`
	Service  []string `help:"A service that it offers; may be repeated. All of them if left out."`
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
		return store.Services(ctx)
	}
	var named []slots.Service
	for _, id := range o.Service {
		named = append(named, slots.Service{ID: id})
	}
	return named, nil
}
