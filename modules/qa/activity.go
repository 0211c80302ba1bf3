package qa

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// maxMerged is how many answers, comments and edits are read, of each kind, before they are merged. Q2A
// reads as many (its constant QA_DB_RETRIEVE_QS_AS).
const maxMerged = 50

// ActivityItem describes one thing that happened to a post, with the question that the post belongs to.
type ActivityItem struct {
	Question QuestionItem `json:"question"`
	Post     postRef      `json:"post" doc:"The question itself, or the answer or comment that is new or was changed"`
	What     string       `json:"what" enum:"new,content,tags,category,closed,selected,visibility,type,comment-on-question,comment-on-answer,follow,other" doc:"new, or what was changed; in updates also how a new post concerns the reader"`
	At       time.Time    `json:"at"`
	By       *auth.Author `json:"by,omitempty"`
	IsMuted  bool         `json:"isMuted,omitempty" doc:"Whether the caller has muted who did it"`
	Votes    *votes       `json:"votes,omitempty" doc:"Of the answer; in the list of a user's answers"`
	Excerpt  *Text        `json:"text,omitempty" doc:"What was written; in moderation lists"`
	Flags    int          `json:"flagCount,omitempty" doc:"In moderation lists"`
	Review
}

type activityInput struct {
	Limit    int    `query:"limit" minimum:"1" maximum:"100" doc:"How many items; by default the site's page_size_activity"`
	Kind     string `query:"kind" enum:"all,home,answers,comments,edits" default:"all" doc:"all; home: questions and answers, as on the site's front page; or one kind only"`
	Category string `query:"category" maxLength:"900" doc:"Id or path of slugs; categories below are included"`
}

type activityOutput struct{ Body web.List[ActivityItem] }

func (m *Module) registerActivity(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "list-activity", Method: http.MethodGet, Path: "/v1/activity",
		Tags:    []string{"Activity"},
		Summary: "What happened lately, the newest first",
		Description: "all and home name each question once, with the newest that happened to it, and end " +
			"where Question2Answer's own page ends: after the site's page size, out of the newest 50 of " +
			"each kind.",
	}, m.listActivity)
}

// event is the writing of a post or the last change of one, with the question that the post belongs to.
type event struct {
	question   *post
	postID     int
	kind       Kind
	updateType string // "" for new posts
	isUpdate   bool
	time       int64
	timeText   string // as the database holds it, for cursors
	userID     int
	author     auth.AuthorScan
	flags      int
	votes      votes
	format     string
	content    string
	// post and parent are the post and the one above it, with the fields by which mayView decides. Only events
	// reads them; parent is nil for questions.
	post, parent *post
	// muted is set if the caller has muted the user.
	muted bool
	// personal is set, in a user's list of updates, if the event concerns the user's own posts.
	personal bool
}

// eventQuery describes a query for events. In its SQL, e is the post that is new or was changed, pp is
// the parent of e unless e is a question, and p is the question that e belongs to.
type eventQuery struct {
	// ids is a subquery that selects the postids of the posts e; args are its arguments.
	ids  string
	args []any
	// updates takes time and user from the last change of the post rather than from its creation.
	updates bool
	// where is a condition on p, pp and e that events must meet; "" stands for none.
	where string
}

// columns returns the columns that hold the user who wrote or changed the post, and the time.
func (q eventQuery) columns() (who, when string) {
	if q.updates {
		return "e.lastuserid", "e.updated"
	}
	return "e.userid", "e.created"
}

// events reads the events that q describes, the newest first, in one statement.
func (m *Module) events(ctx context.Context, q eventQuery) ([]event, error) {
	my := m.mineOf(ctx)
	who, when := q.columns()
	where := ""
	if q.where != "" {
		where = " WHERE " + q.where
	}
	muted, mutedArgs := my.mutedActor(who)
	query := `SELECT ` + listColumns + my.columns + `, ` + muted + `,
			e.postid, e.type, COALESCE(UNIX_TIMESTAMP(` + when + `), 0), COALESCE(` + when + `, ''),
			e.updatetype, COALESCE(` + who + `, 0), e.flagcount, e.netvotes, e.upvotes,
			e.downvotes, e.format, COALESCE(e.content, ''), COALESCE(e.userid, 0), COALESCE(pp.type, ''),
			COALESCE(pp.userid, 0), ` + auth.ActorColumns + `
		FROM (` + q.ids + `) y
		JOIN {posts} e ON e.postid = y.postid
		` + eventJoin + auth.ActorJoin(who) + auth.AuthorJoin + my.join + where + `
		ORDER BY ` + when + ` DESC, e.postid DESC`
	var events []event
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var s scanner
		var kind, parentKind string
		var author, parentAuthor int
		var updateType sql.NullString
		p := &post{hasMyColumns: my.signedIn}
		e := event{question: p, isUpdate: q.updates}
		places := s.listDest(p)
		if p.hasMyColumns {
			places = append(places, s.myDest()...)
		}
		var muted sql.NullBool
		places = append(places, &muted, &e.postID, &kind, &e.time, &e.timeText, &updateType, &e.userID, &e.flags,
			&e.votes.Net, &e.votes.Up, &e.votes.Down, &e.format, &e.content, &author, &parentKind, &parentAuthor)
		if err := rows.Scan(append(places, e.author.Dest()...)...); err != nil {
			return err
		}
		s.finish(p)
		e.muted = muted.Bool
		e.kind, _ = splitType(kind)
		e.post = p.below(kind, author)
		if parentKind != "" {
			e.parent = p.below(parentKind, parentAuthor)
		}
		if q.updates {
			e.updateType = updateType.String
		}
		events = append(events, e)
		return nil
	}, query, slices.Concat(mutedArgs, q.args, my.args)...)
	if err != nil {
		return nil, fmt.Errorf("read activity: %w", err)
	}
	return events, nil
}

