// Package boards computes leaderboards: how much each user did within a span of time, on the whole
// site, in a category and those below it, or on questions with a tag. It takes posts and votes as
// plain numbers and uses no database.
//
// The points for an action follow Q2A's points page: each question, answer, best answer selected
// and best answer given has its weight, votes received bring points up to a limit for each post,
// votes given bring points too, and points_multiple multiplies all of it. A post, with all that it
// earned, counts for the span in which it was written; a vote given counts for the span in which it
// was first cast. All posts of a thread count for the category and the tags of its question.
package boards

import (
	"cmp"
	"slices"
	"strings"
)

// Scope is the part of the site that a board covers: the whole site, a category or a tag.
type Scope string

// Site is the scope of the whole site.
const Site Scope = "site"

// Category returns the scope of a category and those below it.
func Category(id int) Scope { return Scope("category:" + itoa(id)) }

// Tag returns the scope of the questions with a tag. Tags are compared exactly, as the words of
// Q2A's tag pages are.
func Tag(tag string) Scope { return Scope("tag:" + tag) }

// Span is a span of time in Unix seconds that includes From and ends before To. The zero Span
// covers all time.
type Span struct {
	From int64 `json:"from,omitempty"`
	To   int64 `json:"to,omitempty"`
}

func (s Span) contains(at int64) bool { return s == Span{} || s.From <= at && at < s.To }

// Entry is what one user did within a scope and a span.
type Entry struct {
	UserID int
	// Points are the points that the user's posts and votes bring.
	Points int
	// Questions and Answers count the user's visible posts. BestAnswers counts those of the answers
	// that somebody else selected.
	Questions, Answers, BestAnswers int
}

func (e *Entry) empty() bool { return e.Points == 0 && e.Questions == 0 && e.Answers == 0 }

// Post holds the facts about a post that are counted.
type Post struct {
	ID, ParentID int
	// Kind is Q, A or C. Visible reports whether everybody may see the post. A hidden post does not
	// count, but the votes on it do.
	Kind    byte
	Visible bool
	// UserID is 0 for posts without an author.
	UserID   int
	Created  int64
	Up, Down int
	// SelectedID is the id of a question's best answer, 0 for none. Categories are a question's
	// category and those above it; Tags are its tags.
	SelectedID int
	Categories []int
	Tags       []string
}

// Vote is a vote that a user gave. At is when it was first cast, in Unix seconds.
type Vote struct {
	UserID, PostID int
	Up             bool
	At             int64
}

// Weights are the points for actions, as on Q2A's points page. PerUp, PerDown, Gain and LossMost
// concern the votes on one post of a kind: the points for each vote, and the limits of what votes
// bring and take. The maps' keys are kinds of posts.
type Weights struct {
	Multiple                       int
	Question, Answer               int
	ChooseBest, BestAnswer         int
	VoteUp, VoteDown               map[byte]int
	PerUp, PerDown, Gain, LossMost map[byte]int
}

// received returns the points that the votes on a post bring to its author, before they are
// multiplied by Multiple.
func (w *Weights) received(kind byte, up, down int) int {
	return min(w.PerUp[kind]*up, w.Gain[kind]) - min(w.PerDown[kind]*down, w.LossMost[kind])
}

// sum is an Entry in compact form: there is one for each user in each scope.
type sum struct{ points, questions, answers, best int32 }

// question holds what the posts below a question need to know of it.
type question struct {
	author, selected uint32
	scopes           []uint32
}

// Counter adds up what posts and votes earn, for all leaderboards at once. Posts must be passed in the
// order of their ids, and votes after all posts.
type Counter struct {
	weights Weights
	spans   []Span
	sums    []map[uint64]sum // by span; the key is scope and user

	scopes  []Scope
	scopeID map[Scope]uint32

	questions []question
	// For each post, in ascending order of ids: its id, the index plus one of the question that it
	// belongs to (0 if that is not known), and its kind.
	ids  []uint32
	of   []uint32
	kind []byte
	// orphans are posts that came before their parents.
	orphans []Post
}

// NewCounter returns an empty Counter. It counts one leaderboard for each span and each scope (site,
// category, tag) that the posts belong to.
func NewCounter(w Weights, spans []Span) *Counter {
	c := &Counter{weights: w, spans: spans, scopeID: map[Scope]uint32{}}
	for range spans {
		c.sums = append(c.sums, map[uint64]sum{})
	}
	c.scope(Site)
	return c
}

// scope returns the number of a scope, which it assigns at the first call.
func (c *Counter) scope(s Scope) uint32 {
	id, ok := c.scopeID[s]
	if !ok {
		s = Scope(strings.Clone(string(s)))
		id = uint32(len(c.scopes))
		c.scopes, c.scopeID[s] = append(c.scopes, s), id
	}
	return id
}

