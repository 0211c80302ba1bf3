package jobs

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// Info is a job in the form in which the API shows it.
type Info struct {
	Name       string      `json:"name"`
	Summary    string      `json:"summary"`
	Schedule   string      `json:"schedule,omitempty" doc:"When it runs by itself, as the five fields of cron in the community's time zone"`
	Missed     string      `json:"missed,omitempty" enum:"catch-up-once,catch-up-each,skip" doc:"What becomes of times at which no server was there"`
	On         []string    `json:"on,omitempty" doc:"Events after which it runs"`
	Parameters []Parameter `json:"parameters,omitempty" doc:"What a run by request can be told"`
	Next       *time.Time  `json:"next,omitempty" doc:"When it runs next by its schedule"`
	Last       *RunInfo    `json:"last,omitempty" doc:"The latest run"`
}

// RunInfo is a run in the form in which the API shows it.
type RunInfo struct {
	Run
	Due         *time.Time `json:"due,omitempty" doc:"The time of the schedule that it stands for; absent for runs by request or event"`
	RequestedAt time.Time  `json:"requestedAt"`
	StartedAt   *time.Time `json:"startedAt,omitempty"`
	FinishedAt  *time.Time `json:"finishedAt,omitempty"`
	Seconds     *int64     `json:"seconds,omitempty" doc:"How long it took; absent until it is finished"`
}

// info returns the job as the API shows it, with the next time of its schedule.
func (m *Manager) info(j Job) Info {
	i := Info{Name: j.Name, Summary: j.Summary, Schedule: j.Schedule, On: j.On, Parameters: j.Parameters}
	if j.Schedule != "" {
		next := m.Next(j.Name).UTC()
		i.Missed, i.Next = j.Missed.String(), &next
	}
	return i
}

// Info returns the run in the form in which the API shows it.
func (r *Run) Info() *RunInfo {
	at := func(seconds int64) *time.Time {
		if seconds == 0 {
			return nil
		}
		t := time.Unix(seconds, 0).UTC()
		return &t
	}
	i := &RunInfo{
		Run: *r, Due: at(r.Due), RequestedAt: *at(max(r.Requested, 1)), StartedAt: at(r.Started),
		FinishedAt: at(r.Finished),
	}
	if r.Finished > 0 && r.Started > 0 {
		seconds := r.Finished - r.Started
		i.Seconds = &seconds
	}
	return i
}

type nameInput struct {
	Name string `path:"name" maxLength:"60" doc:"Name of the job"`
}

type runInput struct {
	Name string `path:"name" maxLength:"60" doc:"Name of the job"`
	Body struct {
		DryRun     bool              `json:"dryRun,omitempty" doc:"Finds out what would be done and changes nothing"`
		Parameters map[string]string `json:"parameters,omitempty" doc:"What the run is told, of what the job lists as its parameters; a switch has \"true\" or is left out"`
	}
}

type (
	infosOutput struct{ Body web.List[Info] }
	infoOutput  struct {
		Body struct {
			Info
			Runs []*RunInfo `json:"runs" doc:"The latest runs, the newest first"`
		}
	}
	runOutput struct{ Body *RunInfo }
)

// runsShown is how many runs of a job the API shows.
const runsShown = 20

// Register adds the operations on jobs to the API. may returns an error for callers that are not
// allowed to use them.
func (m *Manager) Register(api huma.API, may func(context.Context) error) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/admin/jobs" + path,
			Summary: summary, Tags: []string{"Administration"},
			Errors: []int{http.StatusForbidden, http.StatusNotFound}}
	}
	web.Register(api, op("list-jobs", http.MethodGet, "",
		"Work in the background: what there is, when it runs and how it went"),
		web.Guard(may, func(ctx context.Context, _ *struct{}) (*infosOutput, error) {
			out := &infosOutput{Body: web.List[Info]{Items: []Info{}}}
			for _, j := range m.jobs {
				runs, err := m.History(ctx, j.Name, 1)
				if err != nil {
					return nil, err
				}
				i := m.info(j)
				if len(runs) > 0 {
					i.Last = runs[0].Info()
				}
				out.Body.Items = append(out.Body.Items, i)
			}
			return out, nil
		}))
	web.Register(api, op("get-job", http.MethodGet, "/{name}", "A job and its latest runs"),
		web.Guard(may, func(ctx context.Context, in *nameInput) (*infoOutput, error) {
			j, err := m.Find(in.Name)
			if err != nil {
				return nil, err
			}
			runs, err := m.History(ctx, j.Name, runsShown)
			if err != nil {
				return nil, err
			}
			out := &infoOutput{}
			out.Body.Info, out.Body.Runs = m.info(j), []*RunInfo{}
			for _, r := range runs {
				out.Body.Runs = append(out.Body.Runs, r.Info())
			}
			return out, nil
		}))
	start := op("run-job", http.MethodPost, "/{name}/run", "Start a job")
	start.Description, start.DefaultStatus = "It runs in the background; if it runs already, or waits for that by request, that run is told, unless it was asked for otherwise (dry or not, other parameters): job_running.",
		http.StatusAccepted
	start.Errors = append(start.Errors, http.StatusConflict)
	web.Register(api, start, web.Guard(may, func(ctx context.Context, in *runInput) (*runOutput, error) {
		o := Options{DryRun: in.Body.DryRun, Parameters: in.Body.Parameters}
		if err := m.check(in.Name, o); err != nil {
			return nil, err
		}
		var r *Run
		err := m.db.Tx(ctx, func(tx *database.DB) (err error) {
			if r, err = m.request(ctx, tx, in.Name, o); err != nil || !r.Matches(o) {
				return err
			}
			return audit.Record(ctx, tx, audit.Entry{Kind: audit.Job, Subject: in.Name, After: in.Body})
		})
		if err != nil {
			return nil, err
		}
		if !r.Matches(o) {
			return nil, problem.New(codeJobRunning)
		}
		return &runOutput{Body: r.Info()}, nil
	}))
	cancel := op("cancel-job", http.MethodDelete, "/{name}/run", "Cancel what runs or waits of a job")
	cancel.Description = "What runs stops within seconds. The schedule goes on."
	web.Register(api, cancel, web.Guard(may, func(ctx context.Context, in *nameInput) (*struct{}, error) {
		if _, err := m.Find(in.Name); err != nil {
			return nil, err
		}
		return nil, m.db.Tx(ctx, func(tx *database.DB) error {
			if err := m.cancel(ctx, tx, in.Name); err != nil {
				return err
			}
			return audit.Record(ctx, tx, audit.Entry{Kind: audit.Job, Subject: in.Name})
		})
	}))
}
