package qa

import (
	"context"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
)

type restoreInput struct {
	ID     int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	Number int `path:"number" minimum:"1" maximum:"4294967295" doc:"Number of the version"`
	Body   struct {
		Silent bool `json:"silent,omitempty" doc:"Leaves no trace of the edit, for those who may do that"`
	}
}

// restore makes a post again what it was in one of the versions that the caller sees. It is an edit, by the
// rules of edits.
func (m *Module) restore(ctx context.Context, in *restoreInput) (*postRefOutput, error) {
	o, p, list, err := m.openVersions(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	i, err := find(list, in.Number)
	if err != nil {
		return nil, err
	}
	editing := editingOf(p, list[i])
	editing.Silent = in.Body.Silent
	switch p.kind {
	case KindQuestion:
		edit := &editQuestionInput{ID: p.id}
		edit.Body.Editing = editing
		if err := m.labelsOf(ctx, o, p, list[i], edit); err != nil {
			return nil, err
		}
		_, err = m.editQuestion(ctx, edit)
	case KindAnswer:
		edit := &editInput{ID: p.id}
		edit.Body.Editing = editing
		_, err = m.editAnswer(ctx, edit)
	case KindComment:
		edit := &editInput{ID: p.id}
		edit.Body.Editing = editing
		_, err = m.editComment(ctx, edit)
	default:
		err = problem.NotFound()
	}
	if err != nil {
		return nil, err
	}
	// Those who do not moderate may not see it any more: it may have to be approved again.
	o, t, p, err := m.findPost(ctx, in.ID, anyKind, nil)
	if err != nil {
		return nil, err
	}
	return &postRefOutput{Body: m.ref(o, p, t.question)}, nil
}

// editingOf returns the edit that gives a post the content of a version, without a content if the post has
// it already.
func editingOf(p *post, v version) Editing {
	var e Editing
	if v.content == p.content && (v.partial || v.format == p.format) {
		return e
	}
	if e.Content, e.Format = &v.content, v.format; e.Format == "" {
		e.Format = "plain"
	}
	return e
}

// labelsOf adds to the edit of a question the title, the tags and the category of a version, as far as the
// question has others. A category that is no more is left out.
func (m *Module) labelsOf(
	ctx context.Context, o *site.Options, q *post, v version, edit *editQuestionInput,
) error {
	tree, err := m.tree(ctx)
	if err != nil {
		return err
	}
	if v.title != q.title {
		edit.Body.Title = &v.title
	}
	if v.tags != q.tags && o.UsingTags() {
		tags := append([]string{}, tagList(v.tags)...)
		edit.Body.Tags = &tags
	}
	if v.categoryID != q.categoryID && !v.partial && o.UsingCategories() &&
		(v.categoryID == 0 || tree.byID[v.categoryID] != nil) {
		edit.Body.CategoryID = &v.categoryID
	}
	return nil
}
