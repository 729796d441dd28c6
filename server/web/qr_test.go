package web

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"regexp"
	"strconv"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// scanned is what a scanner reads from a picture, and how strong the code's
// correction is.
func scanned(t *testing.T, picture image.Image) (text, level string) {
	t.Helper()
	bits, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	result, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		t.Fatalf("not a QR code: %v", err)
	}
	level, _ = result.GetResultMetadata()[gozxing.ResultMetadataType_ERROR_CORRECTION_LEVEL].(string)
	return result.GetText(), level
}

// drawn is the path of an SVG of some modules, drawn ten pixels a module.
func drawn(t *testing.T, path string, modules int) image.Image {
	t.Helper()
	const pixels = 10
	picture := image.NewGray(image.Rect(0, 0, modules*pixels, modules*pixels))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	bars := regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)
	if rest := bars.ReplaceAllString(path, ""); rest != "" {
		t.Fatalf("the path has more than bars: %q", rest)
	}
	for _, m := range bars.FindAllStringSubmatch(path, -1) {
		var n [5]int
		for i := 1; i < len(m); i++ {
			n[i], _ = strconv.Atoi(m[i])
		}
		if n[3] != n[4] {
			t.Fatalf("%s is not closed", m[0])
		}
		bar := image.Rect(n[1]*pixels, n[2]*pixels, (n[1]+n[3])*pixels, (n[2]+1)*pixels)
		draw.Draw(picture, bar, image.Black, image.Point{}, draw.Src)
	}
	return picture
}

func TestACodeHoldsSixteenDigitsInTheSmallestSizeAtTheStrongestCorrection(t *testing.T) {
	t.Parallel()
	for _, digits := range []string{"1234567890123456", "9999999999999999", "1000000000000000", "2605203800000001"} {
		code, err := qrOf(digits)
		if err != nil {
			t.Fatal(err)
		}
		if code.Size() != 21+2*4 {
			t.Errorf("%s: %d modules with the quiet zone, want 29: version 1", digits, code.Size())
		}
		if got, level := scanned(t, drawn(t, code.Path(), code.Size())); got != digits || level != "H" {
			t.Errorf("the SVG of %s reads %s at level %s, want level H", digits, got, level)
		}
		file, err := drawPicture(code, []caption{{"2605 2038", 96}, {"09:00–09:30", 56}})
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := scanned(t, picture); got != digits {
			t.Errorf("the picture of %s reads %s", digits, got)
		}
	}
}

func TestTheQuietZoneIsBlank(t *testing.T) {
	t.Parallel()
	code, err := qrOf("1234567890123456")
	if err != nil {
		t.Fatal(err)
	}
	last := code.Size() - 1
	for i := range code.Size() {
		for depth := range 4 {
			if code.dark(i, depth) || code.dark(depth, i) || code.dark(i, last-depth) || code.dark(last-depth, i) {
				t.Fatalf("a dark module %d from the edge", depth)
			}
		}
	}
	if !code.dark(4, 4) || code.dark(5, 5) || !code.dark(6, 6) {
		t.Error("there is no finder pattern in the corner")
	}
}

func TestLinesOfAPictureAreInItAndInTheMiddle(t *testing.T) {
	t.Parallel()
	code, err := qrOf("1234567890123456")
	if err != nil {
		t.Fatal(err)
	}
	file, err := drawPicture(code, []caption{{"2605 2038", 96}, {"2026-05-20", 56}, {"09:00–09:30", 56}})
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	inked := picture.Bounds()
	inked.Min.Y = code.Size() * moduleSize
	left, right, bottom := inked.Max.X, 0, 0
	for y := inked.Min.Y; y < inked.Max.Y; y++ {
		for x := range inked.Max.X {
			if color.GrayModel.Convert(picture.At(x, y)).(color.Gray).Y < 128 {
				left, right, bottom = min(left, x), max(right, x), max(bottom, y)
			}
		}
	}
	if off := left - (inked.Max.X - 1 - right); right == 0 || off < -8 || off > 8 || bottom > inked.Max.Y-20 {
		t.Errorf("ink from %d to %d and down to %d of %v", left, right, bottom, picture.Bounds().Max)
	}
}
