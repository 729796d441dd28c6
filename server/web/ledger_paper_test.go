package web

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	paper "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"hunyue/hall"
	"hunyue/internal/postgres"
	"hunyue/internal/testenv/browser"
	"hunyue/server/auth"
)

// onPaper is what a browser puts on paper, as a reader of the file finds it.
type onPaper struct {
	Pages []struct {
		Width  float64 `xml:"width,attr"` // in points
		Height float64 `xml:"height,attr"`
		Words  []struct {
			Text string  `xml:",chardata"`
			X0   float64 `xml:"xMin,attr"`
			Y0   float64 `xml:"yMin,attr"`
			X1   float64 `xml:"xMax,attr"`
			Y1   float64 `xml:"yMax,attr"`
		} `xml:"word"`
	} `xml:"body>doc>page"`
}

// text is what stands on a page, without the spaces that a reader sees between words.
func (p onPaper) text(page int) string {
	var all strings.Builder
	for _, w := range p.Pages[page].Words {
		all.WriteString(strings.ReplaceAll(w.Text, " ", ""))
	}
	return all.String()
}

// paper prints a page as a browser in the dark does that somebody is signed in with.
func (v *visitor) paper(tab *browser.Tab, at string) onPaper {
	v.t.Helper()
	v.get(at).want(http.StatusOK)
	v.shows(tab.Context(), at)
	dark := browser.Media("print", "prefers-color-scheme", "dark")
	v.must(tab.Do(chromedp.EmulateViewport(1047, 718), dark, chromedp.Navigate(v.server.URL+at))) // A4 across, without its margins
	pale, err := browser.Ask[[]string](tab, darkOnPaper)
	v.must(err)
	lit, err := browser.Ask[[]string](tab, `[...document.querySelectorAll('body, body *')].filter(e => e.checkVisibility() && !/^(rgba\(0, 0, 0, 0\)|rgb\(255, 255, 255\))$/.test(getComputedStyle(e).backgroundColor)).map(e => e.tagName + ' ' + e.className + ' ' + getComputedStyle(e).backgroundColor)`)
	v.must(err)
	if len(pale)+len(lit) > 0 {
		v.t.Errorf("%s prints too pale: %q, or on a colour: %q", at, pale, lit)
	}
	v.must(tab.Do(browser.Media("", "prefers-color-scheme", "dark")))
	file, err := chromedp.Run(tab.Context(), chromedp.PrintToPDF(func(p *paper.PrintToPDFParams) { p.PreferCSSPageSize = new(true) }))
	v.must(err)
	v.must(os.WriteFile(filepath.Join(v.t.ArtifactDir(), strings.NewReplacer("/", "_", "?", "_", "&", "_").Replace(at)+".pdf"), file, 0o600))
	return v.read(file)
}

func (v *visitor) read(file []byte) onPaper {
	v.t.Helper()
	read := exec.CommandContext(v.t.Context(), "pdftotext", "-bbox", "-", "-")
	read.Stdin = bytes.NewReader(file)
	text, err := read.Output()
	if err != nil {
		v.t.Fatalf("pdftotext: %v; scripts/setup test installs it", err)
	}
	var p onPaper
	lenient := xml.NewDecoder(bytes.NewReader(text))
	lenient.Strict = false
	v.must(lenient.Decode(&p))
	return p
}

// sheets wants so many sheets of A4 on which nothing is cut, with a heading on each
// and the page's number.
func (v *visitor) sheets(p onPaper, wide bool, pages int, head ...string) {
	v.t.Helper()
	const margin, w, h = 27.0, 595, 842
	width, height := float64(w), float64(h)
	if wide {
		width, height = h, w
	}
	if len(p.Pages) != pages {
		v.t.Errorf("%d pages, want %d", len(p.Pages), pages)
	}
	for i, page := range p.Pages {
		if page.Width < width-1 || page.Width > width+1 || page.Height < height-1 || page.Height > height+1 {
			v.t.Errorf("page %d is %.0f x %.0f points, want A4", i+1, page.Width, page.Height)
		}
		number := fmt.Sprintf("%d/%d", i+1, len(p.Pages))
		for _, word := range slices.Concat(head, []string{number}) {
			if !strings.Contains(p.text(i), word) {
				v.t.Errorf("page %d is without %q", i+1, word)
			}
		}
		for _, word := range page.Words {
			if strings.ContainsAny(word.Text, "/0123456789") && word.Y1 > page.Height-margin/2 {
				continue // the page's number
			}
			line := (word.Y0 + word.Y1) / 2 // a character's box is higher than its line
			if word.X0 < margin || word.X1 > page.Width-margin || line < margin || line > page.Height-margin {
				v.t.Errorf("page %d: %q is cut at %.0f-%.0f, %.0f-%.0f", i+1, word.Text, word.X0, word.X1, word.Y0, word.Y1)
			}
		}
	}
}

