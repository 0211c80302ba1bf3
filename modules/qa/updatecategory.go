package qa

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/jobs"
)

type updateCategoryInput struct {
	CategoryPath
	Body struct {
		Title       *string `json:"title,omitempty" maxLength:"1000" doc:"At most 80 characters"`
		Slug        *string `json:"slug,omitempty" maxLength:"1000" doc:"At most 200 characters"`
		Description *string `json:"description,omitempty" maxLength:"1000" doc:"At most 800 characters"`
		ParentID    *int    `json:"parentId,omitempty" minimum:"0" maximum:"4294967295" doc:"0 moves it to the top"`
		Position    *int    `json:"position,omitempty" minimum:"1" maximum:"65535" doc:"Place among its siblings; the last one if there are fewer"`
	}
}

func (m *Module) updateCategory(ctx context.Context, in *updateCategoryInput) (*treeChangeOutput, error) {
	run, err := m.patchCategory(ctx, in)
	if err != nil {
		return nil, err
	}
	return m.changedCategory(ctx, http.StatusOK, in.ID, run)
}

func (m *Module) patchCategory(ctx context.Context, in *updateCategoryInput) (*jobs.RunInfo, error) {
	_, run, err := m.editTree(ctx, func(e *treeEdit) (int, error) {
		c, err := e.open(in.ID)
		if err != nil {
			return 0, err
		}
		return c.id, e.update(c, in)
	})
	return run, err
}

// MoveCategory puts a category below another one, or at the top if parent is 0, after all that are there.
// It returns the run of the job that takes its posts along, nil if there are none. Errors are problems that
// name the field parentId, or title or slug if another category there has them.
func (m *Module) MoveCategory(ctx context.Context, id, parent int) (*jobs.RunInfo, error) {
	in := &updateCategoryInput{CategoryPath: CategoryPath{ID: id}}
	in.Body.ParentID = &parent
	return m.patchCategory(ctx, in)
}

// update makes the changes of a request.
func (e *treeEdit) update(c *category, in *updateCategoryInput) error {
	before := *c
	after, err := e.changed(c, in)
	if err != nil {
		return err
	}
	if after != before.audited() {
		if after.ParentID != before.parentID {
			after.Position = 1 + e.tree.lastPosition(after.ParentID)
		}
		if _, err := e.Tx.Exec(e.Ctx, `UPDATE {categories}
			SET parentid = ?, title = ?, tags = ?, content = ?, position = ?
			WHERE categoryid = ?`, orNull(after.ParentID), after.Title, after.Slug, after.Description, after.Position,
			c.id); err != nil {
			return fmt.Errorf("change a category: %w", err)
		}
		if err := e.resettle(c, after); err != nil {
			return err
		}
	}
	if in.Body.Position != nil {
		if err := e.reorder(c, *in.Body.Position); err != nil {
			return err
		}
	}
	if c.audited() == before.audited() {
		return nil
	}
	return e.record(c.id, before.audited(), c.audited())
}

// changed returns what a request makes of a category, except for its position, or the problem with what is
// wrong with that. As on the old site, title and slug have to be good where the category is moved to.
func (e *treeEdit) changed(c *category, in *updateCategoryInput) (after auditedCategory, err error) {
	b, check := &in.Body, &checks{}
	after = c.audited()
	if b.ParentID != nil && *b.ParentID != c.parentID {
		after.ParentID = *b.ParentID
		if slices.Contains(c.below(), after.ParentID) {
			check.add("parentId", fieldWithinItself)
		} else if err := e.checkParent(check, "parentId", after.ParentID, c.height()); err != nil {
			return after, err
		}
	}
	moved := after.ParentID != c.parentID
	if b.Title != nil {
		after.Title = formtext.Line(*b.Title)
	}
	if moved || after.Title != c.title {
		e.checkTitle(check, "title", after.ParentID, c.id, after.Title)
	}
	if b.Slug != nil {
		after.Slug = formtext.Line(*b.Slug)
	}
	if moved || after.Slug != c.slug {
		if err := e.checkSlug(check, "slug", after.ParentID, c.id, after.Slug); err != nil {
			return after, err
		}
	}
	if b.Description != nil {
		after.Description = checkDescription(check, *b.Description)
	}
	return after, check.err()
}

// resettle does in the tree what has been stored of a category, and stores what follows from it: the
// positions of the siblings that it has left, and the paths of the category and of all below it.
func (e *treeEdit) resettle(c *category, after auditedCategory) (err error) {
	left := map[int]int{}
	if moved := after.ParentID != c.parentID; moved {
		left = closed(e.tree.siblings(c.parentID), c.id)
		if e.takesPosts, err = hasPosts(e.Ctx, e.Tx, c.below()...); err != nil {
			return err
		}
	}
	c.parentID, c.title, c.slug = after.ParentID, after.Title, after.Slug
	c.content, c.position = after.Description, after.Position
	e.tree = newTree(e.tree.inOrder())
	if err := renumber(e.Ctx, e.Tx, e.tree, left); err != nil {
		return err
	}
	return rewritePaths(e.Ctx, e.Tx, e.tree, c.below())
}
