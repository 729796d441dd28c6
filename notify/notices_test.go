package notify_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/internal/testenv"
	"hunyue/notify"
)

// board is notices on 18 May 2026.
type board struct {
	*notify.Notices
	t  *testing.T
	db *sqlx.DB
}

const here, there = "430702", "430703"

func newBoard(t *testing.T) *board {
	t.Helper()
	b := &board{t: t, db: testenv.DB(t)}
	b.Notices = &notify.Notices{DB: b.db, Clock: &clock.Clock{}}
	b.day(18)
	_, err := b.db.ExecContext(t.Context(), `
		INSERT INTO office (id, name, name_en, address, phone, time_zone, position)
		VALUES ($1, '甲', 'A', 'x', '1', 'Asia/Shanghai', 1), ($2, '乙', 'B', 'x', '2', 'Asia/Shanghai', 2)`, here, there)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// day makes it noon of a day in May.
func (b *board) day(n int) {
	b.t.Helper()
	b.Clock.Set(time.Until(time.Date(2026, time.May, n, 4, 0, 0, 0, time.UTC)))
	if err := postgres.Shift(b.t.Context(), b.db, b.Clock.Shift()); err != nil {
		b.t.Fatal(err)
	}
}

func may(n int) date.Date { return date.Date{Year: 2026, Month: time.May, Day: n} }

// words holds from the 18th to the 20th.
func words() notify.Words {
	return notify.Words{
		Kind: notify.WarmReminder, Audience: notify.ForAll, TitleZH: "5月20日请提前预约", TitleEN: "Book ahead for 20 May",
		BodyZH: "人多。\n\n请提前预约。", BodyEN: "It will be busy.\n\nBook ahead.", From: may(18), To: may(20),
	}
}

func (b *board) write(actor, office string, w notify.Words, after notify.NoticeRef) notify.NoticeRef {
	b.t.Helper()
	ref, err := b.Write(b.t.Context(), actor, notify.Writing{Words: w, Office: office, After: after, Key: uuid.NewString()})
	if err != nil {
		b.t.Fatal(err, fault.Of(err).Fields)
	}
	return ref
}

func (b *board) move(actor string, ref notify.NoticeRef, to notify.NoticeState) {
	b.t.Helper()
	if err := b.Move(b.t.Context(), actor, ref, to, "because"); err != nil {
		b.t.Fatalf("%s %v by %s: %v %v", to, ref, actor, err, fault.Of(err).Fields)
	}
}

func (b *board) refused(want error, actor string, ref notify.NoticeRef, to notify.NoticeState) {
	b.t.Helper()
	if err := b.Move(b.t.Context(), actor, ref, to, "because"); !errors.Is(err, want) {
		b.t.Errorf("%s %v by %s: %v, want %v", to, ref, actor, err, want)
	}
}

// publish takes a notice of one person through the hands of another.
func (b *board) publish(office string, w notify.Words) notify.NoticeRef {
	b.t.Helper()
	ref := b.write("writer", office, w, notify.NoticeRef{})
	b.move("writer", ref, notify.HandedIn)
	b.move("reviewer", ref, notify.Published)
	return ref
}

func (b *board) titles(read func(context.Context, string) ([]notify.Notice, error), office string) string {
	b.t.Helper()
	all, err := read(b.t.Context(), office)
	if err != nil {
		b.t.Fatal(err)
	}
	var titles []string
	for _, n := range all {
		titles = append(titles, n.TitleEN)
	}
	return strings.Join(titles, ", ")
}

func TestANoticeIsInForceOnItsDaysOnceASecondPersonHasPublishedIt(t *testing.T) {
	t.Parallel()
	b := newBoard(t)
	ref := b.write("writer", here, words(), notify.NoticeRef{})
	inForce := func(want bool) {
		t.Helper()
		if _, got, err := b.Newest(t.Context(), here); err != nil || got != want {
			t.Errorf("in force: %v, error %v; want %v", got, err, want)
		}
	}
	inForce(false)
	b.refused(notify.ErrNoticeMoved, "reviewer", ref, notify.Published) // it has not been handed in
	b.move("writer", ref, notify.HandedIn)
	inForce(false)
	b.refused(notify.ErrOwnNotice, "writer", ref, notify.Published)
	inForce(false)
	b.move("reviewer", ref, notify.Published)
	inForce(true)
	b.move("reviewer", ref, notify.Published) // sent again
	b.refused(notify.ErrNoticeMoved, "another", ref, notify.Published)

	b.day(20)
	inForce(true)
	b.day(21)
	inForce(false)
	over, err := b.Over(t.Context(), 10)
	if err != nil || len(over) != 1 || over[0].Reviewer != "reviewer" || over[0].Author != "writer" {
		t.Errorf("over: %+v, error %v", over, err)
	}
}

func TestAnOfficeReadsItsOwnNoticesAndThoseForEveryOfficeNewestFirst(t *testing.T) {
	t.Parallel()
	b := newBoard(t)
	w := words()
	w.TitleEN = "there"
	b.publish(there, w)
	for _, title := range []string{"first", "second"} {
		w.TitleEN = title
		b.publish(here, w)
	}
	w.TitleEN, w.To = "all", date.Date{}
	everywhere := b.publish("", w)
	w.TitleEN, w.From = "tomorrow", may(19)
	b.publish(here, w)
	for office, want := range map[string]string{here: "all, second, first", there: "all, there", "": "all"} {
		if got := b.titles(b.InForce, office); got != want {
			t.Errorf("%q reads %s, want %s", office, got, want)
		}
	}
	b.move("anybody", everywhere, notify.Withdrawn)
	if got, want := b.titles(b.InForce, there), "there"; got != want {
		t.Errorf("after it was withdrawn: %s, want %s", got, want)
	}
	over, err := b.Over(t.Context(), 10)
	if err != nil || len(over) != 1 || over[0].State != notify.Withdrawn || over[0].Reason != "because" {
		t.Errorf("what was withdrawn stays to be seen: %+v, error %v", over, err)
	}
}

func TestACorrectionIsAnotherVersionAndTheOldOneHoldsUntilItIsPublished(t *testing.T) {
	t.Parallel()
	b := newBoard(t)
	first := b.publish(here, words())
	w := words()
	w.TitleEN = "Corrected"
	second := b.write("corrector", "", w, first)
	if got, want := b.titles(b.InForce, here), words().TitleEN; got != want {
		t.Errorf("while the correction is a draft: %s, want %s", got, want)
	}
	b.move("corrector", second, notify.HandedIn)
	b.refused(notify.ErrOwnNotice, "corrector", second, notify.Published)
	b.move("writer", second, notify.Published) // who wrote what was public before may
	if got := b.titles(b.InForce, here); got != "Corrected" {
		t.Errorf("after the correction: %s", got)
	}
	versions, err := b.Public(t.Context(), first.ID)
	if err != nil || len(versions) != 2 || versions[0].State != notify.Published || versions[1].State != notify.Superseded {
		t.Errorf("versions: %+v, error %v", versions, err)
	}
	b.refused(notify.ErrNoticeMoved, "anybody", first, notify.Withdrawn)
}

func TestNobodyReviewsWordsThatAreTheirsInAnEarlierDraft(t *testing.T) {
	t.Parallel()
	b := newBoard(t)
	first := b.write("writer", here, words(), notify.NoticeRef{})
	b.move("writer", first, notify.HandedIn)
	b.move("reviewer", first, notify.SentBack)
	w := words()
	w.BodyEN = "Mended."
	second := b.write("mender", "", w, first)
	b.refused(notify.ErrNoticeMoved, "reviewer", first, notify.Published)
	b.move("mender", second, notify.HandedIn)
	for _, author := range []string{"writer", "mender"} {
		b.refused(notify.ErrOwnNotice, author, second, notify.Published)
	}
	b.move("reviewer", second, notify.Published)
}

func TestTwoReviewersAtOncePublishOnce(t *testing.T) {
	t.Parallel()
	b := newBoard(t)
	ref := b.write("writer", here, words(), notify.NoticeRef{})
	b.move("writer", ref, notify.HandedIn)
	var both sync.WaitGroup
	var published, sentBack, moved atomic.Int32
	for i, reviewer := range []string{"one", "two", "three", "four"} {
		step := []notify.NoticeState{notify.Published, notify.SentBack}[i%2]
		both.Go(func() {
			switch err := b.Move(t.Context(), reviewer, ref, step, "because"); {
			case err == nil && step == notify.Published:
				published.Add(1)
			case err == nil:
				sentBack.Add(1)
			case errors.Is(err, notify.ErrNoticeMoved):
				moved.Add(1)
			default:
				t.Errorf("%s by %s: %v", step, reviewer, err)
			}
		})
	}
	both.Wait()
	if published.Load()+sentBack.Load() != 1 || moved.Load() != 3 {
		t.Errorf("published %d, sent back %d, told to look again %d; want one and three", published.Load(), sentBack.Load(), moved.Load())
	}
}

func TestTwoEditorsAtOnceKeepOneNextVersion(t *testing.T) {
	t.Parallel()
	b := newBoard(t)
	first := b.write("writer", here, words(), notify.NoticeRef{})
	var both sync.WaitGroup
	var kept, moved atomic.Int32
	for _, editor := range []string{"one", "two"} {
		both.Go(func() {
			w := words()
			w.TitleEN = editor
			_, err := b.Write(t.Context(), editor, notify.Writing{Words: w, After: first, Key: uuid.NewString()})
			switch {
			case err == nil:
				kept.Add(1)
			case errors.Is(err, notify.ErrNoticeMoved):
				moved.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	both.Wait()
	if kept.Load() != 1 || moved.Load() != 1 {
		t.Errorf("%d kept, %d told to look again; want one each", kept.Load(), moved.Load())
	}
}

func TestAFormSentTwiceIsWrittenOnce(t *testing.T) {
	t.Parallel()
	b := newBoard(t)
	w := notify.Writing{Words: words(), Office: here, Key: uuid.NewString()}
	first, err := b.Write(t.Context(), "writer", w)
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.Write(t.Context(), "writer", w)
	if err != nil || again != first {
		t.Errorf("again: %v, error %v; want %v", again, err, first)
	}
	w.TitleEN = "Other words"
	if _, err := b.Write(t.Context(), "writer", w); !errors.Is(err, notify.ErrNoticeMoved) {
		t.Errorf("other words under the same key: %v", err)
	}
	all, err := b.Kept(t.Context(), []string{here}, 10)
	if err != nil || len(all) != 1 {
		t.Errorf("%d notices, error %v; want one", len(all), err)
	}
}

func TestWhatWasWrittenIsNeverAltered(t *testing.T) {
	t.Parallel()
	b := newBoard(t)
	b.publish(here, words())
	for _, statement := range []string{
		`UPDATE notice_version SET title_zh = '改'`, `DELETE FROM notice_version`, `TRUNCATE notice_version CASCADE`,
		`UPDATE notice_step SET actor = 'x'`, `DELETE FROM notice_step`, `TRUNCATE notice_step`,
		`UPDATE notice SET office_id = NULL`, `DELETE FROM notice`,
		`INSERT INTO notice_step (notice_id, version, step, actor) SELECT notice_id, version, 'handed_in', 'x' FROM notice_version`,
	} {
		if _, err := b.db.ExecContext(t.Context(), statement); postgres.State(err) != "55000" {
			t.Errorf("%s: %v, want a refusal", statement, err)
		}
	}
}

func TestANoticeSaysWhatIsWrongWithItAllAtOnce(t *testing.T) {
	t.Parallel()
	b := newBoard(t)
	long := strings.Repeat("长", 5000)
	_, err := b.Write(t.Context(), "writer", notify.Writing{Key: uuid.NewString(), Words: notify.Words{
		TitleZH: long, TitleEN: "two\nlines", BodyEN: long, From: may(20), To: may(19), Kind: "joke",
	}})
	want := map[string]string{
		"title_zh": "too_long", "title_en": "format", "body_zh": "required", "body_en": "too_long", "to": "order", "kind": "required", "audience": "required",
	}
	for field, code := range want {
		if got := fault.Of(err).Fields[field]; got != code {
			t.Errorf("%s: %q, want %q", field, got, code)
		}
	}
	if got := len(fault.Of(err).Fields); got != len(want) {
		t.Errorf("%v", fault.Of(err).Fields)
	}

	w := words()
	w.TitleEN, w.BodyEN, w.From, w.To = "", "", may(1), may(17)
	draft := b.write("writer", here, w, notify.NoticeRef{}) // English may come later
	err = b.Move(t.Context(), "writer", draft, notify.HandedIn, "")
	if f := fault.Of(err).Fields; f["title_en"] != "required" || f["body_en"] != "required" || f["to"] != "past" {
		t.Errorf("handing in what is not ready: %v %v", err, f)
	}
	published := b.publish(here, words())
	if f := fault.Of(b.Move(t.Context(), "x", published, notify.Withdrawn, " ")).Fields; f["reason"] != "required" {
		t.Errorf("withdrawn without a reason: %v", f)
	}
	b.refused(notify.ErrNoSuchNotice, "x", notify.NoticeRef{ID: 999, Version: 1}, notify.HandedIn)
}

func TestEveryStepOfANoticeIsAuditedWithWhoTookIt(t *testing.T) {
	t.Parallel()
	b := newBoard(t)
	ref := b.publish(here, words())
	b.move("chief", ref, notify.Withdrawn)
	var got []string
	err := b.db.SelectContext(t.Context(), &got, `
		SELECT actor || ' ' || action
		FROM audit
		WHERE subject LIKE 'notice:%'
		ORDER BY id`)
	want := "writer notice_written, writer notice_handed_in, reviewer notice_published, chief notice_withdrawn"
	if err != nil || strings.Join(got, ", ") != want {
		t.Errorf("audit: %s, error %v; want %s", strings.Join(got, ", "), err, want)
	}
}
