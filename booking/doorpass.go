package booking

import (
	"crypto/hmac"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
)

// doorPass is an appointment's number and eight digits that belong to it.
var doorPass = regexp.MustCompile(`^[1-9][0-9]{15}$`)

// DoorPass is the sixteen digits that a couple shows at the door as a QR code:
// the appointment's number, and eight digits that only we can add to it. They
// are digits and nothing else, so that a scanner that types them is understood
// whatever keyboard or input method it types into. They open nothing: whoever
// has them is found in the hall's list, as with the number alone.
func (d *Desk) DoorPass(number string) string {
	mac := d.Keys.MAC("door pass", []byte(number))
	return fmt.Sprintf("%s%08d", number, binary.BigEndian.Uint64(mac)%1e8)
}

// readDoorPass is the appointment's number in scanned digits, or false where
// they are not ours.
func (d *Desk) readDoorPass(scanned string) (string, bool) {
	if !doorPass.MatchString(scanned) {
		return "", false
	}
	number := scanned[:8]
	return number, hmac.Equal([]byte(d.DoorPass(number)), []byte(scanned))
}

// Scanned is the appointment's number in what was scanned or typed, however it was
// grouped: eight digits, or a door pass that is ours. It is "" for anything else.
func (d *Desk) Scanned(typed string) string {
	digits := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		}
		return -1
	}, typed)
	if eightDigits.MatchString(digits) {
		return digits
	}
	if number, ours := d.readDoorPass(digits); ours {
		return number
	}
	return ""
}
