package qa

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"38qa.net/backend/modules/kernel/database"
)

// place says where among the categories a post is, in the columns of placeColumns: its own category, and the
// upper three of the categories from the top down to it. 0 stands for NULL.
type place [4]int

var placeColumns = []string{"categoryid", "catidpath1", "catidpath2", "catidpath3"}

// placeOf returns the place of posts in the last category of a path, which begins with the top category.
func placeOf(path []int) (p place) {
	if len(path) > 0 {
		p[0] = path[len(path)-1]
		copy(p[1:], path)
	}
	return p
}

// columns returns the place as arguments of a query.
func (p place) columns() []any {
	list := make([]any, len(p))
	for i, id := range p {
		list[i] = orNull(id)
	}
	return list
}

// categories returns the ids of the categories that count a question at the place, each once.
func (p place) categories() []int {
	ids := slices.Sorted(slices.Values(p[:]))
	return slices.DeleteFunc(slices.Compact(ids), func(id int) bool { return id == 0 })
}

// placed is a post, with its place as it is stored and as it should be.
type placed struct {
	id int
	// thread holds the ids of the posts above it, up to its question; 0 where there is none.
	thread [2]int
	// counted is set if the post is a visible question.
	counted       bool
	before, after place
}

// questionTypes are the types of questions, as the database stores them.
const questionTypes = "('Q', 'Q_HIDDEN', 'Q_QUEUED')"

// ownCategory is the category that a post p should be in: a question's own, which all posts below it
// share. It needs the joins of readPlaces.
const ownCategory = `CASE WHEN p.type IN ` + questionTypes + ` THEN p.categoryid
	WHEN par.type IN ` + questionTypes + ` THEN par.categoryid
	ELSE gp.categoryid END`

// readPlaces reads the posts p of a table or subquery, with the places that they are in and should be in.
func readPlaces(
	ctx context.Context, db *database.DB, from, tail string, args ...any,
) (list []placed, err error) {
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var p placed
		var kind string
		var above [2]sql.NullInt64
		var stored [4]sql.NullInt64
		var own, c0 sql.NullInt64
		var parents [3]sql.NullInt64
		if err := rows.Scan(&p.id, &kind, &above[0], &above[1], &stored[0], &stored[1], &stored[2], &stored[3],
			&own, &c0, &parents[0], &parents[1], &parents[2]); err != nil {
			return err
		}
		for i, id := range stored {
			p.before[i] = int(id.Int64)
		}
		if base, _ := splitType(kind); base != KindQuestion {
			p.thread = [2]int{int(above[0].Int64), int(above[1].Int64)}
		}
		var path []int
		for _, id := range []sql.NullInt64{parents[2], parents[1], parents[0], c0} {
			if id.Valid {
				path = append(path, int(id.Int64))
			}
		}
		p.after = placeOf(path)
		p.after[0], p.counted = int(own.Int64), kind == "Q"
		list = append(list, p)
		return nil
	}, `SELECT p.postid, p.type, p.parentid,
			CASE WHEN par.type IN `+questionTypes+` THEN NULL ELSE par.parentid END,
			p.categoryid, p.catidpath1, p.catidpath2, p.catidpath3,
			`+ownCategory+`, c0.categoryid, c0.parentid, c1.parentid, c2.parentid
		FROM `+from+`
		LEFT JOIN {posts} par ON par.postid = p.parentid
		LEFT JOIN {posts} gp ON gp.postid = par.parentid
		LEFT JOIN {categories} c0 ON c0.categoryid = `+ownCategory+`
		LEFT JOIN {categories} c1 ON c1.categoryid = c0.parentid
		LEFT JOIN {categories} c2 ON c2.categoryid = c1.parentid
		`+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("read the categories of posts: %w", err)
	}
	return list, nil
}

