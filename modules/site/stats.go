package site

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/web"
)

type statsInput struct {
	By     string `query:"by" enum:"day,week,month" default:"day" doc:"Weeks begin on Monday"`
	Limit  int    `query:"limit" minimum:"1" maximum:"400" default:"30" doc:"How many of them"`
	Before string `query:"before" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"Only those that begin before this day"`
}

type statsOutput struct {
	Body struct {
		Last30Days *Indicators    `json:"last30Days" doc:"Counted now"`
		Items      []PeriodCounts `json:"items" doc:"Days, weeks or months that are over, the newest first; counted at night, in the community's time zone"`
	}
}

type cohortsInput struct {
	Of string `query:"of" enum:"newUsers,questions,answers,diary" default:"newUsers" doc:"What users began with: an account, after which any post counts, or their first question, answer or diary post"`
	By string `query:"by" enum:"week,month" default:"month" doc:"Counted back from the day of the computation"`
}

type cohortsOutput struct {
	Body struct {
		Items []Cohort `json:"items" doc:"The oldest first"`
	}
}

// RegisterStatistics adds the operations on statistics to the API; may decides who is let in.
func (m *Module) RegisterStatistics(api huma.API, may func(context.Context) error) {
	op := func(id, path, summary, description string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: "/v1/admin/stats" + path, Summary: summary, Description: description, Tags: []string{"Administration"},
			Errors: []int{http.StatusForbidden}}
	}
	web.Register(api, op("get-stats", "", "What happens on the site", "Counts of visible posts by when they were written, with what has become of them since."),
		func(ctx context.Context, in *statsInput) (out *statsOutput, err error) {
			if err := may(ctx); err != nil {
				return nil, err
			}
			if in.Before == "" {
				in.Before = "9999-12-31"
			}
			out = &statsOutput{}
			if out.Body.Items, err = m.periods(ctx, in.By, in.Before, in.Limit); err != nil {
				return nil, err
			}
			out.Body.Last30Days, err = m.indicators(ctx)
			return out, err
		})
	web.Register(api, op("get-cohorts", "/cohorts", "How many users come back", "Those who began within a month or week, and how many of them did it again then and later. The old site's plugin has the same table."),
		func(ctx context.Context, in *cohortsInput) (out *cohortsOutput, err error) {
			if err := may(ctx); err != nil {
				return nil, err
			}
			out = &cohortsOutput{}
			kind := map[string]string{"newUsers": "NEWUSER_POST", "questions": "QUESTION", "answers": "ANSWER", "diary": "BLOG"}[in.Of]
			out.Body.Items, err = m.cohortsOf(ctx, kind, map[string]string{"week": "WEEK", "month": "MONTH"}[in.By])
			return out, err
		})
}
