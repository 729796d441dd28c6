package web

import (
	"bytes"
	"image"
	"image/png"
	"os/exec"
	"regexp"
	"testing"

	paper "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"hunyue/internal/testenv/browser"
)

// darkOnPaper is every text of what is printed that is lighter than #333.
const darkOnPaper = `[...document.querySelectorAll('main *')].filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
	.filter(e => getComputedStyle(e).color.match(/\d+/g).slice(0, 3).some(c => c > 0x33)).map(e => e.tagName + ' ' + e.textContent.trim().slice(0, 20) + ' ' + getComputedStyle(e).color)`

var (
	aPage = regexp.MustCompile(`/Type */Page\b[^s]`)
	anA5  = regexp.MustCompile(`/MediaBox *\[ *0 0 4(19|20)[.\d]* 59[45][.\d]* *\]`)
)

// A couple takes the page along on paper: one sheet, from a dark telephone too,
// with a code that can be read.
func TestTheBookingIsOneSheetOfPaper(t *testing.T) {
	g, tab := newGallery(t, "P06"), browser.Open(t).Guest(t)
	for _, s := range g.shots {
		if s.id != "P06" || s.state != "confirmed" && s.state != "long-names" && s.state != "today" {
			continue
		}
		for _, theme := range []string{"light", "dark"} {
			err := tab.Do(chromedp.EmulateViewport(559, 794), browser.Media("print", "prefers-color-scheme", theme), chromedp.Navigate(g.at+s.path()))
			if err != nil {
				t.Fatal(err)
			}
			pale, err := browser.Ask[[]string](tab, darkOnPaper)
			if err != nil || len(pale) > 0 {
				t.Errorf("%s in %s prints too pale: %q, %v", s.path(), theme, pale, err)
			}
			picture, err := chromedp.Run(tab.Context(), chromedp.Screenshot(chromedp.CSS(".qr")))
			if err != nil {
				t.Fatal(err)
			}
			code, err := png.Decode(bytes.NewReader(picture))
			if err != nil {
				t.Fatal(err)
			}
			if digits, _ := scanned(t, code); len(digits) != 16 {
				t.Errorf("%s in %s: the code reads %q, want 16 digits", s.path(), theme, digits)
			}
			if err := tab.Do(browser.Media("", "prefers-color-scheme", theme)); err != nil {
				t.Fatal(err)
			}
			sheet, err := chromedp.Run(tab.Context(), chromedp.PrintToPDF(func(p *paper.PrintToPDFParams) { p.PreferCSSPageSize = new(true) }))
			if err != nil {
				t.Fatal(err)
			}
			if pages := len(aPage.FindAll(sheet, -1)); pages != 1 || !anA5.Match(sheet) {
				t.Errorf("%s in %s is %d pages, A5 %t", s.path(), theme, pages, anA5.Match(sheet))
			}
			if digits := readFromPaper(t, sheet); len(digits) != 16 {
				t.Errorf("%s in %s: the code on paper reads %q, want 16 digits", s.path(), theme, digits)
			}
		}
	}
}

// readFromPaper is what the code on the only page of a PDF reads. Who scans it holds
// it closer or further off until it is read; here it is drawn finer.
func readFromPaper(t *testing.T, pdf []byte) string {
	t.Helper()
	var missed error
	for _, dots := range []string{"150", "200", "300"} {
		bits, err := gozxing.NewBinaryBitmapFromImage(rasterised(t, pdf, dots))
		if err != nil {
			t.Fatal(err)
		}
		code, err := qrcode.NewQRCodeReader().Decode(bits, nil)
		if err == nil {
			return code.GetText()
		}
		missed = err
	}
	t.Errorf("no QR code on paper: %v", missed)
	return ""
}

// rasterised is the only page of a PDF as a printer of so many dots an inch has it.
func rasterised(t *testing.T, pdf []byte, dots string) image.Image {
	t.Helper()
	draw := exec.CommandContext(t.Context(), "pdftoppm", "-png", "-r", dots, "-")
	draw.Stdin = bytes.NewReader(pdf)
	drawn, err := draw.Output()
	if err != nil {
		t.Fatalf("pdftoppm: %v; scripts/setup test installs it", err)
	}
	page, err := png.Decode(bytes.NewReader(drawn))
	if err != nil {
		t.Fatal(err)
	}
	return page
}
