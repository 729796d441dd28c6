package api

import (
	"context"
	"strconv"

	"hunyue/notify"
)

// ListNotices answers GET /notices.
func (a *API) ListNotices(ctx context.Context, r ListNoticesRequestObject) (ListNoticesResponseObject, error) {
	all, err := a.noticesOf(ctx, r.Params.Office)
	if err != nil {
		return nil, err
	}
	answer := ListNotices200JSONResponse{Notices: []Notice{}}
	for _, n := range all {
		answer.Notices = append(answer.Notices, noticeOf(n))
	}
	return answer, nil
}

// noticesOf is what is in force at an office, or at any where none is named.
func (a *API) noticesOf(ctx context.Context, office string) ([]notify.Notice, error) {
	if office == "" {
		return a.Notices.Everywhere(ctx)
	}
	if _, err := a.Offices.Office(ctx, office); err != nil {
		return nil, err
	}
	return a.Notices.InForce(ctx, office)
}

func noticeOf(n notify.Notice) Notice {
	return Notice{
		Id: strconv.FormatInt(n.ID, 10), Version: n.Version, Type: NoticeType(n.Kind), Office: n.Office,
		Audience: NoticeAudience(n.Audience), Title: n.TitleZH, TitleEn: n.TitleEN, Body: n.BodyZH, BodyEn: n.BodyEN,
		From: n.From, To: n.To, PublishedAt: notify.InChina(*n.PublishedAt),
	}
}
