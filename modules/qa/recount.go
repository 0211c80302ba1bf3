package qa

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// This file recomputes all that is derived from posts, votes and words, as Q2A's own recalculation
// does. Each batch is one transaction. It first locks the rows that hold the stored values, and counts
// in the next statement. It does not count what other transactions have not committed yet; these add it
// to the rows themselves once the lock is released, since they change the counted rows and the counts
// in the same transaction.

// postsPerBatch and wordsPerBatch are how many posts and words one transaction recounts.
const (
	postsPerBatch = 200
	wordsPerBatch = 500
)

// RecountSteps returns the steps of the recalculation that are about posts, the word index and
// categories.
func (m *Module) RecountSteps() []jobs.Step {
	posts := func(ctx context.Context) (int, error) { return m.countRows(ctx, "posts") }
	words := func(ctx context.Context) (int, error) { return m.countRows(ctx, "words") }
	return []jobs.Step{
		{Name: "categories and votes of posts", Count: posts, Batch: m.recountPosts},
		{Name: "answers and hotness of questions", Count: posts, Batch: m.recountAnswers},
		{Name: "word index", Count: posts, Batch: m.recountIndex},
		{Name: "words", Count: words, Batch: m.recountWords},
		{Name: "categories", Batch: m.recountCategories},
	}
}

// RecountLast returns the step that recounts the totals of the site. It has to run after all other
// steps, since it adds up what they have repaired.
func (m *Module) RecountLast() jobs.Step {
	return jobs.Step{Name: "counts of the site", Batch: m.recountSite}
}

func (m *Module) countRows(ctx context.Context, table string) (n int, err error) {
	_, err = m.db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {"+table+"}")
	return n, err
}

// batch locks up to size rows of a table whose key is greater than after, and calls work with their ids
// in the same transaction. next is the last id, or 0 when there are no more rows.
//
// Every transaction of the recalculation calls lockWordsFirst before it locks rows.
func (m *Module) batch(
	ctx context.Context, table, key string, after, size int, w *jobs.Work,
	work func(tx *database.DB, ids []int) error,
) (next int, err error) {
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		var ids []int
		w.Found, next = nil, 0
		lock, err := m.lockOf(ctx, tx, w)
		if err != nil {
			return err
		}
		err = tx.Select(ctx, database.Append(&ids), "SELECT "+key+" FROM {"+table+"} WHERE "+key+
			" > ? ORDER BY "+key+" LIMIT ?"+lock, after, size)
		if err != nil {
			return fmt.Errorf("lock %s: %w", table, err)
		}
		w.Done = len(ids)
		if len(ids) == 0 {
			return nil
		}
		if len(ids) == size {
			next = ids[size-1]
		}
		return work(tx, ids)
	})
	return next, err
}

// lockOf returns the end of a query that locks the rows of a batch. For a dry run it is "", since dry
// runs lock nothing.
func (m *Module) lockOf(ctx context.Context, tx *database.DB, w *jobs.Work) (string, error) {
	if w.DryRun {
		return "", nil
	}
	return tx.ForUpdate(), lockWordsFirst(ctx, tx)
}

// repair compares the stored columns of a row with the computed values, reports those that differ, and,
// unless this is a dry run, sets them.
func repair(
	ctx context.Context, tx *database.DB, w *jobs.Work, table, key string, id int,
	stored, computed []any, columns []string,
) error {
	var sets []string
	var args []any
	for i, column := range columns {
		if w.Report(table, key+"="+itoa(id), column, stored[i], computed[i]) {
			sets, args = append(sets, column+" = ?"), append(args, computed[i])
		}
	}
	if len(sets) == 0 || w.DryRun {
		return nil
	}
	if _, err := tx.Exec(ctx, "UPDATE {"+table+"} SET "+strings.Join(sets, ", ")+" WHERE "+key+" = ?",
		append(args, id)...); err != nil {
		return fmt.Errorf("repair %s: %w", table, err)
	}
	return nil
}

