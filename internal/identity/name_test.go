package identity_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"hunyue/internal/identity"
)

func TestResidentNames(t *testing.T) {
	for _, tt := range []struct{ fact, typed, want string }{
		{"two characters", "张伟", "张伟"},
		{"two family names", "欧阳娜娜", "欧阳娜娜"},
		{"the zero that is a character", "〇一", "〇一"},
		{"a separator", "买买提·艾力", "买买提·艾力"},
		{"two separators", "阿·买买提·艾力", "阿·买买提·艾力"},
		{"a bullet for it", "买买提•艾力", "买买提·艾力"},
		{"a katakana dot for it", "买买提・艾力", "买买提·艾力"},
		{"a half-width katakana dot for it", "买买提･艾力", "买买提·艾力"},
		{"a hyphenation point for it", "买买提‧艾力", "买买提·艾力"},
		{"a full stop for it", "买买提.艾力", "买买提·艾力"},
		{"a full-width full stop for it", "买买提．艾力", "买买提·艾力"},
		{"a small full stop for it", "买买提﹒艾力", "买买提·艾力"},
		{"a Greek dot for it", "买买提\u0387艾力", "买买提·艾力"},
		{"spaces around the separator", "买买提 · 艾力", "买买提·艾力"},
		{"a space for looks", "张 伟", "张伟"},
		{"wide spaces for looks", "欧　阳　娜", "欧阳娜"},
		{"spaces at the ends", " 　张伟\n", "张伟"},
		{"a zero-width space from a chat", "\u200b张\u200d伟\ufeff", "张伟"},
		{"an override of direction", "\u202e张伟", "张伟"},
		{"a compatibility character is composed", "\uf9dc张", "隆张"},
		{"a character of extension B", "𠀀𪛖", "𠀀𪛖"},
		{"characters of extension I, newer than Go's tables", "\U0002EBF0\U0002EE5D", "\U0002EBF0\U0002EE5D"},
		{"characters of extension J", "\U000323B0\U00033479", "\U000323B0\U00033479"},
		{"25 characters of four bytes", strings.Repeat("𠮷", 25), strings.Repeat("𠮷", 25)},
		{"50 characters of four bytes", strings.Repeat("𠮷", 50), strings.Repeat("𠮷", 50)},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			if got, wrong := identity.NormaliseName(tt.typed, false); got != tt.want || wrong != "" {
				t.Errorf("%+q is %+q, wrong %q; want %+q", tt.typed, got, wrong, tt.want)
			}
		})
	}
}

func TestWrongResidentNames(t *testing.T) {
	for _, tt := range []struct{ fact, typed, want, tidied string }{
		{"nothing", "", "required", ""},
		{"only spaces", " 　\t\u200b", "required", ""},
		{"one character", " 张 ", "too_short", "张"},
		{"51 characters", strings.Repeat("张", 51), "too_long", ""},
		{"a page", strings.Repeat("张", 1<<16/3), "too_long", ""},
		{"a Latin name", "Zhang Wei", "characters", "Zhang Wei"},
		{"a letter in it", "赵C", "characters", "赵C"},
		{"a digit", "张伟2", "characters", "张伟2"},
		{"an emoji", "张伟😀", "characters", "张伟😀"},
		{"a private use character", "张\ue863", "characters", "张\ue863"},
		{"markup", "<b>张伟", "characters", "<b>张伟"},
		{"a control character is dropped before it counts", "张\x00", "too_short", "张"},
		{"broken UTF-8", "张\xff伟", "characters", ""},
		{"a lone surrogate in UTF-8", "张\xed\xa0\x80", "characters", ""},
		{"a leading separator", "·张伟", "separator", ""},
		{"a trailing separator", "张伟·", "separator", ""},
		{"a trailing full stop", "张伟.", "separator", ""},
		{"a double separator", "买买提··艾力", "separator", ""},
		{"two look-alikes in a row", "买买提•・艾力", "separator", ""},
		{"two separators with a space between", "买买提· ·艾力", "separator", ""},
		{"only a separator", "·", "separator", ""},
		{"kana", "さくら", "characters", "さくら"},
		{"a tower of accents", "张" + strings.Repeat("\u0301", 40), "characters", ""},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			got, wrong := identity.NormaliseName(tt.typed, false)
			if wrong != tt.want {
				t.Errorf("%+q is %+q, wrong %q; want %q", tt.typed, got, wrong, tt.want)
			}
			if tt.tidied != "" && got != tt.tidied {
				t.Errorf("%+q tidied is %+q, want %+q", tt.typed, got, tt.tidied)
			}
			if (wrong == "separator" || wrong == "too_long") && got != "" {
				t.Errorf("%+q comes back with %q", got, wrong)
			}
		})
	}
}

