package web

import (
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
)

type noticePage struct {
	page
	Agreement, Privacy               []string
	AgreementVersion, PrivacyVersion string
}

// notice is what couples agree to before they book.
func (p *Pages) notice(c echo.Context) error {
	pg := p.page(c)
	return p.render(c, http.StatusOK, "notice", noticePage{
		page: pg, Agreement: strings.Split(pg.T("notice.agreement"), "\n"), Privacy: strings.Split(pg.T("notice.privacy"), "\n"),
		AgreementVersion: agreementVersion, PrivacyVersion: privacyVersion,
	})
}

// retryLater tells the browser how long to wait, in whole seconds.
func retryLater(c echo.Context, f *fault.Error) {
	if f.RetryAfter > 0 {
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
}
