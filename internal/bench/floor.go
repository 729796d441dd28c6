package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/labstack/echo/v4"
	"github.com/lib/pq"
	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/postgres"
	"hunyue/internal/redis"
)

// floor is the least that a server could do for each request: Echo, the same
// call to the same engine, a few bytes of answer.
type floor struct {
	db     *sqlx.DB
	redis  goredis.UniversalClient
	places *stock
	next   atomic.Int64
	read   []byte // what the program answered to a read
}

// terms are what a floor's process is told.
type terms struct {
	Database string    `json:"database"`
	Redis    string    `json:"redis"`
	Day      time.Time `json:"day"` // of the stock that it sells
	Read     []byte    `json:"read"`
}

// serveFloor runs a floor in this process, which the bench has started for it:
// the program has a process of its own as well, and on few processors it
// matters who shares one with the crowd.
func serveFloor(ctx context.Context) error {
	var t terms
	if err := json.NewDecoder(os.Stdin).Decode(&t); err != nil {
		return err
	}
	f := &floor{places: stockOn(t.Day), read: t.Read}
	var err error
	if f.db, err = postgres.Open(ctx, t.Database); err != nil {
		return err
	}
	if f.redis, err = redis.Open(ctx, t.Redis); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	return (&http.Server{Handler: f.handler(), ReadHeaderTimeout: time.Second}).Serve(listener)
}

// startFloor starts such a process, and says where it answers.
func startFloor(ctx context.Context, t terms) (stop func(), address string, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return nil, "", err
	}
	c := exec.CommandContext(ctx, self, "-floor")
	c.Stdin, c.Stderr = bytes.NewReader(raw), os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := c.Start(); err != nil {
		return nil, "", err
	}
	stop = func() {
		c.Process.Kill()
		c.Wait()
	}
	if _, err := fmt.Fscanln(out, &address); err != nil {
		stop()
		return nil, "", fmt.Errorf("the floor did not start: %w", err)
	}
	return stop, address, nil
}

func (f *floor) handler() http.Handler {
	e := echo.New()
	e.POST("/hold", f.hold)
	e.POST("/sold-out", f.soldOut)
	e.POST("/confirm", f.confirm)
	e.POST("/seat", f.seat)
	e.GET("/days", f.static)
	e.GET("/slots", f.static)
	return e
}

// wish is what is asked of both: whoever answers has to know which slot.
type wish struct {
	Slot string `json:"slot"`
}

func (f *floor) hold(c echo.Context) error {
	var w wish
	if err := c.Bind(&w); err != nil {
		return err
	}
	quota := w.Slot + "-web"
	hold := uuid.NewString()
	keys := append(f.places.keys(quota), f.places.note(hold))
	args := []any{0, hold, 300000, 5000, 1}
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
	var w wish
	if err := c.Bind(&w); err != nil {
		return err
	}
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
			'marriage', 'phone', $5, NULL, $6, $7, 'zh', '{}', $8, $9, NULL)`,
		uuid.New(), quota, "floor "+uuid.NewString(), random(32),
		fourNumbers(), random(32), random(40),
		pq.ByteaArray{random(32), random(32)}, pq.ByteaArray{random(180), random(180)})
	if err != nil {
		return echo.NewHTTPError(http.StatusInternalServerError, err.Error())
	}
	if out.Result != "ok" {
		return echo.NewHTTPError(http.StatusConflict, out.Result)
	}
	return c.JSON(http.StatusCreated, out)
}

// seat looks for a number that nobody has.
func (f *floor) seat(c echo.Context) error {
	var found []int64
	err := f.db.SelectContext(c.Request().Context(), &found, `SELECT id FROM appointment WHERE number = $1`, nobodys)
	if err != nil {
		return echo.NewHTTPError(http.StatusInternalServerError, err.Error())
	}
	return c.JSON(http.StatusOK, found)
}

// fourNumbers are candidates, as many as the program offers.
func fourNumbers() pq.StringArray {
	var numbers pq.StringArray
	for range 4 {
		numbers = append(numbers, strconv.Itoa(10_000_000+rand.IntN(90_000_000)))
	}
	return numbers
}

func (f *floor) static(c echo.Context) error {
	return c.JSONBlob(http.StatusOK, f.read)
}
