// Package api is the JSON API. Its promise is openapi.yaml: requests are
// checked against that document before a handler sees them, and the handlers'
// signatures are generated from it.
//
// A handler reads, calls, answers. Failures are returned as faults; the server
// turns them into problem documents with WriteProblem.
package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/notify"
	"hunyue/server/auth"
	"hunyue/server/limit"
	"hunyue/server/watch"
	"hunyue/slots"
)

// API answers JSON requests. Its methods are the operations of openapi.yaml.
type API struct {
	Desk     *booking.Desk // for couples
	Assisted *booking.Desk // for staff
	Hall     *hall.Desk
	Offices  *slots.Store
	Codes    *notify.Codes
	Notices  *notify.Notices
	Accounts *auth.Accounts
	Limits   *limit.Limiter // nil: there are none
}

var _ StrictServerInterface = (*API)(nil)

// Mount adds every operation below g, which is /api/v1. Which staff may use an
// operation is in the table of the package policy; the document repeats it.
func (a *API) Mount(g *echo.Group) error {
	spec, err := readSpec()
	if err != nil {
		return err
	}
	all, err := operations(spec)
	if err != nil {
		return err
	}
	doors := map[string][]echo.MiddlewareFunc{}
	for id, op := range all {
		if op.staff {
			doors[id] = append(doors[id], watch.Mark)
		} else {
			doors[id] = append(doors[id], known)
		}
		doors[id] = append(doors[id], op.check)
		if act, has := limited[id]; has {
			doors[id] = append(doors[id], a.budgeted(act))
		}
	}
	RegisterHandlersWithOptions(g, NewStrictHandler(a, nil), RegisterHandlersOptions{OperationMiddlewares: doors})
	return nil
}

// serviceAt is an office and one of the services that it offers.
func (a *API) serviceAt(ctx context.Context, office, service string) (slots.Office, slots.Service, error) {
	o, err := a.Offices.Office(ctx, office)
	if err != nil {
		return slots.Office{}, slots.Service{}, err
	}
	s, ok := o.Service(service)
	if !ok {
		return slots.Office{}, slots.Service{}, fault.InFields(map[string]string{"service": "not_offered"})
	}
	return o, s, nil
}

// today is the day at an office.
func (a *API) today(o slots.Office) date.Date {
	return date.DateOf(a.Desk.Clock.Now().In(o.Location))
}
