package qa

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// QuestionFilters are the parameters that say which questions a list or a search has. They combine.
type QuestionFilters struct {
	Unanswered string `query:"unanswered" enum:"answer,selected,upvoted" doc:"Only open questions without an answer, without a selected answer, or without an answer that anybody voted up"`
	Category   string `query:"category" maxLength:"900" doc:"Id or path of slugs; categories below are included"`
	Tag        string `query:"tag" maxLength:"80" doc:"Only questions with this tag"`
	Author     string `query:"author" maxLength:"80" doc:"Only questions of the user with this handle"`
	State      string `query:"state" enum:"open,closed" doc:"Only open or only closed questions"`
}

// questionsInput are the parameters of the list of questions.
type questionsInput struct {
	web.Page
	QuestionFilters
	Sort    string   `query:"sort" enum:"recent,hot,votes,answers,views" default:"recent" doc:"Order, the most first"`
	IDs     []int    `query:"ids" minItems:"1" maxItems:"100" doc:"Only the visible questions with these ids, in this order; no filter and no page goes with it, and sort means nothing"`
	Include []string `query:"include" enum:"excerpt,permissions" doc:"excerpt: the beginning of each question's text; permissions: what the caller may do with it"`
}

type questionsOutput struct{ Body web.List[QuestionItem] }

func (m *Module) registerQuestions(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "list-questions", Method: http.MethodGet, Path: "/v1/questions",
		Tags:    []string{"Questions"},
		Summary: "Questions, in every order and filter",
		Description: "By default the newest first, as many as the site's option page_size_qs says. " +
			"Filters combine. total is given where the site keeps the count: without filters, for one " +
			"kind of unanswered, one category or one tag.",
	}, m.listQuestions)
}

// unansweredConditions are the conditions of the three kinds of Q2A's page "unanswered". None of them
// includes closed questions.
var unansweredConditions = map[string]string{
	"answer":   "p.acount = 0 AND p.closedbyid IS NULL",
	"selected": "p.selchildid IS NULL AND p.closedbyid IS NULL",
	"upvoted":  "p.amaxvote = 0 AND p.closedbyid IS NULL",
}

// questionFilter is the condition that the questions of a list meet. It is about the table of posts
// under the name p.
type questionFilter struct {
	parts []string
	args  []any
	// total is how many questions meet the condition. It is nil where the site keeps no such count.
	total *int
	list  string // the name of the list in cursors
	// unordered says that no index returns these questions in order. The query then sorts their keys
	// only, rather than all columns that are shown.
	unordered bool
}

func (f *questionFilter) add(condition string, args ...any) {
	f.parts = append(f.parts, condition)
	f.args = append(f.args, args...)
}

func (f *questionFilter) condition() string { return strings.Join(f.parts, " AND ") }

// filter returns the condition that follows from the parameters of the list, except for the tag, which
// the caller treats itself.
func (m *Module) filter(o *site.Options, tree *categoryTree, in *QuestionFilters) (*questionFilter, error) {
	f := &questionFilter{list: "questions"}
	f.add("p.type = 'Q'")
	count := func(key option.Key) {
		n := o.Int(key)
		f.total = &n
	}
	count(option.CacheQcount)
	if in.Unanswered != "" {
		f.add(unansweredConditions[in.Unanswered])
		count(map[string]option.Key{
			"answer": option.CacheUnaqcount, "selected": option.CacheUnselqcount,
			"upvoted": option.CacheUnupaqcount,
		}[in.Unanswered])
	}
	if in.Category != "" {
		c := tree.find(in.Category)
		if c == nil {
			return nil, problem.Invalid(problem.Field{Name: "category", Code: problem.FieldNoCategory})
		}
		f.add(c.condition(), c.id)
		f.total = &c.questions
		if in.Unanswered != "" {
			f.total = nil
		}
	}
	if in.Author != "" && database.BeyondQ2A(in.Author) {
		f.add("1 = 0") // no user can have this handle
		f.total = nil
	} else if in.Author != "" {
		f.add("p.userid = (SELECT userid FROM {users} WHERE handle = ? ORDER BY userid LIMIT 1)", in.Author)
		f.total = nil
	}
	switch closes := o.Bool(option.DoCloseOnSelect); {
	case in.State == "open" && closes:
		f.add("p.closedbyid IS NULL AND p.selchildid IS NULL")
	case in.State == "open":
		f.add("p.closedbyid IS NULL")
	case in.State == "closed" && closes:
		f.add("(p.closedbyid IS NOT NULL OR p.selchildid IS NOT NULL)")
	case in.State == "closed":
		f.add("p.closedbyid IS NOT NULL")
	}
	if in.State != "" {
		f.total = nil
	}
	return f, nil
}

