package qa

import (
	"context"

	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/site"
)

// HotnessJob returns the job that computes the hotness of all questions anew, as Q2A does when an
// administrator has changed the weights. It is the part of the recalculation that depends on them.
func (m *Module) HotnessJob() jobs.Job {
	return jobs.Job{
		Name:    "hotness",
		Summary: "computes the hotness of all questions anew after its weights were changed",
		On:      []string{site.EventWeightsChanged},
		Steps: []jobs.Step{{
			Name:  "answers and hotness of questions",
			Count: func(ctx context.Context) (int, error) { return m.countRows(ctx, "posts") },
			Batch: func(ctx context.Context, after int, w *jobs.Work) (int, error) {
				if after == 0 {
					m.site.Forget() // this process may have the old weights still
				}
				return m.recountAnswers(ctx, after, w)
			},
		}},
	}
}
