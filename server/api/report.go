package api

import (
	"context"

	"hunyue/hall"
	"hunyue/internal/date"
)

// CloseDay answers POST /manage/offices/{office}/days/{date}/close.
func (a *API) CloseDay(ctx context.Context, r CloseDayRequestObject) (CloseDayResponseObject, error) {
	staff, err := serving(ctx, r.Office)
	if err != nil {
		return nil, err
	}
	closed, err := a.Hall.CloseDay(ctx, r.Office, r.Date, staff.Actor())
	if err != nil {
		return nil, err
	}
	at, err := a.at(ctx, r.Office, closed.ClosedAt)
	return CloseDay200JSONResponse{
		Office: r.Office, Date: r.Date, ClosedAt: at, NoShows: closed.NoShows, Deferred: closed.Deferred, Open: closed.Open,
		AlreadyClosed: closed.AlreadyClosed,
	}, err
}

// ShowReport answers GET /manage/offices/{office}/reports/{date}.
func (a *API) ShowReport(ctx context.Context, r ShowReportRequestObject) (ShowReportResponseObject, error) {
	if _, err := serving(ctx, r.Office); err != nil {
		return nil, err
	}
	counted, err := a.Hall.Report(ctx, r.Office, r.Date)
	if err != nil {
		return nil, err
	}
	return ShowReport200JSONResponse(reportOf(r.Office, r.Date, counted)), nil
}

func reportOf(office string, day date.Date, r hall.Report) Report {
	report := Report{
		Office: office, Date: day, Booked: r.Booked, Expected: r.Expected, Arrived: r.Arrived, NoShow: r.NoShow,
		Cancelled: r.Cancelled, CancelledByOffice: r.CancelledByOffice, Late: r.Late, Completed: r.Completed,
		NotAccepted: r.NotAccepted, Deferred: r.Deferred, Open: r.Open, Measured: r.Measured, Abnormal: r.Abnormal,
		StaffMeasured: r.StaffMeasured, StaffAbnormal: r.StaffAbnormal, ByChannel: map[string]int{},
	}
	for channel, n := range r.ByChannel {
		report.ByChannel[string(channel)] = n
	}
	return report
}
