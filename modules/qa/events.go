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

// Action describes what one use case did. Listeners get it within the transaction of the use case.
type Action struct {
	Options *site.Options
	// Events are the events that Q2A reports for the action, in the order in which it reports them.
	Events []Event
	// Posts are the posts that the action changed.
	Posts []PostChange
	// Votes are the votes that were given, changed, or deleted together with a post.
	Votes []voteChange
}

// listener is a function that does what follows from an action, in the same transaction. If it returns
// an error, the action fails.
type listener func(ctx context.Context, tx *database.DB, a *Action) error

// Listen adds a listener. It must be called before the application serves requests.
func (m *Module) Listen(l listener) { m.listeners = append(m.listeners, l) }

// PostState is the state of a post at one moment, limited to what other modules count.
type PostState struct {
	ID, ParentID, UserID int
	Kind                 Kind
	Visible              bool
	// SelectedID is the id of a question's selected answer, or 0 if there is none.
	SelectedID int
	Up, Down   int
}

// PostChange is a post before and after an action. Before is nil if the post is new, and After is nil
// if it was deleted.
type PostChange struct {
	Before, After *PostState
	// SelectedUserIDs are the authors of a question's selected answers before and after the action.
	// Answers without an author are left out.
	SelectedUserIDs []int
}

// voteChange is a user's vote on a post before and after an action: 1, 0 or -1.
type voteChange struct {
	UserID int
	// KindBefore and KindAfter are the kind of the post before and after the action; KindAfter is "" if
	// the post was deleted.
	KindBefore, KindAfter Kind
	Before, After         int
}

// Event is one of Q2A's events about a post, with what listeners need to know about the posts around it.
type Event struct {
	events.Event
	// Silent is set if the event must make no entry in update streams. Delayed is set if the event is
	// about a post that was written earlier and is approved now.
	Silent, Delayed bool
	// PostID is the id of the post, and OwnerID is the id of its author before the action, or 0 if it
	// had none.
	PostID, OwnerID int
	// QuestionID is the id of the question that the post belongs to.
	QuestionID int
	// ParentKind and ParentOwnerID are the kind and the author of the post that was answered or
	// commented on. For a question that follows from an answer, they are those of that answer, and
	// FollowedID is the id of the question that it answers.
	ParentKind    Kind
	ParentOwnerID int
	FollowedID    int
	// ThreadUserIDs are the authors of the earlier comments on the same post.
	ThreadUserIDs []int
	// TextChanged and TagsChanged report what an edit changed.
	TextChanged, TagsChanged bool
	// TagWordIDs are the ids of the words that are the question's tags. CategoryIDs are the ids of its
	// category and of those above, the top one first.
	TagWordIDs, CategoryIDs []int
}

func (p *post) state() *PostState {
	return &PostState{
		ID: p.id, ParentID: p.parentID, UserID: p.userID, Kind: p.kind, Visible: p.visible(),
		SelectedID: p.selectedID, Up: p.up, Down: p.down,
	}
}

// postChanges returns the posts whose PostState the action changes.
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

// selectedAuthors returns the authors of a question's selected answers before and after the action,
// without answers that have none.
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

// fieldsOnPage is the number of fields that a post has in Q2A's array of it on the question page, and
// fieldsOfMember is how many more it has when a signed-in user looks at the page. Q2A's event log
// writes this number instead of the post.
const (
	fieldsOnPage   = 69
	fieldsOfMember = 3
)

// record returns the value that stands for a post in an event's parameters; it is nil if there is no post.
func (c *change) record(p *post) any {
	if p == nil {
		return nil
	}
	fields := fieldsOnPage
	if !c.Caller.Anonymous() {
		fields += fieldsOfMember
	}
	return events.Record{Fields: fields, ID: p.id, Type: p.typeName(), UserID: p.userID}
}

// params returns parameters from a list in which names and values alternate.
func params(pairs ...any) []events.Param {
	list := make([]events.Param, 0, len(pairs)/2)
	for pair := range slices.Chunk(pairs, 2) {
		list = append(list, events.Param{Name: fmt.Sprint(pair[0]), Value: pair[1]})
	}
	return list
}

// report adds an event about the post to the action, in the name of the action's actor. If more is not
// nil, it is called to set further fields of the event.
func (c *change) report(name string, p *post, with []events.Param, more func(*Event)) {
	c.reportBy(c.actor, name, p, with, more)
}

func (c *change) reportBy(by actor, name string, p *post, with []events.Param, more func(*Event)) {
	q := c.thread.question
	e := Event{
		PostID: p.id, OwnerID: p.userID, QuestionID: q.id,
		Event: events.Event{Name: name, At: c.Tx.Now(), Params: with, Topics: c.topics(name, p)},
	}
	if !by.nobody {
		e.Actor = events.Actor{UserID: by.userID, IP: c.Caller.IP}
		switch by.userID {
		case c.Caller.UserID:
			e.Actor.Handle, e.Actor.CookieID = c.Caller.Handle, c.Caller.CookieID
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
	e.Topics.ActorShown = actorShown[e.Topics.What] && !e.Silent
	e.Topics.For = e.concerned()
	c.events = append(c.events, e)
}

// concerned returns the users whom the event concerns, without the one who caused it: the author of the
// post, and of new posts that everybody can see, the authors of what they answer and of the earlier
// comments beside them. These are those whom Q2A tells in their update streams. Votes are secret, and a
// silent edit is not told.
func (e *Event) concerned() []int {
	if e.Topics.What == "" || e.Topics.What == publicNames["vote_up"] || e.Silent {
		return nil
	}
	users := []int{e.OwnerID}
	if e.Topics.Public && strings.HasSuffix(e.Name, "_post") {
		users = append(append(users, e.ParentOwnerID), e.ThreadUserIDs...)
	}
	slices.Sort(users)
	return slices.DeleteFunc(slices.Compact(users),
		func(id int) bool { return id == 0 || id == e.Actor.UserID })
}

// publicNames are the events that everybody may receive. The keys are the ends of the events' names,
// and the values are the words that event streams use for them.
var publicNames = map[string]string{
	"post": "post", "edit": "edit", "select": "selected", "unselect": "unselected",
	"close": "closed", "reopen": "reopened", "hide": "hidden", "reshow": "reshown",
	"move": "moved", "to_c": "converted", "vote_up": "vote", "vote_down": "vote",
	"vote_nil": "vote", "claim": "claimed",
}

// actorShown are the words of event streams for what the site shows with the name of who did it.
var actorShown = map[string]bool{
	"question": true, "answer": true, "comment": true, "edit": true, "selected": true, "closed": true,
}

// topics returns what an event about the post is about, by which event streams choose its receivers.
func (c *change) topics(name string, p *post) events.Topics {
	q := c.thread.question
	what, public := publicNames[name[2:]]
	seen := func(get func(int) *post) bool { x := get(p.id); return x != nil && everyoneSees(x, get) }
	t := events.Topics{
		What: what, PostID: p.id, QuestionID: q.id,
		CategoryIDs: slices.Clone(q.categoryPath), Tags: tagList(q.tags),
	}
	if what == "post" {
		t.What = p.kind.name()
	}
	if what == "vote" {
		net := p.net
		t.NetVotes = &net
	}
	t.Public = public && (seen(c.now) || seen(c.was) && strings.HasSuffix(name, "_hide"))
	return t
}
