package site

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

// Counts are what happened within a span of time, as the plugin q2a-statics counts it: visible posts by when they were written, with what
// has become of them since.
type Counts struct {
	Questions     int `json:"questions"`
	Answers       int `json:"answers"`
	Comments      int `json:"comments"`
	Posters       int `json:"posters" doc:"Users who wrote something"`
	AnswerUpvotes int `json:"answerUpvotes" doc:"Likes that the answers have had"`
	Selected      int `json:"questionsWithBestAnswer"`
	Within1h      int `json:"answeredWithin1h" doc:"Questions answered within an hour"`
	Within3h      int `json:"answeredWithin3h"`
	Within12h     int `json:"answeredWithin12h"`
	Within24h     int `json:"answeredWithin24h"`
	NewUsers      int `json:"newUsers"`
	Posted1d      int `json:"newUsersPostedWithin1d" doc:"New users who wrote something within a day"`
	Posted3d      int `json:"newUsersPostedWithin3d"`
	Posted7d      int `json:"newUsersPostedWithin7d"`
	Messages      int `json:"privateMessages"`
}

// span is a time from one moment up to another, in Unix seconds.
type span struct{ from, to int64 }

// count counts a span.
func count(ctx context.Context, db *database.DB, s span) (c Counts, err error) {
	for _, part := range []func(context.Context, *database.DB, span, *Counts) error{countPosts, countAnswering, countNewUsers, countMessages} {
		if err := part(ctx, db, s, &c); err != nil {
			return c, fmt.Errorf("count from %d to %d: %w", s.from, s.to, err)
		}
	}
	return c, nil
}

// within is a condition on a column of times; its arguments are those of a span.
func within(column string) string {
	return column + " >= FROM_UNIXTIME(?) AND " + column + " < FROM_UNIXTIME(?)"
}

func countPosts(ctx context.Context, db *database.DB, s span, c *Counts) error {
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var kind string
		var n, upvotes int
		err := rows.Scan(&kind, &n, &upvotes)
		switch kind {
		case "Q":
			c.Questions = n
		case "A":
			c.Answers, c.AnswerUpvotes = n, upvotes
		case "C":
			c.Comments = n
		}
		return err
	}, "SELECT type, COUNT(*), SUM(upvotes) FROM {posts} WHERE type IN ('Q', 'A', 'C') AND "+within("created")+" GROUP BY type", s.from, s.to)
	if err == nil {
		_, err = db.Get(ctx, []any{&c.Posters}, "SELECT COUNT(DISTINCT userid) FROM {posts} WHERE type IN ('Q', 'A', 'C') AND "+within("created"), s.from, s.to)
	}
	return err
}

func countAnswering(ctx context.Context, db *database.DB, s span, c *Counts) error {
	return db.Select(ctx, func(rows *sql.Rows) error {
		var selected bool
		var wait sql.NullInt64
		err := rows.Scan(&selected, &wait)
		if selected {
			c.Selected++
		}
		for hours, n := range map[int64]*int{1: &c.Within1h, 3: &c.Within3h, 12: &c.Within12h, 24: &c.Within24h} {
			if wait.Valid && wait.Int64 <= hours*3600 {
				*n++
			}
		}
		return err
	}, "SELECT MAX(q.selchildid) IS NOT NULL, MIN(UNIX_TIMESTAMP(a.created)) - MIN(UNIX_TIMESTAMP(q.created)) FROM {posts} q LEFT JOIN {posts} a ON a.parentid = q.postid AND a.type = 'A' "+
		"WHERE q.type = 'Q' AND "+within("q.created")+" GROUP BY q.postid", s.from, s.to)
}

func countNewUsers(ctx context.Context, db *database.DB, s span, c *Counts) error {
	return db.Select(ctx, func(rows *sql.Rows) error {
		var wait sql.NullInt64
		err := rows.Scan(&wait)
		c.NewUsers++
		for days, n := range map[int64]*int{1: &c.Posted1d, 3: &c.Posted3d, 7: &c.Posted7d} {
			if wait.Valid && wait.Int64 <= days*24*3600 {
				*n++
			}
		}
		return err
	}, "SELECT MIN(UNIX_TIMESTAMP(p.created)) - MIN(UNIX_TIMESTAMP(u.created)) FROM {users} u LEFT JOIN {posts} p ON p.userid = u.userid AND p.type IN ('Q', 'A', 'C') "+
		"WHERE "+within("u.created")+" GROUP BY u.userid", s.from, s.to)
}

func countMessages(ctx context.Context, db *database.DB, s span, c *Counts) error {
	_, err := db.Get(ctx, []any{&c.Messages}, "SELECT COUNT(*) FROM {messages} WHERE type = 'PRIVATE' AND "+within("created"), s.from, s.to)
	return err
}

const (
	// dayForm is how days are stored.
	dayForm = "2006-01-02"
	// daysKept is for how many days back there are figures of single days; weeks and months are kept for good.
	daysKept = 400
	// settledAfter is after how many days a period's figures are not computed again: by then questions have their answers.
	settledAfter = 45
)

// window is a day, week or month of the community.
type window struct {
	period   string
	from, to time.Time
}

// windows are all that are over at a moment and to be counted since another: days, weeks from Monday, months.
func windows(since, now time.Time) (list []window) {
	y, m, d := since.Date()
	zone := now.Location()
	midnight := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, zone) }
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

// StatisticsJob counts what happened in each day, week and month that is over, and the cohorts of the plugin q2a-statics.
func (m *Module) StatisticsJob() jobs.Job {
	return jobs.Job{
		Name: "statistics", Summary: "counts what happened in each day, week and month, and how many users come back",
		Schedule: "20 2 * * *", AtStart: true,
		Steps: []jobs.Step{
			{Name: "periods", Batch: m.countPeriods},
			{Name: "cohorts", Count: func(context.Context) (int, error) { return len(cohortTypes), nil }, Batch: m.countCohorts},
		},
	}
}

