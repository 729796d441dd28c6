package browser

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

var (
	//go:embed axe/axe.min.js
	axe string
	//go:embed checks.js
	checks string
)

// tags is what axe looks for: WCAG 2.2 at level AA, and good practice.
var tags = []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"}

// Finding is something wrong with a page.
type Finding struct {
	Check   string // OVERFLOW, CLIP, SPLIT, THIN, TARGET, or axe and its rule
	Element string
	What    string
}

// Axe reports whether axe found it, and not a check of our own.
func (f Finding) Axe() bool { return strings.HasPrefix(f.Check, "axe ") }

func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.Check, f.Element, f.What) }

// Show loads an address and gets ready to look at it.
func (tab *Tab) Show(address string) error {
	if err := tab.Do(chromedp.Navigate(address)); err != nil {
		return fmt.Errorf("show %s: %w", address, err)
	}
	_, err := Ask[bool](tab, axe+"\n"+checks+"\ntrue")
	return err
}

// Look is what is wrong with the page that Show has loaded, in a variant. The size
// of the text is set on its root element, as the server sets it. Below the widths
// that pages are made for they are looked at without axe.
func (tab *Tab) Look(v Variant) ([]Finding, error) {
	if err := tab.Do(v.set()); err != nil {
		return nil, err
	}
	now := map[string]any{"width": v.Width, "dark": v.Dark, "size": v.Size, "least": v.least()}
	if v.Width > Narrowest {
		now["tags"] = tags
	}
	asked, err := json.Marshal(now)
	if err != nil {
		return nil, err
	}
	rows, err := Ask[[][3]string](tab, "hunyue.look("+string(asked)+")")
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", v, err)
	}
	var all []Finding
	for _, row := range rows {
		all = append(all, Finding{row[0], row[1], row[2]})
	}
	return all, nil
}

// Picture is the whole page as a PNG.
func (tab *Tab) Picture() ([]byte, error) { return chromedp.Run(tab.ctx, chromedp.FullScreenshot(100)) }