func TestForeignNames(t *testing.T) {
	for _, tt := range []struct{ fact, typed, want string }{
		{"given name and family name", "Maria Silva", "Maria Silva"},
		{"one name only", "Suharto", "Suharto"},
		{"one letter", "O", "O"},
		{"as the passport has it", "O'BRIEN, SEAN", "O'BRIEN, SEAN"},
		{"a curly apostrophe", "O’Brien", "O'Brien"},
		{"an apostrophe first", "'t Hooft", "'t Hooft"},
		{"a hyphen", "Jean-Luc", "Jean-Luc"},
		{"a long dash for it", "Jean–Luc", "Jean-Luc"},
		{"initials", "J. R. Smith", "J. R. Smith"},
		{"initials with a hyphen", "J.-P. Martin", "J.-P. Martin"},
		{"a suffix", "Martin Smith, Jr.", "Martin Smith, Jr."},
		{"accents, composed", "Jose\u0301 Nu\u0303n\u0303ez", "José Núñez"},
		{"a letter that is not composed", "g\u0303uarani\u0301", "g\u0303uaraní"},
		{"Vietnamese", "Nguyễn Thị Ánh", "Nguyễn Thị Ánh"},
		{"full width", "Ｍａｒｉａ　Ｓｉｌｖａ", "Maria Silva"},
		{"many spaces", "  Maria \t Silva\n", "Maria Silva"},
		{"a name put into Chinese", "约翰·史密斯", "约翰·史密斯"},
		{"that name with a bullet", "约翰 • 史密斯", "约翰·史密斯"},
		{"an overseas Chinese", "张伟", "张伟"},
		{"Chinese of one character", "张", "张"},
		{"Chinese and Latin", "李 David", "李 David"},
		{"100 letters", strings.Repeat("ab", 50), strings.Repeat("ab", 50)},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			want := norm.NFC.String(tt.want)
			if tt.fact == "accents, composed" {
				want = "José Nũñez"
			}
			if got, wrong := identity.NormaliseName(tt.typed, true); got != want || wrong != "" {
				t.Errorf("%+q is %+q, wrong %q; want %+q", tt.typed, got, wrong, want)
			}
		})
	}
}

func TestWrongForeignNames(t *testing.T) {
	for _, tt := range []struct{ fact, typed, want string }{
		{"nothing", " ", "required"},
		{"101 letters", strings.Repeat("a", 101), "too_long"},
		{"Cyrillic", "Мария", "characters"},
		{"digits", "R2D2", "characters"},
		{"a formula", "=cmd()", "characters"},
		{"markup", "<script>", "characters"},
		{"only punctuation", "'", "characters"},
		{"an accent on nothing", "\u0301a", "characters"},
		{"three accents on one letter", "q\u0300\u0301\u0302", "characters"},
		{"a leading hyphen", "-Maria", "separator"},
		{"a leading full stop", ".Maria", "separator"},
		{"a trailing hyphen", "Maria-", "separator"},
		{"a trailing comma", "Maria,", "separator"},
		{"a trailing separator", "约翰·", "separator"},
		{"a double hyphen", "Jean--Luc", "separator"},
		{"a double apostrophe", "O''Brien", "separator"},
		{"a double comma", "Silva,, Maria", "separator"},
		{"a double comma, spaced", "Silva, , Maria", "separator"},
		{"a double separator", "约翰··史密斯", "separator"},
		{"two kinds of separator", "约翰·-史密斯", "separator"},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			if got, wrong := identity.NormaliseName(tt.typed, true); wrong != tt.want {
				t.Errorf("%+q is %+q, wrong %q; want %q", tt.typed, got, wrong, tt.want)
			}
		})
	}
}