// eventJoin joins a post e with its parent pp, which is missing if e is a question, and with the
// question p that it belongs to.
const eventJoin = `LEFT JOIN {posts} pp
		ON pp.postid = e.parentid AND e.type NOT IN ('Q', 'Q_HIDDEN', 'Q_QUEUED')
	JOIN {posts} p ON p.postid = CASE
		WHEN pp.postid IS NULL THEN e.postid
		WHEN pp.type IN ('A', 'A_HIDDEN', 'A_QUEUED') THEN pp.parentid
		ELSE pp.postid
	END `

// visibleEvents is the condition that everybody may see the event: the post, its parent and its
// question must be visible.
const visibleEvents = `p.type = 'Q' AND (pp.postid IS NULL OR pp.type IN ('Q', 'A'))
	AND e.type IN ('Q', 'A', 'C')`

// recent returns the query for the newest posts of the type kind, at most limit, in the category c or,
// if c is nil, in all categories. The query keeps only events that everybody may see.
func recent(kind string, c *category, limit int) eventQuery {
	where, args := "p.type = ?", []any{kind}
	if c != nil {
		where = c.condition() + " AND " + where
		args = []any{c.id, kind}
	}
	return eventQuery{
		ids: `SELECT p.postid
			FROM {posts} p
			WHERE ` + where + `
			ORDER BY p.created DESC, p.postid DESC
			LIMIT ?`,
		args: append(args, limit), where: visibleEvents,
	}
}

// recentEdits returns the query for the newest changes of posts, at most limit, in the category c or,
// if c is nil, in all categories. Changes of the same second come in the order of the database index;
// for any other order the database would have to sort all changes of the site.
func recentEdits(c *category, limit int) eventQuery {
	where, args := "p.type IN ('Q', 'A', 'C')", []any{}
	if c != nil {
		where = c.condition() + " AND " + where
		args = []any{c.id}
	}
	return eventQuery{
		ids: `SELECT p.postid
			FROM {posts} p
			WHERE ` + where + ` AND p.updated IS NOT NULL
			ORDER BY p.updated DESC, p.type DESC, p.postid DESC
			LIMIT ?`,
		args: append(args, limit), updates: true, where: visibleEvents,
	}
}

// merged reads the events of several queries and merges them in the order that Q2A uses. It first reads
// only the columns that merge needs, and then the complete events of the newest limit, because no
// others are shown.
func (m *Module) merged(ctx context.Context, limit int, queries ...eventQuery) ([]event, error) {
	keys, err := m.eventKeys(ctx, queries)
	if err != nil {
		return nil, err
	}
	keys = merge(keys)
	keys = keys[:min(limit, len(keys))]
	type key struct {
		postID   int
		isUpdate bool
	}
	read := map[key]event{}
	for _, updates := range []bool{false, true} {
		var ids []int
		for _, k := range keys {
			if k.isUpdate == updates {
				ids = append(ids, k.postID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		events, err := m.events(ctx, eventQuery{
			ids: "SELECT postid FROM {posts} WHERE postid IN ?", args: []any{ids},
			updates: updates, where: visibleEvents,
		})
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			read[key{e.postID, updates}] = e
		}
	}
	var shown []event
	for _, k := range keys {
		if e, there := read[key{k.postID, k.isUpdate}]; there {
			shown = append(shown, e)
		}
	}
	return shown, nil
}

// eventKeys reads, in one statement, the fields of events that merge needs. The events come query by
// query, the newest of each query first.
func (m *Module) eventKeys(ctx context.Context, queries []eventQuery) ([]event, error) {
	var arms []string
	var args []any
	for i, q := range queries {
		who, when := q.columns()
		where := ""
		if q.where != "" {
			where = " WHERE " + q.where
		}
		arms = append(arms, `SELECT `+itoa(i)+`, e.postid, e.type, COALESCE(UNIX_TIMESTAMP(`+when+`), 0),
				e.updatetype, COALESCE(`+who+`, 0), p.postid
			FROM (`+q.ids+`) y
			JOIN {posts} e ON e.postid = y.postid
			`+eventJoin+where)
		args = append(args, q.args...)
	}
	var keys []event
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var query int
		var kind string
		var updateType sql.NullString
		e := event{question: &post{}}
		if err := rows.Scan(&query, &e.postID, &kind, &e.time, &updateType, &e.userID,
			&e.question.id); err != nil {
			return err
		}
		e.kind, _ = splitType(kind)
		if e.isUpdate = queries[query].updates; e.isUpdate {
			e.updateType = updateType.String
		}
		keys = append(keys, e)
		return nil
	}, strings.Join(arms, " UNION ALL ")+" ORDER BY 1, 4 DESC, 2 DESC", args...)
	if err != nil {
		return nil, fmt.Errorf("read recent activity: %w", err)
	}
	return keys, nil
}

