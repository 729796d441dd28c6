package hall

import (
	"fmt"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// What a certificate number may be warned of, besides what
// identity.ParseCertificate says. A warning never stops a registration: the
// number on the paper counts, and offices have habits (domain section 1.6).
const (
	warnPrefix     = "prefix"     // not the kind of certificate this service gives out
	warnDivision   = "division"   // another office's division code
	warnYear       = "year"       // not this year's
	warnUnexpected = "unexpected" // this service ends without a certificate
)

// prefixOf is what begins the certificates that a service gives out. A service
// that is missing ends without one.
func prefixOf(service string) string {
	switch service {
	case "marriage", "remarriage", "marriage_makeup":
		return identity.PrefixMarriage
	case "divorce_issue":
		return identity.PrefixDivorce
	case "reissue_marriage":
		return identity.PrefixMarriageReissue
	case "reissue_divorce":
		return identity.PrefixDivorceReissue
	}
	return ""
}

// divisionOf is the division in an office's certificate numbers: its own, or the one
// that its rules name, as cross-border offices number for a wider area.
func divisionOf(office string, rules slots.Rules) string {
	if rules.CertificateDivision != "" {
		return rules.CertificateDivision
	}
	return office[:6]
}

// readCertificate reads the number that a registrar typed at the end of a
// service. wrong refuses it; warning is only shown.
func readCertificate(typed, service, division string, day date.Date) (c identity.Certificate, warning, wrong string) {
	c, warning = identity.ParseCertificate(typed)
	switch missing := c.String() == ""; {
	case missing && warning == required && prefixOf(service) == "":
		return c, "", ""
	case missing:
		return c, "", warning
	case prefixOf(service) == "":
		return c, warnUnexpected, ""
	case warning != "":
		return c, warning, ""
	}
	return c, doubt(c, service, division, day), ""
}

// doubt is what is unusual about a number of the present form.
func doubt(c identity.Certificate, service, division string, day date.Date) string {
	switch {
	case c.Prefix != prefixOf(service):
		return warnPrefix
	case c.Division != division:
		return warnDivision
	case c.Year != day.Year:
		return warnYear
	}
	return ""
}

// unusual is what is unusual about a number before it is final, as in
// Registration.Warning; nothing for one that Complete refuses. Numbers are typed
// once and altered by nobody, so whoever types is asked first.
func unusual(typed, service, division string, day date.Date) string {
	_, warning, wrong := readCertificate(typed, service, division, day)
	if wrong != "" {
		return ""
	}
	return warning
}

// sealedCertificate is a certificate number as the database keeps it (domain
// rule 84): readable with our keys alone, and found by its keyed hash. Where a
// service ends without a certificate all of it is zero.
type sealedCertificate struct {
	Number     []byte
	Key        []byte // 32 bytes, the same wherever the number is the same
	Nationwide bool   // of the present form, which is given out once
}

func (d *Desk) sealCertificate(c identity.Certificate, appointment int64) (sealedCertificate, error) {
	plain := []byte(c.String())
	if len(plain) == 0 {
		return sealedCertificate{}, nil
	}
	number, err := d.Keys.Seal(plain, registrationRow(appointment))
	if err != nil {
		return sealedCertificate{}, fmt.Errorf("seal certificate of appointment %d: %w", appointment, err)
	}
	return sealedCertificate{Number: number, Key: d.Keys.MAC("certificate", plain), Nationwide: c.Prefix != ""}, nil
}

func (d *Desk) openCertificate(sealed []byte, appointment int64) (string, error) {
	if sealed == nil {
		return "", nil
	}
	plain, err := d.Keys.Open(sealed, registrationRow(appointment))
	if err != nil {
		return "", fmt.Errorf("certificate of appointment %d: %w", appointment, err)
	}
	return string(plain), nil
}

func registrationRow(appointment int64) string { return fmt.Sprintf("registration/%d", appointment) }
