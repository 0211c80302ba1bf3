package ranking

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/ranking/internal/boards"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// rowsPerBatch is how many posts or votes are read at once. The job can be stopped between batches.
const rowsPerBatch = 20000

// RankingsJob returns the job that computes all leaderboards anew, every hour. It keeps its counts
// in memory until it publishes them all at once: if the process dies before that, the next one
// begins again.
func (m *Module) RankingsJob() jobs.Job {
	return jobs.Job{
		Name:     "rankings",
		Summary:  "computes the rankings of users for all time, month, week and day, by category and by tag",
		Schedule: "0 * * * *", AtStart: true,
		Steps: []jobs.Step{{
			Name: "count",
			Count: func(ctx context.Context) (n int, err error) {
				_, err = m.db.Get(ctx, []any{&n},
					"SELECT (SELECT COUNT(*) FROM {posts}) + (SELECT COUNT(*) FROM {uservotes})")
				return n, err
			},
			Batch: func(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
				c, ok := w.Memory.(*computation)
				if !ok || after == 0 || c.place != after {
					if c, err = m.begin(ctx); err != nil {
						return 0, err
					}
				}
				if w.Done, err = c.read(ctx, m.db); err != nil || w.Done > 0 {
					c.place++
					w.Memory = c
					return c.place, err
				}
				return 0, m.publish(ctx, c, w)
			},
		}},
	}
}

// The periods that rankings cover.
const (
	allTime   = "all-time"
	month     = "month"
	week      = "week"
	today     = "today"
	lastMonth = "last-month"
	lastWeek  = "last-week"
	yesterday = "yesterday"
	// allTimeBefore holds the all-time boards as they were when the current month began, for the
	// changes of rank. The API does not offer it as a ranking.
	allTimeBefore = "all-time-before"
)

// periods are the periods that are counted, in the order of the counter's spans.
var periods = []string{allTime, month, week, today, lastMonth, lastWeek, yesterday}

// computation is a run of the rankings job that has not finished yet.
type computation struct {
	now     int64
	spans   map[string]boards.Span
	counter *boards.Counter
	// place counts the batches. The next batch begins after post or, once all posts are read, after
	// the vote of voteUser on votePost.
	place              int
	postsRead          bool
	post               int
	voteUser, votePost int
}

func (m *Module) begin(ctx context.Context) (*computation, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	c := &computation{now: m.db.Now()}
	p := boards.PeriodsAt(time.Unix(c.now, 0).In(m.site.Zone()))
	c.spans = map[string]boards.Span{allTime: {}, month: p.Month, week: p.Week, today: p.Today,
		lastMonth: p.LastMonth, lastWeek: p.LastWeek, yesterday: p.Yesterday}
	list := make([]boards.Span, len(periods))
	for i, name := range periods {
		list[i] = c.spans[name]
	}
	c.counter = boards.NewCounter(weights(o), list)
	return c, nil
}

// weights returns the points that the site's options set for each action, in the form that
// [boards.Counter] takes.
func weights(o *site.Options) boards.Weights {
	byKind := func(q, a, c option.Key) map[byte]int {
		return map[byte]int{'Q': o.Int(q), 'A': o.Int(a), 'C': o.Int(c)}
	}
	return boards.Weights{
		Multiple: o.Int(option.PointsMultiple),
		Question: o.Int(option.PointsPostQ), Answer: o.Int(option.PointsPostA),
		ChooseBest: o.Int(option.PointsSelectA), BestAnswer: o.Int(option.PointsASelected),
		VoteUp:   map[byte]int{'Q': o.Int(option.PointsVoteUpQ), 'A': o.Int(option.PointsVoteUpA)},
		VoteDown: map[byte]int{'Q': o.Int(option.PointsVoteDownQ), 'A': o.Int(option.PointsVoteDownA)},
		PerUp:    byKind(option.PointsPerQVotedUp, option.PointsPerAVotedUp, option.PointsPerCVotedUp),
		PerDown:  byKind(option.PointsPerQVotedDown, option.PointsPerAVotedDown, option.PointsPerCVotedDown),
		Gain:     byKind(option.PointsQVotedMaxGain, option.PointsAVotedMaxGain, option.PointsCVotedMaxGain),
		LossMost: byKind(option.PointsQVotedMaxLoss, option.PointsAVotedMaxLoss, option.PointsCVotedMaxLoss),
	}
}