// recountPosts repairs the categories of the posts below questions, and the category paths, votes and
// flags of all posts.
func (m *Module) recountPosts(ctx context.Context, after int, w *jobs.Work) (int, error) {
	return m.batch(ctx, "posts", "postid", after, postsPerBatch, w, func(tx *database.DB, ids []int) error {
		if err := settleCategories(ctx, tx, ids, w); err != nil {
			return err
		}
		return settleVotesOf(ctx, tx, ids, w)
	})
}

// settleCategories repairs the categories of the posts with the ids, whose rows are locked. It does not
// change the categories' counts of questions; a later step of the recalculation repairs these.
func settleCategories(ctx context.Context, tx *database.DB, ids []int, w *jobs.Work) error {
	all, err := readPlaces(ctx, tx, "{posts} p", "WHERE p.postid IN ?", ids)
	if err != nil {
		return err
	}
	for _, p := range all {
		if err := repair(ctx, tx, w, "posts", "postid", p.id, p.before.columns(), p.after.columns(),
			placeColumns); err != nil {
			return err
		}
	}
	return nil
}

// settleVotesOf repairs the votes and flags of the posts with the ids, whose rows are locked.
func settleVotesOf(ctx context.Context, tx *database.DB, ids []int, w *jobs.Work) error {
	columns := []string{"upvotes", "downvotes", "netvotes", "flagcount"}
	type found struct {
		id               int
		stored, computed []any
	}
	var all []found
	sum := func(what string) string {
		return `(SELECT COALESCE(SUM(CASE WHEN ` + what + ` THEN 1 ELSE 0 END), 0)
			FROM {uservotes} v
			WHERE v.postid = p.postid)`
	}
	err := tx.Select(ctx, func(rows *sql.Rows) error {
		var id, up, down, net, flags, realUp, realDown, realFlags int
		if err := rows.Scan(&id, &up, &down, &net, &flags, &realUp, &realDown, &realFlags); err != nil {
			return err
		}
		all = append(all, found{id, []any{up, down, net, flags},
			[]any{realUp, realDown, realUp - realDown, realFlags}})
		return nil
	}, `SELECT p.postid, p.upvotes, p.downvotes, p.netvotes, p.flagcount,
			`+sum("vote > 0")+`, `+sum("vote < 0")+`, `+sum("flag <> 0")+`
		FROM {posts} p
		WHERE p.postid IN ?`, ids)
	if err != nil {
		return fmt.Errorf("recount votes: %w", err)
	}
	for _, f := range all {
		if err := repair(ctx, tx, w, "posts", "postid", f.id, f.stored, f.computed, columns); err != nil {
			return err
		}
	}
	return nil
}

// recountAnswers repairs each post's number of answers and the votes of its best answer, and the
// hotness of questions. Q2A's own recalculation also gives answers and comments a hotness. Nothing
// reads it and Q2A's normal operation does not store it, so it is left out here on purpose.
func (m *Module) recountAnswers(ctx context.Context, after int, w *jobs.Work) (int, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return 0, err
	}
	return m.batch(ctx, "posts", "postid", after, postsPerBatch, w, func(tx *database.DB, ids []int) error {
		return settleAnswers(ctx, tx, o, ids, w)
	})
}

