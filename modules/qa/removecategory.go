package qa

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

type deleteCategoryInput struct {
	CategoryPath
	MoveTo string `query:"moveTo" maxLength:"10" pattern:"^(none|[1-9][0-9]*)$" doc:"Id of the category that its posts go to, or none: to no category"`
}

type mergeCategoryInput struct {
	CategoryPath
	Body struct {
		Into int `json:"into" minimum:"1" maximum:"4294967295" doc:"Id of the category that takes its posts and subcategories"`
	}
}

type emptyCategoryInput struct {
	ID   int `path:"id" minimum:"0" maximum:"4294967295" doc:"Id of the category; 0 stands for the posts without one"`
	Body struct {
		MoveTo int `json:"moveTo" minimum:"0" maximum:"4294967295" doc:"Id of the category that the posts go to; 0 takes them out of their category"`
	}
}

func (m *Module) deleteCategory(ctx context.Context, in *deleteCategoryInput) (*treeRunOutput, error) {
	_, run, err := m.editTree(ctx, func(e *treeEdit) (int, error) {
		c, err := e.open(in.ID)
		if err != nil {
			return 0, err
		}
		return 0, e.remove(c, in.MoveTo)
	})
	if err != nil {
		return nil, err
	}
	return ran(http.StatusNoContent, run), nil
}

// ran returns the response to a change after which a category is gone, or will be once the run is over.
func ran(status int, run *jobs.RunInfo) *treeRunOutput {
	if run != nil {
		status = http.StatusAccepted
	}
	return &treeRunOutput{status, treeChange{Run: run}}
}

// remove deletes a category without subcategories. moveTo is that of the request.
func (e *treeEdit) remove(c *category, moveTo string) error {
	to, err := strconv.Atoi(moveTo)
	if moveTo == "none" || moveTo == "" {
		to, err = 0, nil
	}
	if err != nil {
		return problem.Invalid(problem.Field{Name: "moveTo", Code: problem.FieldNoCategory})
	}
	if len(c.children) > 0 {
		return problem.New(codeCategoryHasChildren)
	}
	if err := e.checkTarget("moveTo", c.id, to); err != nil {
		return err
	}
	has, err := hasPosts(e.Ctx, e.Tx, c.id)
	if err != nil {
		return err
	}
	if has && moveTo == "" {
		return problem.New(codeCategoryNotEmpty)
	}
	if err := e.record(c.id, c.audited(), movedTo{to}); err != nil {
		return err
	}
	if moveTo == "" {
		to = c.parentID // for what comes into it until it is gone
	}
	return e.leave(c, to)
}

// movedTo is what the log of changes holds of a category whose posts are moved.
type movedTo struct {
	MovedTo int `json:"movedTo,omitempty"`
}

// checkTarget returns the problem of a category, 0 for none, that cannot take the posts of another one.
func (e *treeEdit) checkTarget(name string, from, to int) error {
	switch {
	case to != 0 && e.tree.byID[to] == nil:
		return problem.Invalid(problem.Field{Name: name, Code: problem.FieldNoCategory})
	case to == from:
		return problem.Invalid(problem.Field{Name: name, Code: fieldWithinItself})
	}
	if err := e.idle(from); err != nil {
		return err
	}
	return e.stays(to)
}

// leave removes a category without subcategories: at once if no posts are in it, nor have been in
// categories that were below it, and otherwise once the job has moved them.
func (e *treeEdit) leave(c *category, to int) error {
	ids, err := categoryMove{from: c.id, removes: true}.left(e.Ctx, e.Tx)
	switch {
	case err != nil:
		return err
	case len(ids) == 0:
		return removeCategory(e.Ctx, e.Tx, e.tree, c)
	}
	return e.empty(c.id, to, true)
}

// empty makes the job move all posts that are in exactly a category.
func (e *treeEdit) empty(from, to int, removes bool) error {
	e.takesPosts = true
	_, err := e.Tx.Exec(e.Ctx,
		"INSERT INTO {q2ab_category_moves} (categoryid, target, removes) VALUES (?, ?, ?)", from, to, removes)
	if err != nil {
		return fmt.Errorf("have a category emptied: %w", err)
	}
	return nil
}

