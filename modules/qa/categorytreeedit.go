package qa

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// The codes of problems with changes of categories.
var (
	codeCategoryHasChildren = problem.Define("category_has_children", http.StatusConflict,
		problem.Text("Category has subcategories", "サブカテゴリーがあります"),
		problem.Text("A category with subcategories cannot be deleted. Move these, or merge it into another one.",
			"サブカテゴリーのあるカテゴリーは削除できません。先にサブカテゴリーを移動するか、別のカテゴリーに統合してください。"))
	codeCategoryNotEmpty = problem.Define("category_not_empty", http.StatusConflict,
		problem.Text("Category not empty", "カテゴリーに投稿があります"),
		problem.Text("There are posts in this category, perhaps hidden ones; moveTo says where they go.",
			"このカテゴリーには投稿があります（非表示のものを含む）。移動先を moveTo で指定してください。"))
	codeCategoryMoving = problem.Define("category_moving", http.StatusConflict,
		problem.Text("Posts are being moved", "投稿を移動中です"),
		problem.Text("The posts of category %d are being moved; try again once that is done.",
			"カテゴリー %d の投稿を移動しています。終わってからもう一度お試しください。"))
)

// treeEdit is one change of categories by an administrator, in a transaction that nobody else changes
// categories beside.
type treeEdit struct {
	*auth.Writer
	tree  *categoryTree
	moves []categoryMove
	// takesPosts is set if posts have to be taken along.
	takesPosts bool
}

// editTree runs a change of categories, and queues the job that takes posts along, in the same transaction.
// It returns the id of the category that the change made, if any, and the run of the job, nil if no posts
// are concerned.
func (m *Module) editTree(
	ctx context.Context, change func(e *treeEdit) (int, error),
) (resource int, run *jobs.RunInfo, err error) {
	takesPosts := false
	resource, err = m.auth.Write(ctx, func(w *auth.Writer) (id int, err error) {
		e := &treeEdit{Writer: w}
		if err := w.Tx.Alone(w.Ctx, aloneForCategories); err != nil {
			return 0, err
		}
		if e.tree, err = readTree(w.Ctx, w.Tx, " ORDER BY categoryid"+w.Tx.ForUpdate()); err != nil {
			return 0, err
		}
		if e.moves, err = readMoves(w.Ctx, w.Tx); err != nil {
			return 0, err
		}
		if id, err = change(e); err != nil {
			return 0, err
		}
		if takesPosts = e.takesPosts; takesPosts {
			err = m.jobs.Queue(w.Ctx, w.Tx, categoriesJob)
		}
		return id, err
	})
	if err != nil {
		return 0, nil, err
	}
	m.categories.Store(nil)
	if !takesPosts {
		return resource, nil, nil
	}
	runs, err := m.jobs.History(ctx, categoriesJob, 1)
	if err == nil && len(runs) > 0 {
		run = runs[0].Info()
	}
	return resource, run, err
}

// open returns the category with the id, as the client knows it by its header If-Match.
func (e *treeEdit) open(id int) (*category, error) {
	c := e.tree.byID[id]
	if c == nil {
		return nil, problem.NotFound()
	}
	return c, web.CheckMatch(e.Ctx, c.revision())
}

// idle returns a problem if the posts of the category are being moved, or posts into it.
func (e *treeEdit) idle(id int) error {
	for _, move := range e.moves {
		if move.from == id || move.to == id && id != 0 {
			return problem.New(codeCategoryMoving, move.from)
		}
	}
	return nil
}

// stays returns a problem if the posts of the category are being moved out of it, so that nothing should be
// put there.
func (e *treeEdit) stays(id int) error {
	for _, move := range e.moves {
		if move.from == id && id != 0 {
			return problem.New(codeCategoryMoving, id)
		}
	}
	return nil
}

// siblings returns the categories of a parent, 0 for the top ones, in their order.
func (t *categoryTree) siblings(parent int) []*category {
	if p := t.byID[parent]; p != nil {
		return p.children
	}
	return t.top
}

// lastPosition returns the position of the last category of a parent, or 0 if there is none.
func (t *categoryTree) lastPosition(parent int) int {
	last := 0
	for _, c := range t.siblings(parent) {
		last = max(last, c.position)
	}
	return last
}

// below returns the ids of the category and of all categories below it.
func (c *category) below() []int {
	ids := []int{c.id}
	for _, child := range c.children {
		ids = append(ids, child.below()...)
	}
	return ids
}

// height returns how many levels of categories there are below.
func (c *category) height() int {
	levels := 0
	for _, child := range c.children {
		levels = max(levels, 1+child.height())
	}
	return levels
}

// backpath returns the slugs from the category up to the top one, as Q2A stores them.
func (t *categoryTree) backpath(c *category) string {
	slugs := []string{c.slug}
	for up := t.byID[c.parentID]; up != nil && len(slugs) < maxDepth; up = t.byID[up.parentID] {
		slugs = append(slugs, up.slug)
	}
	return strings.Join(slugs, "/")
}

