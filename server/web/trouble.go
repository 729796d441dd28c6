package web

import (
	"net/http"
	"strconv"
)

// troubles is the statuses whose pages have a heading of their own.
var troubles = []int{
	http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge,
	http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable,
}

// trouble is the heading of the page that answers with a status: what has
// happened, in words that somebody who reads nothing else understands.
func (pg page) trouble(status int) string {
	if key := "trouble." + strconv.Itoa(status); pg.Has(key) {
		return pg.T(key)
	}
	return pg.T("page.error_title")
}
