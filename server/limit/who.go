package limit

import "net/netip"

// Who is everything that a request can be known by. What is empty is not known.
type Who struct {
	Session string // random
	Device  string // random
	Phone   string // normalised, of whoever has it in hand
	Address string // as the proxies that we trust say
	Request string // the request's number, for the log
}

// as is who it is as a subject, or "", and whether many stand behind it.
func (w Who) as(s Subject) (who string, many bool) {
	switch s {
	case Session:
		return w.Session, false
	case Device:
		return w.Device, false
	case Phone:
		return w.Phone, false
	case Address, Prefix:
		return w.at(s)
	}
	return "", false
}

// at is where they are. An address that cannot be read is no subject.
func (w Who) at(s Subject) (where string, many bool) {
	address, err := netip.ParseAddr(w.Address)
	if err != nil || s == Address && w.Device != "" {
		return "", false
	}
	address = address.Unmap().WithZone("")
	many = address.IsLoopback() || address.IsPrivate() || address.IsLinkLocalUnicast()
	if s == Address {
		return address.String(), many
	}
	bits := 24
	if address.Is6() {
		bits = 48
	}
	return netip.PrefixFrom(address, bits).Masked().String(), many
}