// lockThreads locks posts and the posts above them. All writers of a thread wait for each other at the lock
// of its question.
func lockThreads(ctx context.Context, tx *database.DB, posts []placed) error {
	ids := map[int]bool{}
	for _, p := range posts {
		ids[p.id], ids[p.thread[0]], ids[p.thread[1]] = true, true, true
	}
	delete(ids, 0)
	var locked []int
	err := tx.Select(ctx, database.Append(&locked),
		"SELECT postid FROM {posts} WHERE postid IN ? ORDER BY postid"+tx.ForUpdate(), slices.Sorted(maps.Keys(ids)))
	if err != nil {
		return fmt.Errorf("lock posts: %w", err)
	}
	return nil
}

// storePlaces writes the places of posts that differ, and by how much the categories' counts of visible
// questions change with them. The posts are locked. The categories come before the posts that refer to
// them, as in every transaction.
func storePlaces(ctx context.Context, tx *database.DB, posts []placed) error {
	counts, moved := map[int]int{}, map[place][]int{}
	for _, p := range posts {
		if p.before == p.after {
			continue
		}
		moved[p.after] = append(moved[p.after], p.id)
		if !p.counted {
			continue
		}
		for _, id := range p.before.categories() {
			counts[id]--
		}
		for _, id := range p.after.categories() {
			counts[id]++
		}
	}
	maps.DeleteFunc(counts, func(_, n int) bool { return n == 0 })
	if err := addQuestions(ctx, tx, counts); err != nil {
		return err
	}
	for to, ids := range moved {
		if _, err := tx.Exec(ctx, `UPDATE {posts}
			SET categoryid = ?, catidpath1 = ?, catidpath2 = ?, catidpath3 = ?
			WHERE postid IN ?`, append(to.columns(), ids)...); err != nil {
			return fmt.Errorf("move posts: %w", err)
		}
	}
	return nil
}

// addQuestions adds numbers, which may be negative, to the categories' counts of questions. A count does not
// fall below 0.
func addQuestions(ctx context.Context, tx *database.DB, counts map[int]int) error {
	if len(counts) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(counts))
	var locked []int
	if err := tx.Select(ctx, database.Append(&locked),
		"SELECT categoryid FROM {categories} WHERE categoryid IN ? ORDER BY categoryid"+tx.ForUpdate(),
		ids); err != nil {
		return fmt.Errorf("lock categories: %w", err)
	}
	by := map[int][]int{}
	for _, id := range ids {
		by[counts[id]] = append(by[counts[id]], id)
	}
	for n, ids := range by {
		set, args := "qcount + ?", []any{n, ids}
		if n < 0 {
			set, args = "CASE WHEN qcount < ? THEN 0 ELSE qcount - ? END", []any{-n, -n, ids}
		}
		if _, err := tx.Exec(ctx, "UPDATE {categories} SET qcount = "+set+" WHERE categoryid IN ?",
			args...); err != nil {
			return fmt.Errorf("count the questions of categories: %w", err)
		}
	}
	return nil
}

// errOtherTree says that a category is not where the tree that the action works with has it, or is gone. The
// action then begins anew, with the tree as it is.
var errOtherTree = errors.New("the tree of categories has changed")

// holdCategories makes sure that the categories of a question's new path, the top one first, stay where
// they are until the action ends.
func (c *change) holdCategories(path []int) error {
	if len(path) == 0 {
		return nil
	}
	parents := map[int]int{}
	err := c.Tx.Select(c.Ctx, func(rows *sql.Rows) error {
		var id, parent int
		err := rows.Scan(&id, &parent)
		parents[id] = parent
		return err
	}, "SELECT categoryid, COALESCE(parentid, 0) FROM {categories} WHERE categoryid IN ? ORDER BY categoryid"+
		c.Tx.ForUpdate(), path)
	if err != nil {
		return fmt.Errorf("lock categories: %w", err)
	}
	above := 0
	for i, id := range path {
		parent, found := parents[id]
		if !found || parent != above && (i > 0 || len(path) < maxDepth) { // the old site may have more levels
			return errOtherTree
		}
		above = id
	}
	return nil
}

// holdNewCategory does holdCategories if the action puts its question into another category.
func (c *change) holdNewCategory() error {
	q := c.thread.question
	before, existed := c.before[q.id]
	if !existed || q.categoryID == before.categoryID {
		return nil
	}
	return c.holdCategories(q.categoryPath)
}
