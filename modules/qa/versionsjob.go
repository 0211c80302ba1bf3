package qa

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

// strayVersions is the largest number of posts whose versions one batch deletes.
const strayVersions = 500

// VersionsJob returns the job that deletes the versions of posts that the old site has deleted for good.
// This server deletes them with the post.
func (m *Module) VersionsJob() jobs.Job {
	return jobs.Job{
		Name:     "versions",
		Summary:  "removes the earlier versions of posts that the old site has deleted",
		Schedule: "35 4 * * *", Missed: jobs.Skip,
		Steps: []jobs.Step{{Name: "versions of deleted posts", Batch: m.dropStrayVersions}},
	}
}

// dropStrayVersions looks at the next posts after the one with the id.
func (m *Module) dropStrayVersions(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	var ids []int
	err = m.db.Select(ctx, database.Append(&ids), `SELECT DISTINCT r.postid
		FROM {q2ab_revisions} r
		LEFT JOIN {posts} p ON p.postid = r.postid
		WHERE p.postid IS NULL AND r.postid > ?
		ORDER BY r.postid
		LIMIT ?`, after, strayVersions)
	if err != nil {
		return 0, fmt.Errorf("look for versions of deleted posts: %w", err)
	}
	w.Done = len(ids)
	if len(ids) == 0 {
		return 0, nil
	}
	if len(ids) == strayVersions {
		next = ids[len(ids)-1]
	}
	if w.DryRun {
		w.Report("q2ab_revisions", "posts", "postid", len(ids), 0)
		return next, nil
	}
	err = w.Tx(ctx, func(tx *database.DB) error {
		_, err := tx.Exec(ctx, "DELETE FROM {q2ab_revisions} WHERE postid IN ?", ids)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete versions of deleted posts: %w", err)
	}
	return next, nil
}
