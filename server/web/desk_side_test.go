package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"hunyue/hall"
	"hunyue/internal/postgres"
	"hunyue/server/auth"
)

// The day stands beside a card that is a page of its own, as beside the desk; a script,
// which has it already, gets the card alone.
func TestTheDayStandsBesideTheCard(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:40")
	v := tn.well(auth.Hall)
	v.get("/desk/"+number).want(http.StatusOK, "待到 1", "5月20日")
	if n := strings.Count(v.body, `id="queue"`); n != 1 {
		t.Errorf("%d lists beside the card, want 1", n)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.server.URL+"/desk/"+number, nil)
	tn.must(err)
	r.Header.Set("Sec-Fetch-Dest", "empty")
	if v.do(r).want(http.StatusOK, "可以签到"); strings.Contains(v.body, `id="queue"`) {
		t.Error("the script is sent a list that it has")
	}
	v.get("/desk/"+number).send("/desk/"+number+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1").want(http.StatusOK, "A001", "已签到 1")
}

// A day of 300 couples has 300 names at the desk, and is one look.
func TestALongDayIsWholeAtTheDesk(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.bookedBy(tn.visitor())
	tn.fill(300)
	tn.at("2026-05-20 08:40")
	v := tn.well(auth.Hall)
	before := tn.count(`SELECT count(*) FROM audit WHERE action = 'list'`)
	began := time.Now()
	v.get("/desk").want(http.StatusOK, "待到 301")
	t.Logf("a desk with 301 couples: %s", time.Since(began).Round(time.Millisecond))
	if n := strings.Count(v.body, "<td>赵*、钱*</td>"); n != 300 {
		t.Errorf("%d of 300 couples have their names", n)
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'list'`) - before; n != 1 {
		t.Errorf("%d looks are noted, want 1", n)
	}
	v.get("/desk/today").want(http.StatusOK)
	if n := strings.Count(v.body, "赵*、钱*"); n != 300 {
		t.Errorf("%d of 300 couples are on the list of the day", n)
	}
}

// fill makes so many appointments at the time of the first, with names on file.
func (tn *town) fill(n int) {
	tn.t.Helper()
	ctx := tn.t.Context()
	sealed := func(plain, row string) []byte {
		tn.t.Helper()
		text, err := tn.Keys.Seal([]byte(plain), row)
		tn.must(err)
		return text
	}
	tn.must(postgres.InTx(ctx, tn.db, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, "test"); err != nil {
			return err
		}
		for i := range n {
			hold, number := uuid.New(), fmt.Sprint(40000000+i)
			_, err := tx.ExecContext(ctx, `
				WITH made AS (
					INSERT INTO appointment (number, hold_id, office_id, quota_id, service_id, biz_group, day, starts_at, ends_at,
						channel, phone_key, contact, locale, consents)
					SELECT $1, $2, office_id, quota_id, service_id, biz_group, day, starts_at, ends_at,
						'phone', sha256($1::text::bytea), $3, 'zh', '{}'
					FROM appointment
					ORDER BY id
					LIMIT 1
					RETURNING id, biz_group
				)
				INSERT INTO party (appointment_id, role, person, biz_group, sealed)
				SELECT id, role, sha256(($1::text || role)::bytea), biz_group, CASE role WHEN 1 THEN $4::bytea ELSE $5 END
				FROM made, generate_series(1, 2) AS role`,
				number, hold, sealed(hisPhone, "contact/"+hold.String()),
				sealed(`{"name":"赵一","type":"resident_id","number":"`+him+`","sex":"m","born":"1990-01-01"}`, fmt.Sprintf("party/%s/1", hold)),
				sealed(`{"name":"钱二","type":"resident_id","number":"`+her+`","sex":"f","born":"1990-01-01"}`, fmt.Sprintf("party/%s/2", hold)))
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// Ux 1.3: after a second high reading the card offers another day, and today all the
// same to the leader on duty.
func TestAFeverIsSeenToFromTheCard(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	tn.arrive(number, 376, 365)
	door, leader := tn.well(auth.Hall), tn.well(auth.Manager)
	door.get("/desk/"+number).want(http.StatusOK, "改到别的日子（不算爽约）")
	tn.at("2026-05-20 09:02")
	_, err := tn.Hall.CheckIn(t.Context(), hall.Arrival{
		Number: number, Office: office, Actor: "staff:hall", Readings: []hall.Reading{{Party: 1, Decicelsius: 377, Device: "T2"}},
	})
	tn.must(err)
	door.get("/desk/"+number).want(http.StatusOK, "不算爽约，也不占改期次数", "帮二位约新的日子")
	if strings.Contains(door.body, "/let-in") {
		t.Error("whoever is at the door is offered to let them in")
	}
	at := "/desk/" + number + "/let-in"
	door.post(at, map[string][]string{"reason": {"x"}}).want(http.StatusForbidden)
	leader.get("/desk/"+number).want(http.StatusOK, "由值班负责人放行")
	leader.send(at, "reason", " ").want(http.StatusUnprocessableEntity, "请写明原因")
	leader.send(at, "reason", strings.Repeat("长", 201)).want(http.StatusUnprocessableEntity)
	if n := tn.count(`SELECT count(*) FROM admission`); n != 0 {
		t.Fatalf("%d were let in without a reason", n)
	}
	once := leader.get("/desk/" + number).form(at)
	once.Set("reason", "医生已看过")
	for range 2 {
		leader.post(at, once).want(http.StatusOK, "A001")
	}
	if n := tn.count(`SELECT count(*) FROM line_place`); n != 1 {
		t.Errorf("%d places in the line, want 1", n)
	}
	leader.post(at, map[string][]string{"reason": {"another reason"}}).want(http.StatusConflict)
}

func TestWhoWasHandedOverIsNotLetInFromTheCard(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.deferred()
	var id int64
	tn.must(tn.db.GetContext(t.Context(), &id, `SELECT id FROM incident`))
	tn.must(tn.Hall.HandOver(t.Context(), hall.Handover{Incident: id, Office: office, To: "疾控中心", At: tn.Clock.Now(), Actor: "staff:manager"}))
	v := tn.well(auth.Manager)
	if v.get("/desk/" + number).want(http.StatusOK); strings.Contains(v.body, "/let-in") {
		t.Error("whom the health authority has can be let in")
	}
	v.post("/desk/"+number+"/let-in", map[string][]string{"reason": {"x"}}).want(http.StatusConflict)
}

// Domain rule 66: put off means without penalty, and soon again.
func TestWhoWasPutOffIsGivenANewDayAtTheDesk(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.deferred()
	v := tn.well(auth.Hall)
	v.get("/desk/" + number).step("anew:" + number).want(http.StatusOK)
	v.pickAt("2026-05-26", "09:00")
	v.want(http.StatusOK, "张*", "李*")
	v.step("save", agreed()...).want(http.StatusOK)
	if n := tn.count(`SELECT count(*) FROM appointment WHERE status = 'booked' AND day = '2026-05-26' AND reschedules = 0`); n != 1 {
		t.Errorf("%d new appointments, want 1: %s", n, v.text())
	}
	if v.get("/desk/" + number).want(http.StatusOK); strings.Contains(v.body, "anew:") {
		t.Error("the right is offered again once it was used")
	}
	v.get("/call").step("anew:" + number).want(http.StatusConflict)
	v.get("/call").step("anew:" + tn.last()).want(http.StatusConflict)
	v.get("/call").step("anew:12345678").want(http.StatusNotFound)
}
