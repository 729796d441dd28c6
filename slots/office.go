package slots

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// ErrNoSuchOffice is the answer for an office that does not exist.
var ErrNoSuchOffice = fault.New(fault.NotFound, "no_such_office")

// Office is a registry office.
type Office struct {
	ID       string `db:"id"` // division code, 6 or 9 digits
	Name     string `db:"name"`
	NameEN   string `db:"name_en"`
	Address  string `db:"address"`
	Phone    string `db:"phone"`
	TimeZone string `db:"time_zone"` // IANA name
	Position int    `db:"position"`  // in lists

	Services []Service
	Location *time.Location // of TimeZone; set on every office that the Store returns
}

// Service is a business type (domain section 1.5).
type Service struct {
	ID         string `db:"id"`
	Group      Group  `db:"biz_group"`
	PartiesMin int    `db:"parties_min"`
	PartiesMax int    `db:"parties_max"`
	Name       string `db:"name"`
	NameEN     string `db:"name_en"`
}

// Service is the service with the id, if the office offers it.
func (o Office) Service(id string) (Service, bool) {
	i := slices.IndexFunc(o.Services, func(s Service) bool { return s.ID == id })
	if i < 0 {
		return Service{}, false
	}
	return o.Services[i], true
}

// Offers reports whether the office offers any service of the group.
func (o Office) Offers(g Group) bool {
	return slices.ContainsFunc(o.Services, func(s Service) bool { return s.Group == g })
}

// Offices is every office, in the order of lists. What it says may be two
// seconds old.
func (s *Store) Offices(ctx context.Context) ([]Office, error) {
	return s.offices.get(ctx, "", s.Clock.Now(), func(ctx context.Context) ([]Office, error) {
		return loadOffices(ctx, s.DB, "")
	})
}

// Office is the office with the id, or ErrNoSuchOffice. What it says may be two
// seconds old.
func (s *Store) Office(ctx context.Context, id string) (Office, error) {
	if !officeID(id) {
		return Office{}, ErrNoSuchOffice
	}
	found, err := s.offices.get(ctx, id, s.Clock.Now(), func(ctx context.Context) ([]Office, error) {
		found, err := loadOffices(ctx, s.DB, id)
		if err == nil && len(found) == 0 {
			err = ErrNoSuchOffice
		}
		return found, err
	})
	if err != nil {
		return Office{}, err
	}
	return found[0], nil
}

// loadOffices is the office with the id, or every office if the id is empty.
func loadOffices(ctx context.Context, q postgres.Querier, id string) ([]Office, error) {
	var offices []Office
	err := q.SelectContext(ctx, &offices, `
		SELECT id, name, name_en, address, phone, time_zone, position
		FROM office
		WHERE $1 IN ('', id)
		ORDER BY position, id`, id)
	if err != nil {
		return nil, fmt.Errorf("offices: %w", err)
	}
	var offers []struct {
		Office string `db:"office_id"`
		Service
	}
	err = q.SelectContext(ctx, &offers, `
		SELECT office_id, service.id, biz_group, parties_min, parties_max, name, name_en
		FROM service
		JOIN office_service ON office_service.service_id = service.id
		WHERE $1 IN ('', office_id)
		ORDER BY service.position`, id)
	if err != nil {
		return nil, fmt.Errorf("services of offices: %w", err)
	}
	services := map[string][]Service{}
	for _, o := range offers {
		services[o.Office] = append(services[o.Office], o.Service)
	}
	for i := range offices {
		o := &offices[i]
		o.Services = services[o.ID]
		if o.Location, err = time.LoadLocation(o.TimeZone); err != nil {
			return nil, fmt.Errorf("office %s: %w", o.ID, err)
		}
	}
	return offices, nil
}

// Services is every business type that there is, marriage first.
func (s *Store) Services(ctx context.Context) ([]Service, error) {
	var services []Service
	err := s.DB.SelectContext(ctx, &services, `
		SELECT id, biz_group, parties_min, parties_max, name, name_en
		FROM service
		ORDER BY position`)
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	return services, nil
}

// PutOffice makes an office or changes it. Of its services only the ids count.
// An empty TimeZone means Asia/Shanghai (domain rule 97). Every mistake is in the
// fields of the fault.
func (s *Store) PutOffice(ctx context.Context, o Office, actor string) error {
	if o.TimeZone == "" {
		o.TimeZone = "Asia/Shanghai"
	}
	known, err := s.Services(ctx)
	if err != nil {
		return err
	}
	if err := o.validate(known); err != nil {
		return err
	}
	err = s.actAs(ctx, actor, func(tx postgres.Querier) error { return putOffice(ctx, tx, o) })
	if err != nil {
		return fmt.Errorf("put office %s: %w", o.ID, err)
	}
	s.offices.forget(o.ID)
	s.offices.forget("")
	return nil
}

func (o Office) validate(known []Service) error {
	wrong := map[string]string{}
	if !officeID(o.ID) {
		wrong["id"] = "format"
	}
	for field, text := range map[string]string{"name": o.Name, "name_en": o.NameEN, "address": o.Address, "phone": o.Phone} {
		if strings.TrimSpace(text) == "" {
			wrong[field] = "required"
		}
	}
	if _, err := time.LoadLocation(o.TimeZone); err != nil || o.TimeZone == "Local" {
		wrong["timezone"] = "unknown"
	}
	if len(o.Services) == 0 {
		wrong["services"] = "required"
	}
	for i, service := range o.Services {
		if !slices.ContainsFunc(known, func(k Service) bool { return k.ID == service.ID }) {
			wrong[fmt.Sprintf("services.%d", i)] = "unknown"
		}
	}
	return fault.InFields(wrong)
}

func putOffice(ctx context.Context, tx postgres.Querier, o Office) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO office (id, name, name_en, address, phone, time_zone, position)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE
		SET name = excluded.name, name_en = excluded.name_en, address = excluded.address,
			phone = excluded.phone, time_zone = excluded.time_zone, position = excluded.position`,
		o.ID, o.Name, o.NameEN, o.Address, o.Phone, o.TimeZone, o.Position)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM office_service WHERE office_id = $1`, o.ID); err != nil {
		return err
	}
	var names []string
	for _, service := range o.Services {
		names = append(names, service.ID)
		_, err := tx.ExecContext(ctx, `
			INSERT INTO office_service (office_id, service_id)
			VALUES ($1, $2)
			ON CONFLICT DO NOTHING`, o.ID, service.ID)
		if err != nil {
			return err
		}
	}
	return postgres.Audit(ctx, tx, "office_put", "office:"+o.ID, o.Name+": "+strings.Join(names, " "))
}
