package api

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/notify"
)

// tell publishes a notice of an office, "" for every one.
func (w *world) tell(office, title string, from date.Date) {
	w.t.Helper()
	ctx, n := w.t.Context(), w.api.Notices
	ref, err := n.Write(ctx, "writer", notify.Writing{Key: uuid.NewString(), Office: office, Words: notify.Words{
		Kind: notify.WarmReminder, Audience: notify.ForAll, TitleZH: "提示", TitleEN: title, BodyZH: "一段\n\n另一段", BodyEN: "text", From: from,
	}})
	if err == nil {
		err = n.Move(ctx, "writer", ref, notify.HandedIn, "")
	}
	if err == nil {
		err = n.Move(ctx, "reviewer", ref, notify.Published, "")
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestNoticesInForceAreRead(t *testing.T) {
	w := newWorld(t)
	today := w.api.Notices.Today()
	w.tell(office, "here", today)
	w.tell("", "everywhere", today)
	w.tell(office, "tomorrow", today.AddDays(1))
	var got Notices
	w.ask(http.StatusOK, fetched("/notices?office="+office), &got)
	if len(got.Notices) != 2 || got.Notices[0].TitleEn != "everywhere" || got.Notices[1].TitleEn != "here" {
		t.Errorf("notices %+v, want everywhere and here", got.Notices)
	}
	if n := got.Notices[1]; n.Office != office || n.Version != 1 || n.Body != "一段\n\n另一段" || n.From != today || !n.To.IsZero() {
		t.Errorf("notice %+v", n)
	}
	w.ask(http.StatusOK, fetched("/notices"), &got)
	if len(got.Notices) != 2 {
		t.Errorf("%d notices without an office, want 2", len(got.Notices))
	}
	w.refuse(http.StatusNotFound, "no_such_office", fetched("/notices?office=999999"))
	w.refuse(http.StatusUnprocessableEntity, "invalid_input", fetched("/notices?office=here"))
}
