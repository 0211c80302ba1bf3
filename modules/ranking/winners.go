package ranking

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/ranking/internal/badges"
	"38qa.net/backend/modules/site"
)

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
	}, `SELECT userid, COUNT(*)
		FROM `+table+`
		WHERE type = ? AND created >= FROM_UNIXTIME(?) AND created < FROM_UNIXTIME(?) AND userid IS NOT NULL
		GROUP BY userid
		ORDER BY 2 DESC, userid`, kind, from.Unix(), to.Unix())
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
			`INSERT INTO {ysb_badge_ranking} (userid, badgeid, award_date, show_flag, created, updated)
				VALUES (?, ?, ?, ?, FROM_UNIXTIME(?), FROM_UNIXTIME(?))`,
			id, badge, from.Format(monthForm), flag, tx.Now(), tx.Now())
		if err == nil && latest {
			err = events.Append(ctx, tx, awarded(tx, award{id, badge}))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
