package hall_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/fault"
	"hunyue/internal/seal"
)

const (
	canary  = "J430702-2026-987654"
	feather = "2026-987654" // what is enough to know it by
)

// tablesWith are the tables that have a row with these characters in any of its
// columns, however large or small the letters. Binary columns are read as hex.
func (w *world) tablesWith(text string) []string {
	w.t.Helper()
	var tables, found []string
	if err := w.DB.SelectContext(w.t.Context(), &tables, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`); err != nil {
		w.t.Fatal(err)
	}
	for _, table := range tables {
		if w.count(`SELECT count(*) FROM `+table+` AS r WHERE strpos(lower(r::text), lower($1)) > 0`, text) > 0 {
			found = append(found, table)
		}
	}
	return found
}

// wantHidden expects that a text does not give the canary away.
func wantHidden(t *testing.T, what, text string) {
	t.Helper()
	if strings.Contains(text, feather) {
		t.Errorf("%s says the certificate number: %s", what, text)
	}
}

func TestCertificateNumbersAreKeptSealed(t *testing.T) {
	w := newWorld(t)
	t.Run("NoTableLogOrFaultSaysThem", w.rule(noTableLogOrFaultSaysThem))
	t.Run("OldFormsAreFoundToo", w.rule(oldFormsAreFoundToo))
	t.Run("RegistrarsReadThemAgain", w.rule(registrarsReadThemAgain))
	t.Run("OneCouplesNumberIsNotReadAsAnothers", w.rule(oneCouplesNumberIsNotReadAsAnothers))
	t.Run("WithoutTheirKeysTheyAreNotRead", w.rule(withoutTheirKeysTheyAreNotRead))
}

// Domain rule 84.
func noTableLogOrFaultSaysThem(t *testing.T, w *world) {
	var logged bytes.Buffer
	w.Log = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	first, second := w.serving(), w.serving()
	if _, err := w.Complete(t.Context(), first, canary, "registrar"); err != nil {
		t.Fatal(err)
	}
	_, used := w.Complete(t.Context(), second, canary, "registrar")
	w.wantFault(used, hall.ErrCertificateUsed)
	_, completed := w.Complete(t.Context(), first, "J430702-2026-000124", "registrar")
	w.wantFault(completed, hall.ErrCompleted)
	w.at("12:00")
	if _, err := w.CloseDay(t.Context(), office, theDay, "manager"); err != nil {
		t.Fatal(err)
	}

	for _, text := range []string{feather, hex.EncodeToString([]byte(feather))} {
		if found := w.tablesWith(text); found != nil {
			t.Errorf("%s can be read in %v", text, found)
		}
	}
	wantHidden(t, "the log", logged.String())
	wantHidden(t, "a fault", fmt.Sprint(used, completed))

	key := hex.EncodeToString(w.Keys.MAC("certificate", []byte(canary)))
	if diff := cmp.Diff([]string{"certificate_taken", "registration"}, w.tablesWith(key)); diff != "" {
		t.Errorf("tables with its keyed hash (-want +got):\n%s", diff)
	}
	if found := w.tablesWith("REGISTRAR"); !slices.Contains(found, "registration") || !slices.Contains(found, "audit") {
		t.Errorf("found the registrar in %v: the search is blind", found)
	}
}

func oldFormsAreFoundToo(t *testing.T, w *world) {
	const old = "政字第2002208号"
	for range 2 {
		if _, err := w.Complete(t.Context(), w.serving(), old, "registrar"); err != nil {
			t.Fatal(err)
		}
	}
	w.wantCount(2, "registrations under the same old number", `SELECT count(*) FROM registration WHERE certificate_key = $1`,
		w.Keys.MAC("certificate", []byte(old)))
}

func registrarsReadThemAgain(t *testing.T, w *world) {
	number := w.serving()
	_, err := w.Registered(t.Context(), number)
	w.wantFault(err, booking.ErrNotPossible)
	if _, err := w.Complete(t.Context(), number, "J430702-2026-000004", "registrar"); err != nil {
		t.Fatal(err)
	}
	if r, err := w.Registered(t.Context(), number); err != nil || r.Certificate != "J430702-2026-000004" {
		t.Errorf("read again as %q, %v; want J430702-2026-000004", r.Certificate, err)
	}
}

func oneCouplesNumberIsNotReadAsAnothers(t *testing.T, w *world) {
	one, other := w.serving(), w.serving()
	for number, certificate := range map[string]string{one: "J430702-2026-000001", other: "J430702-2026-000002"} {
		if _, err := w.Complete(t.Context(), number, certificate, "registrar"); err != nil {
			t.Fatal(err)
		}
	}
	w.run(`ALTER TABLE registration DISABLE TRIGGER USER`)
	w.run(`UPDATE registration SET certificate = (SELECT certificate FROM registration WHERE number = $1) WHERE number = $2`, one, other)
	w.run(`ALTER TABLE registration ENABLE TRIGGER USER`)
	for _, certificate := range []string{"J430702-2026-000001", "J430702-2026-000002"} {
		if r, err := w.Complete(t.Context(), other, certificate, "registrar"); err == nil || fault.Of(err).Kind != fault.Internal {
			t.Errorf("a number that was moved is read as %+v, %v", r, err)
		}
	}
}

func withoutTheirKeysTheyAreNotRead(t *testing.T, w *world) {
	number := w.serving()
	if _, err := w.Complete(t.Context(), number, "J430702-2026-000003", "registrar"); err != nil {
		t.Fatal(err)
	}
	others, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	desk := *w.Desk
	desk.Keys = others
	r, err := desk.Complete(t.Context(), number, "J430702-2026-000003", "registrar")
	if err == nil || fault.Of(err).Kind != fault.Internal || strings.Contains(err.Error(), "000003") {
		t.Errorf("with other keys the number is read as %+v, %v", r, err)
	}
}

func TestALoggedRegistrationHidesTheNumber(t *testing.T) {
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("done", "registration", hall.Registration{
		Number: "20000001", Service: "marriage", Certificate: canary, Day: theDay, Registrar: "registrar",
	})
	wantHidden(t, "the log", logged.String())
	if !strings.Contains(logged.String(), `"certificate":"J430702-2026-****54"`) {
		t.Errorf("no masked number in %s", logged.String())
	}
}
