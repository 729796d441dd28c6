package web

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
)

// dataCopy is what is stored about a couple, to be taken away.
type dataCopy struct {
	Appointment copiedAppointment `json:"appointment"`
	Parties     []copiedParty     `json:"parties"`
	Phone       string            `json:"phone"`
	Caller      string            `json:"caller,omitempty"`
	Consents    map[string]string `json:"consents"`
	ConsentedAt time.Time         `json:"consented_at"`
	Second      *copiedSecond     `json:"second_person,omitempty"` // where they were asked themselves
	History     []copiedEvent     `json:"history"`
	Messages    []copiedMessage   `json:"messages"`
}

type copiedAppointment struct {
	Number    string         `json:"number"`
	Office    string         `json:"office"`
	Service   string         `json:"service"`
	StartsAt  time.Time      `json:"starts_at"`
	EndsAt    time.Time      `json:"ends_at"`
	Status    booking.Status `json:"status"`
	Channel   string         `json:"channel"`
	CreatedAt time.Time      `json:"created_at"`
}

type copiedSecond struct {
	By       string            `json:"confirmed_by"`
	At       time.Time         `json:"confirmed_at"`
	Consents map[string]string `json:"consents"`
}

type copiedParty struct {
	Name         string    `json:"name"`
	DocumentType string    `json:"document_type"`
	Number       string    `json:"document_number"`
	Sex          string    `json:"sex"`
	Born         date.Date `json:"birth_date"`
}

type copiedEvent struct {
	At     time.Time      `json:"at"`
	By     string         `json:"by"`
	What   string         `json:"what"`
	Status booking.Status `json:"status,omitempty"`
	Why    string         `json:"why,omitempty"` // where staff looked: for what, and as what
}

type copiedMessage struct {
	At    time.Time `json:"at"`
	Kind  string    `json:"kind"`
	State string    `json:"state"`
}

// copyOfData is the data as a file.
func (p *Pages) copyOfData(c echo.Context) error {
	mine, stored, ok, err := p.seen(c)
	if err != nil || !ok {
		return err
	}
	body, err := json.MarshalIndent(copied(mine, stored), "", "  ")
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set(echo.HeaderContentDisposition, `attachment; filename="appointment-`+mine.Number+`.json"`)
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, body)
}

func copied(mine own, stored booking.OwnData) dataCopy {
	zone := mine.office.Location
	all := dataCopy{
		Appointment: copiedAppointment{
			Number: mine.Number, Office: mine.Office, Service: mine.Service, StartsAt: mine.StartsAt, EndsAt: mine.EndsAt,
			Status: mine.Status, Channel: mine.Channel, CreatedAt: stored.Appointment.CreatedAt.In(zone),
		},
		Phone: stored.Phone.Number(), Caller: stored.Caller, Consents: stored.Consents, ConsentedAt: stored.Appointment.CreatedAt.In(zone),
		Parties: []copiedParty{}, History: []copiedEvent{}, Messages: []copiedMessage{},
	}
	if s := stored.Second; s.At != nil {
		all.Second = &copiedSecond{s.By, s.At.In(zone), s.Consents}
	}
	for _, one := range stored.Parties {
		all.Parties = append(all.Parties, copiedParty{one.Name, string(one.Document.Type), one.Document.Number, string(one.Sex), one.Born})
	}
	for _, h := range stored.History {
		all.History = append(all.History, copiedEvent{h.At.In(zone), h.By, h.What, h.Status, h.Why})
	}
	for _, m := range stored.Messages {
		all.Messages = append(all.Messages, copiedMessage{m.At.In(zone), m.Kind, m.State})
	}
	return all
}