// windowsPerBatch is how many periods one batch counts.
const windowsPerBatch = 20

// countPeriods counts periods that have not been, and anew those that may still change; after is how many of them have been looked at.
func (m *Module) countPeriods(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	now := time.Unix(m.db.Now(), 0).In(m.Zone())
	var first int64
	if _, err := m.db.Get(ctx, []any{&first}, "SELECT COALESCE(UNIX_TIMESTAMP(MIN(created)), 0) FROM {posts} WHERE type IN ('Q', 'A')"); err != nil || first == 0 {
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

func (m *Module) storeCounts(ctx context.Context, w *jobs.Work, one window, c *Counts) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return w.Tx(ctx, func(tx *database.DB) error {
		_, err := tx.Exec(ctx, "INSERT INTO {q2ab_statistics} (period, start, figures, computed) VALUES (?, ?, ?, ?)"+tx.Upsert("period, start")+
			"figures = "+tx.Given("figures")+", computed = "+tx.Given("computed"), one.period, one.from.Format(dayForm), string(text), tx.Now())
		if err == nil && one.period == "day" {
			_, err = tx.Exec(ctx, "DELETE FROM {q2ab_statistics} WHERE period = 'day' AND start < ?", time.Unix(tx.Now(), 0).In(m.Zone()).AddDate(0, 0, -daysKept-1).Format(dayForm))
		}
		return err
	})
}

// PeriodCounts are the counts of a day, week or month.
type PeriodCounts struct {
	Start string `json:"start" doc:"The first day, as YYYY-MM-DD in the community's time zone"`
	Counts
}

// periods are the stored counts before a day, the newest first.
func (m *Module) periods(ctx context.Context, period, before string, limit int) ([]PeriodCounts, error) {
	list := []PeriodCounts{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var p PeriodCounts
		var text string
		err := rows.Scan(&p.Start, &text)
		if err == nil {
			err = json.Unmarshal([]byte(text), &p.Counts)
		}
		list = append(list, p)
		return err
	}, "SELECT start, figures FROM {q2ab_statistics} WHERE period = ? AND start < ? ORDER BY start DESC LIMIT ?", period, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read statistics: %w", err)
	}
	return list, nil
}

// Indicators are the figures that the plugin q2a-statics mails: rates over the last 30 days, each of those for whom it can be told already.
type Indicators struct {
	Counts
	AnswersPerQuestion *float64 `json:"answersPerQuestion,omitempty"`
	CommentsPerAnswer  *float64 `json:"commentsPerAnswer,omitempty"`
	UpvotesPerAnswer   *float64 `json:"upvotesPerAnswer,omitempty"`
	PostsPerPoster     *float64 `json:"postsPerPoster,omitempty"`
	BestAnswerRate     *float64 `json:"bestAnswerRate,omitempty" doc:"Of questions asked 10 to 40 days ago, from 0 to 1"`
	Within1hRate       *float64 `json:"answeredWithin1hRate,omitempty"`
	Within3hRate       *float64 `json:"answeredWithin3hRate,omitempty"`
	Within12hRate      *float64 `json:"answeredWithin12hRate,omitempty"`
	Within24hRate      *float64 `json:"answeredWithin24hRate,omitempty"`
	Posted1dRate       *float64 `json:"newUsersPostedWithin1dRate,omitempty" doc:"Of those who came within the last 30 days"`
	Posted3dRate       *float64 `json:"newUsersPostedWithin3dRate,omitempty" doc:"Of those who came 4 to 34 days ago"`
	Posted7dRate       *float64 `json:"newUsersPostedWithin7dRate,omitempty" doc:"Of those who came 7 to 37 days ago"`
}

// indicators are those of the 30 days before now. The shifts are the plugin's.
func (m *Module) indicators(ctx context.Context) (*Indicators, error) {
	const day = 24 * 3600
	now := m.db.Now()
	shifted := func(days int64) span { return span{now - (30+days)*day, now - days*day} }
	i := &Indicators{}
	var err error
	if i.Counts, err = count(ctx, m.db, shifted(0)); err != nil {
		return nil, err
	}
	var ten, four, seven Counts
	err = errors.Join(countPosts(ctx, m.db, shifted(10), &ten), countAnswering(ctx, m.db, shifted(10), &ten),
		countNewUsers(ctx, m.db, shifted(4), &four), countNewUsers(ctx, m.db, shifted(7), &seven))
	if err != nil {
		return nil, fmt.Errorf("count indicators: %w", err)
	}
	rate := func(n, of int) *float64 {
		if of == 0 {
			return nil
		}
		r := float64(n) / float64(of)
		return &r
	}
	i.AnswersPerQuestion, i.CommentsPerAnswer, i.UpvotesPerAnswer = rate(i.Answers, i.Questions), rate(i.Comments, i.Answers), rate(i.AnswerUpvotes, i.Answers)
	i.PostsPerPoster = rate(i.Questions+i.Answers+i.Comments, i.Posters)
	i.BestAnswerRate = rate(ten.Selected, ten.Questions)
	i.Within1hRate, i.Within3hRate, i.Within12hRate, i.Within24hRate = rate(i.Within1h, i.Questions), rate(i.Within3h, i.Questions), rate(i.Within12h, i.Questions), rate(i.Within24h, i.Questions)
	i.Posted1dRate, i.Posted3dRate, i.Posted7dRate = rate(i.Posted1d, i.NewUsers), rate(four.Posted3d, four.NewUsers), rate(seven.Posted7d, seven.NewUsers)
	return i, nil
}
