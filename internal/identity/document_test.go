package identity_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"hunyue/internal/identity"
)

func TestDocumentsOfPeopleFromElsewhere(t *testing.T) {
	for _, tt := range []struct {
		fact   string
		typ    identity.DocumentType
		typed  string
		number string
	}{
		{"a Hong Kong permit", identity.HKMacaoPermit, "H12345678", "H12345678"},
		{"a Hong Kong permit with its re-issues", identity.HKMacaoPermit, "H1234567801", "H1234567801"},
		{"a Macao permit in small letters", identity.HKMacaoPermit, " m 8765 4321 02 ", "M8765432102"},
		{"a Taiwan card", identity.TaiwanPermit, "12345678", "12345678"},
		{"an old Taiwan booklet", identity.TaiwanPermit, "0012345601", "0012345601"},
		{"an old Taiwan booklet with its letter", identity.TaiwanPermit, "0012345601a", "0012345601A"},
		{"a Hong Kong residence permit", identity.HMTResidence, "810000199408230021", "810000199408230021"},
		{"a Macao residence permit", identity.HMTResidence, withCheckDigit("82000019940823001"), withCheckDigit("82000019940823001")},
		{"a Taiwan residence permit", identity.HMTResidence, "830000199201300022", "830000199201300022"},
		{"a Chinese passport", identity.Passport, "E12345678", "E12345678"},
		{"a Chinese passport with two letters", identity.Passport, "ej1234567", "EJ1234567"},
		{"an old Chinese passport", identity.Passport, "G12345678", "G12345678"},
		{"the shortest passport", identity.Passport, "A1234", "A1234"},
		{"the longest passport", identity.Passport, "ABCDE1234567890", "ABCDE1234567890"},
		{"a passport in full width", identity.Passport, "Ｅ１２３ ４５６７８", "E12345678"},
		{"a permanent residence card of 2023", identity.ForeignPR, "911124198108030024", "911124198108030024"},
		{"one from before", identity.ForeignPR, "can110080123401", "CAN110080123401"},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			d, wrong := identity.ParseDocument(tt.typ, tt.typed, today)
			if wrong != "" || d.Number != tt.number || d.Type != tt.typ {
				t.Errorf("got %s %q, wrong %q; want %s %q", d.Type, d.Number, wrong, tt.typ, tt.number)
			}
		})
	}
}

func TestWrongDocumentsOfPeopleFromElsewhere(t *testing.T) {
	for _, tt := range []struct {
		fact  string
		typ   identity.DocumentType
		typed string
		want  string
	}{
		{"a type that there is not", "library_card", "12345678", "unknown_type"},
		{"no type", "", "430799199003070014", "unknown_type"},
		{"no permit number", identity.HKMacaoPermit, " ", "required"},
		{"a permit of 7 digits", identity.HKMacaoPermit, "H1234567", "format"},
		{"a permit of 9 digits", identity.HKMacaoPermit, "H123456789", "format"},
		{"a permit of 11 digits", identity.HKMacaoPermit, "H12345678901", "too_long"},
		{"a permit of another letter", identity.HKMacaoPermit, "T12345678", "format"},
		{"a Taiwan card of 7 digits", identity.TaiwanPermit, "1234567", "format"},
		{"a Taiwan card of 9 digits", identity.TaiwanPermit, "123456789", "format"},
		{"a Taiwan card with a letter", identity.TaiwanPermit, "1234567A", "format"},
		{"a mainland number as a residence permit", identity.HMTResidence, "430799199003070014", "province"},
		{"a county in Hong Kong", identity.HMTResidence, withCheckDigit("81000119940823002"), "province"},
		{"a residence permit with a wrong digit", identity.HMTResidence, "810000199408230022", "check_digit"},
		{"a residence permit of an impossible day", identity.HMTResidence, withCheckDigit("81000019940230002"), "date"},
		{"a residence permit of 15 digits", identity.HMTResidence, "810000940823002", "format"},
		{"a passport of 4", identity.Passport, "A123", "format"},
		{"a passport of 16", identity.Passport, "ABCDE12345678901", "too_long"},
		{"a passport with a hyphen", identity.Passport, "AB-123456", "format"},
		{"a passport with an accent", identity.Passport, "É12345678", "format"},
		{"a passport with a dotless i", identity.Passport, "ı12345678", "format"},
		{"a passport with a Kelvin sign", identity.Passport, "\u212a12345678", "format"},
		{"a permanent residence card with a wrong digit", identity.ForeignPR, "911124198108030025", "check_digit"},
		{"a permanent resident from tomorrow", identity.ForeignPR, withCheckDigit("91112420260521001"), "future"},
		{"a resident's number as a foreigner's", identity.ForeignPR, "430799199003070014", "province"},
		{"an old card with two letters", identity.ForeignPR, "CA1110080123401", "format"},
		{"an old card of 11 digits", identity.ForeignPR, "CAN11008012340", "format"},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			d, wrong := identity.ParseDocument(tt.typ, tt.typed, today)
			if wrong != tt.want || d != (identity.Document{}) {
				t.Errorf("wrong is %q with %v, want %q", wrong, d, tt.want)
			}
		})
	}
}