func (m *Module) listQuestions(ctx context.Context, in *questionsInput) (*questionsOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	if err := in.checkIDs(); err != nil {
		return nil, err
	}
	o, tree, err := m.surroundings(ctx)
	if err != nil {
		return nil, err
	}
	f, err := m.filter(o, tree, &in.QuestionFilters)
	if err != nil {
		return nil, err
	}
	size := in.Size(o.Int(pageSizeOption(in)))
	var posts []*post
	var next string
	switch {
	case in.IDs != nil:
		f.total = nil
		posts, err = m.questionsByID(ctx, in.IDs)
	case in.Tag == "":
		posts, next, err = m.questionPage(ctx, f, orders[in.Sort], in.Page, size)
	case in.Sort == "recent" && len(f.parts) == 1:
		posts, next, err = m.tagPage(ctx, f, in, size)
	default:
		posts, next, err = m.sortedTagPage(ctx, f, in, o.Int(option.CacheQcount), size)
	}
	if err != nil {
		return nil, err
	}
	if err := m.illustrate(ctx, o, posts...); err != nil {
		return nil, err
	}
	out := &questionsOutput{Body: web.List[QuestionItem]{
		Items: m.items(o, tree, posts), NextCursor: next, Total: f.total,
	}}
	if slices.Contains(in.Include, "excerpt") {
		excerpts, err := m.excerpts(ctx, o, byID(posts), nil)
		if err != nil {
			return nil, err
		}
		for i, p := range posts {
			out.Body.Items[i].Excerpt = excerpts[p.id]
		}
	}
	if slices.Contains(in.Include, "permissions") {
		caller := auth.CallerOf(ctx)
		for i, p := range posts {
			r := m.permissions(o, caller, thread{question: p}, p)
			can := r.public()
			t := &loaded{thread: thread{question: p}, rules: map[int]rules{p.id: r}}
			out.Body.Items[i].Can, out.Body.Items[i].Cannot = &can, t.obstacles(o, caller, p)
		}
	}
	return out, nil
}

// checkIDs refuses parameters that mean nothing for a list of given questions.
func (in *questionsInput) checkIDs() error {
	if in.IDs == nil {
		return nil
	}
	var wrong []problem.Field
	for _, p := range []struct {
		name  string
		given bool
	}{
		{"cursor", in.Cursor != ""}, {"page", in.Page.Page != 0}, {"limit", in.Limit != 0},
		{"unanswered", in.Unanswered != ""}, {"category", in.Category != ""}, {"tag", in.Tag != ""},
		{"author", in.Author != ""}, {"state", in.State != ""},
	} {
		if p.given {
			wrong = append(wrong,
				problem.Field{Name: p.name, Code: problem.FieldNotCombinable, Args: []any{"ids"}})
		}
	}
	if wrong != nil {
		return problem.Invalid(wrong...)
	}
	return nil
}

// questionsByID returns the visible ones of the questions with the ids, each once, in the order of the ids. It
// reads them in one statement.
func (m *Module) questionsByID(ctx context.Context, ids []int) ([]*post, error) {
	posts, err := m.selectMine(ctx, "{posts} p", nil, " WHERE p.postid IN ? AND p.type = 'Q'", ids)
	if err != nil {
		return nil, fmt.Errorf("read questions: %w", err)
	}
	slices.SortFunc(posts, func(a, b *post) int { return slices.Index(ids, a.id) - slices.Index(ids, b.id) })
	return posts, nil
}

// byID returns the posts by their ids.
func byID(posts []*post) map[int]*post {
	found := make(map[int]*post, len(posts))
	for _, p := range posts {
		found[p.id] = p
	}
	return found
}

