package api

import (
	"context"
	"fmt"
	"maps"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
	"hunyue/server/auth"
)

// What a request may be refused for before anybody looks at what it asks.
var (
	errMalformed      = fault.New(fault.Invalid, "malformed")
	errTooLarge       = fault.New(fault.Invalid, "too_large")
	errMediaType      = fault.New(fault.Invalid, "unsupported_media_type")
	errTokenRequired  = fault.New(fault.Unauthorized, "token_required")
	errSecretRequired = fault.New(fault.Unauthorized, "secret_required")
)

// The headers that carry what shows whose something is, and the client's key.
const (
	tokenHeader  = "Hold-Token"
	secretHeader = "Appointment-Secret"
	keyHeader    = "Idempotency-Key"
)

// operation is what the document asks of one operation's requests, taken out
// of it once so that a request costs a few look-ups and no search.
//
// kin-openapi's openapi3filter does the same and more, at 250 µs a request of a
// 3.1 document; its schemas alone judge a body in 1 to 3 µs.
type operation struct {
	id         string
	parameters []*openapi3.Parameter
	body       *openapi3.Schema // nil: none is read
	headers    []string         // of those above that must be there
	staff      bool
}

// operations is all of them, by their ids.
func operations(spec *openapi3.T) (map[string]*operation, error) {
	all := map[string]*operation{}
	for path, item := range spec.Paths.Map() {
		for method, of := range item.Operations() {
			op, err := newOperation(of)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			all[op.id] = op
		}
	}
	return all, nil
}

func newOperation(of *openapi3.Operation) (*operation, error) {
	op := &operation{id: of.OperationID}
	for _, p := range of.Parameters {
		op.parameters = append(op.parameters, p.Value)
	}
	if of.RequestBody != nil {
		op.body = of.RequestBody.Value.Content.Get(echo.MIMEApplicationJSON).Schema.Value
	}
	if of.Security == nil || len(*of.Security) > 1 {
		return nil, fmt.Errorf("%s does not say, in one way, who may use it", op.id)
	}
	for _, needed := range *of.Security {
		for scheme := range needed {
			if err := op.need(scheme); err != nil {
				return nil, err
			}
		}
	}
	return op, nil
}

func (op *operation) need(scheme string) error {
	switch scheme {
	case "HoldToken":
		op.headers = append(op.headers, tokenHeader)
	case "AppointmentSecret":
		op.headers = append(op.headers, secretHeader)
	case "Bearer":
		op.staff = true
	default:
		return fmt.Errorf("%s: unknown security scheme %s", op.id, scheme)
	}
	return nil
}

// shown is what a request has shown or sent beyond what the generated code
// hands to a handler. Requests that need neither token nor secret and have no key
// have none.
type shown struct {
	token, secret string // of a hold, of an appointment
	bearer        string // of a member of staff
	address       string // where it comes from
	body          []byte
}

type shownKey struct{}

// shownIn is what the request of ctx has shown.
func shownIn(ctx context.Context) shown {
	s, _ := ctx.Value(shownKey{}).(shown)
	return s
}

// check lets a request through that is as the document says, or returns
// everything that is wrong with it.
func (op *operation) check(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		s, err := op.seen(r)
		if err != nil {
			return err
		}
		wrong := map[string]string{}
		op.checkParameters(c, wrong)
		if op.body != nil {
			body, err := readBody(r)
			if err != nil {
				return err
			}
			dropNulls(op.body, body.value)
			maps.Copy(wrong, wrongIn(op.body, body.value))
			r.Body, s.body = body, body.bytes
		}
		if err := fault.InFields(wrong); err != nil {
			return err
		}
		if op.staff || len(op.headers) > 0 || r.Header.Get(keyHeader) != "" {
			s.address = c.RealIP()
			c.SetRequest(r.WithContext(context.WithValue(r.Context(), shownKey{}, s)))
		}
		return next(c)
	}
}

// seen is what the headers show, or what is missing there.
func (op *operation) seen(r *http.Request) (shown, error) {
	s := shown{bearer: auth.Bearer(r)}
	for _, header := range op.headers {
		value := r.Header.Get(header)
		switch header {
		case tokenHeader:
			if s.token = value; value == "" {
				return s, errTokenRequired
			}
		case secretHeader:
			if s.secret = value; value == "" {
				return s, errSecretRequired
			}
		}
	}
	return s, nil
}

// checkParameters notes what is wrong with the parameters, each under its name.
func (op *operation) checkParameters(c echo.Context, wrong map[string]string) {
	for _, p := range op.parameters {
		values := valuesOf(c, p)
		switch {
		case len(values) == 0 || len(values) == 1 && values[0] == "":
			if p.Required {
				wrong[p.Name] = required
			}
		case len(values) > 1:
			wrong[p.Name] = repeated
		default:
			if code, ok := wrongIn(p.Schema.Value, values[0])[""]; ok {
				wrong[p.Name] = code
			}
		}
	}
}

func valuesOf(c echo.Context, p *openapi3.Parameter) []string {
	switch p.In {
	case openapi3.ParameterInPath:
		return []string{c.Param(p.Name)}
	case openapi3.ParameterInQuery:
		return c.QueryParams()[p.Name]
	}
	return c.Request().Header.Values(p.Name)
}
