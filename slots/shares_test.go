package slots

import (
	"testing"

	"pgregory.net/rapid"
)

func TestEveryPlaceGoesToOneChannelAndSharesAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacities := rapid.SliceOfN(rapid.IntRange(0, 40), 0, 40).Draw(t, "capacities")
		web := rapid.IntRange(0, 100).Draw(t, "web")
		phone := rapid.IntRange(0, 100-web).Draw(t, "phone")
		shares := Shares{Web: web, Phone: phone, Counter: 100 - web - phone}
		percent := map[Channel]int{Web: shares.Web, Phone: shares.Phone, Counter: shares.Counter}
		places, had := 0, Parts{}
		for i, parts := range Split(capacities, shares) {
			if sum := parts[Web] + parts[Phone] + parts[Counter]; sum != capacities[i] {
				t.Fatalf("slot %d with %d places is split into %v", i, capacities[i], parts)
			}
			places += capacities[i]
			for _, ch := range Channels() {
				if parts[ch] < 0 {
					t.Fatalf("slot %d is split into %v", i, parts)
				}
				had[ch] += parts[ch]
				if off := 100*had[ch] - percent[ch]*places; off <= -100 || off >= 100 {
					t.Fatalf("after slot %d: %s has %d of %d places, its share is %d %%", i, ch, had[ch], places, percent[ch])
				}
			}
		}
	})
}

func TestSplitOfAnOrdinaryDay(t *testing.T) {
	for _, tt := range []struct {
		fact       string
		capacities []int
		shares     Shares
		want       Parts
	}{
		{"11 slots of 3", []int{3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3}, DefaultRules().Shares, Parts{Web: 23, Phone: 7, Counter: 3}},
		{"10 slots of 1", []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, DefaultRules().Shares, Parts{Web: 7, Phone: 2, Counter: 1}},
		{"half and half in an epidemic", []int{4, 4}, Shares{Web: 50, Phone: 50}, Parts{Web: 4, Phone: 4}},
		{"the web alone", []int{2, 2}, Shares{Web: 100}, Parts{Web: 4}},
		{"nobody has a share", []int{2}, Shares{}, Parts{Web: 2}},
	} {
		got := Parts{}
		for _, parts := range Split(tt.capacities, tt.shares) {
			for ch, n := range parts {
				got[ch] += n
			}
		}
		for _, ch := range Channels() {
			if got[ch] != tt.want[ch] {
				t.Errorf("%s: %s has %d, want %d", tt.fact, ch, got[ch], tt.want[ch])
			}
		}
	}
}