// whole wants each line on one page, with all that is in it.
func (p onPaper) whole(t *testing.T, lines map[string][]string) {
	t.Helper()
	for line, cells := range lines {
		on := -1
		for i := range p.Pages {
			if strings.Contains(p.text(i), line) {
				if on >= 0 {
					t.Errorf("%s is on pages %d and %d", line, on+1, i+1)
				}
				on = i
			}
		}
		if on < 0 {
			t.Errorf("%s is on no page", line)
			continue
		}
		for _, cell := range cells {
			if !strings.Contains(p.text(on), cell) {
				t.Errorf("%s on page %d: %q is not there", line, on+1, cell)
			}
		}
	}
}

// crowd makes so many couples with the longest names at nine, and returns their numbers.
func (tn *town) crowd(n int) []string {
	tn.t.Helper()
	numbers := []string{tn.bookedBy(tn.visitor())}
	tn.must(postgres.InTx(tn.t.Context(), tn.db, func(tx postgres.Querier) error {
		if err := postgres.SetActor(tn.t.Context(), tx, "test"); err != nil {
			return err
		}
		for i := 1; i < n; i++ {
			number, hold := fmt.Sprint(40000000+i), uuid.New()
			contact, err := tn.Keys.Seal([]byte(hisPhone), "contact/"+hold.String())
			if err != nil {
				return err
			}
			var sealed [2][]byte
			for role := range sealed {
				plain, err := json.Marshal(map[string]string{"name": longName, "type": "resident_id", "number": "43079919900101000X", "sex": "f", "born": "1990-01-01"})
				if err == nil {
					sealed[role], err = tn.Keys.Seal(plain, fmt.Sprintf("party/%s/%d", hold, role+1))
				}
				if err != nil {
					return err
				}
			}
			_, err = tx.ExecContext(tn.t.Context(), `
				WITH made AS (
					INSERT INTO appointment (number, hold_id, office_id, quota_id, service_id, biz_group, day, starts_at, ends_at,
						channel, phone_key, contact, locale, consents)
					SELECT $1, $2, office_id, quota_id, service_id, biz_group, day, starts_at, ends_at, 'phone', phone_key, $5, 'zh', '{}'
					FROM appointment
					ORDER BY id
					LIMIT 1
					RETURNING id, biz_group
				)
				INSERT INTO party (appointment_id, role, person, biz_group, sealed)
				SELECT id, role, sha256(($1::text || role)::bytea), biz_group, CASE role WHEN 1 THEN $3::bytea ELSE $4::bytea END
				FROM made, generate_series(1, 2) AS role`, number, hold, sealed[0], sealed[1], contact)
			if err != nil {
				return err
			}
			numbers = append(numbers, number)
		}
		return nil
	}))
	return numbers
}

// written is what a test writes beside the program.
func (tn *town) written(statement string, args ...any) {
	tn.t.Helper()
	tn.must(postgres.InTx(tn.t.Context(), tn.db, func(tx postgres.Querier) error {
		if err := postgres.SetActor(tn.t.Context(), tx, "test"); err != nil {
			return err
		}
		_, err := tx.ExecContext(tn.t.Context(), statement, args...)
		return err
	}))
}

// Domain rule 99: a hall works by the list when nothing else does, so everybody is on
// it with their names, and everything of a line is on one sheet.
func TestTheEveningListIsWholeOnPaper(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	numbers := tn.crowd(300)
	tn.at("2026-05-19 17:10")
	v := tn.staff(auth.Hall)
	tab := browser.Open(t).Guest(t)
	for _, lang := range []string{"zh", "en"} {
		p := v.paper(tab, "/desk/today?office="+office+"&date=2026-05-20&lang="+lang)
		head := map[string][]string{"zh": {"预约号", "号码", "状态"}, "en": {"Reference", "Ticket", "Status"}}[lang]
		v.sheets(p, true, len(p.Pages), head...)
		if most := 11; len(p.Pages) > most {
			t.Errorf("%s: %d pages, want at most %d", lang, len(p.Pages), most)
		}
		lines := map[string][]string{}
		for _, n := range numbers[1:] {
			lines[n] = []string{"阿*"}
		}
		p.whole(t, lines)
	}
}

