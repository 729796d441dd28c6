package main

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/labstack/echo/v4"
	"github.com/lib/pq"
	goredis "github.com/redis/go-redis/v9"
)

// floor is the least that a server could do for each request: Echo, the same
// call to the same engine, a few bytes of answer.
type floor struct {
	db     *sqlx.DB
	redis  goredis.UniversalClient
	places *stock
	next   atomic.Int64
	read   map[string][]byte // what the program answered, by path and query
}

func (f *floor) handler() http.Handler {
	e := echo.New()
	e.POST("/hold", f.hold)
	e.POST("/sold-out", f.soldOut)
	e.POST("/confirm", f.confirm)
	e.GET("/days", f.static)
	e.GET("/slots", f.static)
	return e
}

func (f *floor) hold(c echo.Context) error {
	quota := f.places.quota(int(f.next.Add(1)))
	keys := f.places.keys(quota)
	args := append([]any{0, uuid.NewString(), 300000, 5000}, f.places.family(quota)...)
	answer, err := f.redis.FCall(c.Request().Context(), "hunyue_hold", keys, args...).Slice()
	if err != nil {
		return err
	}
	if answer[0] != "granted" {
		return echo.NewHTTPError(http.StatusConflict, answer[0])
	}
	return c.JSON(http.StatusCreated, answer)
}

func (f *floor) soldOut(c echo.Context) error {
	if err := f.redis.FCall(c.Request().Context(), "floor_one", []string{"floor"}).Err(); err != nil {
		return err
	}
	return c.JSON(http.StatusConflict, map[string]string{"code": "slot_full"})
}

// confirm runs the statement that the program runs, with arguments that are
// ready: nothing is checked, hashed or sealed.
func (f *floor) confirm(c echo.Context) error {
	quota := f.places.quota(int(f.next.Add(1)))
	var out struct {
		Result string `db:"result"`
		Number string `db:"number"`
	}
	err := f.db.GetContext(c.Request().Context(), &out, `
		SELECT result, number
		FROM confirm($1, true, $2, 1, now() + interval '5 minutes', $3, $4, NULL, 'floor', 0,
			'marriage', 'phone', $5, NULL, $6, $7, 'zh', '{}', $8, $9)`,
		uuid.New(), quota, "floor "+uuid.NewString(), random(32),
		pq.StringArray{strconv.Itoa(10_000_000 + rand.IntN(90_000_000))}, random(32), random(40),
		pq.ByteaArray{random(32), random(32)}, pq.ByteaArray{random(180), random(180)})
	if err != nil {
		return echo.NewHTTPError(http.StatusInternalServerError, err.Error())
	}
	if out.Result != "ok" {
		return echo.NewHTTPError(http.StatusConflict, out.Result)
	}
	return c.JSON(http.StatusCreated, out)
}

func (f *floor) static(c echo.Context) error {
	return c.JSONBlob(http.StatusOK, f.read[c.Request().URL.RequestURI()])
}
