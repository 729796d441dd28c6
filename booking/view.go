package booking

import (
	"context"

	"hunyue/internal/identity"
)

// View is what is about to be shown of couples.
type View struct {
	Office  string
	List    bool // whoever is there, and not somebody who was asked for
	Records []Record
}

// Record is the appointment of a couple in a view, and what tells whether they
// are kin to whoever looks.
type Record struct {
	Appointment int64
	Names       []string // in full; none once the data are erased
}

// watched asks whoever watches this desk, and is why nothing may be shown.
func (d *Desk) watched(ctx context.Context, v View) error {
	if d.Watch == nil {
		return nil
	}
	return d.Watch(ctx, v)
}

// watchedOne is watched for one couple.
func (d *Desk) watchedOne(ctx context.Context, a Appointment, parties []Party) error {
	return d.watched(ctx, View{Office: a.Office, Records: []Record{recordOf(a, parties)}})
}

func recordOf(a Appointment, parties []Party) Record {
	r := Record{Appointment: a.ID}
	for _, p := range parties {
		r.Names = append(r.Names, p.Name)
	}
	return r
}

// masked is appointments as a list shows them.
func (d *Desk) masked(ctx context.Context, office string, list bool, found []Appointment) ([]Row, error) {
	return d.maskedBy(ctx, office, list, found, func(Row, []Party) {})
}

// maskedBy does so, and shows each row to each before anybody is shown anything.
func (d *Desk) maskedBy(ctx context.Context, office string, list bool, found []Appointment, each func(Row, []Party)) ([]Row, error) {
	rows, v := make([]Row, 0, len(found)), View{Office: office, List: list}
	ids := make([]int64, len(found))
	for i, a := range found {
		ids[i] = a.ID
	}
	sealed, err := sealedParties(ctx, d.DB, ids...)
	if err != nil {
		return nil, err
	}
	for _, a := range found {
		row, parties, err := d.mask(ctx, a, sealed[a.ID])
		if err != nil {
			return nil, err
		}
		each(row, parties)
		rows, v.Records = append(rows, row), append(v.Records, recordOf(a, parties))
	}
	if len(rows) == 0 && !list {
		return rows, nil // nobody was found
	}
	if err := d.watched(ctx, v); err != nil {
		return nil, err
	}
	return rows, nil
}

// mask is an appointment as a list shows it, and who it is for.
func (d *Desk) mask(ctx context.Context, a Appointment, sealed []sealedParty) (Row, []Party, error) {
	zone, err := d.zone(ctx, a.Office)
	if err != nil {
		return Row{}, nil, err
	}
	row := Row{
		Number: a.Number, Office: a.Office, Service: a.Service, Day: a.Day,
		StartsAt: a.StartsAt.In(zone), EndsAt: a.EndsAt.In(zone),
		Status: a.Status, Channel: string(a.Channel), Erased: a.Erased(), WalkIn: a.WalkIn,
	}
	if row.Erased {
		return row, nil, nil
	}
	parties, err := d.opened(a, sealed)
	if err != nil {
		return Row{}, nil, err
	}
	phone, err := d.phoneOf(a)
	if err != nil {
		return Row{}, nil, err
	}
	row.Phone = phone.Masked()
	for _, p := range parties {
		row.Names = append(row.Names, identity.MaskName(p.Name))
		row.Numbers = append(row.Numbers, p.Document.Masked())
		row.Kinds = append(row.Kinds, p.Document.Kind())
	}
	return row, parties, nil
}
