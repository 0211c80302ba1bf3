package qa

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
)

// Told is what mails say of a post, in plain text.
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

// Tell returns what mails say of the post with the id, whoever may see it, or nil if there is no such
// post. The site's blocked words are replaced if censored is set.
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

// StopTelling makes a post ask for no mails about replies any more, as an edit of its author's would, and
// with it the comments on the same post that name the same address, as visitors do. It does nothing if
// there is no such post.
func (m *Module) StopTelling(ctx context.Context, id int) error {
	return m.db.Tx(ctx, func(tx *database.DB) error {
		var notify sql.NullString
		var parent sql.NullInt64
		if _, err := tx.Get(ctx, []any{&notify, &parent}, "SELECT notify, parentid FROM {posts} WHERE postid = ?",
			id); err != nil || !notify.Valid {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE {posts} SET notify = NULL
			WHERE postid = ? OR parentid = ? AND type LIKE 'C%' AND notify = ? AND notify LIKE '%@%.%'`,
			id, parent.Int64, notify.String)
		return err
	})
}

// Censor replaces the words in a text that the site does not want to show.
func (m *Module) Censor(ctx context.Context, text string) (string, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return "", err
	}
	return m.blockedWords(o).Censor(text), nil
}

// Ref is a post as lists of other modules refer to it.
type Ref struct {
	ID, QuestionID int
	// Type is question, answer or comment, Title the title of the question, and Path the post's address
	// on the site's own pages, relative to the site. Address is the same with the site's address before it,
	// if the site knows that, and percent-encoded.
	Type, Title, Path, Address string
}

// Refs returns those of the posts with the ids that the caller may see, in one statement: visible posts
// of visible questions, and the caller's own.
func (m *Module) Refs(ctx context.Context, ids []int) (map[int]Ref, error) {
	refs := make(map[int]Ref, len(ids))
	if len(ids) == 0 {
		return refs, nil
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var p, q post
		var kind, parentKind, questionKind string
		var user sql.NullInt64
		var title sql.NullString
		var categories [4]sql.NullInt64
		err := rows.Scan(&p.id, &kind, &user, &parentKind, &q.id, &questionKind, &title,
			&categories[0], &categories[1], &categories[2], &categories[3])
		if err != nil {
			return err
		}
		for _, c := range categories {
			if c.Valid {
				q.categoryPath = append(q.categoryPath, int(c.Int64))
			}
		}
		p.kind, q.title = Kind(kind[:1]), title.String
		own := user.Valid && int(user.Int64) == caller.UserID
		visible := (len(kind) == 1 || own) && len(parentKind) <= 1 && len(questionKind) == 1
		if !visible && !(own && p.id == q.id) || questionKind[:1] != string(KindQuestion) ||
			mayRead(o, caller, &q) != auth.Permitted {
			return nil
		}
		ref := m.ref(o, &p, &q)
		refs[p.id] = Ref{ID: p.id, QuestionID: q.id, Type: ref.Type, Title: ref.Title, Path: ref.Path,
			Address: m.site.SiteURL(o) + encodePath(ref.Path)}
		return nil
	}, `SELECT p.postid, p.type, p.userid,
			CASE WHEN p.type LIKE 'Q%' THEN '' ELSE COALESCE(pp.type, 'none') END,
			q.postid, q.type, q.title, q.catidpath1, q.catidpath2, q.catidpath3, q.categoryid
		FROM {posts} p
		LEFT JOIN {posts} pp ON pp.postid = p.parentid
		JOIN {posts} q ON q.postid = CASE
			WHEN p.type LIKE 'Q%' THEN p.postid
			WHEN pp.type LIKE 'Q%' THEN pp.postid
			ELSE pp.parentid END
		WHERE p.postid IN ? AND (p.type LIKE 'Q%' OR p.type LIKE 'A%' OR p.type LIKE 'C%')`, ids)
	if err != nil {
		return nil, fmt.Errorf("read posts that lists refer to: %w", err)
	}
	return refs, nil
}