func TestACardTypedAsResidentIDIsWhatItsNumberSays(t *testing.T) {
	for number, want := range map[string]identity.DocumentType{
		"810000199408230021": identity.HMTResidence,
		"830000199201300022": identity.HMTResidence,
		"911124198108030024": identity.ForeignPR,
		"430799199003070014": identity.ResidentID,
	} {
		asResident, wrong := identity.ParseDocument(identity.ResidentID, number, today)
		if wrong != "" || asResident.Type != want {
			t.Errorf("%s is %s, wrong %q; want %s", number, asResident.Type, wrong, want)
		}
		asItself, wrong := identity.ParseDocument(want, number, today)
		if wrong != "" || asItself.Key() != asResident.Key() {
			t.Errorf("%s has two keys: %q, %q (wrong %q)", number, asItself.Key(), asResident.Key(), wrong)
		}
	}
	if _, wrong := identity.ParseDocument(identity.ResidentID, "911124198108030025", today); wrong != "check_digit" {
		t.Errorf("a mistyped permanent residence card: %q, want check_digit", wrong)
	}
}

func TestKeyIsThePerson(t *testing.T) {
	type docs = [2]identity.Document
	doc := func(typ identity.DocumentType, number string) identity.Document {
		return identity.Document{Type: typ, Number: number}
	}
	for fact, same := range map[string]docs{
		"a permit and its re-issue":          {doc(identity.HKMacaoPermit, "H1234567801"), doc(identity.HKMacaoPermit, "H1234567802")},
		"a permit with and without re-issue": {doc(identity.HKMacaoPermit, "H12345678"), doc(identity.HKMacaoPermit, "H1234567802")},
		"large and small letters":            {doc(identity.Passport, "E12345678"), doc(identity.Passport, "e12345678")},
		"spaces":                             {doc(identity.ResidentID, "430799 19900307 0014"), doc(identity.ResidentID, "430799199003070014")},
		"15 and 18 digits":                   {doc(identity.ResidentID, "430799900307001"), doc(identity.ResidentID, "430799199003070014")},
	} {
		if same[0].Key() != same[1].Key() {
			t.Errorf("%s: two keys", fact)
		}
	}
	for fact, other := range map[string]docs{
		"two permits":                  {doc(identity.HKMacaoPermit, "H12345678"), doc(identity.HKMacaoPermit, "M12345678")},
		"one number on two documents":  {doc(identity.Passport, "12345678"), doc(identity.TaiwanPermit, "12345678")},
		"two long passports":           {doc(identity.Passport, "H1234567801"), doc(identity.Passport, "H1234567802")},
		"two residents of one day":     {doc(identity.ResidentID, "430799199003070014"), doc(identity.ResidentID, "430799199003070022")},
		"15 digits of another century": {doc(identity.ResidentID, "430799060520002"), doc(identity.ResidentID, "430799200605200029")},
	} {
		if other[0].Key() == other[1].Key() {
			t.Errorf("%s: one key", fact)
		}
	}
	if got, want := doc(identity.HKMacaoPermit, "H1234567801").Key(), "hk_macao_permit:H12345678"; got != want {
		t.Errorf("the key is %q, want %q", got, want)
	}
}

