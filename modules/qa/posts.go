package qa

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/media"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

func itoa(n int) string { return strconv.Itoa(n) }

// post is a row of the table of posts, with data of other tables that belongs to it.
type post struct {
	id       int
	kind     Kind
	hidden   bool
	queued   bool
	parentID int

	categoryID   int
	categoryPath []int // ids from the top category to the post's own

	answers, maxAnswerVotes int
	selectedID, closedByID  int

	userID   int
	cookieID string
	createIP []byte

	up, down, net, views, flags int
	hotness                     float64

	created     int64  // Unix seconds
	createdText string // as the database holds it, for cursors
	title       string
	tags        string
	name        string
	author      auth.AuthorScan

	// Only queries with fullColumns read all of these.
	format, content   string
	updated           int64
	updateType        string
	lastUserID        int
	lastHandle        string
	lastViewIP        []byte
	notify            string
	extra             string
	hasExtra, hasName bool
	// pictures are the images that the content shows, by id. They are nil until illustrate has looked
	// them up.
	pictures               map[string]media.Picture
	myVote, myFlag         int
	favorite, hasMyColumns bool
	// muted is set if the caller has muted the author, and mutedMe if the author has muted the caller and
	// the site obeys that.
	muted, mutedMe bool
	lastIP         []byte
}

// baseColumns are the columns of a post p that lists and threads both show, in the order of
// (*scanner).baseDest.
const baseColumns = `p.postid, p.type, p.parentid, p.categoryid, p.catidpath1, p.catidpath2, p.catidpath3,
	p.acount, p.amaxvote, p.selchildid, p.closedbyid, p.userid, p.cookieid, p.createip, p.upvotes,
	p.downvotes, p.netvotes, p.views, p.hotness + 0e0, p.flagcount, UNIX_TIMESTAMP(p.created), p.created,
	p.title, p.tags, p.name, UNIX_TIMESTAMP(p.updated), p.updatetype, p.lastuserid, ` + auth.AuthorColumns

// listColumns are the columns of a post p that lists need. The content is read only where it may show
// an image: as an HTML tag, or in another format by the address of one of the site's files.
const listColumns = baseColumns + `, p.format, CASE
		WHEN INSTR(p.content, '<img') > 0 OR INSTR(p.content, 'qa_blobid=') > 0 THEN p.content
	END`

// fullColumns are the columns of a post p that threads need.
const fullColumns = baseColumns +
	", p.format, p.content, lu.handle, p.lastviewip, p.lastip, p.notify, pm.content"

// fullJoin joins the tables of fullColumns: the author, the user who changed the post last, and the
// extra field of a question.
const fullJoin = auth.AuthorJoin + ` LEFT JOIN {users} lu ON lu.userid = p.lastuserid
	LEFT JOIN {postmetas} pm ON pm.postid = p.postid AND pm.title = 'qa_q_extra'`

// scanner receives the columns of one row that can be NULL or are converted. It is used again for each
// row.
type scanner struct {
	kind                                           string
	parent, category, path1, path2, path3          sql.NullInt64
	selected, closedBy, user, lastUser, updated    sql.NullInt64
	cookie, title, tags, name, updateType, content sql.NullString
	lastHandle, notify, extra                      sql.NullString
	hotness                                        sql.NullFloat64
	vote, flag, favorite, muted, mutedMe           sql.NullInt64
}

func (s *scanner) baseDest(p *post) []any {
	return append([]any{
		&p.id, &s.kind, &s.parent, &s.category, &s.path1, &s.path2, &s.path3,
		&p.answers, &p.maxAnswerVotes, &s.selected,
		&s.closedBy, &s.user, &s.cookie, &p.createIP, &p.up, &p.down, &p.net, &p.views, &s.hotness, &p.flags,
		&p.created, &p.createdText, &s.title, &s.tags, &s.name, &s.updated, &s.updateType, &s.lastUser,
	}, p.author.Dest()...)
}

func (s *scanner) listDest(p *post) []any { return append(s.baseDest(p), &p.format, &s.content) }

func (s *scanner) fullDest(p *post) []any {
	return append(s.baseDest(p),
		&p.format, &s.content, &s.lastHandle, &p.lastViewIP, &p.lastIP, &s.notify, &s.extra)
}

// myDest returns the destinations for the columns of mine.
func (s *scanner) myDest() []any { return []any{&s.vote, &s.flag, &s.favorite, &s.muted, &s.mutedMe} }

