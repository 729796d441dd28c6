package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/errgroup"
)

// engine is something that has to answer for us to be ready.
type engine struct {
	name string
	ping func(context.Context) error
}

// health is whether the program lives, and whether it can work.
type health struct {
	engines []engine
	log     *slog.Logger
}

// alive answers as long as the program runs at all.
func (h *health) alive(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

// ready answers 200 where every engine does within a second, else 503:
// {"status":"ready","postgres":"ok","redis":"ok"}.
func (h *health) ready(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), time.Second)
	defer cancel()
	failed := make([]error, len(h.engines))
	var all errgroup.Group
	for i, e := range h.engines {
		all.Go(func() error {
			failed[i] = e.ping(ctx)
			return failed[i]
		})
	}
	status, answer := http.StatusOK, map[string]string{"status": "ready"}
	if all.Wait() != nil {
		status, answer["status"] = http.StatusServiceUnavailable, "unavailable"
	}
	for i, e := range h.engines {
		answer[e.name] = "ok"
		if failed[i] != nil {
			answer[e.name] = "down"
			h.log.WarnContext(ctx, "engine is down", "engine", e.name, "error", told(failed[i]))
		}
	}
	return c.JSON(status, answer)
}