// Post counts a post.
func (c *Counter) Post(p *Post) {
	at := len(c.ids)
	c.ids = append(c.ids, uint32(p.ID))
	c.of = append(c.of, 0)
	c.kind = append(c.kind, p.Kind)
	if p.Kind == 'Q' {
		c.of[at] = c.remember(p)
	} else if c.of[at] = c.questionOf(p.ParentID); c.of[at] == 0 {
		c.orphans = append(c.orphans, *p)
		return
	}
	c.count(p, c.of[at])
}

// Settle counts the posts that came before their parents, and leaves out those whose parents never
// came. It must be called after the last post.
func (c *Counter) Settle() {
	for again := true; again; {
		again = false
		c.orphans = slices.DeleteFunc(c.orphans, func(p Post) bool {
			of := c.questionOf(p.ParentID)
			if of == 0 {
				return false
			}
			at, _ := slices.BinarySearch(c.ids, uint32(p.ID))
			c.of[at] = of
			c.count(&p, of)
			again = true
			return true
		})
	}
	c.orphans = nil
}

// questionOf returns the index plus one of the question that a post belongs to, or 0 if it is not
// known.
func (c *Counter) questionOf(id int) uint32 {
	if at, found := slices.BinarySearch(c.ids, uint32(id)); found {
		return c.of[at]
	}
	return 0
}

// remember keeps a question for the posts below it, and returns its index plus one.
func (c *Counter) remember(p *Post) uint32 {
	q := question{author: uint32(p.UserID), selected: uint32(p.SelectedID), scopes: []uint32{c.scope(Site)}}
	for _, id := range p.Categories {
		q.scopes = append(q.scopes, c.scope(Category(id)))
	}
	for _, tag := range p.Tags {
		q.scopes = append(q.scopes, c.scope(Tag(tag)))
	}
	slices.Sort(q.scopes)
	q.scopes = slices.Compact(q.scopes)
	c.questions = append(c.questions, q)
	return uint32(len(c.questions))
}

// count adds a post to the boards. of is the index plus one of its question.
func (c *Counter) count(p *Post, of uint32) {
	q := &c.questions[of-1]
	e := Entry{Points: c.weights.received(p.Kind, p.Up, p.Down)}
	switch {
	case p.Kind == 'Q' && p.Visible:
		e.Questions = 1
		e.Points += c.weights.Question
		if p.SelectedID != 0 {
			e.Points += c.weights.ChooseBest
		}
	case p.Kind == 'A' && p.Visible:
		e.Answers = 1
		e.Points += c.weights.Answer
		if int(q.selected) == p.ID && (q.author == 0 || int(q.author) != p.UserID) {
			e.BestAnswers = 1
			e.Points += c.weights.BestAnswer
		}
	}
	e.UserID, e.Points = p.UserID, e.Points*c.weights.Multiple
	c.add(q, p.Created, e)
}

// Vote counts a vote that a user gave. Votes on unknown posts are left out.
func (c *Counter) Vote(v *Vote) {
	at, found := slices.BinarySearch(c.ids, uint32(v.PostID))
	if !found || c.of[at] == 0 {
		return
	}
	worth := c.weights.VoteDown
	if v.Up {
		worth = c.weights.VoteUp
	}
	c.add(&c.questions[c.of[at]-1], v.At,
		Entry{UserID: v.UserID, Points: worth[c.kind[at]] * c.weights.Multiple})
}

// add adds an entry to the boards of the question's scopes, for each span that contains the time.
func (c *Counter) add(q *question, at int64, e Entry) {
	if e.UserID == 0 || e.empty() {
		return
	}
	for i, span := range c.spans {
		if !span.contains(at) {
			continue
		}
		for _, scope := range q.scopes {
			key := uint64(scope)<<32 | uint64(e.UserID)
			s := c.sums[i][key]
			s.points += int32(e.Points)
			s.questions += int32(e.Questions)
			s.answers += int32(e.Answers)
			s.best += int32(e.BestAnswers)
			c.sums[i][key] = s
		}
	}
}

// Boards returns the boards of the span with the given index, by scope. Each board is in the order
// of its users' ids. Boards can be called only once for each span: it releases the counts, which on
// a large site take most of the memory.
func (c *Counter) Boards(span int) map[Scope]Board {
	sums := c.sums[span]
	c.sums[span] = nil
	sizes := make([]int, len(c.scopes))
	for key, s := range sums {
		if s != (sum{}) { // a zero sum is left out: gains and losses cancel out
			sizes[key>>32]++
		}
	}
	boards := map[Scope]Board{Site: nil}
	for id, size := range sizes {
		if size > 0 {
			boards[c.scopes[id]] = make(Board, 0, size)
		}
	}
	for key, s := range sums {
		if s == (sum{}) {
			continue
		}
		scope := c.scopes[key>>32]
		boards[scope] = append(boards[scope], Entry{
			UserID: int(uint32(key)), Points: int(s.points),
			Questions: int(s.questions), Answers: int(s.answers), BestAnswers: int(s.best),
		})
	}
	for _, b := range boards {
		slices.SortFunc(b, func(x, y Entry) int { return cmp.Compare(x.UserID, y.UserID) })
	}
	return boards
}
