package qa

import (
	"context"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

// PostingsJob returns the job that stores what the word index says of common words, so that the first
// search for such a word does not have to collect it.
func (m *Module) PostingsJob() jobs.Job {
	return jobs.Job{
		Name:     "postings",
		Summary:  "stores where common words occur, so that searches for them are fast from the first one on",
		Schedule: "50 3 * * *", AtStart: true,
		Steps: []jobs.Step{{Name: "common words", Count: m.index.CommonWords, Batch: m.storePostings}},
	}
}

func (m *Module) storePostings(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	write := w.Tx
	if w.DryRun {
		write = func(context.Context, func(tx *database.DB) error) error { return nil }
	}
	next, w.Done, err = m.index.Store(ctx, after, write)
	return next, err
}