func TestBirthAndSexAreDerivedOnlyFrom18Digits(t *testing.T) {
	for _, tt := range []struct {
		fact          string
		typ           identity.DocumentType
		number, birth string
		sex           identity.Sex
	}{
		{"a residence permit of Hong Kong", identity.HMTResidence, "810000199408230021", "1994-08-23", identity.Female},
		{"a residence permit of Taiwan", identity.HMTResidence, "830000199201300022", "1992-01-30", identity.Female},
		{"a permanent residence card", identity.ForeignPR, "911124198108030024", "1981-08-03", identity.Female},
		{"an older one", identity.ForeignPR, "CAN110080123401", "", ""},
		{"15 digits that are no resident ID", identity.ForeignPR, "430799900307001", "", ""},
		{"a travel permit", identity.HKMacaoPermit, "H12345678", "", ""},
		{"a Taiwan card", identity.TaiwanPermit, "12345678", "", ""},
		{"a passport that looks like an old ID", identity.Passport, "430799900307001", "", ""},
		{"an impossible day", identity.ResidentID, "430799199002300014", "", ""},
		{"nothing", identity.ResidentID, "", "", ""},
	} {
		birth, sex, ok := identity.Document{Type: tt.typ, Number: tt.number}.BirthAndSex()
		if birth.String() != tt.birth || sex != tt.sex || ok != (tt.birth != "") {
			t.Errorf("%s: %s, %q, %v; want %s, %q", tt.fact, birth, sex, ok, tt.birth, tt.sex)
		}
	}
}

func TestDocumentMasked(t *testing.T) {
	for _, tt := range []struct {
		fact   string
		typ    identity.DocumentType
		number string
		want   string
	}{
		{"first 3 and last 4 of a resident ID", identity.ResidentID, "430702199003070014", "430***********0014"},
		{"of an old one", identity.ResidentID, "430799900307001", "430********7001"},
		{"of an older permanent residence card", identity.ForeignPR, "CAN110080123401", "CAN********3401"},
		{"a permit", identity.HKMacaoPermit, "H12345678", "H*****678"},
		{"a permit with re-issues", identity.HKMacaoPermit, "H1234567801", "H*******801"},
		{"a Taiwan card", identity.TaiwanPermit, "12345678", "1*****78"},
		{"the shortest passport", identity.Passport, "A1234", "A***4"},
		{"less than any number", identity.Passport, "A123", "****"},
		{"none", identity.Passport, "", ""},
	} {
		if got := (identity.Document{Type: tt.typ, Number: tt.number}).Masked(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.fact, got, tt.want)
		}
	}
}

func FuzzDocument(f *testing.F) {
	types := []identity.DocumentType{
		identity.ResidentID, identity.HKMacaoPermit, identity.TaiwanPermit,
		identity.HMTResidence, identity.Passport, identity.ForeignPR, "other",
	}
	for _, seed := range []string{
		"430799199003070014", "43079920040229001X", "430799900307001", "810000199408230021", "911124198108030024",
		"CAN110080123401", "H1234567801", "0012345601A", "E12345678", "４３０７９９", "\xff\xfe", "\u202e1234", "",
	} {
		for i := range types {
			f.Add(byte(i), seed)
		}
	}
	f.Add(byte(0), strings.Repeat("４", 1<<16/3))
	f.Fuzz(func(t *testing.T, typ byte, number string) {
		asked := types[int(typ)%len(types)]
		raw := identity.Document{Type: asked, Number: number}
		if stars := raw.Masked(); utf8.RuneCountInString(stars) != utf8.RuneCountInString(number) {
			t.Errorf("%d characters masked as %d", utf8.RuneCountInString(number), utf8.RuneCountInString(stars))
		}
		identity.Upgrade15(number)
		raw.BirthAndSex()
		d, wrong := identity.ParseDocument(asked, number, today)
		if wrong != "" {
			if d != (identity.Document{}) {
				t.Errorf("wrong (%s) and yet %q", wrong, d.Number)
			}
			return
		}
		if again, wrong := identity.ParseDocument(d.Type, d.Number, today); again != d || wrong != "" {
			t.Errorf("%q parsed again is %q, wrong %q", d.Number, again.Number, wrong)
		}
		if d.Type == asked && d.Key() != raw.Key() {
			t.Errorf("%q has another key before it is parsed", number)
		}
		if strings.Contains(d.String(), d.Number) {
			t.Errorf("%q prints itself", d.Number)
		}
	})
}