func TestMaskName(t *testing.T) {
	for _, tt := range []struct{ fact, name, want string }{
		{"two characters", "张伟", "张*"},
		{"three characters", "张伟明", "张**"},
		{"the separator too", "买买提·艾力", "买*****"},
		{"a first character of four bytes", "𠮷野", "𠮷*"},
		{"a foreigner, spaces too", "Jo Li", "J****"},
		{"one character", "张", "*"},
		{"none", "", ""},
		{"masked already", "张**", "张**"},
	} {
		if got := identity.MaskName(tt.name); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.fact, got, tt.want)
		}
	}
}

func TestEveryResidentNameComesBackAsItIs(t *testing.T) {
	// No compatibility ideographs, which NFC replaces.
	char := rapid.OneOf(rapid.RuneFrom([]rune("〇一丁七张王李赵艾买提力")), rapid.Map(
		rapid.IntRange(0, 0x2F7FF-0x20000), func(i int) rune { return rune(0x20000 + i) }))
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringOfN(char, 1, 12, -1), 1, 4).Draw(t, "parts")
		name := strings.Join(parts, "·")
		if n := utf8.RuneCountInString(name); n < 2 || n > 50 {
			t.Skip("not of a length that names have")
		}
		dot := rapid.SampledFrom([]string{"·", "•", "・", "‧", ".", "．", " · "}).Draw(t, "dot")
		if got, wrong := identity.NormaliseName(strings.Join(parts, dot), false); got != name || wrong != "" {
			t.Errorf("got %+q, wrong %q; want %+q", got, wrong, name)
		}
	})
}

func FuzzName(f *testing.F) {
	for _, seed := range []string{
		"张伟", "买买提·艾力", "买买提•・艾力", "Maria Silva", "'t Hooft", "J. R. Smith", strings.Repeat("𠮷", 25),
		"e\u0301\u200d\u0301", "\u202e张", "\xed\xa0\x80", "· ·", "．", "\u1fef\u037e\u212b", "",
		strings.Repeat("\u0301", 1<<15), strings.Repeat("𠮷", 1<<14),
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, typed string, foreign bool) {
		if got, want := utf8.RuneCountInString(identity.MaskName(typed)), utf8.RuneCountInString(typed); got != want {
			t.Errorf("%d characters masked as %d", want, got)
		}
		name, wrong := identity.NormaliseName(typed, foreign)
		if wrong == "" {
			if again, wrong := identity.NormaliseName(name, foreign); again != name || wrong != "" {
				t.Errorf("%+q again is %+q, wrong %q", name, again, wrong)
			}
			n := utf8.RuneCountInString(name)
			if n < 1 || n > 100 || (!foreign && (n < 2 || n > 50)) {
				t.Errorf("%d characters pass", n)
			}
			if strings.ContainsAny(name, "<>&\"=+@\r\n\t\x00") {
				t.Errorf("%+q passes", name)
			}
		}
		if !utf8.ValidString(name) || !norm.NFC.IsNormalString(name) {
			t.Errorf("%+q is not composed UTF-8", name)
		}
	})
}

func TestWhatIsOddInANameIsNamed(t *testing.T) {
	for _, tt := range []struct {
		typed   string
		foreign bool
		want    string
	}{
		{"张伟2", false, "2"},
		{"李思远😀", false, "😀"},
		{"张（伟）（大）", false, "()"},
		{"张伟", false, ""},
		{"买买提·艾力", false, ""},
		{"龚㼆䶮𫖮𬎆", false, ""},
		{"Zhang Wei 3", false, ""}, // written in pinyin: letters are what is unusual
		{"O'Neil-Śmith, Jr. 2", true, "2"},
		{"Zoë de la Cruz", true, ""},
	} {
		if got := identity.Odd(tt.typed, tt.foreign); got != tt.want {
			t.Errorf("of %q %q is odd, want %q", tt.typed, got, tt.want)
		}
	}
}
