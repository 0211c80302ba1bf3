package ranking

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/ranking/internal/badges"
	"38qa.net/backend/modules/site"
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
	}, "SELECT p.postid, p.userid, CASE WHEN "+badges.TellingContents("p")+
		" THEN p.content ELSE '' END, p.upvotes, "+
		"(SELECT COUNT(*) FROM {blogs} c WHERE c.parentid = p.postid AND c.type = 'C') "+
		"FROM {blogs} p WHERE p.type = 'B' AND p.userid IS NOT NULL AND p.postid > ? ORDER BY p.postid LIMIT ?",
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

// WinnersJob returns the job that names the monthly winners: the users who wrote most posts of a
// kind in a month. It does so for every month that is over and has no winners yet. Only the winners
// of the latest month are shown their badge as new. Once named, winners are never changed.
func (m *Module) WinnersJob() jobs.Job {
	return jobs.Job{
		Name:     "monthly-winners",
		Summary:  "names those who wrote most questions, answers and diary posts in a month",
		Schedule: "10 0 1 * *", AtStart: true,
		Steps: []jobs.Step{{
			Name: "months",
			Batch: func(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
				return w.Once(ctx, func(tx *database.DB) (next int, err error) {
					return m.nameWinners(ctx, tx, after, w)
				})
			},
		}},
	}
}

// nameWinners names the winners of one month. Months are numbered from the year 0: after is the
// month before, or 0 at the beginning of the run, which then starts with the month of the first
// post.
func (m *Module) nameWinners(
	ctx context.Context, tx *database.DB, after int, w *jobs.Work,
) (next int, err error) {
	diary, err := tx.HasTable(ctx, diaryTable)
	if err != nil {
		return 0, err
	}
	zone := m.site.Zone()
	if after == 0 {
		first, err := firstPost(ctx, tx, diary)
		if err != nil || first == 0 {
			return 0, err
		}
		t := time.Unix(first, 0).In(zone)
		after = 12*t.Year() + int(t.Month()) - 2
	}
	year, month := (after+1)/12, time.Month((after+1)%12+1)
	from, to := site.StartOfDay(year, month, 1, zone), site.StartOfDay(year, month+1, 1, zone)
	now := time.Unix(tx.Now(), 0).In(zone)
	if to.After(now) {
		return 0, nil
	}
	latest := !site.StartOfDay(year, month+2, 1, zone).Before(now)
	if err := tx.Alone(ctx, awardsName); err != nil {
		return 0, err
	}
	for i := range badges.Monthly {
		if badges.MonthlyKind(badges.Monthly[i].ID) == 'B' && !diary {
			continue
		}
		if err := winnersOf(ctx, tx, badges.Monthly[i].ID, from, to, latest, w); err != nil {
			return 0, fmt.Errorf("name the winners of %s: %w", from.Format(monthForm), err)
		}
	}
	return after + 1, nil
}

// monthForm is the form in which the plugin stores months.
const monthForm = "2006-01"

// firstPost returns when the first post was written, in Unix seconds; 0 if there is none.
func firstPost(ctx context.Context, tx *database.DB, diary bool) (first int64, err error) {
	query := "SELECT MIN(created) AS c FROM {posts} WHERE type IN ('Q', 'A')"
	if diary {
		query += " UNION ALL SELECT MIN(created) FROM {blogs} WHERE type = 'B'"
	}
	_, err = tx.Get(ctx, []any{&first}, "SELECT COALESCE(UNIX_TIMESTAMP(MIN(c)), 0) FROM ("+query+") t")
	return first, err
}

// winnersOf awards a monthly badge to all users who share the first place, unless the plugin's
// table already has a winner for that badge and month.
func winnersOf(
	ctx context.Context, tx *database.DB, badge int, from, to time.Time, latest bool, w *jobs.Work,
) error {
	var one int
	named, err := tx.Get(ctx, []any{&one},
		"SELECT 1 FROM {ysb_badge_ranking} WHERE badgeid = ? AND award_date = ? LIMIT 1",
		badge, from.Format(monthForm))
	if err != nil || named {
		return err
	}
	kind, table := string(badges.MonthlyKind(badge)), "{posts}"
	if kind == "B" {
		table = "{blogs}"
	}
	var users []int
	most := 0
	err = tx.Select(ctx, func(rows *sql.Rows) error {
		var id, n int
		err := rows.Scan(&id, &n)
		if most = max(most, n); n == most {
			users = append(users, id)
		}
		return err
	}, "SELECT userid, COUNT(*) FROM "+table+
		" WHERE type = ? AND created >= FROM_UNIXTIME(?) AND created < FROM_UNIXTIME(?) AND userid IS NOT NULL "+
		"GROUP BY userid ORDER BY 2 DESC, userid", kind, from.Unix(), to.Unix())
	if err != nil {
		return err
	}
	flag := silent
	if latest {
		flag = untold
	}
	for _, id := range users {
		w.Report("ysb_badge_ranking", fmt.Sprintf("userid=%d %s", id, from.Format(monthForm)),
			"badgeid", "none", badge)
		if w.DryRun {
			continue
		}
		_, err := tx.Exec(ctx,
			"INSERT INTO {ysb_badge_ranking} (userid, badgeid, award_date, show_flag, created, updated) VALUES (?, ?, ?, ?, FROM_UNIXTIME(?), FROM_UNIXTIME(?))",
			id, badge, from.Format(monthForm), flag, tx.Now(), tx.Now())
		if err != nil {
			return err
		}
	}
	return nil
}