// read counts the next posts or votes and returns how many it has read; 0 means that everything is
// counted.
func (c *computation) read(ctx context.Context, db *database.DB) (n int, err error) {
	if !c.postsRead {
		if n, err = c.readPosts(ctx, db); err != nil || n > 0 {
			return n, err
		}
		c.postsRead = true
		c.counter.Settle()
	}
	return c.readVotes(ctx, db)
}

func (c *computation) readPosts(ctx context.Context, db *database.DB) (n int, err error) {
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var p boards.Post
		var kind, tags string
		var categories [4]int
		if err := rows.Scan(&p.ID, &kind, &p.ParentID, &p.UserID, &p.Created, &p.Up, &p.Down, &p.SelectedID,
			&categories[0], &categories[1], &categories[2], &categories[3], &tags); err != nil {
			return err
		}
		n++
		c.post = p.ID
		if kind == "NOTE" {
			return nil
		}
		p.Kind, p.Visible = kind[0], len(kind) == 1
		if p.Kind == 'Q' {
			for _, id := range categories {
				if id != 0 {
					p.Categories = append(p.Categories, id)
				}
			}
			if tags != "" {
				p.Tags = strings.Split(tags, ",")
			}
		}
		c.counter.Post(&p)
		return nil
	}, `SELECT postid, type, COALESCE(parentid, 0), COALESCE(userid, 0), UNIX_TIMESTAMP(created), upvotes,
			downvotes, COALESCE(selchildid, 0), COALESCE(categoryid, 0), COALESCE(catidpath1, 0),
			COALESCE(catidpath2, 0), COALESCE(catidpath3, 0),
			CASE WHEN type LIKE 'Q%' THEN COALESCE(tags, '') ELSE '' END
		FROM {posts}
		WHERE postid > ?
		ORDER BY postid LIMIT ?`, c.post, rowsPerBatch)
	if err != nil {
		return 0, fmt.Errorf("count posts: %w", err)
	}
	return n, nil
}

func (c *computation) readVotes(ctx context.Context, db *database.DB) (n int, err error) {
	err = db.Select(ctx, func(rows *sql.Rows) error {
		v := boards.Vote{}
		var vote int
		if err := rows.Scan(&v.UserID, &v.PostID, &vote, &v.At); err != nil {
			return err
		}
		n++
		c.voteUser, c.votePost = v.UserID, v.PostID
		if vote != 0 {
			v.Up = vote > 0
			c.counter.Vote(&v)
		}
		return nil
	}, `SELECT userid, postid, vote, COALESCE(UNIX_TIMESTAMP(votecreated), UNIX_TIMESTAMP(voteupdated), 0)
		FROM {uservotes}
		WHERE userid >= ? AND (userid > ? OR postid > ?)
		ORDER BY userid, postid LIMIT ?`,
		c.voteUser, c.voteUser, c.votePost, rowsPerBatch)
	if err != nil {
		return 0, fmt.Errorf("count votes: %w", err)
	}
	return n, nil
}

// total returns the all-time board of the whole site. It has everybody who has points, with the
// points that Q2A's table states instead of those that were counted.
func total(ctx context.Context, db *database.DB, counted boards.Board) (boards.Board, error) {
	did := make(map[int]boards.Entry, len(counted))
	for _, e := range counted {
		did[e.UserID] = e
	}
	var board boards.Board
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var id, points int
		if err := rows.Scan(&id, &points); err != nil {
			return err
		}
		e := did[id]
		e.UserID, e.Points = id, points
		board = append(board, e)
		return nil
	}, "SELECT userid, points FROM {userpoints} ORDER BY userid")
	if err != nil {
		return nil, fmt.Errorf("read points: %w", err)
	}
	return board, nil
}
