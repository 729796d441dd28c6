package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/xuri/excelize/v2"

	"hunyue/server/i18n"
)

// spreadsheet is a table to be taken away as a file. Whoever takes a ledger away is in the
// audit before they have it.
type spreadsheet struct {
	Name string   // of the file, without its ending
	Top  []string // what it is, whose and of which day, who took it and when
	Head []string
	Rows [][]string
}

// The files that a sheet may be.
const (
	asCSV  = "csv"
	asXLSX = "xlsx"
)

// wantedFile is the file that was asked for, or "" for the page.
func wantedFile(c echo.Context) string {
	if as := c.QueryParam("as"); as == asCSV || as == asXLSX {
		return as
	}
	return ""
}

// send answers with the sheet as a file.
func (s spreadsheet) send(c echo.Context, as string) error {
	write, kind := s.csv, "text/csv; charset=utf-8"
	if as == asXLSX {
		write, kind = s.xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	body, err := write()
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", s.Name+"."+as))
	h.Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, kind, body)
}

// csv has the marks by which spreadsheets know its encoding, and no formula.
func (s spreadsheet) csv() ([]byte, error) {
	var file strings.Builder
	file.WriteString("\uFEFF")
	w := csv.NewWriter(&file)
	w.UseCRLF = true
	for _, line := range s.lines() {
		harmless := make([]string, len(line))
		for i, cell := range line {
			harmless[i] = harmlessCell(cell)
		}
		if err := w.Write(harmless); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return []byte(file.String()), w.Error()
}

// xlsx has every cell as text, which is never a formula.
func (s spreadsheet) xlsx() ([]byte, error) {
	file := excelize.NewFile()
	defer func() { _ = file.Close() }() // its temporary files; what was written is in the answer
	to, err := file.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, fmt.Errorf("sheet %s: %w", s.Name, err)
	}
	for i, line := range s.lines() {
		cells := make([]any, len(line))
		for j, cell := range line {
			cells[j] = cell
		}
		if err := to.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			return nil, fmt.Errorf("sheet %s: %w", s.Name, err)
		}
	}
	if err := to.Flush(); err != nil {
		return nil, fmt.Errorf("sheet %s: %w", s.Name, err)
	}
	body, err := file.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("sheet %s: %w", s.Name, err)
	}
	return body.Bytes(), nil
}

func (s spreadsheet) lines() [][]string {
	var all [][]string
	for _, top := range s.Top {
		all = append(all, []string{top})
	}
	all = append(append(all, s.Head), s.Rows...)
	for i := range all {
		for j := range all[i] {
			all[i][j] = i18n.Plain(all[i][j])
		}
	}
	return all
}
