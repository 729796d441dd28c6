package web

import (
	"net/http"

	"hunyue/server/auth"
)

// consoleScreens is the console of the operators.
var consoleScreens = []screen{
	{"O02", "console", []state{
		{"idle", nil, func(v *guest) { v.as(auth.Operator).get("/call").want(http.StatusOK) }},
	}},
}