// settleAnswers does the work of recountAnswers for the posts with the ids, whose rows are locked.
func settleAnswers(ctx context.Context, tx *database.DB, o *site.Options, ids []int, w *jobs.Work) error {
	type found struct {
		id               int
		question         bool
		hotness          float64
		stored, computed []any
	}
	var all []found
	err := tx.Select(ctx, func(rows *sql.Rows) error {
		var f found
		var kind string
		var hotness sql.NullFloat64
		var answers, best, realAnswers, realBest int
		if err := rows.Scan(&f.id, &kind, &answers, &best, &hotness, &realAnswers, &realBest); err != nil {
			return err
		}
		f.question, f.hotness = kind[0] == 'Q', hotness.Float64
		f.stored, f.computed = []any{answers, best}, []any{realAnswers, max(realBest, 0)}
		all = append(all, f)
		return nil
	}, `SELECT p.postid, p.type, p.acount, p.amaxvote, p.hotness + 0e0,
			(SELECT COUNT(*) FROM {posts} a WHERE a.parentid = p.postid AND a.type = 'A'),
			(SELECT COALESCE(MAX(a.netvotes), 0) FROM {posts} a WHERE a.parentid = p.postid AND a.type = 'A')
		FROM {posts} p
		WHERE p.postid IN ?`, ids)
	if err != nil {
		return fmt.Errorf("recount answers: %w", err)
	}
	for _, f := range all {
		if err := repair(ctx, tx, w, "posts", "postid", f.id, f.stored, f.computed,
			[]string{"acount", "amaxvote"}); err != nil {
			return err
		}
		if !f.question {
			continue
		}
		hotness, err := computeHotness(ctx, tx, o, f.id, 0)
		if err != nil {
			return err
		}
		if err := repair(ctx, tx, w, "posts", "postid", f.id, []any{f.hotness}, []any{hotness},
			[]string{"hotness"}); err != nil {
			return err
		}
	}
	return nil
}

// recountIndex repairs the rows of the word index.
func (m *Module) recountIndex(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return 0, err
	}
	err = m.withWords(ctx, func(retried bool) error {
		next, err = m.batch(ctx, "posts", "postid", after, postsPerBatch, w,
			func(tx *database.DB, ids []int) error {
				c := &change{
					m: m, Writer: auth.Writer{Ctx: ctx, Tx: tx, Options: o},
					wordRows: wordRows{retried: retried || w.DryRun, dry: w.DryRun},
				}
				return c.recountIndex(ids, w)
			})
		return err
	})
	return next, err
}

func (c *change) recountIndex(ids []int, w *jobs.Work) error {
	around, err := selectPosts(c.Ctx, c.Tx, false, (*scanner).fullDest, `SELECT `+fullColumns+`
		FROM (SELECT postid
			FROM {posts}
			WHERE postid IN ?
			UNION SELECT parentid
			FROM {posts}
			WHERE postid IN ?
			UNION SELECT b.parentid
			FROM {posts} a
			JOIN {posts} b ON b.postid = a.parentid
			WHERE a.postid IN ?) y
		JOIN {posts} p ON p.postid = y.postid`+fullJoin, ids, ids, ids)
	if err != nil {
		return fmt.Errorf("recount the index: %w", err)
	}
	byID := make(map[int]*post, len(around))
	for _, p := range around {
		byID[p.id] = p
	}
	get := func(id int) *post { return byID[id] }
	questionOf := func(p *post) int {
		for ; p != nil && p.kind != KindQuestion; p = get(p.parentID) {
			continue
		}
		if p == nil {
			return 0
		}
		return p.id
	}
	var mine, indexed []*post
	for _, id := range ids {
		if p := byID[id]; p != nil {
			if mine = append(mine, p); isIndexed(p, get) {
				indexed = append(indexed, p)
			}
		}
	}
	have, err := c.indexedRows(mine)
	if err != nil {
		return err
	}
	want, err := c.wantedRows(indexed, questionOf)
	if err != nil {
		return err
	}
	for row, e := range have {
		w.Report(indexTable[row.table], fmt.Sprintf("postid=%d wordid=%d", row.post, row.word), "row",
			e, want[row])
	}
	for row, e := range want {
		if _, ok := have[row]; !ok {
			w.Report(indexTable[row.table], fmt.Sprintf("postid=%d wordid=%d", row.post, row.word),
				"row", entry{}, e)
		}
	}
	if w.DryRun || len(w.Found) == 0 {
		return nil
	}
	if err := c.replaceRows(have, want); err != nil {
		return err
	}
	return site.AddCounts(c.Ctx, c.Tx, map[option.Key]int{option.CacheTagcount: c.tags})
}
