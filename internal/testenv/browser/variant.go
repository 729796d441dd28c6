package browser

import (
	"fmt"

	"github.com/chromedp/chromedp"
)

// Variant is a way to look at a page. The language is not in it: that is another
// page.
type Variant struct {
	Width int    // CSS pixels
	Dark  bool   // the system is dark
	Size  string // of the text: "" is standard, then large and largest
}

// The widths, and the sizes of text, that every page is looked at in. Staff sit
// at a tablet or a desk.
var (
	widths      = []int{360, 768, 1280}
	sizes       = []string{"", "large", "largest"}
	staffWidths = []int{768, 1280}
	staffSizes  = []string{""}
)

// Narrowest is a phone of 320 px, and a window of 1280 px at 400 %.
const Narrowest = 320

// Variants is all of a page for couples, in the order that changes least from one
// to the next.
func Variants() []Variant { return variants(widths, sizes) }

// StaffVariants is all of a page for staff.
func StaffVariants() []Variant { return variants(staffWidths, staffSizes) }

func variants(widths []int, sizes []string) []Variant {
	var all []Variant
	for _, width := range widths {
		for _, dark := range []bool{false, true} {
			for _, size := range sizes {
				all = append(all, Variant{width, dark, size})
			}
		}
	}
	return all
}

func (v Variant) String() string {
	theme, size := "light", "standard"
	if v.Dark {
		theme = "dark"
	}
	if v.Size != "" {
		size = v.Size
	}
	return fmt.Sprintf("%d-%s-%s", v.Width, theme, size)
}

// least is how small something to press may be, in CSS pixels.
func (v Variant) least() int {
	switch {
	case v.Width <= Narrowest:
		return 24
	case v.Size != "":
		return 60
	}
	return 44
}

// set makes the tab the screen of the variant. The page that is shown changes as
// it does when somebody turns their phone or the sun goes down: a style sheet has
// only media features to go by, and those are what is changed, so that nothing has
// to be loaded again. Nothing moves, so that no colour is caught half-way.
func (v Variant) set() Step {
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	return chromedp.Steps(
		chromedp.EmulateViewport(int64(v.Width), v.height()),
		Media("", "prefers-color-scheme", scheme, "prefers-reduced-motion", "reduce"))
}

func (v Variant) height() int64 {
	switch {
	case v.Width <= Narrowest:
		return 256 // of 1024 at 400 %
	case v.Width < 500:
		return 740
	}
	return 800
}