// The ledgers of a day with 300 lines: A4 across, the heading on every page.
func TestTheLedgersAreWholeOnPaper(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.crowd(150)
	tn.at("2026-05-20 11:30")
	tn.written(`
		INSERT INTO temperature (kind, office_id, day, appointment_id, role, decicelsius, threshold, device, recorded_by, at)
		SELECT 'party', a.office_id, a.day, a.id, p.role, 360 + a.id % 12, 373, 'THERMOMETER-NUMBER-0012345678', 'staff:manager', $1
		FROM appointment AS a
		JOIN party AS p ON p.appointment_id = a.id`, tn.Clock.Now())
	tn.written(`
		INSERT INTO disinfection (office_id, day, area, after_couple, agent, concentration, method, contact_minutes, from_at, to_at, operator, recorded_by)
		SELECT $1, '2026-05-20', '二楼婚姻登记大厅候号区与颁证厅走廊东侧', false, '含氯消毒液（有效氯）', '有效氯浓度 500 mg/L', 'spray', 30,
			$2::timestamptz - interval '1 hour', $2::timestamptz - interval '10 minutes', '阿卜杜热西提·阿卜杜克热木', 'staff:manager'
		FROM generate_series(1, 300)`, office, tn.Clock.Now())
	v := tn.well(auth.Manager)
	last := int64(tn.count(`SELECT max(id) FROM temperature WHERE kind = 'party'`))
	why := strings.Repeat("看错了一位，", 33) // as long as a reason may be
	tn.must(tn.Hall.CorrectReading(t.Context(), hall.Correction{Entry: last, Office: office, Decicelsius: 372, Reason: why, Key: "paper", Actor: "staff:manager"}))
	tab := browser.Open(t).Guest(t)
	for _, one := range []struct {
		at         string
		rows, most int
		head       map[string][]string
	}{
		{temperatureAt, 302, 12, map[string][]string{"zh": {"时间", "体温", "备注"}, "en": {"Time", "Temperature", "Remarks"}}},
		{disinfectionAt, 300, 18, map[string][]string{"zh": {"时间", "区域", "备注"}, "en": {"Time", "Area", "Remarks"}}},
	} {
		for _, lang := range []string{"zh", "en"} {
			p := v.paper(tab, one.at+"?lang="+lang)
			v.sheets(p, true, len(p.Pages), one.head[lang]...)
			if len(p.Pages) > one.most {
				t.Errorf("%s in %s: %d pages, want at most %d", one.at, lang, len(p.Pages), one.most)
			}
			rows, err := browser.Ask[int](tab, `document.querySelectorAll('.ledger tbody tr').length`)
			if err != nil || rows != one.rows {
				t.Errorf("%s: %d lines, %v; want %d", one.at, rows, err, one.rows)
			}
			if !strings.Contains(p.text(len(p.Pages)-1), map[string]string{"zh": "负责人", "en": "Leader"}[lang]) {
				t.Errorf("%s in %s: nobody signs the last page", one.at, lang)
			}
		}
	}
	p := v.paper(tab, temperatureAt+"?lang=zh")
	lines := 0
	for i := range p.Pages {
		if n := strings.Count(p.text(i), "看错"); n > 0 {
			lines++
			if n != 33 || !strings.Contains(p.text(i), "37.2") {
				t.Errorf("page %d has %d of the 33 parts of a reason, with its figure %t", i+1, n, strings.Contains(p.text(i), "37.2"))
			}
		}
	}
	if lines != 1 {
		t.Errorf("a reason is on %d pages, want one", lines)
	}
}

// The report on a day is one sheet, with its figures, what was said of them, and room
// to sign.
func TestTheDailyReportIsOneSheet(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 17:30")
	v := tn.well(auth.Manager)
	at := "/manage/" + office + "/2026-05-20"
	_, err := tn.Hall.Submit(t.Context(), hall.DailyReport{
		Office: office, Day: may(20), Remarks: strings.Repeat("今天一切正常。", 60), Key: "one", Actor: "staff:manager",
		Differs: map[string]hall.Difference{"booked": {Value: 2, Because: strings.Repeat("另一对走错了登记处。", 19)}, "arrived": {Value: 1, Because: "补登"}},
	})
	tn.must(err)
	tn.later(time.Minute)
	tab := browser.Open(t).Guest(t)
	for lang, words := range map[string][]string{
		"zh": {"日报告", "预约", "办结", "今天一切正常", "另一对走错了登记处", "负责人"}, "en": {"report", "Booked", "Leader"},
	} {
		p := v.paper(tab, at+"?lang="+lang)
		v.sheets(p, false, 1, words...)
		if strings.Contains(p.text(0), map[string]string{"zh": "名额", "en": "Places"}[lang]) {
			t.Errorf("%s: the forms of the page are printed: %s", lang, p.text(0))
		}
	}
}
