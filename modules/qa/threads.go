package qa

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

type threadInput struct {
	ID      int      `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the question"`
	Include []string `query:"include" enum:"answers,comments,related,permissions" doc:"What to give beside the question, separated by commas"`
	Answers int      `query:"answerLimit" minimum:"1" maximum:"100" doc:"How many answers come with include=answers, if not all; answersCursor leads to the others"`
}

type threadOutput struct {
	ETag string `header:"ETag"`
	Body question
}

type postInput struct {
	ID      int      `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	Include []string `query:"include" enum:"comments,permissions" doc:"What to give beside the post, separated by commas"`
}

type answersInput struct {
	web.Page
	ID      int      `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the question"`
	Sort    string   `query:"sort" enum:"votes,newest,oldest" doc:"Order; by default the site's, as in the question's thread"`
	Include []string `query:"include" enum:"comments,permissions" doc:"What to give beside the answers, separated by commas"`
}

type answersOutput struct{ Body web.List[answer] }
type answerOutput struct {
	ETag string `header:"ETag"`
	Body answer
}
type commentOutput struct {
	ETag string `header:"ETag"`
	Body comment
}
type commentsOutput struct{ Body web.List[comment] }
type postRefOutput struct{ Body postRef }
type postRefsOutput struct{ Body web.List[postRef] }

func (m *Module) registerThreads(api huma.API) {
	operation := func(id, path, summary, description string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Description: description,
			Tags: []string{"Questions"}, Errors: []int{http.StatusForbidden, http.StatusNotFound},
		}
	}
	web.Register(api, operation("get-question", "/v1/questions/{id}",
		"A question, with its thread if asked for",
		"With include=answers,comments the whole thread. A view is counted as the old site counts it: of "+
			"browsers, from another address than the last view, and not the author's own."), m.getQuestion)
	web.Register(api,
		operation("list-answers", "/v1/questions/{id}/answers", "The answers to a question", ""),
		m.listAnswers,
	)
	web.Register(api, operation("list-follow-ups", "/v1/questions/{id}/follow-ups",
		"Questions that follow from the answers to a question",
		"Those of answers that became comments on the question are among them: they follow from the "+
			"question itself."), m.listFollowUps)
	web.Register(api, operation("get-answer", "/v1/answers/{id}", "An answer", ""), m.getAnswer)
	web.Register(api, operation("get-comment", "/v1/comments/{id}", "A comment", ""), m.getComment)
	web.Register(api,
		operation("get-post", "/v1/posts/{id}", "What a post is and where it lives",
			"For any id of a question, an answer or a comment."),
		m.getPost,
	)
	web.Register(api,
		operation("list-comments", "/v1/posts/{id}/comments",
			"The comments on a question or an answer, the oldest first", ""),
		m.listComments,
	)
	web.Register(api, operation("list-revisions", "/v1/posts/{id}/revisions", "Earlier versions of a post",
		"Empty: Question2Answer keeps none."), m.listRevisions)
}

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
	caller, my := auth.CallerOf(ctx), mineOf(ctx)
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

func (m *Module) getQuestion(ctx context.Context, in *threadInput) (*threadOutput, error) {
	o, t, err := m.open(ctx, in.ID, in.Include)
	if err != nil {
		return nil, err
	}
	tree, err := m.tree(ctx)
	if err != nil {
		return nil, err
	}
	var more string
	if in.Answers > 0 && slices.Contains(in.Include, "answers") {
		t.answers, more = pageOfAnswers(t.answers, 0, in.Answers, "")
	}
	show := m.show(ctx, o, t, in.Include)
	out := &threadOutput{ETag: web.RevisionTag(t.question.revision()), Body: show.question(tree)}
	out.Body.AnswersCursor = more
	if slices.Contains(in.Include, "related") {
		related, err := m.related(ctx, o, in.ID, o.Int(option.PageSizeRelatedQs))
		if err != nil {
			return nil, err
		}
		for _, r := range related {
			out.Body.Related = append(out.Body.Related, m.item(o, tree, r.post))
		}
	}
	if err := m.countView(ctx, o, t.question); err != nil {
		return nil, err
	}
	return out, nil
}

// answersPlace is a place in the answers of a question, kept in a cursor: how many come before it, and the
// last of them.
type answersPlace struct {
	Before int `json:"n"`
	ID     int `json:"id"`
}

// Valid implements web.Position.
func (p *answersPlace) Valid() bool {
	return p.Before >= 1 && web.ValidCount(p.Before) && web.ValidID(p.ID)
}

// in returns how many of the answers come before the place now: those up to the one that was the last or, if
// that is gone, as many as then.
func (p *answersPlace) in(answers []*post) int {
	if i := slices.IndexFunc(answers, func(a *post) bool { return a.id == p.ID }); i >= 0 {
		return i + 1
	}
	return p.Before
}

