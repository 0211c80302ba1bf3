package qa

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// mergedAtOnce is how many posts or votes one transaction of a merge hands over.
const mergedAtOnce = 100

// WorkOnAccounts takes part in merging accounts, by handing over posts and votes, and in anonymising them, by
// dropping the addresses from which they posted.
func (m *Module) WorkOnAccounts(accounts *auth.Module) {
	merging := func(step func(context.Context, *database.DB, auth.Work) (int, error),
	) func(context.Context, *database.DB, auth.Work) (int, error) {
		return func(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
			if !w.Merging() {
				return 0, nil
			}
			return step(ctx, tx, w)
		}
	}
	accounts.WorkOnAccounts(merging(m.mergeVotes), merging(m.mergePosts), merging(mergeEdits),
		merging(mergeRevisions), forgetAddresses)
}

// givenVote is a user's vote and flag on a post, with the other account's on the same post.
type givenVote struct {
	postID, author int
	kind           Kind
	vote, flag     int
	created        sql.NullInt64 // when the vote was given first, and when it was changed, in Unix seconds
	updated        sql.NullInt64
	both           bool // whether the other account has a row for the post
	otherVote      int
	otherFlag      int
}

// kept returns the vote and the flag of the other account after the merge: its own vote, if it has one. The
// vote on what is its own post then goes.
func (v givenVote) kept(into int) (vote, flag int) {
	if v.author == into {
		return v.otherVote, v.otherFlag
	}
	vote, flag = v.otherVote, max(v.flag, v.otherFlag)
	if vote == 0 {
		vote = v.vote
	}
	return vote, flag
}

// mergeVotes hands over votes and flags. Where both accounts voted, the vote of the account that stays is kept;
// votes on its own posts are dropped. All that is counted from votes is counted anew.
func (m *Module) mergeVotes(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	var votes []givenVote
	var ids []int
	err := tx.Select(ctx, func(rows *sql.Rows) error {
		var v givenVote
		var kind string
		var author, otherVote, otherFlag sql.NullInt64
		err := rows.Scan(&v.postID, &author, &kind, &v.vote, &v.flag, &v.created, &v.updated, &otherVote, &otherFlag)
		v.author, v.both = int(author.Int64), otherVote.Valid
		v.otherVote, v.otherFlag = int(otherVote.Int64), int(otherFlag.Int64)
		v.kind, _ = splitType(kind)
		votes, ids = append(votes, v), append(ids, v.postID)
		return err
	}, `SELECT v.postid, p.userid, p.type, v.vote, v.flag, UNIX_TIMESTAMP(v.votecreated), UNIX_TIMESTAMP(v.voteupdated),
			o.vote, o.flag
		FROM {uservotes} v
		JOIN {posts} p ON p.postid = v.postid
		LEFT JOIN {uservotes} o ON o.postid = v.postid AND o.userid = ?
		WHERE v.userid = ?
		ORDER BY v.postid
		LIMIT ?`, w.Into, w.UserID, mergedAtOnce)
	if err != nil {
		return 0, fmt.Errorf("read the votes of an account: %w", err)
	}
	if len(votes) == 0 {
		return 0, nil
	}
	return len(votes), m.recounted(ctx, tx, w, ids, func(a *Action) error {
		for _, v := range votes {
			if err := handOver(ctx, tx, w, v); err != nil {
				return err
			}
			vote, _ := v.kept(w.Into)
			a.Votes = append(a.Votes,
				voteChange{UserID: w.UserID, KindBefore: v.kind, KindAfter: v.kind, Before: v.vote},
				voteChange{UserID: w.Into, KindBefore: v.kind, KindAfter: v.kind, Before: v.otherVote, After: vote})
		}
		return nil
	})
}

