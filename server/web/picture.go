package web

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"

	"github.com/labstack/echo/v4"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"hunyue/server/i18n"
)

type picturePage struct {
	page
	Own           ownWords
	Width, Height int
}

// The picture of an appointment, in pixels: as wide as a phone shows it sharply.
const (
	pictureWidth  = 720
	pictureHeight = 900
	moduleSize    = 20
	shownWidth    = 256 // fits the narrowest screen at every size of print
)

// picture is a page with a picture to press and hold: browsers inside other
// programs save no files.
func (p *Pages) picture(c echo.Context) error {
	mine, ok, err := p.standing(c)
	if err != nil || !ok {
		return err
	}
	pg := p.page(c)
	return p.render(c, http.StatusOK, "picture", picturePage{
		page: pg, Own: pg.ownWords(mine), Width: shownWidth, Height: shownWidth * pictureHeight / pictureWidth,
	})
}

// pictureFile is that picture: what has to be shown at the door, and when. It
// names neither the couple nor what they come for.
func (p *Pages) pictureFile(c echo.Context) error {
	mine, ok, err := p.standing(c)
	if err != nil || !ok {
		return err
	}
	code, err := qrOf(p.Desk.DoorPass(mine.Number))
	if err != nil {
		return err
	}
	words := p.page(c).ownWords(mine)
	drawn, err := drawPicture(code, []caption{
		{words.Grouped(), 96},
		{mine.Day.String(), 56},
		{i18n.Plain(words.Time), 56},
	})
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `inline; filename="appointment.png"`)
	return c.Blob(http.StatusOK, "image/png", drawn)
}

// caption is a line of digits below the code.
type caption struct {
	text string
	size float64 // pixels
}

// drawPicture is a PNG of a code with lines below it. There is no Han among the
// glyphs that we carry, and digits need none.
func drawPicture(code qrCode, lines []caption) ([]byte, error) {
	picture := image.NewGray(image.Rect(0, 0, pictureWidth, pictureHeight))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	left, top := (pictureWidth-code.Size()*moduleSize)/2, moduleSize
	for y := range code.Size() {
		for x := range code.Size() {
			if code.dark(x, y) {
				corner := image.Pt(left+x*moduleSize, top+y*moduleSize)
				draw.Draw(picture, image.Rectangle{corner, corner.Add(image.Pt(moduleSize, moduleSize))}, image.Black, image.Point{}, draw.Src)
			}
		}
	}
	if err := write(picture, top+code.Size()*moduleSize, lines); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err := png.Encode(&out, picture)
	return out.Bytes(), err
}

// write puts lines into the middle of a picture, one under the other from y on.
func write(picture draw.Image, y int, lines []caption) error {
	parsed, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return fmt.Errorf("font of the picture: %w", err)
	}
	for _, line := range lines {
		face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: line.size, DPI: 72, Hinting: font.HintingFull})
		if err != nil {
			return fmt.Errorf("font of the picture: %w", err)
		}
		pen := font.Drawer{Dst: picture, Src: image.NewUniform(color.Black), Face: face}
		y += int(line.size * 1.2)
		pen.Dot = fixed.P((pictureWidth-pen.MeasureString(line.text).Round())/2, y)
		pen.DrawString(line.text)
	}
	return nil
}
