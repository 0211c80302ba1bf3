package qa

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// BlockedIn reports whether text contains a word of list, which has the form of the site's options of
// blocked words.
func BlockedIn(list, text string) bool { return words.NewBlocked(list).Blocks(text) }

// ListenToAccounts makes the module listen to changes of accounts. When an account is deleted, the
// votes and flags that its user gave to the posts of others are taken back, within the transaction of
// the deletion.
func (m *Module) ListenToAccounts(accounts *auth.Module) {
	accounts.Listen(func(ctx context.Context, tx *database.DB, c auth.AccountChange) error {
		if c.Kind != auth.Deleting {
			return nil
		}
		return m.forget(ctx, tx, c.Options, c.UserID)
	})
}

// forget deletes a user's votes and flags, no longer names the user as who changed a post, and
// recomputes everything in which the votes and flags were counted: the counts of the posts, the best
// answer votes and the hotness of their questions, the site's counts and, through the listeners, the
// points of the posts' authors. Q2A leaves some of these figures to its recalculation.
func (m *Module) forget(ctx context.Context, tx *database.DB, o *site.Options, userID int) error {
	var voted []int
	if err := tx.Select(ctx, database.Append(&voted),
		"SELECT postid FROM {uservotes} WHERE userid = ? ORDER BY postid", userID); err != nil {
		return fmt.Errorf("read a user's votes: %w", err)
	}
	for _, query := range []string{
		"DELETE FROM {uservotes} WHERE userid = ?",
		"UPDATE {posts} SET lastuserid = NULL WHERE lastuserid = ?",
		"UPDATE {q2ab_revisions} SET userid = NULL WHERE userid = ?",
	} {
		if _, err := tx.Exec(ctx, query, userID); err != nil {
			return fmt.Errorf("forget a user: %w", err)
		}
	}
	a := &Action{Options: o}
	counts := map[option.Key]int{}
	for ids := range slices.Chunk(voted, postsPerBatch) {
		before, questions, err := votedStates(ctx, tx, ids)
		if err != nil {
			return err
		}
		if err := settleVotes(ctx, tx, o, ids, questions, counts); err != nil {
			return err
		}
		after, _, err := votedStates(ctx, tx, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if was, is := before[id], after[id]; was != nil && is != nil && *was != *is {
				a.Posts = append(a.Posts, PostChange{Before: was, After: is})
			}
		}
	}
	for _, listen := range m.listeners {
		if err := listen(ctx, tx, a); err != nil {
			return err
		}
	}
	return site.AddCounts(ctx, tx, counts)
}

// settleVotes recounts the votes and flags of the posts with the given ids, and what the given
// questions derive from their answers. It adds to counts the change of the site's count of questions
// without upvoted answers.
func settleVotes(
	ctx context.Context, tx *database.DB, o *site.Options, ids, questions []int,
	counts map[option.Key]int,
) error {
	const noUpvoted = `SELECT COUNT(*)
		FROM {posts}
		WHERE postid IN ? AND type = 'Q' AND closedbyid IS NULL AND amaxvote = 0`
	var before, after int
	if _, err := tx.Get(ctx, []any{&before}, noUpvoted, questions); err != nil {
		return fmt.Errorf("count questions without upvoted answers: %w", err)
	}
	w := &jobs.Work{}
	if err := settleVotesOf(ctx, tx, ids, w); err != nil {
		return err
	}
	if err := settleAnswers(ctx, tx, o, questions, w); err != nil {
		return err
	}
	if _, err := tx.Get(ctx, []any{&after}, noUpvoted, questions); err != nil {
		return fmt.Errorf("count questions without upvoted answers: %w", err)
	}
	counts[option.CacheUnupaqcount] += after - before
	return nil
}

// votedStates locks the posts with the given ids, and the questions that they are or that they answer.
// It returns the posts' states by id, and the ids of these questions. If there are no such questions,
// the list holds only 0, which is no post's id.
func votedStates(
	ctx context.Context, tx *database.DB, ids []int,
) (states map[int]*PostState, questions []int, err error) {
	states = map[int]*PostState{}
	err = tx.Select(ctx, func(rows *sql.Rows) error {
		s := &PostState{}
		var kind string
		var parent, user, selected sql.NullInt64
		if err := rows.Scan(&s.ID, &kind, &parent, &user, &selected, &s.Up, &s.Down); err != nil {
			return err
		}
		s.ParentID, s.UserID, s.SelectedID = int(parent.Int64), int(user.Int64), int(selected.Int64)
		base, state := splitType(kind)
		s.Kind, s.Visible = base, state == ""
		states[s.ID] = s
		switch s.Kind {
		case KindQuestion:
			questions = append(questions, s.ID)
		case KindAnswer:
			questions = append(questions, s.ParentID)
		}
		return nil
	}, `SELECT postid, type, parentid, userid, selchildid, upvotes, downvotes
		FROM {posts}
		WHERE postid IN ?
		ORDER BY postid`+tx.ForUpdate(), ids)
	if err != nil {
		return nil, nil, fmt.Errorf("lock posts: %w", err)
	}
	slices.Sort(questions)
	questions = slices.Compact(questions)
	if len(questions) == 0 {
		return states, []int{0}, nil
	}
	var locked []int
	if err := tx.Select(ctx, database.Append(&locked),
		"SELECT postid FROM {posts} WHERE postid IN ? ORDER BY postid"+tx.ForUpdate(),
		questions); err != nil {
		return nil, nil, fmt.Errorf("lock posts: %w", err)
	}
	return states, questions, nil
}

type hidePostsInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"The user's handle, in any case of letters"`
}

type hidePostsOutput struct {
	Body struct {
		Hidden int `json:"hidden" doc:"How many posts were hidden now"`
	}
}

// registerAccounts registers the operation that hides all posts of a user.
func (m *Module) registerAccounts(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "hide-user-posts", Method: http.MethodPut, Path: "/v1/users/{handle}/hidden-posts",
		Tags:        []string{"Administration"},
		Summary:     "Hide all posts of a user",
		Description: "One after the other; cut off, the same request goes on.",
		Errors:      []int{http.StatusForbidden, http.StatusNotFound},
	}, m.hidePosts)
}

// hidePosts hides all posts of a user in the caller's name, each in a transaction of its own, as Q2A's
// profile page does.
func (m *Module) hidePosts(ctx context.Context, in *hidePostsInput) (*hidePostsOutput, error) {
	userID, err := m.auth.MayHidePosts(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	var ids []int
	err = m.db.Select(ctx, database.Append(&ids),
		`SELECT postid
			FROM {posts}
			WHERE userid = ? AND type IN ('Q', 'A', 'C', 'Q_QUEUED', 'A_QUEUED', 'C_QUEUED')
			ORDER BY CASE type WHEN 'Q' THEN 1 WHEN 'A' THEN 2 WHEN 'C' THEN 3 ELSE 4 END, created, postid`,
		userID)
	if err != nil {
		return nil, fmt.Errorf("read a user's posts: %w", err)
	}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		return audit.Record(ctx, tx, audit.Entry{Kind: audit.User, Subject: strconv.Itoa(userID),
			After: map[string][]int{"hidden": ids}})
	})
	if err != nil {
		return nil, err
	}
	out := &hidePostsOutput{}
	for _, id := range ids {
		// MayHidePosts gave permission for all of them.
		hidden, err := m.hideGranted(ctx, id, func(p *post) bool { return p.userID == userID })
		if err != nil {
			return nil, err
		}
		if hidden {
			out.Body.Hidden++
		}
	}
	return out, nil
}