// handOver makes a vote and flag those of the other account.
func handOver(ctx context.Context, tx *database.DB, w auth.Work, v givenVote) error {
	vote, flag := v.kept(w.Into)
	if v.both && (vote != v.otherVote || flag != v.otherFlag) {
		set, args := "flag = ?", []any{flag}
		if vote != v.otherVote {
			set, args = set+", vote = ?", append(args, vote)
			for column, at := range map[string]sql.NullInt64{"votecreated": v.created, "voteupdated": v.updated} {
				if !at.Valid {
					set += ", " + column + " = NULL"
					continue
				}
				set, args = set+", "+column+" = FROM_UNIXTIME(?)", append(args, at.Int64)
			}
		}
		if _, err := tx.Exec(ctx, "UPDATE {uservotes} SET "+set+" WHERE userid = ? AND postid = ?",
			append(args, w.Into, v.postID)...); err != nil {
			return fmt.Errorf("put two votes together: %w", err)
		}
	}
	query, args := "DELETE FROM {uservotes} WHERE userid = ? AND postid = ?", []any{w.UserID, v.postID}
	if !v.both && v.author != w.Into {
		query, args = "UPDATE {uservotes} SET userid = ? WHERE userid = ? AND postid = ?",
			[]any{w.Into, w.UserID, v.postID}
	}
	if _, err := tx.Exec(ctx, query, args...); err != nil {
		return fmt.Errorf("hand over a vote: %w", err)
	}
	return nil
}

