package main

import (
	"errors"
	"net/http"
	"runtime"

	"github.com/labstack/echo/v4"
)

// panicked is a panic as an error: what it was and where it happened. Of its
// value only what cannot hold a visitor's words is kept.
type panicked struct{ value, stack string }

func (p *panicked) Error() string { return "panic: " + p.value + "\n" + p.stack }

// panicOf is the error for a recovered value; call it while the stack still
// stands, in the deferred function.
func panicOf(v any) error {
	p := &panicked{value: "not an error"}
	if err, ok := v.(error); ok {
		p.value = told(err)
	}
	buffer := make([]byte, 8<<10)
	p.stack = string(buffer[:runtime.Stack(buffer, false)])
	return p
}

// recovered turns a panic into an internal error of its request. It lets pass
// the one that breaks off an answer, which the server itself recovers.
func recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			v := recover()
			if broken, ok := v.(error); ok && errors.Is(broken, http.ErrAbortHandler) {
				panic(v)
			}
			if v != nil {
				err = panicOf(v)
			}
		}()
		return next(c)
	}
}
