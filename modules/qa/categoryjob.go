package qa

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

const (
	// categoriesJob is the job that takes posts along when categories change.
	categoriesJob = "categories"
	// aloneForCategories is the name by which those who change categories, or the places of many posts among
	// them, wait for each other.
	aloneForCategories = "categories"
	// postsPerMove is how many posts one transaction of the job moves at most, and postsPerLook how many it
	// looks at in a batch, of which most are as they should be.
	postsPerMove, postsPerLook = 200, 1000
)

// CategoriesJob returns the job that takes posts along when an administrator has changed categories. It
// empties the categories that are to be emptied, and removes those that are to go. Then it does what Q2A's
// recalculation of categories does to posts. In each of its transactions the categories' counts of
// questions change together with the posts, so that they are right at any moment, and wherever the job is
// stopped.
func (m *Module) CategoriesJob() jobs.Job {
	return jobs.Job{
		Name: categoriesJob, Summary: "takes posts along when categories are moved, merged or deleted",
		Steps: []jobs.Step{
			{Name: "categories to empty", Count: m.countMoving, Batch: m.moveSome},
			{
				Name:  "categories of posts",
				Count: func(ctx context.Context) (int, error) { return m.countRows(ctx, "posts") },
				Batch: m.settleSome,
			},
		},
	}
}

// categoryMove is a category that is being emptied, with the category that its posts go to. In both, 0
// stands for no category.
type categoryMove struct {
	from, to int
	// removes says that the category goes once it is empty.
	removes bool
}

// readMoves reads what the job is to empty, in the order in which it does that.
func readMoves(ctx context.Context, db *database.DB) (list []categoryMove, err error) {
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var move categoryMove
		err := rows.Scan(&move.from, &move.to, &move.removes)
		list = append(list, move)
		return err
	}, "SELECT categoryid, target, removes FROM {q2ab_category_moves} ORDER BY categoryid")
	if err != nil {
		return nil, fmt.Errorf("read which categories are emptied: %w", err)
	}
	return list, nil
}

// within returns the SQL condition, with its argument, of posts that are in exactly the category; 0 is none.
func within(category int) (condition string, args []any) {
	if category == 0 {
		return "categoryid IS NULL", nil
	}
	return "categoryid = ?", []any{category}
}

func (m *Module) countMoving(ctx context.Context) (total int, err error) {
	moves, err := readMoves(ctx, m.db)
	for _, move := range moves {
		n := 0
		condition, args := within(move.from)
		_, err := m.db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {posts} WHERE "+condition, args...)
		if err != nil {
			return 0, fmt.Errorf("count the posts of a category: %w", err)
		}
		total += n
	}
	return total, err
}

