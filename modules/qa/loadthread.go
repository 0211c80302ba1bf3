package qa

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// threadIDs selects the ids of all posts that a question's page shows: the question, its answers, the
// comments on both, the questions that follow from them, the question that it follows from, the post
// that closed it, and its duplicates. It takes the question's id seven times.
const threadIDs = `SELECT postid FROM {posts} WHERE postid = ?
	UNION SELECT postid FROM {posts} WHERE parentid = ?
	UNION SELECT c.postid
	FROM {posts} a
	JOIN {posts} c ON c.parentid = a.postid
	WHERE a.parentid = ? AND a.type IN ('A', 'A_HIDDEN', 'A_QUEUED')
	UNION SELECT postid FROM {posts} WHERE closedbyid = ?
	UNION SELECT closedbyid FROM {posts} WHERE postid = ?
	UNION SELECT parentid FROM {posts} WHERE postid = ?
	UNION SELECT a.parentid
	FROM {posts} q
	JOIN {posts} a ON a.postid = q.parentid
	WHERE q.postid = ?`

// loaded is a thread with the posts beside it, and what the rules say about each.
type loaded struct {
	thread
	byID    map[int]*post
	follows *post // the answer that the question follows from
	origin  *post // the question of that answer
	closing *post // the question that it duplicates, or the closing note
	rules   map[int]rules
}

// load reads a thread in one statement and drops the posts that the caller may not see, except for the
// question itself; see the function seen. All rules are computed for all posts only if permissions is
// set.
func (m *Module) load(ctx context.Context, o *site.Options, id int, permissions bool) (*loaded, error) {
	t, err := m.assemble(ctx, m.db, o, threadIDs, repeated(id, 7), id, permissions)
	if err != nil {
		return nil, err
	}
	m.dropUnseen(t)
	m.arrange(o, t)
	return t, nil
}

// assemble reads the posts that idQuery selects and finds out how each belongs to the question with the
// id. If id is 0, the question is the only one among the posts. The error is not_found if there is
// none.
func (m *Module) assemble(
	ctx context.Context, db *database.DB, o *site.Options, idQuery string, idArgs []any, id int,
	permissions bool,
) (*loaded, error) {
	caller, my := auth.CallerOf(ctx), m.mineOf(ctx)
	posts, err := selectPosts(ctx, db, my.signedIn, (*scanner).fullDest,
		`SELECT `+fullColumns+my.columns+`
			FROM (`+idQuery+`) y
			JOIN {posts} p ON p.postid = y.postid`+fullJoin+my.join+`
			ORDER BY p.created, p.postid`,
		slices.Concat(idArgs, my.args)...)
	if err != nil {
		return nil, fmt.Errorf("read thread: %w", err)
	}
	t := &loaded{byID: make(map[int]*post, len(posts)), rules: make(map[int]rules, len(posts))}
	for _, p := range posts {
		t.byID[p.id] = p
	}
	q := t.byID[id]
	if id == 0 { // the only question among the posts
		if i := slices.IndexFunc(posts, func(p *post) bool { return p.kind == KindQuestion }); i >= 0 {
			q = posts[i]
		}
	}
	if q == nil || q.kind != KindQuestion {
		return nil, problem.NotFound()
	}
	t.place(q, posts)
	for _, p := range posts {
		if !permissions && p.visible() {
			t.rules[p.id] = rules{viewable: true} // no other rule is needed
			continue
		}
		t.rules[p.id] = m.permissions(o, caller, t.thread, p)
	}
	return t, nil
}

// place sorts the posts into the fields of the thread, by how they belong to the question.
func (t *loaded) place(q *post, posts []*post) {
	t.question = q
	for _, p := range posts {
		parent := t.byID[p.parentID]
		switch {
		case p.id == q.id:
		case p.kind == KindAnswer && p.parentID == q.id:
			t.answers = append(t.answers, p)
		case p.kind == KindComment && parent != nil, p.kind == KindQuestion && followedBy(parent, q):
			t.comments = append(t.comments, p)
		}
		if p.closedByID == q.id {
			t.duplicates = append(t.duplicates, p)
		}
	}
	if q.closedByID != 0 {
		t.closing = t.byID[q.closedByID]
	}
	if t.follows = t.byID[q.parentID]; t.follows != nil {
		t.origin = t.byID[t.follows.parentID]
		if t.follows.kind == KindQuestion {
			t.origin = t.follows
		}
	}
}

// followedBy reports whether questions that follow from parent are shown below the question q. That is
// so if parent is one of q's answers, or q itself: when an answer becomes a comment, the questions that
// followed from it follow from q.
func followedBy(parent, q *post) bool {
	return parent != nil && (parent == q || parent.kind == KindAnswer && parent.parentID == q.id)
}

// isFollowUp reports whether a post is shown as a question that follows from the post above it. As on
// Q2A's page, a hidden question is shown only below a hidden post, even to those who may see it.
func (t *loaded) isFollowUp(p *post) bool {
	return p.kind == KindQuestion && (!p.hidden || t.byID[p.parentID].hidden)
}

