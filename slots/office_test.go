package slots_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/fault"
	"hunyue/slots"
)

func TestOffices(t *testing.T) {
	s := newStore(t)
	putOffice(t, s, "430703")
	offices, err := s.Offices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(offices) != 2 || offices[0].ID != wuling || offices[1].ID != "430703" {
		t.Fatalf("got %v, want two offices", offices)
	}
	o, err := s.Office(t.Context(), wuling)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Services) != 11 || o.Services[0].ID != "marriage" || o.Location.String() != "Asia/Shanghai" {
		t.Errorf("got %d services from %v in %s; want 11, marriage first, in Asia/Shanghai", len(o.Services), o.Services, o.Location)
	}
	if service, ok := o.Service("divorce_withdraw"); !ok || service.Group != slots.Divorce || service.PartiesMin != 1 || service.PartiesMax != 1 {
		t.Errorf("a withdrawal is %+v, %t; want one party of the divorces", service, ok)
	}
	for _, id := range []string{"430704", "", "'; --"} {
		if _, err := s.Office(t.Context(), id); !errors.Is(err, slots.ErrNoSuchOffice) {
			t.Errorf("office %q: got %v, want ErrNoSuchOffice", id, err)
		}
	}
	o.Services = o.Services[:1]
	if err := s.PutOffice(t.Context(), o, "setup"); err != nil {
		t.Fatal(err)
	}
	if o, err = s.Office(t.Context(), wuling); err != nil || len(o.Services) != 1 || o.Offers(slots.Divorce) {
		t.Errorf("after a change: %v, %v; want marriages only, at once", o.Services, err)
	}
}

func TestEveryMistakeInAnOfficeIsNamed(t *testing.T) {
	s := newStore(t)
	err := s.PutOffice(t.Context(), slots.Office{
		ID: "43-702", NameEN: "x", TimeZone: "Asia/Wuling", Services: []slots.Service{{ID: "marriage"}, {ID: "annulment"}},
	}, "setup")
	want := map[string]string{
		"id": "format", "name": "required", "address": "required", "phone": "required",
		"timezone": "unknown", "services.1": "unknown",
	}
	if diff := cmp.Diff(want, fault.Of(err).Fields); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}
