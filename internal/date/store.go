package date

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Value stores the day in a Postgres date column, and the zero Date as NULL.
// A day that is not in the calendar is refused with ErrDate.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil // NULL
	}
	if !d.Valid() {
		return nil, ErrDate
	}
	return d.String(), nil
}

// Scan reads a Postgres date column; NULL becomes the zero Date. Infinity and
// years before the common era are refused with ErrDate.
func (d *Date) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*d = Date{}
		return nil
	case time.Time:
		return d.set(DateOf(v))
	case string:
		return d.scanText(v)
	case []byte:
		return d.scanText(string(v))
	default:
		return fmt.Errorf("scan %T: %w", value, ErrDate)
	}
}

func (d *Date) scanText(s string) error {
	read, err := ParseDate(s)
	if err != nil {
		return err
	}
	return d.set(read)
}

func (d *Date) set(read Date) error {
	if !read.Valid() {
		return ErrDate
	}
	*d = read
	return nil
}

// MarshalText is the form of the day in JSON, forms and CSV: 2026-05-20, or ""
// for the zero Date.
func (d Date) MarshalText() ([]byte, error) {
	if !d.IsZero() && !d.Valid() {
		return nil, ErrDate
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what MarshalText wrote, and refuses all else with
// ErrDate.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	read, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = read
	return nil
}
