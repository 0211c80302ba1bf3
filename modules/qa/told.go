package qa

import (
	"context"
	"errors"
	"strings"

	"38qa.net/backend/modules/kernel/problem"
)

// Told is a post as mails tell of it, in plain text.
type Told struct {
	Kind Kind
	// Author is the author's handle, or the name that a visitor has given, or "".
	Author string
	// Title is the title of the question that the post is or belongs to.
	Title string
	Text  string
	// Parent is the text of the answer that a comment is on; "" for other posts.
	Parent string
	// Address is the post's address on the site's own pages. It is relative if the site does not know
	// its address.
	Address    string
	QuestionID int
	// Visible reports whether the post is neither hidden nor queued, and nor is its question.
	Visible bool
}

// Tell returns the post with the id, whoever may see it, or nil if there is none. The site's blocked
// words are replaced if censored is set.
func (m *Module) Tell(ctx context.Context, id int, censored bool) (*Told, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	t, err := m.assemble(ctx, m.db, o, lockIDs, repeated(id, 3), 0, false)
	if p := (*problem.Error)(nil); errors.As(err, &p) {
		return nil, nil //nolint:nilnil // there is no such post
	}
	if err != nil {
		return nil, err
	}
	p := t.byID[id]
	if p == nil {
		return nil, nil //nolint:nilnil // there is no such post
	}
	censor := func(text string) string { return text }
	if censored {
		censor = m.blockedWords(o).Censor
	}
	told := &Told{
		Kind: p.kind, Author: p.name, Title: censor(t.question.title),
		Text:       strings.TrimSpace(censor(TextOf(p.content, p.format))),
		Address:    m.site.SiteURL(o) + encodePath(m.ref(o, p, t.question).Path),
		QuestionID: t.question.id, Visible: p.visible() && t.question.visible(),
	}
	if handle := p.author.Handle(); handle != "" {
		told.Author = handle
	}
	if parent := t.byID[p.parentID]; parent != nil && p.kind == KindComment && parent.kind == KindAnswer {
		told.Parent = strings.TrimSpace(censor(TextOf(parent.content, parent.format)))
		told.Visible = told.Visible && parent.visible()
	}
	return told, nil
}

// BlockedWords returns a function that replaces the words that the site does not want to show.
func (m *Module) BlockedWords(ctx context.Context) (censor func(text string) string, err error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	return m.blockedWords(o).Censor, nil
}
