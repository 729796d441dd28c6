package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/hall"
	"hunyue/internal/fault"
)

func (pg page) ownReadingFields(c echo.Context, wrong wrongs) []field {
	celsius := field{Name: "celsius", Mode: "decimal", Auto: "off"}
	fields := []field{pg.typed(celsius, "door.celsius", c.FormValue("celsius"), wrong)}
	if c.FormValue("again") != "" || wrong["celsius"] == "too_low_repeat" {
		fields = append(fields, pg.typed(field{Name: "again", Mode: "decimal", Auto: "off"}, "door.again", c.FormValue("again"), wrong))
	}
	return append(fields, pg.typed(field{Name: "device", Auto: "off"}, "door.device", c.FormValue("device"), wrong))
}

// ownReading keeps the temperature of the one who is signed in (domain rule 67).
func (p *Pages) ownReading(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	s, wrong := me(c), wrongs{}
	r := hall.StaffReading{Staff: s.Username, Office: o.ID, Key: c.FormValue("key"), Actor: s.Actor()}
	for _, input := range []string{"celsius", "again"} {
		if typed := c.FormValue(input); input == "celsius" || typed != "" {
			r.Readings = append(r.Readings, reading(wrong, input, typed, 1, c.FormValue("device")))
		}
	}
	if len(wrong) > 0 {
		return p.showDesk(c, http.StatusUnprocessableEntity, p.page(c), o, deskPage{}, wrong)
	}
	health, err := p.Hall.RecordStaff(c.Request().Context(), r)
	pg := p.page(c)
	if err != nil {
		pg, why, err := pg.explained(c, err)
		if err != nil {
			return err
		}
		return p.showDesk(c, statusOf(why), pg, o, deskPage{}, readingFaults(why, []string{"celsius", "again"}))
	}
	t := deskPage{Verdict: pg.T("own." + string(health.Outcome))}
	if health.Outcome == hall.Recheck {
		t.Verdict = pg.T("own.recheck_at", "time", pg.Clock(health.RecheckAt.In(o.Location)))
	}
	return p.showDesk(c, http.StatusOK, pg, o, t, nil)
}

// reading reads one typed temperature and notes under its input what is wrong.
func reading(wrong wrongs, input, typed string, party int, device string) hall.Reading {
	tenths, code := hall.ParseCelsius(typed)
	if code != "" {
		wrong[input] = code
	}
	return hall.Reading{Party: party, Decicelsius: tenths, Device: device}
}

// readingFaults puts what the hall says of the readings under the inputs that
// they were typed in.
func readingFaults(f *fault.Error, inputs []string) wrongs {
	wrong := wrongs{}
	for name, code := range f.Fields {
		switch {
		case name == "readings":
			wrong[inputs[0]] = code
		case strings.HasSuffix(name, ".device"):
			wrong["device"] = code
		case strings.HasPrefix(name, "companions."):
			wrong["companion."+name[strings.LastIndexByte(name, '.')+1:]] = code
		case strings.HasPrefix(name, "readings."):
			place, _, _ := strings.Cut(name[len("readings."):], ".")
			if i, err := strconv.Atoi(place); err == nil && i < len(inputs) {
				wrong[inputs[i]] = code
			}
		}
	}
	return wrong
}
