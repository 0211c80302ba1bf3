package site

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
)

// Counts are the counts of what happened within a span of time, as the plugin q2a-statics makes
// them: the visible posts that were written within the span, with the votes, answers and best
// answers that they have got since.
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

// span is a span of time in Unix seconds that includes from and ends before to.
type span struct{ from, to int64 }

// count returns the counts of a span.
func count(ctx context.Context, db *database.DB, s span) (c Counts, err error) {
	for _, part := range []func(context.Context, *database.DB, span, *Counts) error{
		countPosts, countAnswering, countNewUsers, countMessages,
	} {
		if err := part(ctx, db, s, &c); err != nil {
			return c, fmt.Errorf("count from %d to %d: %w", s.from, s.to, err)
		}
	}
	return c, nil
}

// within returns an SQL condition that a column of times lies within a span. Its two arguments are
// the span's from and to.
func within(column string) string {
	return column + " >= FROM_UNIXTIME(?) AND " + column + " < FROM_UNIXTIME(?)"
}

// countPosts counts answers, comments, and the users who wrote any visible post.
func countPosts(ctx context.Context, db *database.DB, s span, c *Counts) error {
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var kind string
		var n, upvotes int
		err := rows.Scan(&kind, &n, &upvotes)
		switch kind {
		case "A":
			c.Answers, c.AnswerUpvotes = n, upvotes
		case "C":
			c.Comments = n
		}
		return err
	}, `SELECT type, COUNT(*), SUM(upvotes)
		FROM {posts}
		WHERE type IN ('A', 'C') AND `+within("created")+`
		GROUP BY type`, s.from, s.to)
	if err == nil {
		_, err = db.Get(ctx, []any{&c.Posters},
			`SELECT COUNT(DISTINCT userid)
				FROM {posts}
				WHERE type IN ('Q', 'A', 'C') AND `+within("created"), s.from, s.to)
	}
	return err
}

// countAnswering counts the questions, and how many of them were answered, how fast, and with a
// best answer.
func countAnswering(ctx context.Context, db *database.DB, s span, c *Counts) error {
	return db.Select(ctx, func(rows *sql.Rows) error {
		var selected bool
		var wait sql.NullInt64
		err := rows.Scan(&selected, &wait)
		c.Questions++
		if selected {
			c.Selected++
		}
		for hours, n := range map[int64]*int{
			1: &c.Within1h, 3: &c.Within3h, 12: &c.Within12h, 24: &c.Within24h,
		} {
			if wait.Valid && wait.Int64 <= hours*3600 {
				*n++
			}
		}
		return err
	}, `SELECT MAX(q.selchildid) IS NOT NULL,
			MIN(UNIX_TIMESTAMP(a.created)) - MIN(UNIX_TIMESTAMP(q.created))
		FROM {posts} q
		LEFT JOIN {posts} a ON a.parentid = q.postid AND a.type = 'A'
		WHERE q.type = 'Q' AND `+within("q.created")+`
		GROUP BY q.postid`, s.from, s.to)
}

// countNewUsers counts the new users, and how many of them wrote their first post soon.
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
	}, `SELECT MIN(UNIX_TIMESTAMP(p.created)) - MIN(UNIX_TIMESTAMP(u.created))
		FROM {users} u
		LEFT JOIN {posts} p ON p.userid = u.userid AND p.type IN ('Q', 'A', 'C')
		WHERE `+within("u.created")+`
		GROUP BY u.userid`, s.from, s.to)
}

func countMessages(ctx context.Context, db *database.DB, s span, c *Counts) error {
	_, err := db.Get(ctx, []any{&c.Messages},
		"SELECT COUNT(*) FROM {messages} WHERE type = 'PRIVATE' AND "+within("created"), s.from, s.to)
	return err
}

// indicators are the figures that the plugin q2a-statics sends by mail: counts and rates over 30
// days. Most cover the last 30 days; a rate that can be known only some days later covers 30 days
// that ended earlier, as its description says.
type indicators struct {
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

// indicators returns the indicators as of now. For rates that can be known only later, the 30 days
// are shifted back by the plugin's numbers of days.
func (m *Module) indicators(ctx context.Context) (*indicators, error) {
	const day = 24 * 3600
	now := m.db.Now()
	shifted := func(days int64) span { return span{now - (30+days)*day, now - days*day} }
	i := &indicators{}
	var err error
	if i.Counts, err = count(ctx, m.db, shifted(0)); err != nil {
		return nil, err
	}
	var ten, four, seven Counts
	err = errors.Join(countAnswering(ctx, m.db, shifted(10), &ten),
		countNewUsers(ctx, m.db, shifted(4), &four),
		countNewUsers(ctx, m.db, shifted(7), &seven))
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
	i.AnswersPerQuestion, i.CommentsPerAnswer, i.UpvotesPerAnswer =
		rate(i.Answers, i.Questions), rate(i.Comments, i.Answers), rate(i.AnswerUpvotes, i.Answers)
	i.PostsPerPoster = rate(i.Questions+i.Answers+i.Comments, i.Posters)
	i.BestAnswerRate = rate(ten.Selected, ten.Questions)
	i.Within1hRate, i.Within3hRate, i.Within12hRate, i.Within24hRate =
		rate(i.Within1h, i.Questions), rate(i.Within3h, i.Questions),
		rate(i.Within12h, i.Questions), rate(i.Within24h, i.Questions)
	i.Posted1dRate, i.Posted3dRate, i.Posted7dRate =
		rate(i.Posted1d, i.NewUsers), rate(four.Posted3d, four.NewUsers), rate(seven.Posted7d, seven.NewUsers)
	return i, nil
}
