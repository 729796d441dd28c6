package hanzi_test

import (
	"testing"

	"hunyue/internal/hanzi"
)

func TestInitialsAreThoseOfEveryReading(t *testing.T) {
	table, err := hanzi.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, typed string
		means       bool
	}{
		{"张三", "zs", true},
		{"张三", "ZS", true},
		{"张三丰", "zs", true}, // the beginning is enough
		{"张三", "zsf", false},
		{"张三", "zl", false},
		{"解静", "xj", true}, // a surname is read in a way of its own
		{"解静", "jj", true},
		{"单雄", "sx", true},
		{"曾强", "zq", true},
		{"欧阳锋", "oyf", true},
		{"买买提·吐尔逊", "mmt", true}, // separators are no letters
		{"买买提·吐尔逊", "mmttex", true},
		{"龚㼆", "gy", true}, // 㼆 is in our own table
		{"龚㼆", "gm", false},
		{"Maria Schmidt", "ms", true},
		{"Émile Zola", "ez", true},
		{"Maria Schmidt", "ma", false},
	} {
		if got := table.Initials(c.name, c.typed); got != c.means {
			t.Errorf("%s may be meant by %s: %t, want %t", c.name, c.typed, got, c.means)
		}
	}
}

func TestWhatANameBeginsWithIsWhatInitialsAreComparedWith(t *testing.T) {
	table, err := hanzi.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"张三": "z s", "解静": "jx j", "买买提·吐尔逊": "m m cdst t e x", "龚㼆": "g y", "Émile Zola": "e z", "": "", "张\U0002fffd": "z ?",
	} {
		if got := table.Begins(name); got != want {
			t.Errorf("%s begins with %q, want %q", name, got, want)
		}
	}
}