// finish converts the scanned columns and stores them in the post.
func (s *scanner) finish(p *post) {
	kind, state := splitType(s.kind)
	p.kind, p.hidden, p.queued = kind, state == "HIDDEN", state == "QUEUED"
	p.parentID, p.categoryID = int(s.parent.Int64), int(s.category.Int64)
	for _, id := range []sql.NullInt64{s.path1, s.path2, s.path3, s.category} {
		if id.Valid && (len(p.categoryPath) == 0 || p.categoryPath[len(p.categoryPath)-1] != int(id.Int64)) {
			p.categoryPath = append(p.categoryPath, int(id.Int64))
		}
	}
	p.selectedID, p.closedByID, p.userID = int(s.selected.Int64), int(s.closedBy.Int64), int(s.user.Int64)
	p.cookieID, p.hotness = s.cookie.String, s.hotness.Float64
	p.title, p.tags, p.name = s.title.String, s.tags.String, s.name.String
	p.updated, p.updateType, p.lastUserID = s.updated.Int64, s.updateType.String, int(s.lastUser.Int64)
	p.content, p.lastHandle, p.notify = s.content.String, s.lastHandle.String, s.notify.String
	p.extra, p.hasExtra, p.hasName = s.extra.String, s.extra.Valid, s.name.Valid
	p.myVote, p.myFlag, p.favorite = int(s.vote.Int64), int(s.flag.Int64), s.favorite.Valid
	p.muted, p.mutedMe = s.muted.Valid, s.mutedMe.Valid
}

// selectPosts runs a query and returns its posts. dest returns the destinations for the query's
// columns; if mine is set, the columns of mine follow them.
func selectPosts(
	ctx context.Context, db *database.DB, mine bool, dest func(*scanner, *post) []any,
	query string, args ...any,
) ([]*post, error) {
	// All rows are read into the same variables, and copied from there.
	var s scanner
	var row post
	places := dest(&s, &row)
	if mine {
		places = append(places, s.myDest()...)
	}
	var posts []*post
	err := db.Select(ctx, func(rows *sql.Rows) error {
		s, row = scanner{}, post{hasMyColumns: mine}
		if err := rows.Scan(places...); err != nil {
			return err
		}
		s.finish(&row)
		p := row
		posts = append(posts, &p)
		return nil
	}, query, args...)
	return posts, err
}

// tagList splits the tags of a question, which are stored with commas between. It returns nil for none.
func tagList(tags string) []string {
	if tags == "" {
		return nil
	}
	return strings.Split(tags, ",")
}

// isClosed reports whether a question takes no more answers: somebody closed it, or it has a selected
// answer and the site closes questions when an answer is selected.
func isClosed(o *site.Options, p *post) bool {
	return p.kind == KindQuestion &&
		(p.closedByID != 0 || p.selectedID != 0 && o.Bool(option.DoCloseOnSelect))
}

// votes holds the counts of votes on a post: up, down, and the difference of both.
type votes struct {
	Net  int `json:"net"`
	Up   int `json:"up"`
	Down int `json:"down"`
}

// Category identifies the category of a question by id, title and path.
type Category struct {
	ID    int    `json:"id"`
	Title string `json:"title"`
	Path  string `json:"path" doc:"Slugs from the top category down, separated by /"`
}

// PostBase holds the fields that all kinds of posts have in common.
type PostBase struct {
	ID        int          `json:"id"`
	State     string       `json:"state" enum:"visible,hidden,queued" doc:"Hidden and queued posts are shown only to those who may see them"`
	Author    *auth.Author `json:"author,omitempty" doc:"Absent for anonymous posts"`
	Name      string       `json:"name,omitempty" doc:"What an anonymous author called themself"`
	IsMuted   bool         `json:"isMuted,omitempty" doc:"Whether the caller has muted the author"`
	Votes     votes        `json:"votes"`
	FlagCount int          `json:"flagCount"`
	CreatedAt time.Time    `json:"createdAt"`
	Update    *update      `json:"update,omitempty" doc:"The last change"`
	MyVote    *int         `json:"myVote,omitempty" enum:"1,0,-1" doc:"The caller's vote; absent for anonymous callers"`
	MyFlag    *bool        `json:"myFlag,omitempty" doc:"Whether the caller flagged it"`
	Can       *permissions `json:"can,omitempty" doc:"What the caller may do with it; with include=permissions"`
	Cannot    *obstacles   `json:"cannot,omitempty" doc:"Why the caller may not do what others may, as the codes of the problems that would come; with include=permissions"`
}

// update describes the last change of a post.
type update struct {
	At   time.Time `json:"at"`
	What string    `json:"what" enum:"content,tags,category,closed,selected,visibility,type,other" doc:"What was changed"`
	By   string    `json:"by,omitempty" doc:"Handle of the user; in threads only"`
}

