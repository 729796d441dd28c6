package api

import (
	"context"
	"encoding/json"
	"fmt"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/slots"
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
	o, _, err := a.theirs(ctx, r.Office)
	if err != nil {
		return nil, err
	}
	counted, err := a.Hall.Report(ctx, o.ID, r.Date)
	if err != nil {
		return nil, err
	}
	submitted, err := a.Hall.Submissions(ctx, o.ID, r.Date, r.Date)
	if err != nil {
		return nil, err
	}
	report := reportOf(o.ID, r.Date, counted)
	for _, s := range submitted {
		report.Submissions = append(report.Submissions, submissionOf(s, o))
	}
	return ShowReport200JSONResponse(report), nil
}

func reportOf(office string, day date.Date, r hall.Report) Report {
	return Report{
		Office: office, Date: day, Booked: r.Booked, Expected: r.Expected, Arrived: r.Arrived, NoShow: r.NoShow,
		Cancelled: r.Cancelled, CancelledByOffice: r.CancelledByOffice, Late: r.Late, Completed: r.Completed,
		NotAccepted: r.NotAccepted, Deferred: r.Deferred, Open: r.Open, Measured: r.Measured, Abnormal: r.Abnormal,
		StaffMeasured: r.StaffMeasured, StaffAbnormal: r.StaffAbnormal, ByChannel: channelsOf(r), Submissions: []Submission{},
	}
}

func channelsOf(r hall.Report) map[string]int {
	all := map[string]int{}
	for channel, n := range r.ByChannel {
		all[string(channel)] = n
	}
	return all
}

// SubmitReport answers POST /manage/offices/{office}/reports/{date}/submit.
func (a *API) SubmitReport(ctx context.Context, r SubmitReportRequestObject) (SubmitReportResponseObject, error) {
	o, staff, err := a.theirs(ctx, r.Office)
	if err != nil {
		return nil, err
	}
	var sent struct { // the generated type has every figure that may differ, sent or not
		Differs map[string]hall.Difference `json:"differs"`
	}
	if err := json.Unmarshal(shownIn(ctx).body, &sent); err != nil {
		return nil, fmt.Errorf("report that was checked: %w", err)
	}
	done, err := a.Hall.Submit(ctx, hall.DailyReport{
		Office: o.ID, Day: r.Date, ZeroReport: r.Body.ZeroReport, Remarks: r.Body.Remarks, Differs: sent.Differs,
		Key: r.Params.IdempotencyKey, Actor: staff.Actor(),
	})
	if err != nil {
		return nil, err
	}
	return SubmitReport200JSONResponse(submissionOf(done, o)), nil
}

func submissionOf(s hall.Submission, o slots.Office) Submission {
	answer := Submission{
		Version: s.Version, ZeroReport: s.ZeroReport, Counts: countsOf(s.Counts), Remarks: s.Remarks, Differs: map[string]Difference{},
		Standing: SubmissionStanding(s.Standing), Reporter: s.Reporter, At: s.At.In(o.Location),
	}
	for name, d := range s.Differs {
		answer.Differs[name] = Difference{Value: d.Value, Because: d.Because}
	}
	return answer
}

func countsOf(r hall.Report) Counts {
	return Counts{
		Booked: r.Booked, Expected: r.Expected, Arrived: r.Arrived, NoShow: r.NoShow, Cancelled: r.Cancelled,
		CancelledByOffice: r.CancelledByOffice, Late: r.Late, Completed: r.Completed, NotAccepted: r.NotAccepted,
		Deferred: r.Deferred, Open: r.Open, Measured: r.Measured, Abnormal: r.Abnormal, StaffMeasured: r.StaffMeasured,
		StaffAbnormal: r.StaffAbnormal, ByChannel: channelsOf(r),
	}
}
