package qa

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// change is one use case at work on one thread, within a transaction. The use case looks at the thread,
// checks by the rules whether the caller may act, and changes the posts in memory. Then finish writes
// what differs and everything that follows from it: the word index, counts, points, update streams,
// limits and events. So each figure is maintained in one place, whatever the use case is.
type change struct {
	m *Module
	auth.Writer
	threadEdit
	effects
	tree   *categoryTree
	actor  actor
	signed bool
	// granted is set after the rules have allowed the use case.
	granted bool
	wordRows
}

// effects are what an action has besides the posts that it changes.
type effects struct {
	extra  *string     // the new content of the question's extra field; nil does not change it
	charge auth.Action // the limit that the action counts against; "" for none
	votes  []voteChange
	events []Event
	// silent is set if the action edits posts without a trace.
	silent bool
	// flagged is what the action adds to the site's cached count of flags, as Q2A counts them.
	flagged int
	// tags is what the action adds to the site's cached count of tags.
	tags int
	// heated is set if the question's hotness has to be recomputed.
	heated bool
	// suspicion is what is suspicious about the new post, nil for nothing.
	suspicion *Suspicion
}

// wordRows are what an action knows of the rows of the table of words.
type wordRows struct {
	// words are the rows that the action has looked up.
	words []indexWord
	// retried is set if the action runs again, after rows for new words were made.
	retried bool
	// dry is set if the change must not make rows for words; ids below 0 then stand for the missing rows.
	dry bool
}

// actor says in whose name an action is written: the caller's, or nobody's, as when a post is hidden
// because of its flags.
type actor struct {
	userID int
	ip     []byte
	nobody bool
}

// scope says how much of a thread a use case needs.
type scope int

const (
	wholeThread scope = iota
	postOnly          // the post, its parent and its question
)

// lockWordsFirst makes a transaction that may touch words wait for locks of the whole table of words
// before it locks any row. The old site locks the table while it adds words, and a transaction that
// waits for that lock must not make others wait for rows. On SQLite it does nothing.
func lockWordsFirst(ctx context.Context, tx *database.DB) error {
	if tx.Dialect() == database.SQLite {
		return nil
	}
	var ids []int
	if err := tx.Select(ctx, database.Append(&ids),
		"SELECT wordid FROM {words} WHERE wordid = 0"+tx.ForUpdate()); err != nil {
		return fmt.Errorf("take part in the locks of words: %w", err)
	}
	return nil
}

// lockIDs selects the ids of a post and of the posts above it, up to its question. Each of its three
// arguments is the id of the post.
const lockIDs = `SELECT postid
	FROM {posts}
	WHERE postid = ?
	UNION SELECT parentid
	FROM {posts}
	WHERE postid = ? AND type NOT IN ('Q', 'Q_HIDDEN', 'Q_QUEUED')
	UNION SELECT a.parentid
	FROM {posts} p
	JOIN {posts} a ON a.postid = p.parentid
	WHERE p.postid = ? AND p.type NOT IN ('Q', 'Q_HIDDEN', 'Q_QUEUED')
		AND a.type IN ('A', 'A_HIDDEN', 'A_QUEUED')`

// errUnchanged is what a use case returns if there is nothing to do, because all is as the caller wants
// it. The request succeeds, and nothing is written.
var errUnchanged = errors.New("unchanged")

// change runs a use case on the post with the given id, which must be of one of the kinds and visible
// to the caller. All writers of a thread wait for each other at the lock of its question. If the client
// sends the same request again, its response is made from the resource, whose id the use case returns.
func (m *Module) change(
	ctx context.Context, id int, kinds []Kind, s scope,
	use func(c *change, p *post) (resource int, err error),
) (resource int, err error) {
	return m.transact(ctx, func(c *change) (int, error) {
		if s == wholeThread {
			if err := lockWordsFirst(ctx, c.Tx); err != nil {
				return 0, err
			}
		}
		p, err := c.open(id, kinds, s)
		if err != nil {
			return 0, err
		}
		if err := web.CheckMatch(ctx, p.revision()); err != nil {
			return 0, err
		}
		resource, err := use(c, p)
		if errors.Is(err, errUnchanged) {
			return resource, nil
		}
		if err != nil {
			return 0, err
		}
		return resource, c.finish()
	})
}

// transact runs a use case in a transaction. It runs the use case again if words have no rows yet,
// after making these, if other transactions hold rows that it needs, or if the categories have changed.
func (m *Module) transact(
	ctx context.Context, run func(c *change) (resource int, err error),
) (resource int, err error) {
	for attempt := 1; ; attempt++ {
		resource, err = m.attempt(ctx, run)
		if !errors.Is(err, errOtherTree) {
			return resource, err
		}
		if attempt == 3 {
			return 0, problem.New(problem.CodeUnavailable)
		}
		m.categories.Store(nil)
	}
}

// attempt runs a use case with the categories as they were at most one second ago.
func (m *Module) attempt(
	ctx context.Context, run func(c *change) (resource int, err error),
) (resource int, err error) {
	o, tree, err := m.surroundings(ctx)
	if err != nil {
		return 0, err
	}
	var c *change
	err = m.withWords(ctx, func(retried bool) error {
		resource, err = web.Once(ctx, m.db, func(tx *database.DB) (int, error) {
			c = &change{
				m: m, Writer: auth.Writer{Ctx: ctx, Tx: tx, Options: o, Caller: auth.CallerOf(ctx)}, tree: tree,
				wordRows: wordRows{retried: retried},
			}
			c.actor = c.self()
			return run(c)
		})
		return err
	})
	if err != nil || c == nil {
		return resource, err
	}
	if o.Bool(option.EventLoggerToDatabase) {
		events.Log(context.WithoutCancel(ctx), m.db, c.outgoing())
	}
	return resource, nil
}

