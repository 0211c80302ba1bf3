package events

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// Settings are the settings of a Follower; see package config for their meaning.
type Settings struct {
	// Poll is the longest time between two looks at the outbox while there are subscribers or
	// consumers.
	Poll time.Duration
	// Retention is how long events are kept at least; 0 keeps them forever.
	Retention time.Duration
}

// Follower follows the events on behalf of its whole process: for subscribers, which get a copy of
// the events, and for consumers, which act on them. While it has neither, it leaves the database
// alone, except that it removes old events about once an hour. All methods may be called at any
// time, from any goroutine.
type Follower struct {
	db       *database.DB
	settings Settings
	retry    time.Duration // firstRetry, but for tests
	// wake has a token while there may be something new: an event of this process, a subscriber or a
	// consumer.
	wake  chan struct{}
	ctx   context.Context //nolint:containedctx // the Follower's own life, from NewFollower to Close
	close context.CancelFunc
	ended sync.WaitGroup

	mu sync.Mutex
	// following reports whether position is kept up to date, which it is while there are
	// subscribers.
	following bool
	// position is the Seq of the last event that subscribers were given.
	position    int64
	subscribers map[*Subscription]struct{}
	// waiting holds the subscribers that wait for the position at which they begin.
	waiting []*Subscription
	// consumers holds, for each consumer, a channel that has a token while there may be events for
	// it.
	consumers map[chan struct{}]struct{}
	last      int64
}

// followers holds the running Followers by the connection pool that they use, so that Append can
// wake them.
var followers sync.Map

const (
	// soon is how long the Follower waits after it was woken before it looks: Append wakes it just
	// before the commit.
	soon = 5 * time.Millisecond
	// rest is the shortest time between two looks, however much happens.
	rest = 25 * time.Millisecond
	// pruneEvery is how often old events are removed, by every process.
	pruneEvery = time.Hour
	// maxPause is the longest time between two looks while they fail.
	maxPause = 5 * time.Second
)

// NewFollower returns a running Follower. The caller must call Close to stop it.
func NewFollower(db *database.DB, s Settings) *Follower {
	return newFollower(context.Background(), db, s)
}

func newFollower(ctx context.Context, db *database.DB, s Settings) *Follower {
	if s.Poll <= 0 {
		s.Poll = 250 * time.Millisecond
	}
	f := &Follower{
		db: db, settings: s, retry: firstRetry, wake: make(chan struct{}, 1),
		subscribers: map[*Subscription]struct{}{}, consumers: map[chan struct{}]struct{}{},
	}
	f.ctx, f.close = context.WithCancel(ctx)
	followers.Store(db.Pool(), f)
	f.ended.Go(f.follow)
	if s.Retention > 0 {
		f.ended.Go(f.prune)
	}
	return f
}

// Close ends all subscriptions and consumers. It cancels the contexts of running handlers and waits
// for them to return.
func (f *Follower) Close() {
	followers.CompareAndDelete(f.db.Pool(), f)
	f.mu.Lock()
	f.close()
	for s := range f.subscribers {
		f.drop(s)
	}
	f.mu.Unlock()
	f.ended.Wait()
}

// appended wakes the Follower of this process, if there is one, to shorten the wait. Nothing depends
// on it: events of other processes, and events that are committed after the Follower has looked, are
// found at the next look.
func appended(db *database.DB) {
	if f, ok := followers.Load(db.Pool()); ok {
		signal(f.(*Follower).wake)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// follow looks at the outbox again and again while anybody needs it.
func (f *Follower) follow() {
	pause, told := f.settings.Poll, false
	for {
		if !f.needed() {
			select {
			case <-f.ctx.Done():
				return
			case <-f.wake:
				continue
			}
		}
		err := f.look(f.ctx)
		switch {
		case f.ctx.Err() != nil:
			return
		case err != nil && !told && !database.Unavailable(err): // that is logged once for all
			told = true
			slog.Error("events cannot be followed; trying again until they can", "error", err)
		case err == nil && told:
			told = false
			slog.Info("events can be followed again")
		}
		failing := err != nil
		if failing {
			pause = min(4*pause, maxPause)
		} else {
			pause = min(4*pause, f.settings.Poll)
		}
		if woken := f.sleep(pause, failing); woken {
			pause = soon
		}
	}
}

// sleep waits until the next look is due, and reports whether it was woken before the pause was
// over.
func (f *Follower) sleep(pause time.Duration, failing bool) (woken bool) {
	wait := func(d time.Duration, wake <-chan struct{}) bool {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-wake:
			return true
		case <-timer.C:
		case <-f.ctx.Done():
		}
		return false
	}
	if failing {
		return wait(pause, nil)
	}
	first := min(rest, pause)
	wait(first, nil)
	if pause == first || !wait(pause-first, f.wake) {
		return false
	}
	wait(soon, nil)
	return true
}

// needed reports whether there are subscribers or consumers.
func (f *Follower) needed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.subscribers)+len(f.waiting)+len(f.consumers) > 0
}

