package identity_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hunyue/internal/identity"
)

// visitor has everything that must not be printed, where a struct has it.
type visitor struct {
	Document identity.Document          `json:"document"`
	Name     identity.Name              `json:"name"`
	Phone    identity.Phone             `json:"phone"`
	Others   []identity.Document        `json:"others"`
	ByName   map[string]*identity.Phone `json:"by_name"`
}

const (
	secretNumber = "430799199003070014"
	secretName   = "买买提·艾力"
	secretPhone  = "13812345678"
)

func someVisitor(t *testing.T) visitor {
	t.Helper()
	document, wrongDocument := identity.ParseDocument(identity.ResidentID, secretNumber, today)
	phone, wrongPhone := identity.ParsePhone(secretPhone)
	if wrongDocument != "" || wrongPhone != "" {
		t.Fatal(wrongDocument, wrongPhone)
	}
	return visitor{document, secretName, phone, []identity.Document{document}, map[string]*identity.Phone{"a": &phone}}
}

func TestNothingIsPrintedByAccident(t *testing.T) {
	v := someVisitor(t)
	printed := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%T", "%40v", "%t"} {
		for i, value := range []any{v, &v, v.Document, v.Name, v.Phone, &v.Document, &v.Name, &v.Phone, v.Others} {
			printed[fmt.Sprint(verb, i)] = fmt.Sprintf(verb, value)
		}
	}
	printed["error"] = fmt.Errorf("book for %v", v).Error()
	printed["strings"] = v.Document.String() + v.Document.GoString() + v.Name.String() + v.Phone.String() + v.Phone.GoString()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	printed["json"] = string(text)
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("visit", "document", v.Document, "name", v.Name, "phone", v.Phone, "all", v, "pointer", &v)
	}
	printed["log"] = log.String()
	for how, text := range printed {
		for _, secret := range []string{secretNumber, secretName, secretPhone, "19900307", "艾力", "12345", fmt.Sprintf("%x", secretNumber), fmt.Sprintf("%x", secretName)} {
			if strings.Contains(strings.ToLower(text), secret) {
				t.Errorf("%s prints %q: %s", how, secret, text)
			}
		}
	}
	if !strings.Contains(printed["json"], `"number":"430***********0014"`) || !strings.Contains(printed["json"], `"买*****"`) ||
		!strings.Contains(printed["json"], `"138****5678"`) {
		t.Errorf("JSON does not show the masked values: %s", printed["json"])
	}
	if !strings.Contains(printed["log"], "document=\"resident_id 430***********0014\"") {
		t.Errorf("the log does not show the masked document: %s", printed["log"])
	}
}

func TestPlainTextIsThereForTheAsking(t *testing.T) {
	v := someVisitor(t)
	if v.Document.Number != secretNumber || v.Name.Plain() != secretName || v.Phone.Number() != secretPhone {
		t.Error("the plain values are lost")
	}
}

func TestACertificateIsLoggedMasked(t *testing.T) {
	c, _ := identity.ParseCertificate("J430702-2020-000123")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("issued", "certificate", c)
	if !strings.Contains(log.String(), "certificate=J430702-2020-****23") {
		t.Errorf("logged as %s", log.String())
	}
}

func TestLongInputIsAnsweredAtOnce(t *testing.T) {
	const limit = 10 * time.Millisecond
	for _, unit := range []string{"1", "４", "张", "𠮷", "·", "\u0301", "\u200b", "a\u0301", " ", "-", "\xff", "' "} {
		text := strings.Repeat(unit, 1<<16/len(unit))
		for subject, ask := range map[string]func(){
			"document": func() { identity.ParseDocument(identity.ResidentID, text, today) },
			"key":      func() { identity.Document{Type: identity.HKMacaoPermit, Number: text}.Key() },
			"birth":    func() { identity.Document{Type: identity.ResidentID, Number: text}.BirthAndSex() },
			"upgrade":  func() { identity.Upgrade15(text) },
			"resident": func() { identity.NormaliseName(text, false) },
			"foreign":  func() { identity.NormaliseName(text, true) },
			"mask":     func() { _ = identity.MaskName(text) },
			"phone":    func() { identity.ParsePhone(text) },
			"number":   func() { identity.ParseCertificate(text) },
			"sex":      func() { _, _ = identity.ParseSex(text) },
		} {
			if took := fastest(5, ask); took > limit {
				t.Errorf("64 KiB of %+q take %s for the %s", unit, took, subject)
			}
		}
	}
}

// fastest is the least of several times, so that a busy machine fails no test.
func fastest(times int, ask func()) time.Duration {
	best := time.Hour
	for range times {
		began := time.Now()
		ask()
		best = min(best, time.Since(began))
	}
	return best
}