// merge sorts events, the newest first, and keeps one event of each question, as Q2A does. It keeps the
// newest one, with two exceptions if another event happened less than five minutes earlier: a new post
// is preferred to a later edit, by the same user, of a post of the same kind; and an event that
// concerns the reader's own posts is preferred to one that does not.
func merge(events []event) []event {
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(b.time, a.time) })
	const close = 300 // seconds
	var kept []event
	for _, e := range events {
		i := slices.IndexFunc(kept, func(k event) bool { return k.question.id == e.question.id })
		if i < 0 {
			kept = append(kept, e)
			continue
		}
		later := kept[i]
		laterEdit := later.updateType != "" && e.updateType == "" &&
			later.kind == e.kind && later.userID == e.userID
		thisPersonal := e.personal && !later.personal
		if later.time-e.time < close && (laterEdit || thisPersonal) {
			kept = append(slices.Delete(kept, i, i+1), e)
		}
	}
	return kept
}

// activity reads the list that the parameter kind of list-activity names, at most limit events, in the
// category c or, if c is nil, in all categories.
func (m *Module) activity(ctx context.Context, kind string, c *category, limit int) ([]event, error) {
	switch kind {
	case "all":
		return m.merged(ctx, limit, recent("Q", c, limit), recent("A", c, maxMerged),
			recent("C", c, maxMerged), recentEdits(c, maxMerged))
	case "home":
		return m.merged(ctx, limit, recent("Q", c, limit), recent("A", c, maxMerged))
	case "answers":
		return m.events(ctx, recent("A", c, limit))
	case "comments":
		return m.events(ctx, recent("C", c, limit))
	}
	return m.events(ctx, recentEdits(c, limit))
}

func (m *Module) listActivity(ctx context.Context, in *activityInput) (*activityOutput, error) {
	o, tree, err := m.surroundings(ctx)
	if err != nil {
		return nil, err
	}
	c, err := categoryParam(tree, in.Category)
	if err != nil {
		return nil, err
	}
	size := web.Page{Limit: in.Limit}.Size(o.Int(option.PageSizeActivity))
	events, err := m.activity(ctx, in.Kind, c, size)
	if err != nil {
		return nil, err
	}
	items, err := m.activityItems(ctx, o, tree, events)
	return &activityOutput{Body: web.List[ActivityItem]{Items: items}}, err
}

// categoryParam returns the category that a request's parameter names by its id or path, or nil if the
// parameter is empty. If there is no such category, the error is a problem with the field category.
func categoryParam(tree *categoryTree, param string) (*category, error) {
	if param == "" {
		return nil, nil //nolint:nilnil // no category is not an error
	}
	c := tree.find(param)
	if c == nil {
		return nil, problem.Invalid(problem.Field{Name: "category", Code: problem.FieldNoCategory})
	}
	return c, nil
}

func (m *Module) activityItem(o *site.Options, tree *categoryTree, e *event) ActivityItem {
	item := ActivityItem{
		Question: m.item(o, tree, e.question), What: "new", At: unixTime(e.time),
		By: e.author.Author(o, e.userID), IsMuted: e.muted,
		Post: m.ref(o, &post{id: e.postID, kind: e.kind}, e.question),
	}
	if e.isUpdate {
		item.What = updateName(e.updateType)
	}
	return item
}

func (m *Module) activityItems(
	ctx context.Context, o *site.Options, tree *categoryTree, events []event,
) ([]ActivityItem, error) {
	posts := make([]*post, len(events))
	for i := range events {
		posts[i] = events[i].question
	}
	if err := m.illustrate(ctx, o, posts...); err != nil {
		return nil, err
	}
	items := make([]ActivityItem, len(events))
	for i := range events {
		items[i] = m.activityItem(o, tree, &events[i])
	}
	return items, nil
}