// pageOfAnswers returns at most size answers after the first ones, and the cursor of those that follow in the
// given order, or "" if none do.
func pageOfAnswers(answers []*post, first, size int, sort string) (page []*post, next string) {
	first = min(first, len(answers))
	end := min(first+size, len(answers))
	if end < len(answers) {
		next = web.EncodeCursor("answers"+sort, &answersPlace{end, answers[end-1].id})
	}
	return answers[first:end], next
}

func (m *Module) listAnswers(ctx context.Context, in *answersInput) (*answersOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	o, t, err := m.open(ctx, in.ID, in.Include)
	if err != nil {
		return nil, err
	}
	switch in.Sort {
	case "votes":
		slices.SortStableFunc(t.answers, func(a, b *post) int {
			return cmp.Or(cmp.Compare(b.net, a.net), cmp.Compare(a.created, b.created))
		})
	case "newest":
		slices.SortStableFunc(t.answers, func(a, b *post) int {
			return cmp.Or(cmp.Compare(b.created, a.created), cmp.Compare(b.id, a.id))
		})
	case "oldest":
		slices.SortStableFunc(t.answers, func(a, b *post) int {
			return cmp.Or(cmp.Compare(a.created, b.created), cmp.Compare(a.id, b.id))
		})
	}
	total := len(t.answers)
	first := in.Offset(in.Size(100))
	if in.Cursor != "" {
		place := answersPlace{}
		if err := web.DecodeCursor("answers"+in.Sort, in.Cursor, &place); err != nil {
			return nil, err
		}
		first = place.in(t.answers)
	}
	var next string
	if size := in.Size(100); in.Limit > 0 || in.Cursor != "" || in.Page.Page > 0 {
		t.answers, next = pageOfAnswers(t.answers, first, size, in.Sort)
	}
	answers := m.show(ctx, o, t, append(in.Include, "answers")).answers()
	return &answersOutput{Body: web.List[answer]{Items: answers, NextCursor: next, Total: &total}}, nil
}

func (m *Module) listFollowUps(ctx context.Context, in *postInput) (*postRefsOutput, error) {
	o, t, err := m.open(ctx, in.ID, in.Include)
	if err != nil {
		return nil, err
	}
	out := &postRefsOutput{Body: web.List[postRef]{Items: []postRef{}}}
	for _, p := range t.comments { // sorted by time, whichever post they follow from
		if t.isFollowUp(p) {
			out.Body.Items = append(out.Body.Items, m.ref(o, p, p))
		}
	}
	total := len(out.Body.Items)
	out.Body.Total = &total
	return out, nil
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

func (m *Module) getAnswer(ctx context.Context, in *postInput) (*answerOutput, error) {
	o, t, p, err := m.openPost(ctx, in.ID, onlyAnswers, in.Include)
	if err != nil {
		return nil, err
	}
	return m.show(ctx, o, t, in.Include).answerOutput(p), nil
}

func (m *Module) getComment(ctx context.Context, in *postInput) (*commentOutput, error) {
	o, t, p, err := m.openPost(ctx, in.ID, onlyComments, in.Include)
	if err != nil {
		return nil, err
	}
	return m.show(ctx, o, t, in.Include).commentOutput(p), nil
}

func (m *Module) getPost(ctx context.Context, in *struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
}) (*postRefOutput, error) {
	o, t, p, err := m.openPost(ctx, in.ID, anyKind, nil)
	if err != nil {
		return nil, err
	}
	return &postRefOutput{Body: m.ref(o, p, t.question)}, nil
}

func (m *Module) listComments(ctx context.Context, in *postInput) (*commentsOutput, error) {
	o, t, p, err := m.openPost(ctx, in.ID, questionsAndAnswers, in.Include)
	if err != nil {
		return nil, err
	}
	comments := m.show(ctx, o, t, append(in.Include, "comments")).comments(p)
	total := len(comments)
	return &commentsOutput{
		Body: web.List[comment]{Items: append([]comment{}, comments...), Total: &total},
	}, nil
}

// revision is an earlier version of a post. There are none so far, since Q2A does not keep them.
type revision struct {
	At time.Time `json:"at"`
	Text
}

type revisionsOutput struct{ Body web.List[revision] }

func (m *Module) listRevisions(ctx context.Context, in *postInput) (*revisionsOutput, error) {
	if _, _, _, err := m.openPost(ctx, in.ID, anyKind, nil); err != nil {
		return nil, err
	}
	return &revisionsOutput{Body: web.List[revision]{Items: []revision{}}}, nil
}
