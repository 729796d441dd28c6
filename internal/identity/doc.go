// Package identity is who a person is on paper: the documents they show, how
// their name is written, where they can be called, whether they are of age, and
// the numbers on their certificates. It knows no database and no clock.
//
// What is parsed here comes back normalised, together with a short code of what
// is wrong ("" if nothing is). The codes are promises: the API returns them and
// the pages translate them.
//
// A [Document], a [Name] and a [Phone] print themselves masked, through fmt,
// slog and JSON alike. The plain text is only had by asking for it: Number,
// Plain. fmt cannot reach the methods of an unexported field, so keep these
// types in exported fields or variables of their own, or print none of the
// struct that holds them.
package identity

// The codes of what may be wrong with an input.
const (
	required        = "required"         // nothing was typed
	tooLong         = "too_long"         // more than any right value has
	tooShort        = "too_short"        // a name of one character
	badFormat       = "format"           // not the shape of such a number
	badCharacters   = "characters"       // letters or signs that names do not have
	badSeparator    = "separator"        // a separator first, last or doubled
	badProvince     = "province"         // an area that no such document has
	badDate         = "date"             // a birthday that is not in the calendar
	inFuture        = "future"           // a birthday yet to come
	badCheckDigit   = "check_digit"      // a digit was mistyped
	firstGeneration = "first_generation" // 15 digits, from a card no longer valid
	unknownType     = "unknown_type"     // not one of the document types
	iot             = "iot"              // a number of machines, which reads no texts
	badCountry      = "country"          // a country whose numbers are not taken
)

// maxTyped is how many bytes of a number are looked at; a longer one is too
// long in every writing.
const maxTyped = 256
