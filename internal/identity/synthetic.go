package identity

import (
	"fmt"
	"strings"

	"hunyue/internal/date"
)

// syntheticArea was never assigned to a county, so nobody has these numbers.
const syntheticArea = "430799"

// SyntheticPerDay is how many people of each sex Synthetic makes a day.
const SyntheticPerDay = 499

// Synthetic is the valid resident ID number of the nth person of that sex born
// on that day whom there is not, for tests and demonstrations. Here n runs from
// 0 to SyntheticPerDay-1, and births from 1800 to 2099.
func Synthetic(birth date.Date, sex Sex, n int) (string, error) {
	if n < 0 || n >= SyntheticPerDay {
		return "", fmt.Errorf("synthetic person %d: there are %d a day", n, SyntheticPerDay)
	}
	sequence := 2*n + 1
	switch sex {
	case Male:
	case Female:
		sequence++
	default:
		return "", fmt.Errorf("synthetic person of sex %q", string(sex))
	}
	number := syntheticArea + strings.ReplaceAll(birth.String(), "-", "") + fmt.Sprintf("%03d", sequence)
	if len(number) != 17 {
		return "", fmt.Errorf("synthetic person born on %s: %w", birth, date.ErrDate)
	}
	if _, ok := birthday(number); !ok {
		return "", fmt.Errorf("synthetic person born on %s: %w", birth, date.ErrDate)
	}
	return number + string(checkDigit(number)), nil
}
