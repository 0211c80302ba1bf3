package jobs

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// Info is a job as the API shows it.
type Info struct {
	Name    string   `json:"name"`
	Summary string   `json:"summary"`
	Last    *RunInfo `json:"last,omitempty" doc:"The latest run"`
}

// RunInfo is a run as the API shows it.
type RunInfo struct {
	Run
	RequestedAt time.Time  `json:"requestedAt"`
	StartedAt   *time.Time `json:"startedAt,omitempty"`
	FinishedAt  *time.Time `json:"finishedAt,omitempty"`
}

func (r *Run) info() *RunInfo {
	at := func(seconds int64) *time.Time {
		if seconds == 0 {
			return nil
		}
		t := time.Unix(seconds, 0).UTC()
		return &t
	}
	return &RunInfo{Run: *r, RequestedAt: *at(max(r.Requested, 1)), StartedAt: at(r.Started), FinishedAt: at(r.Finished)}
}

type nameInput struct {
	Name string `path:"name" maxLength:"60" doc:"Name of the job"`
}

type runInput struct {
	Name string `path:"name" maxLength:"60" doc:"Name of the job"`
	Body struct {
		DryRun bool `json:"dryRun,omitempty" doc:"Finds out what would be done and changes nothing"`
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

// Register adds the operations on jobs to the API; may decides who is let in.
func (m *Manager) Register(api huma.API, may func(context.Context) error) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/admin/jobs" + path, Summary: summary, Tags: []string{"Administration"},
			Errors: []int{http.StatusForbidden, http.StatusNotFound}}
	}
	web.Register(api, op("list-jobs", http.MethodGet, "", "Long work that administrators can start, with its latest runs"), func(ctx context.Context, _ *struct{}) (*infosOutput, error) {
		if err := may(ctx); err != nil {
			return nil, err
		}
		out := &infosOutput{Body: web.List[Info]{Items: []Info{}}}
		for _, j := range m.jobs {
			runs, err := m.History(ctx, j.Name, 1)
			if err != nil {
				return nil, err
			}
			i := Info{Name: j.Name, Summary: j.Summary}
			if len(runs) > 0 {
				i.Last = runs[0].info()
			}
			out.Body.Items = append(out.Body.Items, i)
		}
		return out, nil
	})
	web.Register(api, op("get-job", http.MethodGet, "/{name}", "A job and its latest runs"), func(ctx context.Context, in *nameInput) (*infoOutput, error) {
		if err := may(ctx); err != nil {
			return nil, err
		}
		j, err := m.Find(in.Name)
		if err != nil {
			return nil, err
		}
		runs, err := m.History(ctx, j.Name, runsShown)
		if err != nil {
			return nil, err
		}
		out := &infoOutput{}
		out.Body.Info, out.Body.Runs = Info{Name: j.Name, Summary: j.Summary}, []*RunInfo{}
		for _, r := range runs {
			out.Body.Runs = append(out.Body.Runs, r.info())
		}
		return out, nil
	})
	start := op("run-job", http.MethodPost, "/{name}/run", "Start a job")
	start.Description, start.DefaultStatus = "It runs in the background; if it runs already, that run is told.", http.StatusAccepted
	start.Errors = append(start.Errors, http.StatusConflict)
	web.Register(api, start, func(ctx context.Context, in *runInput) (*runOutput, error) {
		if err := may(ctx); err != nil {
			return nil, err
		}
		r, err := m.Request(ctx, in.Name, in.Body.DryRun)
		if err != nil {
			return nil, err
		}
		if r.DryRun != in.Body.DryRun {
			return nil, problem.New("job_running")
		}
		return &runOutput{Body: r.info()}, nil
	})
	web.Register(api, op("cancel-job", http.MethodDelete, "/{name}/run", "Cancel the run of a job"), func(ctx context.Context, in *nameInput) (*struct{}, error) {
		if err := may(ctx); err != nil {
			return nil, err
		}
		if _, err := m.Find(in.Name); err != nil {
			return nil, err
		}
		return nil, m.Cancel(ctx, in.Name)
	})
}
