package qa

import (
	"context"
	"fmt"
	"net/http"

	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site"
)

type newCategoryInput struct {
	Body struct {
		Title       string  `json:"title" maxLength:"1000" doc:"At most 80 characters"`
		Slug        *string `json:"slug,omitempty" maxLength:"1000" doc:"Its part of addresses, at most 200 characters; made of the title if absent"`
		Description string  `json:"description,omitempty" maxLength:"1000" doc:"At most 800 characters"`
		ParentID    int     `json:"parentId,omitempty" minimum:"0" maximum:"4294967295" doc:"0 or absent: at the top"`
		Position    int     `json:"position,omitempty" minimum:"1" maximum:"65535" doc:"Place among its siblings; last if absent"`
	}
}

func (m *Module) createCategory(ctx context.Context, in *newCategoryInput) (*treeChangeOutput, error) {
	id, _, err := m.editTree(ctx, func(e *treeEdit) (int, error) { return e.create(in) })
	if err != nil {
		return nil, err
	}
	return m.changedCategory(ctx, http.StatusCreated, id, nil)
}

// create makes a category, and returns its id.
func (e *treeEdit) create(in *newCategoryInput) (int, error) {
	b, check := &in.Body, &checks{}
	c := &category{parentID: b.ParentID, title: formtext.Line(b.Title)}
	c.content = checkDescription(check, b.Description)
	if err := e.checkParent(check, "parentId", c.parentID, 0); err != nil {
		return 0, err
	}
	e.checkTitle(check, "title", c.parentID, 0, c.title)
	var err error
	if b.Slug != nil {
		c.slug = formtext.Line(*b.Slug)
		err = e.checkSlug(check, "slug", c.parentID, 0, c.slug)
	} else {
		c.slug, err = e.deriveSlug(check, c)
	}
	if err != nil {
		return 0, err
	}
	if err := check.err(); err != nil {
		return 0, err
	}
	c.position = 1 + e.tree.lastPosition(c.parentID)
	id, err := e.Tx.Insert(e.Ctx, `INSERT INTO {categories} (parentid, title, tags, content, position, backpath)
		VALUES (?, ?, ?, ?, ?, ?)`, orNull(c.parentID), c.title, c.slug, c.content, c.position, e.tree.backpath(c))
	if err != nil {
		return 0, fmt.Errorf("make a category: %w", err)
	}
	c.id = int(id)
	e.add(c)
	if b.Position != 0 {
		if err := e.reorder(c, b.Position); err != nil {
			return 0, err
		}
	}
	return c.id, e.record(c.id, nil, c.audited())
}

// deriveSlug returns a slug for a new category that follows from its title.
func (e *treeEdit) deriveSlug(check *checks, c *category) (slug string, err error) {
	var last *checks
	for slug = range site.SlugCandidates("category", words.Split(c.title)) {
		last = &checks{}
		err = e.checkSlug(last, "slug", c.parentID, 0, slug)
		if err != nil || len(last.fields) == 0 {
			break
		}
	}
	check.fields = append(check.fields, last.fields...)
	return slug, err
}

// add adds a category to the tree.
func (e *treeEdit) add(c *category) {
	e.tree = newTree(append(e.tree.inOrder(), c))
}

// reorder gives a category another position among its siblings.
func (e *treeEdit) reorder(c *category, to int) error {
	return renumber(e.Ctx, e.Tx, e.tree, reordered(e.tree.siblings(c.parentID), c.id, to))
}

// changedCategory returns the response to a change of the category with the id.
func (m *Module) changedCategory(
	ctx context.Context, status, id int, run *jobs.RunInfo,
) (*treeChangeOutput, error) {
	c, err := m.definition(ctx, id)
	if err != nil {
		return nil, err
	}
	if run != nil {
		status = http.StatusAccepted
	}
	return &treeChangeOutput{status, c.ETag, treeChange{c, run}}, nil
}
