package web

import (
	"fmt"
	"image"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is the blank border of a QR code, in modules (ISO/IEC 18004).
const quiet = 4

// qrCode is a QR code that a page and a picture can draw.
type qrCode struct{ modules image.Image }

// qrOf is the code for sixteen digits: version 1, the smallest, which has room
// for them at the strongest correction (H, up to 17 digits).
func qrOf(digits string) (qrCode, error) {
	code, err := qr.Encode(digits, qr.H, qr.Numeric)
	if err != nil {
		return qrCode{}, fmt.Errorf("QR code: %w", err)
	}
	return qrCode{code}, nil
}

// Size is the width and the height in modules, with the quiet zone.
func (q qrCode) Size() int { return q.modules.Bounds().Dx() + 2*quiet }

// Path is the dark modules as the path of an SVG, one module a unit.
func (q qrCode) Path() string {
	var path strings.Builder
	for y := range q.Size() {
		for x := 0; x < q.Size(); x++ {
			from := x
			for q.dark(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
			}
		}
	}
	return path.String()
}

// dark reports whether a module is; those of the quiet zone are not.
func (q qrCode) dark(x, y int) bool {
	at := image.Pt(x-quiet, y-quiet).Add(q.modules.Bounds().Min)
	return at.In(q.modules.Bounds()) && color.GrayModel.Convert(q.modules.At(at.X, at.Y)).(color.Gray).Y < 128
}