// dropUnseen removes the posts that the caller may not see, and all posts below them.
func (m *Module) dropUnseen(t *loaded) {
	seen := func(p *post) bool { return t.rules[p.id].viewable }
	t.answers = slices.DeleteFunc(t.answers, func(p *post) bool { return !seen(p) })
	t.comments = slices.DeleteFunc(t.comments, func(p *post) bool {
		return !seen(p) || p.parentID != t.question.id && !seen(t.byID[p.parentID])
	})
	t.duplicates = slices.DeleteFunc(t.duplicates, func(p *post) bool { return !seen(p) })
	if t.closing != nil && !seen(t.closing) {
		t.closing = nil
	}
	if t.follows != nil && (t.follows.kind == KindComment || !seen(t.follows) ||
		t.origin == nil || !seen(t.origin)) {
		t.follows, t.origin = nil, nil
	}
	// As on Q2A's page, a selected answer that is hidden, queued or gone counts as none.
	if a := t.byID[t.question.selectedID]; a == nil || a.hidden || a.queued {
		t.question.selectedID = 0
	}
}

// arrange sorts the answers in Q2A's order: the queued ones, the selected one, the others by age or
// votes, the hidden ones.
func (m *Module) arrange(o *site.Options, t *loaded) {
	byVotes := o.String(option.SortAnswersBy) == "votes"
	group := func(p *post) int {
		switch {
		case p.hidden:
			return 3
		case p.queued:
			return 0
		case p.id == t.question.selectedID && o.Bool(option.ShowSelectedFirst):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(t.answers, func(a, b *post) int {
		votes := 0
		if byVotes {
			votes = cmp.Compare(b.up-b.down, a.up-a.down)
		}
		return cmp.Or(cmp.Compare(group(a), group(b)), votes,
			cmp.Compare(a.created, b.created), cmp.Compare(a.id, b.id))
	})
}

// seen returns nil if the caller may see the post and all posts above it, and otherwise the problem.
// That is not_found if one of them is queued and the caller may not see it, so that nobody else learns
// that the post exists.
func seen(o *site.Options, c auth.Caller, t *loaded, p *post) error {
	hidden := false
	for above := p; above != nil; above = t.byID[above.parentID] {
		if !t.rules[above.id].viewable {
			if above.queued {
				return problem.NotFound()
			}
			hidden = true
		}
		if above.kind == KindQuestion {
			break
		}
	}
	if hidden {
		return problem.New(codeHidden)
	}
	if reason := mayRead(o, c, t.question); reason != auth.Permitted {
		return reason.Problem()
	}
	return nil
}

// mayRead returns auth.Permitted if the site lets the caller read the pages of questions such as this
// one (option permit_view_q_page), and otherwise the reason why not.
func mayRead(o *site.Options, c auth.Caller, question *post) auth.Reason {
	return auth.PermitReading(o, c, option.PermitViewQPage, c.LevelIn(question.categoryPath...))
}

// open reads the thread of a question. Its error is a problem if the caller may not see the question.
func (m *Module) open(ctx context.Context, id int, include []string) (*site.Options, *loaded, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, nil, err
	}
	t, err := m.load(ctx, o, id, slices.Contains(include, "permissions"))
	if err != nil {
		return nil, nil, err
	}
	if err := seen(o, auth.CallerOf(ctx), t, t.question); err != nil {
		return o, t, err
	}
	return o, t, m.illustrateThread(ctx, o, t)
}

// questionOf returns the id of the question to which a post belongs. The error is not_found if there is
// no such post.
func questionOf(ctx context.Context, db *database.DB, id int) (int, error) {
	var question int
	found, err := db.Get(ctx, []any{&question},
		`SELECT CASE
				WHEN p.type IN ('Q', 'Q_HIDDEN', 'Q_QUEUED') THEN p.postid
				WHEN a.type IN ('A', 'A_HIDDEN', 'A_QUEUED') THEN a.parentid
				ELSE p.parentid
			END
			FROM {posts} p
			LEFT JOIN {posts} a ON a.postid = p.parentid
			WHERE p.postid = ? AND p.type <> 'NOTE'`, id)
	if err != nil {
		return 0, fmt.Errorf("find the question of a post: %w", err)
	}
	if !found {
		return 0, problem.NotFound()
	}
	return question, nil
}

// openPost reads the thread of a post and returns it with the post. The error is a problem if there is
// no such post of one of the kinds, or the caller may not see it.
func (m *Module) openPost(
	ctx context.Context, id int, kinds []Kind, include []string,
) (*site.Options, *loaded, *post, error) {
	o, t, p, err := m.findPost(ctx, id, kinds, include)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := seen(o, auth.CallerOf(ctx), t, p); err != nil {
		return nil, nil, nil, err
	}
	return o, t, p, m.illustrateThread(ctx, o, t)
}

// findPost is openPost for those who may see everything, and without pictures.
func (m *Module) findPost(
	ctx context.Context, id int, kinds []Kind, include []string,
) (*site.Options, *loaded, *post, error) {
	question, err := questionOf(ctx, m.db, id)
	if err != nil {
		return nil, nil, nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	t, err := m.load(ctx, o, question, slices.Contains(include, "permissions"))
	if err != nil {
		return nil, nil, nil, err
	}
	p := t.byID[id]
	if p == nil || !slices.Contains(kinds, p.kind) {
		return nil, nil, nil, problem.NotFound()
	}
	return o, t, p, nil
}

// illustrateThread finds the pictures that the posts of the thread show.
func (m *Module) illustrateThread(ctx context.Context, o *site.Options, t *loaded) error {
	return m.illustrate(ctx, o, append(slices.Collect(maps.Values(t.byID)), t.closing)...)
}
