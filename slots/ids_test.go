package slots_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hunyue/internal/date"
	"hunyue/slots"
)

func day(t testing.TB, s string) date.Date {
	t.Helper()
	d, err := date.ParseDate(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return d
}

func TestASlotIDSaysEverythingAboutItsSlot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := slots.SlotID{
			Office: rapid.StringMatching(`[1-9][0-9]{5}([0-9]{3})?`).Draw(t, "office"),
			Day:    date.Date{Year: 2026, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 3000).Draw(t, "days")),
			Start:  slots.TimeOfDay(rapid.IntRange(0, 1439).Draw(t, "start")),
			Group:  rapid.SampledFrom([]slots.Group{slots.Marriage, slots.Divorce, slots.Other}).Draw(t, "group"),
		}
		if back, err := slots.ParseSlotID(id.String()); err != nil || back != id {
			t.Errorf("%s read back as %v, %v", id, back, err)
		}
		for _, ch := range slots.Channels() {
			back, channel, err := slots.ParseQuotaID(id.Quota(ch))
			if err != nil || back != id || channel != ch {
				t.Errorf("%s read back as %v, %s, %v", id.Quota(ch), back, channel, err)
			}
			if family := id.Family(ch); family[0] != id.Quota(ch) || !slices.IsSorted(family) || len(family) != 4 {
				t.Errorf("family %v: want the quota and three caps in the order of locking", family)
			}
		}
	})
}

func TestFamilyOfAMorningAndAnAfternoon(t *testing.T) {
	for text, want := range map[string][]string{
		"430702-20260520-1130-marriage": {
			"430702-20260520-1130-marriage-web", "430702-20260520-am-marriage", "430702-20260520-day-marriage", "430702-20260520-hall",
		},
		"430702-20260520-1200-divorce": {
			"430702-20260520-1200-divorce-web", "430702-20260520-day-divorce", "430702-20260520-hall", "430702-20260520-pm-divorce",
		},
	} {
		id, err := slots.ParseSlotID(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := id.Family(slots.Web); !slices.Equal(got, want) {
			t.Errorf("family of %s: got %v, want %v", text, got, want)
		}
	}
}

func TestWhatIsNoIDNamesNoSlot(t *testing.T) {
	for _, text := range []string{
		"", "430702", "430702-20260520-0900", "430702-20260520-0900-wedding", "430702-20260520-0960-marriage",
		"430702-20260520-2400-marriage", "430702-20260230-0900-marriage", "43070-20260520-0900-marriage",
		"430702-20260520-+900-marriage", "430702-20260520-0900-marriage-web", "４30702-20260520-0900-marriage",
		"430702-2026-520-0900-marriage", "430702-20260520-09:0-marriage", "{o}-20260520-0900-marriage",
	} {
		if id, err := slots.ParseSlotID(text); !errors.Is(err, slots.ErrNoSuchSlot) {
			t.Errorf("%q: got %v, %v; want ErrNoSuchSlot", text, id, err)
		}
	}
	for _, text := range []string{"", "-web", "430702-20260520-day-marriage", "430702-20260520-0900-marriage", "430702-20260520-0900-marriage-fax"} {
		if id, ch, err := slots.ParseQuotaID(text); !errors.Is(err, slots.ErrNoSuchSlot) {
			t.Errorf("%q: got %v, %s, %v; want ErrNoSuchSlot", text, id, ch, err)
		}
	}
}

func FuzzParseSlotID(f *testing.F) {
	f.Add("430702-20260520-0900-marriage")
	f.Add("430702001-20271231-2359-other")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := slots.ParseSlotID(text)
		if err == nil && id.String() != text {
			t.Errorf("%q read as %v, printed as %q", text, id, id)
		}
	})
}