// pageSizeOption returns the option that holds the size of the list's pages on the old site.
func pageSizeOption(in *questionsInput) option.Key {
	switch {
	case in.Unanswered != "":
		return option.PageSizeUnaQs
	case in.Tag != "":
		return option.PageSizeTagQs
	case in.Sort == "hot":
		return option.PageSizeHotQs
	}
	return option.PageSizeQs
}

// questionPage reads one page of the questions that meet the filter, and returns it with the cursor of
// the next page, which is "" after the last one.
func (m *Module) questionPage(
	ctx context.Context, f *questionFilter, ord order, page web.Page, size int,
) ([]*post, string, error) {
	var at position
	var values []any
	if page.Cursor != "" {
		var err error
		if at, values, err = ord.decode(f.list, page.Cursor); err != nil {
			return nil, "", err
		}
	}
	var posts []*post
	var err error
	if skip := page.Offset(size); values == nil && skip == 0 && !f.unordered {
		// The first page needs no subquery for the ids: the index returns the rows in order.
		posts, err = m.selectMine(ctx, "{posts} p", nil,
			" WHERE "+f.condition()+" ORDER BY "+ord.by("p.")+" LIMIT ?",
			append(slices.Clone(f.args), size+1)...)
	} else {
		ids, args := ord.idQuery(f.condition(), f.args, at, values, size+1, skip)
		posts, err = m.selectMine(ctx, "("+ids+") y JOIN {posts} p ON p.postid = y.postid", args,
			" ORDER BY "+ord.by("p."))
	}
	if err != nil {
		return nil, "", fmt.Errorf("list questions: %w", err)
	}
	posts, next := ord.cut(f.list, posts, size)
	return posts, next, nil
}

// selectMine reads posts p for lists, with the caller's votes, flags and favourites if the caller is
// signed in. from is what stands after FROM, and tail what stands after the joins.
func (m *Module) selectMine(
	ctx context.Context, from string, args []any, tail string, tailArgs ...any,
) ([]*post, error) {
	my := m.mineOf(ctx)
	all := slices.Concat(args, my.args, tailArgs)
	return selectPosts(ctx, m.db, my.signedIn, (*scanner).listDest,
		"SELECT "+listColumns+my.columns+" FROM "+from+auth.AuthorJoin+my.join+tail, all...)
}

// mine is what is added to a query of posts p to read the caller's own votes, flags and favourites, and
// who has muted whom. It is empty for visitors.
type mine struct {
	signedIn      bool
	columns, join string
	args          []any // of the join
	caller        int
}

func (m *Module) mineOf(ctx context.Context) mine {
	caller := auth.CallerOf(ctx)
	if caller.Anonymous() {
		return mine{}
	}
	my := mine{true, myColumns, myJoin, []any{caller.UserID, caller.UserID, caller.UserID}, caller.UserID}
	if !m.auth.ObeysMutes() {
		my.columns += ", NULL"
		return my
	}
	my.columns += ", ub.userid"
	my.join += " LEFT JOIN {userfavorites} ub ON ub.userid = p.userid AND ub.entitytype = 'M' AND ub.entityid = ?"
	my.args = append(my.args, caller.UserID)
	return my
}

// mutedActor returns an SQL expression that says whether the caller has muted the user whose id is in the
// given column, with its arguments. It is NULL for visitors.
func (my mine) mutedActor(who string) (column string, args []any) {
	if !my.signedIn {
		return "NULL", nil
	}
	return `EXISTS (SELECT 1 FROM {userfavorites} ea
		WHERE ea.userid = ? AND ea.entitytype = 'M' AND ea.entityid = ` + who + ")", []any{my.caller}
}

// myColumns are the caller's vote on a post, flag and favourite, and whether the caller has muted the
// author; myJoin joins the tables that hold them. Whether the author has muted the caller comes after that.
const (
	myColumns = ", uv.vote, uv.flag, uf.entityid, um.entityid"
	myJoin    = ` LEFT JOIN {uservotes} uv ON uv.postid = p.postid AND uv.userid = ?
		LEFT JOIN {userfavorites} uf ON uf.entityid = p.postid AND uf.userid = ? AND uf.entitytype = 'Q'
		LEFT JOIN {userfavorites} um ON um.entityid = p.userid AND um.userid = ? AND um.entitytype = 'M'`
)