// Text is the content of a post, as it is stored and as HTML.
type Text struct {
	Content string `json:"content" doc:"As stored"`
	Format  string `json:"format" enum:"plain,html,markdown" doc:"How content is written"`
	HTML    string `json:"html" doc:"The content as HTML that is safe to show"`
}

// QuestionItem is a question as lists show it, without its content and its thread.
type QuestionItem struct {
	Type string `json:"type" enum:"question"`
	PostBase
	Title            string     `json:"title"`
	Path             string     `json:"path" doc:"Address below the site's: {id}/{slug}"`
	Category         *Category  `json:"category,omitempty"`
	Tags             []string   `json:"tags"`
	AnswerCount      int        `json:"answerCount"`
	MaxAnswerVotes   int        `json:"maxAnswerVotes" doc:"Votes of its best-liked answer, at least 0"`
	ViewCount        int        `json:"viewCount"`
	Hotness          float64    `json:"hotness"`
	SelectedAnswerID int        `json:"selectedAnswerId,omitempty"`
	Closed           bool       `json:"closed"`
	ClosedByID       int        `json:"closedById,omitempty" doc:"The question that it duplicates, or the note that says why it was closed"`
	IsFavorite       *bool      `json:"isFavorite,omitempty" doc:"Whether it is among the caller's favourites"`
	Thumbnail        *thumbnail `json:"thumbnail,omitempty" doc:"The first of the site's images in the question"`
	Excerpt          *excerpt   `json:"excerpt,omitempty" doc:"With include=excerpt: the beginning of the text or, in a search, what matches best; absent for questions that the caller may not open"`
}

var updateNames = map[string]string{
	"E": "content", "T": "tags", "A": "category", "C": "closed", "S": "selected", "H": "visibility",
	"Y": "type", "": "content",
	// Only the update stream has these: new posts, by how they concern the reader.
	"U": "comment-on-question", "N": "comment-on-answer", "F": "follow",
}

func unixTime(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// base returns the fields of a post that all kinds of posts have in common, as responses show them.
func (m *Module) base(o *site.Options, p *post) PostBase {
	b := PostBase{
		ID: p.id, State: "visible", Author: p.author.Author(o, p.userID), IsMuted: p.muted,
		Votes: votes{Net: p.net, Up: p.up, Down: p.down}, FlagCount: p.flags, CreatedAt: unixTime(p.created),
	}
	switch {
	case p.hidden:
		b.State = "hidden"
	case p.queued:
		b.State = "queued"
	}
	if p.userID == 0 {
		b.Name = m.blockedWords(o).Censor(p.name)
	}
	if p.updated != 0 && o.Bool(option.ShowPostUpdateMeta) {
		b.Update = &update{At: unixTime(p.updated), What: updateName(p.updateType), By: p.lastHandle}
	}
	if p.hasMyColumns {
		flag := p.myFlag != 0
		b.MyVote, b.MyFlag = &p.myVote, &flag
	}
	return b
}

func updateName(code string) string {
	if name, ok := updateNames[code]; ok {
		return name
	}
	return "other"
}

// item returns a question as lists show it.
func (m *Module) item(o *site.Options, tree *categoryTree, p *post) QuestionItem {
	q := QuestionItem{
		PostBase: m.base(o, p), Type: KindQuestion.name(),
		Title: m.shown(o, p.title).title, Path: m.path(o, p.id, p.title),
		Category: tree.ref(p.categoryID), Tags: tagList(p.tags),
		AnswerCount: p.answers, MaxAnswerVotes: p.maxAnswerVotes, ViewCount: p.views, Hotness: p.hotness,
		SelectedAnswerID: p.selectedID, Closed: isClosed(o, p), ClosedByID: p.closedByID,
	}
	if q.Tags == nil {
		q.Tags = []string{}
	}
	if p.hasMyColumns {
		q.IsFavorite = &p.favorite
	}
	q.Thumbnail = m.thumbnail(o, p)
	return q
}

func (m *Module) items(o *site.Options, tree *categoryTree, posts []*post) []QuestionItem {
	items := make([]QuestionItem, len(posts))
	for i, p := range posts {
		items[i] = m.item(o, tree, p)
	}
	return items
}

// text returns the content of a post as responses show it.
func (m *Module) text(o *site.Options, p *post) Text {
	format := p.format
	if format == "" {
		format = "plain"
	}
	return Text{Content: p.content, Format: format, HTML: m.illustrated(o, p)}
}