// readAtOnce is how many events are read in one query.
const readAtOnce = 500

// look numbers new events, hands them to the subscribers and wakes the consumers.
func (f *Follower) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	last, err := Number(ctx, f.db)
	if err != nil {
		return err
	}
	f.mu.Lock()
	position, following := f.position, f.following
	if last > f.last {
		for c := range f.consumers {
			signal(c)
		}
		f.last = last
	}
	f.mu.Unlock()
	for following && position < last {
		list, err := Read(ctx, f.db, position, readAtOnce)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			// The events have been removed: this process was stopped for longer than the retention.
			list = []Event{{Seq: last}}
		}
		position = list[len(list)-1].Seq
		following = f.broadcast(list)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiting) > 0 && !f.following {
		f.following, f.position = true, last
	}
	for _, s := range f.waiting {
		f.admit(s)
	}
	f.waiting = nil
	return nil
}

// prune removes old events about once an hour, at random times so that processes that start together
// do not do it at the same time.
func (f *Follower) prune() {
	timer := time.NewTimer(time.Minute + rand.N(pruneEvery/2))
	defer timer.Stop()
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-timer.C:
		}
		ctx, cancel := context.WithTimeout(f.ctx, 10*time.Minute)
		if _, err := Prune(ctx, f.db, f.settings.Retention); err != nil && f.ctx.Err() == nil {
			slog.Error("old events could not be removed", "error", err)
		}
		cancel()
		timer.Reset(pruneEvery/2 + rand.N(pruneEvery))
	}
}

// Consume handles events for the consumer with the given name, including those still to come, until
// the context ends or the Follower is closed. Of several processes with the same consumer one works
// at a time, and another takes over when that one ends.
//
// If the handler fails, Consume logs the error and tries the event again after a pause; later events
// wait, so that the order is kept. After about six minutes of failures it logs the event as given up
// and goes on with the next one, so that one bad event does not stop all others forever. Failures of
// the database do not count.
func (f *Follower) Consume(ctx context.Context, name string, handle Handler) {
	fresh := make(chan struct{}, 1)
	if !f.join(fresh) {
		return
	}
	defer f.leave(fresh)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(f.ctx, cancel)()
	c := newConsumer(f.db, name, handle)
	for {
		err := c.catchUp(ctx)
		var again <-chan time.Time // nil: when there is something new
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errElsewhere):
			again = time.After(max(f.settings.Poll, time.Second)) // it may die
		case err != nil:
			pause := c.pause(f.retry)
			level := slog.LevelError
			if database.Unavailable(err) { // which is logged once for all
				level = slog.LevelDebug
			}
			slog.Log(ctx, level, "event not handled", "consumer", name, "attempts", c.attempts,
				"again_in", pause, "error", err)
			again = time.After(pause)
		}
		if !waitFor(ctx, fresh, again) {
			return
		}
	}
}

// join registers a channel that gets a token when there are new events. It returns false if the
// Follower is closed.
func (f *Follower) join(fresh chan struct{}) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ctx.Err() != nil {
		return false
	}
	f.ended.Add(1)
	f.consumers[fresh] = struct{}{}
	signal(f.wake)
	return true
}

func (f *Follower) leave(fresh chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.consumers, fresh)
	f.ended.Done()
}

// waitFor waits for either channel, or only for again if that is not nil: after a failure, new
// events are no reason to try sooner. It returns false if the context ended.
func waitFor(ctx context.Context, fresh <-chan struct{}, again <-chan time.Time) bool {
	if again != nil {
		fresh = nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-fresh:
	case <-again:
	}
	return true
}
