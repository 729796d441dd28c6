package hall

import (
	"strings"
	"testing"
	"time"

	"hunyue/internal/date"
)

func TestCertificateNumbersAreWarnedOfAndTaken(t *testing.T) {
	day := date.Date{Year: 2026, Month: time.May, Day: 20}
	for _, tt := range []struct{ fact, service, typed, number, warning string }{
		{"the usual number", "marriage", "J430702-2026-000123", "J430702-2026-000123", ""},
		{"typed in small letters", "marriage", " j430702-2026-000123", "J430702-2026-000123", ""},
		{"of the city, at an office that has its own", "marriage", "J430700-2026-000123", "J430700-2026-000123", "division"},
		{"of the province", "remarriage", "J430000-2026-000123", "J430000-2026-000123", "division"},
		{"a divorce", "divorce_issue", "L430702-2026-000001", "L430702-2026-000001", ""},
		{"a re-issued certificate", "reissue_marriage", "BJ430702-2026-000001", "BJ430702-2026-000001", ""},
		{"a divorce number after a marriage", "marriage", "L430702-2026-000001", "L430702-2026-000001", "prefix"},
		{"the number of a re-issue after a marriage", "marriage", "BJ430702-2026-000001", "BJ430702-2026-000001", "prefix"},
		{"another office's number", "marriage", "J430703-2026-000001", "J430703-2026-000001", "division"},
		{"another year's number", "marriage", "J430702-2025-000001", "J430702-2025-000001", "year"},
		{"an old form", "marriage", "政字第2002208号", "政字第2002208号", "format"},
		{"a province that is none", "marriage", "J990702-2026-000001", "J990702-2026-000001", "province"},
		{"none where none is given out", "divorce_apply", "", "", ""},
		{"one where none is given out", "divorce_apply", "L430702-2026-000001", "L430702-2026-000001", "unexpected"},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			number, warning, wrong := readCertificate(tt.typed, tt.service, "430702", day)
			if number.String() != tt.number || warning != tt.warning || wrong != "" {
				t.Errorf("read %q, warning %q, wrong %q; want %q, %q", number.String(), warning, wrong, tt.number, tt.warning)
			}
			if got := unusual(tt.typed, tt.service, "430702", day); got != tt.warning {
				t.Errorf("before it is final the doubt is %q, want %q", got, tt.warning)
			}
		})
	}
}

func TestCertificateNumbersAreRefusedOnlyIfMissingOrEndless(t *testing.T) {
	day := date.Date{Year: 2026, Month: time.May, Day: 20}
	for _, tt := range []struct{ fact, service, typed, want string }{
		{"a marriage without a number", "marriage", "  ", "required"},
		{"a number without an end", "marriage", strings.Repeat("9", 65), "too_long"},
		{"one without an end where none is given out", "divorce_apply", strings.Repeat("9", 65), "too_long"},
	} {
		if _, _, wrong := readCertificate(tt.typed, tt.service, "430702", day); wrong != tt.want {
			t.Errorf("%s is wrong by %q, want %q", tt.fact, wrong, tt.want)
		}
	}
}