// self returns the caller as an actor.
func (c *change) self() actor {
	a := actor{userID: c.Caller.UserID}
	if c.Caller.IP.IsValid() {
		a.ip = c.Caller.IP.AsSlice()
	}
	return a
}

// lock locks the post with the given id and the posts above it, and returns the id of its question. If
// the post or its question does not exist, the error is problem.NotFound.
func (c *change) lock(id int) (question int, err error) {
	found := false
	err = c.Tx.Select(c.Ctx, func(rows *sql.Rows) error {
		var postID int
		var kind string
		err := rows.Scan(&postID, &kind)
		if found = found || postID == id; strings.HasPrefix(kind, "Q") {
			question = postID
		}
		return err
	}, `SELECT p.postid, p.type
		FROM (`+lockIDs+`) y
		JOIN {posts} p ON p.postid = y.postid
		ORDER BY p.postid`+c.Tx.ForUpdate(), id, id, id)
	if err != nil {
		return 0, fmt.Errorf("lock posts: %w", err)
	}
	if !found || question == 0 {
		return 0, problem.NotFound()
	}
	return question, nil
}

// open locks the post with the given id and the posts above it, reads as much of the thread as the
// scope says, and returns the post. It returns an error if the post is of none of the kinds, or if the
// caller may not see it.
func (c *change) open(id int, kinds []Kind, s scope) (*post, error) {
	question, err := c.lock(id)
	if err != nil {
		return nil, err
	}
	query, args := lockIDs, repeated(id, 3)
	if c.whole = s == wholeThread; c.whole {
		query, args = threadIDs, repeated(question, 7)
	} else {
		question = 0
	}
	if c.thread, err = c.m.assemble(c.Ctx, c.Tx, c.Options, query, args, question, true); err != nil {
		return nil, err
	}
	c.snapshot()
	p := c.thread.byID[id]
	if p == nil || !slices.Contains(kinds, p.kind) {
		return nil, problem.NotFound()
	}
	return p, seen(c.Options, c.Caller, c.thread, p)
}

func repeated(id, times int) []any {
	return slices.Repeat([]any{id}, times)
}

// touch records what the actor does as the last change of the post; what is Q2A's code for the kind of
// change. Q2A shows the last change beside the post, and keeps only that one.
func (c *change) touch(p *post, what string) {
	p.updated, p.updateType, p.lastUserID, p.lastIP = c.Tx.Now(), what, c.actor.userID, c.actor.ip
}

// add writes a new post of the thread. Before that it writes, and thereby locks, the row of the
// author's account and, if the post is a visible question, the counts of its categories.
func (c *change) add(p *post) error {
	if err := c.sign(); err != nil {
		return err
	}
	p.createIP, p.created = c.actor.ip, c.Tx.Now()
	if p.kind == KindQuestion {
		if err := c.holdCategories(p.categoryPath); err != nil {
			return err
		}
	}
	if p.kind == KindQuestion && p.visible() {
		if err := c.countIn(p.categoryPath, 1); err != nil {
			return err
		}
	}
	c.added = append(c.added, p)
	if err := c.insert(p); err != nil {
		return err
	}
	return c.keepSuspicion(p)
}

// remove makes finish delete the post for good.
func (c *change) remove(p *post) { c.removed = append(c.removed, p) }

// sign records, once for each change, that the caller has written something; it does nothing if the
// actor is nobody. It comes before all writes that refer to the row of the caller's account.
func (c *change) sign() error {
	if c.signed || c.actor.nobody {
		return nil
	}
	c.signed = true
	return c.Wrote()
}

// finish writes what the use case changed, and everything that follows from it. The steps are in the
// order in which locks must be taken: posts, words, points, options. Rows that others refer to are
// written before the rows that refer to them. It returns an error if the use case reports events
// without having asked the rules.
func (c *change) finish() error {
	if len(c.events) > 0 && !c.granted {
		return fmt.Errorf("%s: written without asking the rules", c.events[0].Name)
	}
	steps := []func() error{
		c.sign, c.holdNewCategory, c.countQuestions, c.derive, c.warm, c.writePosts, c.keepVersions, c.writeExtra, c.heat, c.index,
		c.deletePosts, c.tell, c.limit, c.keepFiles, c.publish, c.keepDecisions, c.countPosts,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// limit counts the action against the caller's hourly limits.
func (c *change) limit() error {
	if c.charge == "" {
		return nil
	}
	return auth.Charge(c.Ctx, c.Tx, c.Caller, c.charge)
}

// tell passes the action to the listeners of other modules.
func (c *change) tell() error {
	a := &Action{Options: c.Options, Events: c.events, Votes: c.votes, Posts: c.postChanges()}
	for _, listen := range c.m.listeners {
		if err := listen(c.Ctx, c.Tx, a); err != nil {
			return err
		}
	}
	return nil
}

// publish writes the events into the outbox.
func (c *change) publish() error { return events.Append(c.Ctx, c.Tx, c.outgoing()...) }

// outgoing returns the events in the form in which the outbox and the event log take them.
func (c *change) outgoing() []events.Event {
	out := make([]events.Event, len(c.events))
	for i, e := range c.events {
		out[i] = e.Event
	}
	return out
}