// mergePosts hands over posts, and drops the votes and flags that would be on one's own posts then.
func (m *Module) mergePosts(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	var ids []int
	if err := tx.Select(ctx, database.Append(&ids),
		"SELECT postid FROM {posts} WHERE userid = ? ORDER BY postid LIMIT ?", w.UserID, mergedAtOnce); err != nil {
		return 0, fmt.Errorf("read the posts of an account: %w", err)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	return len(ids), m.recounted(ctx, tx, w, ids, func(a *Action) error {
		err := tx.Select(ctx, func(rows *sql.Rows) error {
			v := voteChange{UserID: w.Into}
			var kind string
			err := rows.Scan(&kind, &v.Before)
			v.KindBefore, _ = splitType(kind)
			v.KindAfter = v.KindBefore
			a.Votes = append(a.Votes, v)
			return err
		}, `SELECT p.type, v.vote
			FROM {uservotes} v
			JOIN {posts} p ON p.postid = v.postid
			WHERE v.userid = ? AND v.postid IN ?`, w.Into, ids)
		if err != nil {
			return fmt.Errorf("read the votes on posts of one's own: %w", err)
		}
		if _, err := tx.Exec(ctx, "DELETE FROM {uservotes} WHERE userid = ? AND postid IN ?", w.Into,
			ids); err != nil {
			return fmt.Errorf("drop the votes on posts of one's own: %w", err)
		}
		if _, err := tx.Exec(ctx, "UPDATE {posts} SET userid = ? WHERE postid IN ? AND userid = ?",
			w.Into, ids, w.UserID); err != nil {
			return fmt.Errorf("hand over posts: %w", err)
		}
		return nil
	})
}

// recounted changes votes on the posts with the ids, or their authors, and then recounts all that follows from
// them: the posts' votes and flags, the best answers' votes and the hotness of their questions, the site's
// counts and, through the listeners, the points of everybody concerned.
func (m *Module) recounted(
	ctx context.Context, tx *database.DB, w auth.Work, ids []int, change func(a *Action) error,
) error {
	before, questions, err := votedStates(ctx, tx, ids)
	if err != nil {
		return err
	}
	flags, err := countFlags(ctx, tx, ids)
	if err != nil {
		return err
	}
	a := &Action{Options: w.Options}
	if err := change(a); err != nil {
		return err
	}
	counts := map[option.Key]int{}
	if err := settleVotes(ctx, tx, w.Options, ids, questions, counts); err != nil {
		return err
	}
	after, _, err := votedStates(ctx, tx, ids)
	if err != nil {
		return err
	}
	flagsNow, err := countFlags(ctx, tx, ids)
	if err != nil {
		return err
	}
	counts[option.CacheFlaggedcount] += flagsNow - flags
	for _, id := range ids {
		if was, is := before[id], after[id]; was != nil && is != nil && *was != *is {
			// Whose answer a question of these accounts has selected may count from now on, or no longer.
			change := PostChange{Before: was, After: is}
			if was.UserID != is.UserID && was.SelectedID != 0 {
				if change.SelectedUserIDs, err = selectedAuthors(ctx, tx, was.SelectedID); err != nil {
					return err
				}
			}
			a.Posts = append(a.Posts, change)
		}
	}
	for _, listen := range m.listeners {
		if err := listen(ctx, tx, a); err != nil {
			return err
		}
	}
	return site.AddCounts(ctx, tx, counts)
}

// countFlags returns how many flags the posts with the ids have, as the site's count of flags counts them,
// that is, without those of hidden posts.
func countFlags(ctx context.Context, tx *database.DB, ids []int) (n int, err error) {
	_, err = tx.Get(ctx, []any{&n}, `SELECT COALESCE(SUM(flagcount), 0)
		FROM {posts}
		WHERE postid IN ? AND type IN ('Q', 'A', 'C')`, ids)
	if err != nil {
		return 0, fmt.Errorf("count flags: %w", err)
	}
	return n, nil
}

// selectedAuthors returns the author of a selected answer, or nothing if it has none.
func selectedAuthors(ctx context.Context, tx *database.DB, answer int) (authors []int, err error) {
	err = tx.Select(ctx, database.Append(&authors),
		"SELECT userid FROM {posts} WHERE postid = ? AND userid IS NOT NULL", answer)
	if err != nil {
		return nil, fmt.Errorf("read who wrote an answer: %w", err)
	}
	return authors, nil
}

// mergeEdits hands over who changed posts last.
func mergeEdits(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	var ids []int
	if err := tx.Select(ctx, database.Append(&ids),
		"SELECT postid FROM {posts} WHERE lastuserid = ? ORDER BY postid LIMIT ?", w.UserID,
		mergedAtOnce); err != nil || len(ids) == 0 {
		return 0, err
	}
	if _, err := tx.Exec(ctx, "UPDATE {posts} SET lastuserid = ? WHERE postid IN ? AND lastuserid = ?",
		w.Into, ids, w.UserID); err != nil {
		return 0, fmt.Errorf("hand over edits: %w", err)
	}
	return len(ids), nil
}

// mergeRevisions hands over the versions of posts that an account has written.
func mergeRevisions(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	var ids []int
	if err := tx.Select(ctx, database.Append(&ids),
		"SELECT postid FROM {q2ab_revisions} WHERE userid = ? LIMIT ?", w.UserID,
		mergedAtOnce); err != nil || len(ids) == 0 {
		return 0, err
	}
	slices.Sort(ids)
	if _, err := tx.Exec(ctx, "UPDATE {q2ab_revisions} SET userid = ? WHERE postid IN ? AND userid = ?",
		w.Into, slices.Compact(ids), w.UserID); err != nil {
		return 0, fmt.Errorf("hand over versions of posts: %w", err)
	}
	return len(ids), nil
}

// forgetAddresses drops the addresses from which an account that is anonymised has written posts or changed
// them, the cookies by which it was known before it signed in, and what its posts say of whom to notify.
func forgetAddresses(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	if w.Merging() {
		return 0, nil
	}
	var done int
	for condition, set := range map[string]string{
		"userid = ? AND (createip IS NOT NULL OR cookieid IS NOT NULL OR notify IS NOT NULL OR name IS NOT NULL)": "createip = NULL, cookieid = NULL, notify = NULL, name = NULL",
		"lastuserid = ? AND lastip IS NOT NULL": "lastip = NULL",
	} {
		var ids []int
		if err := tx.Select(ctx, database.Append(&ids),
			"SELECT postid FROM {posts} WHERE "+condition+" ORDER BY postid LIMIT ?", w.UserID,
			mergedAtOnce); err != nil {
			return 0, fmt.Errorf("read the posts of an account: %w", err)
		}
		if len(ids) == 0 {
			continue
		}
		if _, err := tx.Exec(ctx, "UPDATE {posts} SET "+set+" WHERE postid IN ?", ids); err != nil {
			return 0, fmt.Errorf("forget from where somebody posted: %w", err)
		}
		done += len(ids)
	}
	return done, nil
}