func (m *Module) mergeCategory(ctx context.Context, in *mergeCategoryInput) (*treeChangeOutput, error) {
	run, err := m.MergeCategory(ctx, in.ID, in.Body.Into)
	if err != nil {
		return nil, err
	}
	return m.changedCategory(ctx, http.StatusOK, in.Body.Into, run)
}

// MergeCategory puts the posts and subcategories of a category into another one, and deletes it. It returns
// the run of the job that moves the posts, nil if there are none. Errors are problems that name the field
// into.
func (m *Module) MergeCategory(ctx context.Context, id, into int) (*jobs.RunInfo, error) {
	_, run, err := m.editTree(ctx, func(e *treeEdit) (int, error) {
		c, err := e.open(id)
		if err != nil {
			return 0, err
		}
		return 0, e.merge(c, into)
	})
	return run, err
}

// merge puts the posts and subcategories of a category into another one, and removes the category.
func (e *treeEdit) merge(c *category, into int) error {
	if slices.Contains(c.below(), into) {
		return problem.Invalid(problem.Field{Name: "into", Code: fieldWithinItself})
	}
	if err := e.checkTarget("into", c.id, into); err != nil {
		return err
	}
	target, check := e.tree.byID[into], &checks{}
	if len(e.tree.pathTo(target))+c.height() > maxDepth {
		check.add("into", fieldTooDeep, maxDepth)
	}
	if e.tree.lastPosition(into)+e.tree.lastPosition(c.id) > maxSiblings {
		check.add("into", problem.FieldTooMany, maxSiblings)
	}
	for _, child := range c.children {
		e.checkTitle(check, "into", into, child.id, child.title)
		if err := e.checkSlug(check, "into", into, child.id, child.slug); err != nil {
			return err
		}
	}
	if err := check.err(); err != nil {
		return err
	}
	if err := e.record(c.id, c.audited(), movedTo{into}); err != nil {
		return err
	}
	if err := e.adopt(c, target); err != nil {
		return err
	}
	return e.leave(c, into)
}

// adopt puts all subcategories of a category below another one, after those that are there.
func (e *treeEdit) adopt(from, into *category) (err error) {
	ids := from.below()[1:]
	if len(ids) == 0 {
		return nil
	}
	if e.takesPosts, err = hasPosts(e.Ctx, e.Tx, ids...); err != nil {
		return err
	}
	last := e.tree.lastPosition(into.id)
	if _, err := e.Tx.Exec(e.Ctx,
		"UPDATE {categories} SET parentid = ?, position = position + ? WHERE parentid = ?",
		into.id, last, from.id); err != nil {
		return fmt.Errorf("move subcategories: %w", err)
	}
	for _, child := range from.children {
		child.parentID, child.position = into.id, last+child.position
	}
	e.tree = newTree(e.tree.inOrder())
	return rewritePaths(e.Ctx, e.Tx, e.tree, ids)
}

func (m *Module) emptyCategory(ctx context.Context, in *emptyCategoryInput) (*treeRunOutput, error) {
	_, run, err := m.editTree(ctx, func(e *treeEdit) (int, error) { return 0, e.moveAll(in.ID, in.Body.MoveTo) })
	if err != nil {
		return nil, err
	}
	return ran(http.StatusOK, run), nil
}

// moveAll has all posts that are in exactly a category moved.
func (e *treeEdit) moveAll(from, to int) error {
	if from != 0 {
		if _, err := e.open(from); err != nil {
			return err
		}
	} else if err := web.CheckMatch(e.Ctx, "none"); err != nil {
		return err // no tag is that of what has no category
	}
	if err := e.checkTarget("moveTo", from, to); err != nil {
		return err
	}
	condition, args := within(from)
	var id int
	has, err := e.Tx.Get(e.Ctx, []any{&id}, "SELECT postid FROM {posts} WHERE "+condition+" LIMIT 1", args...)
	if err != nil {
		return fmt.Errorf("look for posts of a category: %w", err)
	}
	if !has {
		return nil
	}
	if err := e.record(from, nil, movedTo{to}); err != nil {
		return err
	}
	return e.empty(from, to, false)
}
