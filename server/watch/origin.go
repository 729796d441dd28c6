package watch

import (
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/postgres"
	"hunyue/server/policy"
)

// Origin has the audit say from where staff work (domain rule 88): every row that is
// written for a request of theirs, and for a try to sign in. Couples are nowhere. It
// comes before the door.
func Origin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if rule, _ := policy.Of(r.Method, c.Path()); rule.Door.Staff() || signsIn(c.Path()) {
			c.SetRequest(r.WithContext(postgres.WithOrigin(r.Context(), originOf(c.RealIP(), r.UserAgent()))))
		}
		return next(c)
	}
}

// signsIn reports whether staff say at an address who they are.
func signsIn(path string) bool {
	return strings.HasPrefix(path, "/staff/") || path == "/api/v1/staff/login"
}

// originOf is a network and a kind of device: "10.0.3.17 computer". A machine of an
// office's own network is named; elsewhere it is the network that it is in, which is
// enough to see that it is not the office.
func originOf(address, agent string) string { return network(address) + " " + device(agent) }

// The networks that are told of an address elsewhere.
const (
	network4 = 24
	network6 = 48
)

func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	a = a.Unmap().WithZone("")
	bits := network6
	switch {
	case a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast():
		return a.String()
	case a.Is4():
		bits = network4
	}
	of, _ := a.Prefix(bits) // so many bits every such address has
	return of.String()
}

// Devices is the kinds of device there are.
func Devices() []string { return []string{"computer", "phone", "tablet", "program"} }

// device is what kind of device calls itself so. Not more of it is kept.
func device(agent string) string {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(agent, w) {
				return true
			}
		}
		return false
	}
	switch {
	case !has("Mozilla/"):
		return "program"
	case has("iPad", "Tablet") || has("Android") && !has("Mobile"):
		return "tablet"
	case has("Mobile", "iPhone", "Android", "MicroMessenger/") && !has("Windows NT", "Macintosh"):
		return "phone"
	}
	return "computer"
}
