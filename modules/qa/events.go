package qa

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/site"
)

// Action is what one use case did, for listeners within its transaction.
type Action struct {
	Options *site.Options
	// Events are Q2A's events of the action, in its order.
	Events []Event
	// Posts are the posts that changed, before and after.
	Posts []PostChange
	// Votes are the votes that were given, changed or fell away with a post.
	Votes []VoteChange
}

// Listener does what follows from an action, in the same transaction.
type Listener func(ctx context.Context, tx *database.DB, a *Action) error

// Listen adds a listener; it is called before the application serves.
func (m *Module) Listen(l Listener) { m.listeners = append(m.listeners, l) }

// PostState is a post at one moment, as far as others count it.
type PostState struct {
	ID, ParentID, UserID int
	// Kind is Q, A, C or NOTE.
	Kind    string
	Visible bool
	// SelectedID is the best answer of a question, 0 if there is none.
	SelectedID int
	Up, Down   int
}

// PostChange is a post before and after an action; nil where there was none or is none any more.
type PostChange struct {
	Before, After *PostState
	// SelectedUserIDs are the authors of the best answers of a question before and after.
	SelectedUserIDs []int
}

// VoteChange is a user's vote on a post before and after an action: 1, 0 or -1.
type VoteChange struct {
	UserID int
	// KindBefore and KindAfter are those of the post, "" where it is gone.
	KindBefore, KindAfter string
	Before, After         int
}

// Event is one of Q2A's events about a post, with what listeners need of the posts around.
type Event struct {
	events.Event
	// Silent events make no updates; Delayed ones tell of a post that was written before and is approved now.
	Silent, Delayed bool
	// PostID is the post concerned and OwnerID its author before the action, 0 if it has none.
	PostID, OwnerID int
	// QuestionID is the question that the post belongs to.
	QuestionID int
	// ParentKind and ParentOwnerID are those of the post that was answered or commented on; for a question that follows an
	// answer the answer's, and FollowedID is that answer's question.
	ParentKind    string
	ParentOwnerID int
	FollowedID    int
	// ThreadUserIDs are the authors of the earlier comments on the same post.
	ThreadUserIDs []int
	// TextChanged and TagsChanged say what an edit changed.
	TextChanged, TagsChanged bool
	// TagWordIDs are the ids of the question's tags, CategoryIDs its category and those above, the top one first.
	TagWordIDs, CategoryIDs []int
}

func (p *post) state() *PostState {
	return &PostState{ID: p.id, ParentID: p.parentID, UserID: p.userID, Kind: p.kind, Visible: p.visible(), SelectedID: p.selectedID, Up: p.up, Down: p.down}
}

// postChanges are the posts that differ in what others count.
func (c *change) postChanges() []PostChange {
	var changes []PostChange
	c.eachChange(func(before, after *post) {
		var change PostChange
		if before != nil {
			change.Before = before.state()
		}
		if after != nil {
			change.After = after.state()
		}
		change.SelectedUserIDs = c.selectedAuthors(before, after)
		if before == nil || after == nil || *change.Before != *change.After {
			changes = append(changes, change)
		}
	})
	return changes
}

// selectedAuthors are the authors of a question's best answers before and after.
func (c *change) selectedAuthors(before, after *post) []int {
	var users []int
	if before != nil {
		if a := c.was(before.selectedID); a != nil && a.userID != 0 {
			users = append(users, a.userID)
		}
	}
	if after != nil {
		if a := c.now(after.selectedID); a != nil && a.userID != 0 {
			users = append(users, a.userID)
		}
	}
	return users
}

// fieldsOnPage is how many fields Q2A's array of a post has on the question page, and fieldsOfMember how many more when a
// member looks at it; its event log tells the number instead of the post.
const (
	fieldsOnPage   = 69
	fieldsOfMember = 3
)

// record stands for a post in an event's parameters.
func (c *change) record(p *post) any {
	if p == nil {
		return nil
	}
	fields := fieldsOnPage
	if !c.caller.Anonymous() {
		fields += fieldsOfMember
	}
	return events.Record{Fields: fields, ID: p.id, Type: p.typeName(), UserID: p.userID}
}

// params makes parameters of names and values by turns.
func params(pairs ...any) []events.Param {
	list := make([]events.Param, 0, len(pairs)/2)
	for pair := range slices.Chunk(pairs, 2) {
		list = append(list, events.Param{Name: fmt.Sprint(pair[0]), Value: pair[1]})
	}
	return list
}

// report adds an event about the post to the action, in the name of its actor.
func (c *change) report(name string, p *post, with []events.Param, more func(*Event)) {
	c.reportBy(c.actor, name, p, with, more)
}

func (c *change) reportBy(by actor, name string, p *post, with []events.Param, more func(*Event)) {
	q := c.t.question
	e := Event{PostID: p.id, OwnerID: p.userID, QuestionID: q.id, Event: events.Event{Name: name, At: c.tx.Now(), Params: with, Topics: c.topics(name, p)}}
	if !by.nobody {
		e.Actor = events.Actor{UserID: by.userID, IP: c.caller.IP}
		switch by.userID {
		case c.caller.UserID:
			e.Actor.Handle, e.Actor.CookieID = c.caller.Handle, c.caller.CookieID
		case p.userID:
			e.Actor.Handle = p.author.Handle()
		}
	}
	if before := c.was(p.id); before != nil {
		e.OwnerID = before.userID
	}
	if more != nil {
		more(&e)
	}
	c.events = append(c.events, e)
}

// publicNames are the events that everybody may hear of, by the end of their names, with the word that streams use.
var publicNames = map[string]string{"post": "post", "edit": "edit", "select": "selected", "unselect": "unselected", "close": "closed", "reopen": "reopened",
	"hide": "hidden", "reshow": "reshown", "move": "moved", "to_c": "converted", "vote_up": "vote", "vote_down": "vote", "vote_nil": "vote", "claim": "claimed"}

// topics say whom an event of the post concerns.
func (c *change) topics(name string, p *post) events.Topics {
	q := c.t.question
	what, public := publicNames[name[2:]]
	seen := func(get func(int) *post) bool { x := get(p.id); return x != nil && c.everyoneSees(x, get) }
	t := events.Topics{What: what, PostID: p.id, QuestionID: q.id, CategoryIDs: slices.Clone(q.categoryPath), Tags: tagList(q.tags)}
	if what == "post" {
		t.What = typeNames[p.kind]
	}
	if what == "vote" {
		net := p.net
		t.NetVotes = &net
	}
	t.Public = public && (seen(c.now) || seen(c.was) && strings.HasSuffix(name, "_hide"))
	return t
}

// everyoneSees tells whether a post and all above it are visible.
func (c *change) everyoneSees(p *post, get func(int) *post) bool {
	if p.kind == "Q" {
		return p.visible()
	}
	parent := get(p.parentID)
	return p.visible() && parent != nil && c.everyoneSees(parent, get)
}
