package events

import (
	"context"
	"slices"

	"38qa.net/backend/modules/kernel/database"
)

// buffered is how many events a subscriber may be behind before it is dropped.
const buffered = 256

// Filter says which events a subscriber wants: those that match all of it. The zero Filter wants all.
type Filter struct {
	// QuestionID wants the question and all that belongs to it, if it is not 0.
	QuestionID int
	// CategoryID wants what is in the category or below it, if it is not 0.
	CategoryID int
	// Tag wants questions that have the tag, and what belongs to them, unless it is "".
	Tag string
}

// Matches tells whether an event with the topics is wanted.
func (w Filter) Matches(t Topics) bool {
	return (w.QuestionID == 0 || w.QuestionID == t.QuestionID) &&
		(w.CategoryID == 0 || slices.Contains(t.CategoryIDs, w.CategoryID)) &&
		(w.Tag == "" || slices.ContainsFunc(t.Tags, func(tag string) bool { return database.CompareGeneralCI(tag, w.Tag) == 0 }))
}

// Subscription is a subscriber's share of the public events. Close it when it is not needed any more.
type Subscription struct {
	follower *Follower
	filter   Filter
	events   chan *notice
	admitted chan struct{}
	start    int64
}

// notice is a public event with the form in which streams send it, made once for all subscribers.
type notice struct {
	seq   int64
	frame []byte
}

// Subscribe subscribes to the public events that match the filter, from now on. It waits for the database at most as long
// as the context lasts, and fails with context.Canceled when the Follower is closed.
func (f *Follower) Subscribe(ctx context.Context, filter Filter) (*Subscription, error) {
	s := &Subscription{follower: f, filter: filter, events: make(chan *notice, buffered), admitted: make(chan struct{})}
	f.mu.Lock()
	switch {
	case f.ctx.Err() != nil:
	case f.following:
		f.admit(s)
	default:
		f.waiting = append(f.waiting, s)
		signal(f.wake)
	}
	f.mu.Unlock()
	select {
	case <-s.admitted:
		return s, nil
	case <-ctx.Done():
		s.Close()
		return nil, ctx.Err()
	case <-f.ctx.Done():
		s.Close()
		return nil, f.ctx.Err()
	}
}

// Start is the place after which the subscription begins: it has every event that matches and has a higher one.
func (s *Subscription) Start() int64 { return s.start }

// passed is the place up to which the subscriber has taken everything, 0 while something waits for it or it was dropped.
func (s *Subscription) passed() int64 {
	s.follower.mu.Lock()
	defer s.follower.mu.Unlock()
	if _, ok := s.follower.subscribers[s]; !ok || len(s.events) > 0 {
		return 0
	}
	return s.follower.position
}

// Close ends the subscription; it may be called again.
func (s *Subscription) Close() {
	f := s.follower
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = slices.DeleteFunc(f.waiting, func(other *Subscription) bool { return other == s })
	f.drop(s)
}

// admit lets a subscriber in, with the mutex held: what is broadcast from here on it gets.
func (f *Follower) admit(s *Subscription) {
	s.start = f.position
	f.subscribers[s] = struct{}{}
	close(s.admitted)
}

// drop ends a subscription, with the mutex held. What is in its buffer can still be taken.
func (f *Follower) drop(s *Subscription) {
	if _, ok := f.subscribers[s]; !ok {
		return
	}
	delete(f.subscribers, s)
	close(s.events)
	if len(f.subscribers) == 0 {
		f.following = false
	}
}

// broadcast hands events to the subscribers that want them. One whose buffer is full is dropped: nobody waits for it, and
// what it missed is in the table. It tells whether there are subscribers left.
func (f *Follower) broadcast(list []Event) bool {
	notices := make([]*notice, len(list))
	for i := range list {
		if list[i].Topics.Public {
			notices[i] = &notice{list[i].Seq, frame(list[i])}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.following {
		return false // all have gone meanwhile; those who came since begin later
	}
	for i, n := range notices {
		if n == nil {
			continue
		}
		for s := range f.subscribers {
			if !s.filter.Matches(list[i].Topics) {
				continue
			}
			select {
			case s.events <- n:
			default:
				f.drop(s)
			}
		}
	}
	f.position = list[len(list)-1].Seq
	return f.following
}