// categoriesPerUpdate is the largest number of categories that one statement gives other paths.
const categoriesPerUpdate = 100

// rewritePaths stores the paths of the categories with the ids, where they are others now.
func rewritePaths(ctx context.Context, tx *database.DB, tree *categoryTree, ids []int) error {
	var changed []*category
	for _, id := range ids {
		c := tree.byID[id]
		slugs := strings.Split(tree.backpath(c), "/")
		slices.Reverse(slugs)
		if path := strings.Join(slugs, "/"); path != c.path {
			c.path = path
			changed = append(changed, c)
		}
	}
	for some := range slices.Chunk(changed, categoriesPerUpdate) {
		set, args, among := "CASE categoryid", []any(nil), []int(nil)
		for _, c := range some {
			set, args, among = set+" WHEN ? THEN ?", append(args, c.id, tree.backpath(c)), append(among, c.id)
		}
		if _, err := tx.Exec(ctx, "UPDATE {categories} SET backpath = "+set+
			" ELSE backpath END WHERE categoryid IN ?", append(args, among)...); err != nil {
			return fmt.Errorf("rewrite the paths of categories: %w", err)
		}
	}
	return nil
}

// maxSiblings is the highest position that a category gets. Q2A's column ends at 65535, and while categories
// change their places they have positions from aside on.
const (
	maxSiblings = 30_000
	aside       = 32_767
)

// reordered returns the new positions, by id, of the siblings that get others when one of them is given the
// position to, as Q2A does it: the position is brought into the range of those that there are.
func reordered(siblings []*category, id, to int) map[int]int {
	from, last := 0, 0
	for _, c := range siblings {
		if last = max(last, c.position); c.id == id {
			from = c.position
		}
	}
	to = max(1, min(to, last))
	positions := map[int]int{}
	for _, c := range siblings {
		switch p := c.position; {
		case c.id == id && p != to:
			positions[c.id] = to
		case c.id != id && to <= p && p < from:
			positions[c.id] = p + 1
		case c.id != id && from < p && p <= to:
			positions[c.id] = p - 1
		}
	}
	return positions
}

// closed returns the new positions, by id, of the siblings after the one with the id, which leaves.
func closed(siblings []*category, id int) map[int]int {
	positions := reordered(siblings, id, maxSiblings)
	delete(positions, id)
	return positions
}

// renumber gives categories of one parent other positions. They are put aside first, since no two
// categories of a parent may have the same at any moment.
func renumber(ctx context.Context, tx *database.DB, tree *categoryTree, positions map[int]int) error {
	if len(positions) == 0 {
		return nil
	}
	by := map[int][]int{} // by how much they come back
	for id, position := range positions {
		back := aside + tree.byID[id].position - position
		by[back] = append(by[back], id)
		tree.byID[id].position = position
	}
	ids := slices.Sorted(maps.Keys(positions))
	if _, err := tx.Exec(ctx, "UPDATE {categories} SET position = position + ? WHERE categoryid IN ?", aside,
		ids); err != nil {
		return fmt.Errorf("reorder categories: %w", err)
	}
	for back, ids := range by {
		if _, err := tx.Exec(ctx, "UPDATE {categories} SET position = position - ? WHERE categoryid IN ?", back,
			ids); err != nil {
			return fmt.Errorf("reorder categories: %w", err)
		}
	}
	return nil
}

// removeCategory deletes a category without children and posts, and moves up the siblings after it. As on
// the old site, its own texts go with it (categorymetas); who follows it, has a level in it or has it in a
// stream of updates keeps these rows, which then mean nothing: ids are not used again.
func removeCategory(ctx context.Context, tx *database.DB, tree *categoryTree, c *category) error {
	if _, err := tx.Exec(ctx, "DELETE FROM {categories} WHERE categoryid = ?", c.id); err != nil {
		return fmt.Errorf("delete a category: %w", err)
	}
	return renumber(ctx, tx, tree, closed(tree.siblings(c.parentID), c.id))
}

// auditedCategory is what the log of changes holds of a category.
type auditedCategory struct {
	ParentID    int    `json:"parentId,omitempty"`
	Title       string `json:"title"`
	Slug        string `json:"slug"`
	Description string `json:"description"`
	Position    int    `json:"position"`
}

func (c *category) audited() auditedCategory {
	return auditedCategory{c.parentID, c.title, c.slug, c.content, c.position}
}

// record adds an entry to the log of changes.
func (e *treeEdit) record(id int, before, after any) error {
	return audit.Record(e.Ctx, e.Tx, audit.Entry{Kind: audit.Category, Subject: strconv.Itoa(id),
		Before: before, After: after})
}
