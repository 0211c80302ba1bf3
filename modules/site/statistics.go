package site

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/web"
)

const (
	// dayForm is the form in which days are stored.
	dayForm = "2006-01-02"
	// daysKept is for how many days back the figures of single days are kept. Those of weeks and
	// months are kept for ever.
	daysKept = 400
	// settledAfter is how many days after the end of a period its figures are no longer computed
	// anew: by then its questions have got their answers.
	settledAfter = 45
)

// window is a day, week or month in the community's time zone.
type window struct {
	period   string
	from, to time.Time
}

// windows returns the months, weeks (from Monday) and days that are over at the moment now,
// beginning with those that contain the moment since. It leaves out days that began more than
// daysKept days ago.
func windows(since, now time.Time) (list []window) {
	y, m, d := since.Date()
	zone := now.Location()
	midnight := func(y int, m time.Month, d int) time.Time { return StartOfDay(y, m, d, zone) }
	add := func(period string, at func(i int) time.Time) {
		for i := 0; !at(i + 1).After(now); i++ {
			if period != "day" || at(i).After(now.AddDate(0, 0, -daysKept)) {
				list = append(list, window{period, at(i), at(i + 1)})
			}
		}
	}
	monday := d - (int(since.Weekday())+6)%7
	add("month", func(i int) time.Time { return midnight(y, m+time.Month(i), 1) })
	add("week", func(i int) time.Time { return midnight(y, m, monday+7*i) })
	add("day", func(i int) time.Time { return midnight(y, m, d+i) })
	return list
}

// StatisticsJob returns the job that counts what happened in each day, week and month that is over,
// and computes the cohorts of the plugin q2a-statics.
func (m *Module) StatisticsJob() jobs.Job {
	return jobs.Job{
		Name:     "statistics",
		Summary:  "counts what happened in each day, week and month, and how many users come back",
		Schedule: "20 2 * * *", AtStart: true,
		Steps: []jobs.Step{
			{Name: "periods", Batch: m.countPeriods},
			{Name: "cohorts", Count: func(context.Context) (int, error) { return len(cohortTypes), nil },
				Batch: m.countCohorts},
		},
	}
}

// windowsPerBatch is how many periods one batch counts.
const windowsPerBatch = 20

// countPeriods counts the next periods that have not been counted yet, and counts again those whose
// figures may still change. after is how many periods have been examined before.
func (m *Module) countPeriods(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	now := time.Unix(m.db.Now(), 0).In(m.Zone())
	var first int64
	if _, err := m.db.Get(ctx, []any{&first},
		"SELECT COALESCE(UNIX_TIMESTAMP(MIN(created)), 0) FROM {posts} WHERE type IN ('Q', 'A')",
	); err != nil || first == 0 {
		return 0, err
	}
	known := map[string]bool{}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var period, start string
		err := rows.Scan(&period, &start)
		known[period+start] = true
		return err
	}, "SELECT period, start FROM {q2ab_statistics}")
	if err != nil {
		return 0, err
	}
	all := windows(time.Unix(first, 0).In(m.Zone()), now)
	for w.Done = 0; w.Done < windowsPerBatch && after < len(all); after++ {
		one := all[after]
		if known[one.period+one.from.Format(dayForm)] && one.to.Before(now.AddDate(0, 0, -settledAfter)) {
			continue
		}
		if w.Done++; w.DryRun {
			continue
		}
		c, err := count(ctx, m.db, span{one.from.Unix(), one.to.Unix()})
		if err != nil {
			return 0, err
		}
		if err := m.storeCounts(ctx, w, one, &c); err != nil {
			return 0, err
		}
	}
	if after < len(all) {
		return after, nil
	}
	return 0, nil
}

// storeCounts stores the counts of a period; with those of a day, it deletes the figures of days
// that are too old.
func (m *Module) storeCounts(ctx context.Context, w *jobs.Work, one window, c *Counts) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return w.Tx(ctx, func(tx *database.DB) error {
		_, err := tx.Exec(ctx,
			"INSERT INTO {q2ab_statistics} (period, start, figures, computed) VALUES (?, ?, ?, ?)"+
				tx.Overwrite("period, start", "figures", "computed"),
			one.period, one.from.Format(dayForm), string(text), tx.Now())
		if err == nil && one.period == "day" {
			_, err = tx.Exec(ctx, "DELETE FROM {q2ab_statistics} WHERE period = 'day' AND start < ?",
				time.Unix(tx.Now(), 0).In(m.Zone()).AddDate(0, 0, -daysKept-1).Format(dayForm))
		}
		return err
	})
}

// periodCounts are the counts of a day, week or month.
type periodCounts struct {
	Start string `json:"start" doc:"The first day, as YYYY-MM-DD in the community's time zone"`
	Counts
}

// periods returns the stored counts of the periods of a kind that began before a day, the newest
// first.
func (m *Module) periods(ctx context.Context, period, before string, limit int) ([]periodCounts, error) {
	list := []periodCounts{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var p periodCounts
		var text string
		err := rows.Scan(&p.Start, &text)
		if err == nil {
			err = json.Unmarshal([]byte(text), &p.Counts)
		}
		list = append(list, p)
		return err
	}, `SELECT start, figures
		FROM {q2ab_statistics}
		WHERE period = ? AND start < ?
		ORDER BY start DESC LIMIT ?`,
		period, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read statistics: %w", err)
	}
	return list, nil
}

type statsInput struct {
	By     string `query:"by" enum:"day,week,month" default:"day" doc:"Weeks begin on Monday"`
	Limit  int    `query:"limit" minimum:"1" maximum:"400" default:"30" doc:"How many of them"`
	Before string `query:"before" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"Only those that begin before this day"`
}

type statsOutput struct {
	Body struct {
		Last30Days *indicators    `json:"last30Days" doc:"Counted now"`
		Items      []periodCounts `json:"items" doc:"Days, weeks or months that are over, the newest first; counted at night, in the community's time zone"`
	}
}

// RegisterStatistics adds the operations on statistics to the API. Function may returns an error
// for callers who may not use them.
func (m *Module) RegisterStatistics(api huma.API, may func(context.Context) error) {
	op := func(id, path, summary, description string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: "/v1/admin/stats" + path,
			Summary: summary, Description: description, Tags: []string{"Administration"},
			Errors: []int{http.StatusForbidden}}
	}
	web.Register(api, op("get-site-stats", "", "What happens on the site",
		"Counts of visible posts by when they were written, with what has become of them since."),
		web.Guard(may, func(ctx context.Context, in *statsInput) (out *statsOutput, err error) {
			if in.Before == "" {
				in.Before = "9999-12-31"
			}
			out = &statsOutput{}
			if out.Body.Items, err = m.periods(ctx, in.By, in.Before, in.Limit); err != nil {
				return nil, err
			}
			out.Body.Last30Days, err = m.indicators(ctx)
			return out, err
		}))
	web.Register(api, op("get-site-cohorts", "/cohorts", "How many users come back",
		"Those who began within a month or week, and how many of them did it again then and later. The old site's plugin has the same table."),
		web.Guard(may, func(ctx context.Context, in *cohortsInput) (out *cohortsOutput, err error) {
			out = &cohortsOutput{}
			kind := map[string]string{"new-users": "NEWUSER_POST", "questions": "QUESTION",
				"answers": "ANSWER", "diary": "BLOG"}[in.Of]
			out.Body.Items, err = m.cohortsOf(ctx, kind,
				map[string]string{"week": "WEEK", "month": "MONTH"}[in.By])
			return out, err
		}))
}