// moveSome moves some posts out of the first category that is to be emptied. It finds them anew each time,
// since those that it has moved are no longer there, and those that are written meanwhile are.
func (m *Module) moveSome(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
	if w.DryRun {
		w.Done, err = m.countMoving(ctx)
		return 0, err
	}
	err = w.Tx(ctx, func(tx *database.DB) error {
		next, w.Done = 0, 0
		if err := tx.Alone(ctx, aloneForCategories); err != nil {
			return err
		}
		moves, err := readMoves(ctx, tx)
		if err != nil || len(moves) == 0 {
			return err
		}
		next = 1
		w.Done, err = moves[0].some(ctx, tx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("empty a category: %w", err)
	}
	m.categories.Store(nil)
	return next, nil
}

// some moves some posts, and returns how many. Once there are none left, it ends the move.
func (move categoryMove) some(ctx context.Context, tx *database.DB) (moved int, err error) {
	tree, err := readTree(ctx, tx, "")
	if err != nil {
		return 0, err
	}
	gone := func(id int) bool { return id != 0 && tree.byID[id] == nil }
	if gone(move.from) || gone(move.to) { // the old site has deleted it
		return 0, move.forget(ctx, tx)
	}
	ids, err := move.left(ctx, tx)
	if err != nil {
		return 0, err
	}
	if c := tree.byID[move.from]; len(ids) == 0 || move.removes && len(c.children) > 0 { // by the old site
		return 0, move.end(ctx, tx)
	}
	posts, err := lockPlaces(ctx, tx, ids)
	if err != nil {
		return 0, err
	}
	to := placeOf(tree.pathTo(tree.byID[move.to]))
	for i := range posts {
		if p := &posts[i]; p.before[0] == move.from {
			p.after = to
		}
	}
	return len(ids), storePlaces(ctx, tx, posts)
}

// left returns the ids of some of the posts that are still in the category. If it is to go, these are in
// the end those whose paths lead through it, because they are in categories that were below it.
func (move categoryMove) left(ctx context.Context, tx *database.DB) (ids []int, err error) {
	condition, args := within(move.from)
	conditions := []string{condition}
	if move.removes {
		conditions = append(conditions, "catidpath1 = ?", "catidpath2 = ?", "catidpath3 = ?")
	}
	for _, condition := range conditions { // one by one, because each has an index
		if err := tx.Select(ctx, database.Append(&ids), "SELECT postid FROM {posts} WHERE "+condition+" LIMIT ?",
			append(args, postsPerMove)...); err != nil {
			return nil, fmt.Errorf("find the posts of a category: %w", err)
		}
		if len(ids) > 0 {
			return ids, nil
		}
	}
	return nil, nil
}

// lockPlaces locks the posts with the ids and the posts above them, and reads their places.
func lockPlaces(ctx context.Context, tx *database.DB, ids []int) ([]placed, error) {
	posts, err := readPlaces(ctx, tx, "{posts} p", "WHERE p.postid IN ?", ids)
	if err != nil || len(posts) == 0 {
		return nil, err
	}
	if err := lockThreads(ctx, tx, posts); err != nil {
		return nil, err
	}
	// They are read again, because they may have been written until they were locked.
	return readPlaces(ctx, tx, "{posts} p", "WHERE p.postid IN ?", ids)
}

// end ends a move whose category is empty, and removes the category if that is wanted. If the old site has
// made categories below it, it stays. If posts have come into it since it was found empty, the next batch
// moves these.
func (move categoryMove) end(ctx context.Context, tx *database.DB) error {
	if !move.removes {
		return move.forget(ctx, tx)
	}
	tree, err := readTree(ctx, tx, " ORDER BY categoryid"+tx.ForUpdate())
	if err != nil {
		return err
	}
	c := tree.byID[move.from]
	if c == nil || len(c.children) > 0 {
		return move.forget(ctx, tx)
	}
	ids, err := move.left(ctx, tx)
	if err != nil || len(ids) > 0 {
		return err
	}
	if err := removeCategory(ctx, tx, tree, c); err != nil {
		return err
	}
	return move.forget(ctx, tx)
}

// forget takes a move off the list of the job.
func (move categoryMove) forget(ctx context.Context, tx *database.DB) error {
	_, err := tx.Exec(ctx, "DELETE FROM {q2ab_category_moves} WHERE categoryid = ?", move.from)
	if err != nil {
		return fmt.Errorf("end the emptying of a category: %w", err)
	}
	return nil
}

// settleSome looks at some posts after the one with the given id, and repairs the categories of those that
// are not where they should be. For a dry run it reports these.
func (m *Module) settleSome(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	posts, err := readPlaces(ctx, m.db, `(SELECT postid FROM {posts} WHERE postid > ? ORDER BY postid LIMIT ?) y
		JOIN {posts} p ON p.postid = y.postid`, "ORDER BY p.postid", after, postsPerLook)
	if err != nil {
		return 0, err
	}
	var wrong []int
	for _, p := range posts {
		if p.before == p.after {
			continue
		}
		wrong = append(wrong, p.id)
		for i := range placeColumns {
			if w.DryRun {
				w.Report("posts", fmt.Sprintf("postid=%d", p.id), placeColumns[i], p.before[i], p.after[i])
			}
		}
	}
	if w.Done = len(posts); len(posts) == postsPerLook {
		next = posts[len(posts)-1].id
	}
	if w.DryRun {
		return next, nil
	}
	for ids := range slices.Chunk(wrong, postsPerMove) {
		err := w.Tx(ctx, func(tx *database.DB) error {
			if err := tx.Alone(ctx, aloneForCategories); err != nil {
				return err
			}
			posts, err := lockPlaces(ctx, tx, ids)
			if err != nil {
				return err
			}
			return storePlaces(ctx, tx, posts)
		})
		if err != nil {
			return 0, fmt.Errorf("settle the categories of posts: %w", err)
		}
	}
	return next, nil
}
