package identity_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hunyue/internal/identity"
)

func TestPhones(t *testing.T) {
	for _, tt := range []struct {
		fact, typed string
		kind        identity.PhoneKind
		want        string
	}{
		{"a mobile", "13800000001", identity.Mobile, "13800000001"},
		{"a mobile with +86", "+8613800000001", identity.Mobile, "13800000001"},
		{"a mobile with 86", "8613800000001", identity.Mobile, "13800000001"},
		{"a mobile with 0086", "008613800000001", identity.Mobile, "13800000001"},
		{"a mobile with a 0", "013800000001", identity.Mobile, "13800000001"},
		{"a mobile in groups", "+86 138-0000-0001", identity.Mobile, "13800000001"},
		{"a mobile in full width", "１３８００００００１", "", "format"},
		{"a mobile of eleven in full width", "１３８０００００００１", identity.Mobile, "13800000001"},
		{"a new prefix", "19900000001", identity.Mobile, "19900000001"},
		{"a prefix of no carrier yet", "15400000001", identity.Mobile, "15400000001"},
		{"a data card of 11 digits", "14700000001", identity.Mobile, "14700000001"},
		{"a landline in Changde", "0736-7123456", identity.Landline, "07367123456"},
		{"without the hyphen", "07367123456", identity.Landline, "07367123456"},
		{"with brackets", "(0736) 7123456", identity.Landline, "07367123456"},
		{"with full-width brackets", "（０７３６）７１２３４５６", identity.Landline, "07367123456"},
		{"with a dash for the hyphen", "0736—7123456", identity.Landline, "07367123456"},
		{"without the area", "7123456", identity.Landline, "7123456"},
		{"with an extension", "0736-7123456-801", identity.Landline, "07367123456-801"},
		{"with an extension in words", "0736-7123456转801", identity.Landline, "07367123456-801"},
		{"in Beijing", "010-61234567", identity.Landline, "01061234567"},
		{"in Beijing from abroad", "+86 10 6123 4567", identity.Landline, "01061234567"},
		{"in Changde from abroad", "+86-736-7123456", identity.Landline, "07367123456"},
		{"in Changde from abroad with a 0", "+86 0736 7123456", identity.Landline, "07367123456"},
		{"in Hong Kong", "+852 6123 4567", identity.Overseas, "+85261234567"},
		{"in Hong Kong, dialled", "00852-61234567", identity.Overseas, "+85261234567"},
		{"in Macao", "+853 66123456", identity.Overseas, "+85366123456"},
		{"in Taiwan", "+886 912 345 678", identity.Overseas, "+886912345678"},
		{"in Taiwan with a 0", "+886 0912345678", identity.Overseas, "+886912345678"},
		{"nothing", "", "", "required"},
		{"only brackets and spaces", " ( ) ", "", "required"},
		{"only hyphens", "--", "", "required"},
		{"ten digits", "1380000000", "", "format"},
		{"twelve digits", "138000000011", "", "format"},
		{"a mobile with 12", "12800000001", "", "format"},
		{"a mobile with a digit missing behind a 0", "01387654321", "", "format"},
		{"thirteen digits of a machine", "1440000000001", "", "iot"},
		{"the same with +86", "+861440000000001", "", "iot"},
		{"a landline beginning with 1", "0736-1123456", "", "format"},
		{"a landline of six digits", "0736-712345", "", "format"},
		{"an area without its number", "0736", "", "format"},
		{"an extension of seven digits", "7123456-1234567", "", "format"},
		{"a mobile with an extension", "13800000001-12", "", "format"},
		{"Hong Kong with a digit missing", "+8526123456", "", "format"},
		{"Taiwan with a digit missing", "+88691234567", "", "format"},
		{"the United States", "+1 202 555 0100", "", "country"},
		{"the United Kingdom, dialled", "0044 20 7946 0000", "", "country"},
		{"an emergency", "110", "", "format"},
		{"letters", "call me", "", "format"},
		{"a formula", "=1+1", "", "format"},
		{"a plus alone", "+", "", "format"},
		{"Arabic digits", "١٣٨٠٠٠٠٠٠٠١", "", "format"},
		{"broken UTF-8", "1380000000\xff", "", "format"},
		{"a page", strings.Repeat("1", 1<<16), "", "too_long"},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			p, wrong := identity.ParsePhone(tt.typed)
			if tt.kind == "" {
				if wrong != tt.want || p != (identity.Phone{}) {
					t.Errorf("wrong is %q with %q, want %q", wrong, p.Number(), tt.want)
				}
				return
			}
			if wrong != "" || p.Kind != tt.kind || p.Number() != tt.want {
				t.Errorf("got %s %q, wrong %q; want %s %q", p.Kind, p.Number(), wrong, tt.kind, tt.want)
			}
			if p.TakesSMS() != (tt.kind == identity.Mobile) {
				t.Errorf("a %s takes texts: %v", tt.kind, p.TakesSMS())
			}
		})
	}
}

func TestPhoneMasked(t *testing.T) {
	for typed, want := range map[string]string{
		"13812345678":      "138****5678",
		"0736-7123456":     "0736****456",
		"7123456":          "****456",
		"010-61234567":     "0106****567",
		"0736-7123456-801": "0736****456-***",
		"+85261234567":     "+8526****567",
		"+886912345678":    "+88691****678",
	} {
		p, wrong := identity.ParsePhone(typed)
		if got := p.Masked(); got != want || wrong != "" {
			t.Errorf("%s is shown as %s, wrong %q; want %s", typed, got, wrong, want)
		}
	}
	if got := (identity.Phone{}).Masked(); got != "" {
		t.Errorf("no phone is shown as %q", got)
	}
}

func TestEveryMobileComesBackHoweverItIsTyped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`1[3-9][0-9]{9}`).Draw(t, "number")
		prefix := rapid.SampledFrom([]string{"", "+86", "86", "0086", "0", " ", "+86 - "}).Draw(t, "prefix")
		sign := rapid.SampledFrom([]string{"", "-", " ", "　", "–"}).Draw(t, "sign")
		p, wrong := identity.ParsePhone(prefix + number[:3] + sign + number[3:7] + sign + number[7:])
		if wrong != "" || p.Number() != number || !p.TakesSMS() {
			t.Errorf("got %q, wrong %q; want %s", p.Number(), wrong, number)
		}
		if got, want := p.Masked(), number[:3]+"****"+number[7:]; got != want {
			t.Errorf("shown as %s, want %s", got, want)
		}
	})
}

func FuzzPhone(f *testing.F) {
	for _, seed := range []string{
		"13800000001", "+86 138-0000-0001", "0736-7123456-801", "0736-7123456转801", "010-61234567", "+8602112345678",
		"+85261234567", "+886 0912345678", "1440000000001", "(0736)7123456", "+1 202 555 0100", "00", "\xff", "",
		strings.Repeat("0", 1<<16),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		p, wrong := identity.ParsePhone(typed)
		if wrong != "" {
			if p != (identity.Phone{}) {
				t.Errorf("wrong (%s) and yet %q", wrong, p.Number())
			}
			return
		}
		if again, wrong := identity.ParsePhone(p.Number()); again != p || wrong != "" {
			t.Errorf("%s %q again is %s %q, wrong %q", p.Kind, p.Number(), again.Kind, again.Number(), wrong)
		}
		if strings.Count(p.Masked(), "*") < 4 || len(p.Masked()) != len(p.Number()) {
			t.Errorf("%q is shown as %q", p.Number(), p.Masked())
		}
	})
}
