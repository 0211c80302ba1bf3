package ranking

import (
	"context"
	"database/sql"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/ranking/internal/badges"
)

// diaryTable is the table of the plugin that adds a diary to the site. Not all sites have it.
const diaryTable = "blogs"

// postsPerBatch is how many posts one batch of the job of badges examines.
const postsPerBatch = 2000

// BadgesJob returns the job that awards badges which were earned but not awarded at that moment:
// before this backend was installed, by posts of the diary, which this backend does not watch, and
// by favourites that the old site stored. These awards are never shown to the user as new.
func (m *Module) BadgesJob() jobs.Job {
	batch := func(
		fn func(
			ctx context.Context, tx *database.DB, after int, w *jobs.Work,
		) (earned []award, next int, err error),
	) func(context.Context, int, *jobs.Work) (int, error) {
		return func(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
			return w.Once(ctx, func(tx *database.DB) (int, error) {
				earned, next, err := fn(ctx, tx, after, w)
				if err != nil {
					return 0, err
				}
				award := func(ctx context.Context, tx *database.DB, earned []award) ([]award, error) {
					return give(ctx, tx, earned, silent)
				}
				if w.DryRun {
					award = missing
				}
				fresh, err := award(ctx, tx, earned)
				for _, a := range fresh {
					w.Report("ysb_badges", fmt.Sprintf("userid=%d", a.userID), "badgeid", "none", a.badge)
				}
				return next, err
			})
		}
	}
	count := func(query string) func(context.Context) (int, error) {
		return func(ctx context.Context) (n int, err error) {
			_, err = m.db.Get(ctx, []any{&n}, query)
			return n, err
		}
	}
	return jobs.Job{
		Name: "badges", Summary: "awards badges for what was done before this backend came, or beside it",
		Schedule: "40 3 * * *", AtStart: true,
		Steps: []jobs.Step{
			{
				Name:  "posts",
				Count: count("SELECT COUNT(*) FROM {posts} WHERE type IN ('Q', 'A') AND userid IS NOT NULL"),
				Batch: batch(badgesOfPosts),
			},
			{Name: "diary", Batch: batch(badgesOfDiary)},
			{Name: "people", Count: count("SELECT COUNT(*) FROM {users}"), Batch: batch(badgesOfPeople)},
		},
	}
}

// badgesOfPosts returns the badges that the next questions and answers have earned.
func badgesOfPosts(
	ctx context.Context, tx *database.DB, after int, w *jobs.Work,
) (earned []award, next int, err error) {
	n := 0
	err = eachPost(ctx, tx, "p.postid > ? ORDER BY p.postid LIMIT ?", []any{after, postsPerBatch},
		func(id int, p *badges.Post) {
			n, next = n+1, id
			for _, badge := range p.Of() {
				earned = append(earned, award{p.Author, badge})
			}
		})
	if w.Done = n; n < postsPerBatch {
		next = 0
	}
	return earned, next, err
}

// badgesOfDiary returns the badges that the next posts of the diary have earned, on sites that have
// the plugin's table.
func badgesOfDiary(
	ctx context.Context, tx *database.DB, after int, w *jobs.Work,
) (earned []award, next int, err error) {
	if there, err := tx.HasTable(ctx, diaryTable); err != nil || !there {
		return nil, 0, err
	}
	n := 0
	err = tx.Select(ctx, func(rows *sql.Rows) error {
		p := badges.Post{Kind: 'B'}
		if err := rows.Scan(&next, &p.Author, &p.Content, &p.Upvotes, &p.Replies); err != nil {
			return err
		}
		n++
		for _, badge := range p.Of() {
			earned = append(earned, award{p.Author, badge})
		}
		return nil
	}, `SELECT p.postid, p.userid, CASE WHEN `+badges.TellingContents("p")+`
			THEN p.content ELSE '' END, p.upvotes,
			(SELECT COUNT(*) FROM {blogs} c WHERE c.parentid = p.postid AND c.type = 'C')
		FROM {blogs} p
		WHERE p.type = 'B' AND p.userid IS NOT NULL AND p.postid > ?
		ORDER BY p.postid LIMIT ?`,
		after, postsPerBatch)
	if w.Done = n; n < postsPerBatch {
		next = 0
	}
	return earned, next, err
}

// badgesOfPeople returns the badges that the next users have earned by all that they did.
func badgesOfPeople(
	ctx context.Context, tx *database.DB, after int, w *jobs.Work,
) (earned []award, next int, err error) {
	there, err := tx.HasTable(ctx, diaryTable)
	if err != nil {
		return nil, 0, err
	}
	diary := "0"
	if there {
		diary = "(SELECT COUNT(*) FROM {blogs} b WHERE b.userid = u.userid AND b.type = 'B')"
	}
	n := 0
	err = eachPerson(ctx, tx, diary, "u.userid > ? ORDER BY u.userid LIMIT ?",
		[]any{after, usersPerBatch},
		func(userID int, p *badges.Person) {
			n, next = n+1, userID
			for _, badge := range p.Of() {
				earned = append(earned, award{userID, badge})
			}
		})
	if w.Done = n; n < usersPerBatch {
		next = 0
	}
	return earned, next, err
}
