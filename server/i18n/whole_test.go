package i18n

import "testing"

func TestARangeIsMadeWholeAndPlainAgain(t *testing.T) {
	const said = "工作日 08:30–11:30、14:30–17:00 接听；1–5 个"
	whole := Whole(said)
	if want := "工作日 08:30–\u206011:30、14:30–\u206017:00 接听；1–\u20605 个"; whole != want {
		t.Errorf("got %q, want %q", whole, want)
	}
	if got := Plain(Whole(whole)); got != said {
		t.Errorf("plain is %q, want %q", got, said)
	}
}
