package booking

// Status is where an appointment stands. What may follow what is in the table
// status_move, which the database enforces.
type Status string

// The statuses. The first five are active: the couple still has its place.
const (
	Booked            Status = "booked"
	Late              Status = "late" // came after the slot had begun; served in walk-in order
	CheckedIn         Status = "checked_in"
	Called            Status = "called"
	InService         Status = "in_service"
	Completed         Status = "completed"
	NotAccepted       Status = "not_accepted"
	Cancelled         Status = "cancelled"
	CancelledByOffice Status = "cancelled_by_office"
	NoShow            Status = "no_show"
	HealthDeferred    Status = "health_deferred" // sent home with a fever, without penalty
)

// Active reports whether an appointment in s still blocks its persons from
// another one (domain rule 31).
func (s Status) Active() bool {
	switch s {
	case Booked, Late, CheckedIn, Called, InService:
		return true
	case Completed, NotAccepted, Cancelled, CancelledByOffice, NoShow, HealthDeferred:
		return false
	}
	return false
}
