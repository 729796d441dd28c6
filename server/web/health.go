package web

import (
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/slots"
)

// healthVersion is of the consent to be measured at the door.
const healthVersion = booking.HealthVersion

// asksHealth reports whether a consent to temperatures is asked for: where they
// are taken, and not by a law or order that the office has recorded (domain
// rule 91). Nobody needs it to book: who refuses is asked again at the door.
func asksHealth(rules slots.Rules) bool {
	return rules.Screening != slots.ScreeningOff && rules.HealthBasis == ""
}

// healthTicks is the box for it, apart from the others and empty like them.
func (pg page) healthTicks(f bookForm, rules slots.Rules, assisted bool) []tick {
	if !asksHealth(rules) {
		return nil
	}
	key := "consent.health"
	if assisted {
		key += "_read"
	}
	return []tick{{
		Name: "consents.health", Value: healthVersion, On: f.Health == healthVersion, Label: pg.T(key, "version", healthVersion),
	}}
}

// healthBasis names what temperatures are taken by, where no consent is asked for.
func (pg page) healthBasis(rules slots.Rules) string {
	if rules.Screening == slots.ScreeningOff || rules.HealthBasis == "" {
		return ""
	}
	return pg.T("health.basis", "basis", rules.HealthBasis)
}

// consents is which version of each text was agreed to.
func (f bookForm) consents(rules slots.Rules) map[string]string {
	all := map[string]string{"agreement": f.Agreement, "privacy": f.Privacy}
	if asksHealth(rules) && f.Health == healthVersion {
		all["health"] = f.Health
	}
	return all
}

// askHealth reports whether the door has to ask a couple before it measures them.
func (p *Pages) askHealth(c echo.Context, g own) (bool, error) {
	if !asksHealth(g.rules) {
		return false, nil
	}
	agreed, err := p.Desk.AgreedTo(c.Request().Context(), g.appointment, "health")
	return !agreed, err
}
