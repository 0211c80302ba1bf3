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

// Settings of a Follower; see package config for their meaning.
type Settings struct {
	// Poll is the longest time between two looks at the outbox, while somebody follows.
	Poll time.Duration
	// Retention is how long events are kept at least; 0 keeps them for ever.
	Retention time.Duration
}

// Follower follows the events on behalf of all of its process: for subscribers, which get a copy of what happens, and for
// consumers, which act on it. While there is neither it leaves the database alone, but for the removal of old events once
// in an hour. All methods may be called at any time, from any goroutine.
type Follower struct {
	db       *database.DB
	settings Settings
	retry    time.Duration // firstRetry, but for tests
	// wake has a token while there may be something new: an event of this process, a subscriber, a consumer.
	wake  chan struct{}
	ctx   context.Context //nolint:containedctx // the Follower's own life, from NewFollower to Close
	close context.CancelFunc
	ended sync.WaitGroup

	mu sync.Mutex
	// following tells whether position is kept up, which it is while there are subscribers.
	following bool
	// position is the place of the last event that subscribers were given.
	position    int64
	subscribers map[*Subscription]struct{}
	// waiting are subscribers that have been told no position yet.
	waiting []*Subscription
	// consumers have a token while there may be events for them.
	consumers map[chan struct{}]struct{}
	last      int64
}

// followers are the running ones by the connection pool that they use, for Append to wake them.
var followers sync.Map

const (
	// soon is how long after a sign of something new the Follower looks: Append gives it just before the commit.
	soon = 5 * time.Millisecond
	// rest is the shortest time between two looks, however much happens.
	rest = 25 * time.Millisecond
	// pruneEvery is how often old events are removed, by every process.
	pruneEvery = time.Hour
	// maxPause is the time between two looks at a database that does not answer.
	maxPause = 5 * time.Second
)

// NewFollower returns a running Follower; Close ends it.
func NewFollower(db *database.DB, s Settings) *Follower {
	return newFollower(context.Background(), db, s)
}

func newFollower(ctx context.Context, db *database.DB, s Settings) *Follower {
	if s.Poll <= 0 {
		s.Poll = 250 * time.Millisecond
	}
	f := &Follower{db: db, settings: s, retry: firstRetry, wake: make(chan struct{}, 1), subscribers: map[*Subscription]struct{}{}, consumers: map[chan struct{}]struct{}{}}
	f.ctx, f.close = context.WithCancel(ctx)
	followers.Store(db.Pool(), f)
	f.ended.Go(f.follow)
	if s.Retention > 0 {
		f.ended.Go(f.prune)
	}
	return f
}

// Close ends all subscriptions and consumers and waits for handlers at work, whose contexts end.
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

// appended wakes the Follower of this process, if there is one. It is a courtesy to those who wait: events of other
// processes, and a sign that comes too early, are found at the next look.
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

// follow looks at the outbox again and again, while there is somebody to do it for.
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

// sleep waits for the next look; it tells whether a sign of something new cut that short.
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

// needed tells whether anybody follows.
func (f *Follower) needed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.subscribers)+len(f.waiting)+len(f.consumers) > 0
}

// readAtOnce is how many events are read in one query.
const readAtOnce = 500

// look numbers what is new, hands it to the subscribers and wakes the consumers.
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
			list = []Event{{Seq: last}} // removed meanwhile: this process was stopped for longer than the retention
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

// prune removes old events now and then. Processes that start together do not do it at the same time.
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

// Consume handles events for the consumer of that name, those to come too, until the context ends or the Follower is closed.
// It is Consume that goes on: of several processes one at a time works, and another takes over when that one ends.
//
// An event whose handling fails is tried again after a pause, and each failure is logged; the consumer waits for it, so that
// the order holds. After about six minutes of failures it is given up, with an error in the log that names it, and the
// consumer goes on: one bad event does not stop all others for ever. Failures of the database do not count.
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
			slog.Log(ctx, level, "event not handled", "consumer", name, "attempts", c.attempts, "again_in", pause, "error", err)
			again = time.After(pause)
		}
		if !waitFor(ctx, fresh, again) {
			return
		}
	}
}

// join has the channel told of new events; false if the Follower is closed.
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

// waitFor waits for either channel; after a failure (again is not nil) what is new does not matter. It is false when the
// context ended.
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
