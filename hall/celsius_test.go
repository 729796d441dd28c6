package hall_test

import (
	"testing"

	"hunyue/hall"
)

func TestParseCelsius(t *testing.T) {
	for _, tt := range []struct {
		fact  string
		typed string
		want  int
	}{
		{"with a point", "36.5", 365},
		{"typed fast", "365", 365},
		{"with a comma", "36,5", 365},
		{"whole degrees, as a program may print them", "37", 370},
		{"by a Chinese keyboard", "３６。５", 365},
		{"with a wide point", "37．3", 373},
		{"with its unit", " 36.5 ℃ ", 365},
		{"with its unit in letters", "36.5°C", 365},
		{"the lowest", "34.0", 340},
		{"the highest", "43.0", 430},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			if got, wrong := hall.ParseCelsius(tt.typed); got != tt.want || wrong != "" {
				t.Errorf("ParseCelsius(%q) = %d, %q; want %d", tt.typed, got, wrong, tt.want)
			}
		})
	}
}

func TestParseCelsiusRefuses(t *testing.T) {
	for _, tt := range []struct{ fact, typed, want string }{
		{"nothing", " ", "required"},
		{"a unit alone", "℃", "required"},
		{"too cold to be measured", "33.9", "range"},
		{"too hot to be alive", "43.1", "range"},
		{"Fahrenheit", "97.7", "range"},
		{"hundredths, which could hide a fever if rounded", "37.25", "format"},
		{"a point too many", "36.5.", "format"},
		{"a point at the end", "36.", "format"},
		{"a point in the wrong place", "3.65", "format"},
		{"two points", "3..5", "format"},
		{"a sign", "-36.5", "format"},
		{"an exponent", "3e1", "format"},
		{"words", "正常", "format"},
		{"a page of digits", "36.500000000000000000000000000000000", "format"},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			if got, wrong := hall.ParseCelsius(tt.typed); got != 0 || wrong != tt.want {
				t.Errorf("ParseCelsius(%q) = %d, %q; want %q", tt.typed, got, wrong, tt.want)
			}
		})
	}
}

func FuzzParseCelsius(f *testing.F) {
	for _, seed := range []string{"36.5", "365", "37", "３６。５", "36,5", "43.0", "33.9", "36.5 ℃", "", "\xff.5", "99.9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, wrong := hall.ParseCelsius(typed)
		if wrong != "" {
			if got != 0 {
				t.Errorf("ParseCelsius(%q) is wrong (%s) and still %d", typed, wrong, got)
			}
			return
		}
		if got < 340 || got > 430 {
			t.Errorf("ParseCelsius(%q) = %d, which nobody has", typed, got)
		}
		if again, wrong := hall.ParseCelsius(hall.FormatCelsius(got)); again != got || wrong != "" {
			t.Errorf("%d printed as %q is read as %d, %q", got, hall.FormatCelsius(got), again, wrong)
		}
	})
}
