package events

import (
	"context"
	"slices"

	"38qa.net/backend/modules/kernel/database"
)

// buffered is how many events a subscriber may be behind before its subscription is ended.
const buffered = 256

// Filter says which events somebody wants: those that concern the user, and the public ones about any of
// the listed questions, categories and tags. The zero Filter lets all public events pass.
type Filter struct {
	// UserID is the user who wants to be told what concerns them; 0 for nobody.
	UserID int
	// QuestionIDs are questions of which everything is wanted, also what concerns their answers and
	// comments.
	QuestionIDs []int
	// CategoryIDs are categories; categories below them count as well.
	CategoryIDs []int
	Tags        []string
}

// concerns reports whether an event with the given topics concerns the user.
func (w Filter) concerns(t Topics) bool { return w.UserID != 0 && slices.Contains(t.For, w.UserID) }

// matches reports whether an event with the given topics is public and wanted.
func (w Filter) matches(t Topics) bool {
	switch {
	case !t.Public:
		return false
	case len(w.QuestionIDs)+len(w.CategoryIDs)+len(w.Tags) == 0:
		return w.UserID == 0
	}
	return slices.Contains(w.QuestionIDs, t.QuestionID) ||
		slices.ContainsFunc(w.CategoryIDs, func(id int) bool { return slices.Contains(t.CategoryIDs, id) }) ||
		slices.ContainsFunc(w.Tags, func(wanted string) bool {
			return slices.ContainsFunc(t.Tags,
				func(tag string) bool { return database.CompareGeneralCI(tag, wanted) == 0 })
		})
}

// Subscription receives the events for one subscriber. The subscriber must call Close when it
// no longer needs it.
type Subscription struct {
	follower *Follower
	filter   Filter
	events   chan *notice
	admitted chan struct{}
	start    int64
}

// notice is an event in the form in which streams send it, made once for all subscribers.
type notice struct {
	seq            int64
	named, unnamed []byte // with and without a line that names the event
}

// Subscribe subscribes to the events that match the filter, from now on. It may have to wait
// for the database, at most until the context ends. It returns context.Canceled if the Follower is
// closed.
func (f *Follower) Subscribe(ctx context.Context, filter Filter) (*Subscription, error) {
	s := &Subscription{
		follower: f, filter: filter, events: make(chan *notice, buffered),
		admitted: make(chan struct{}),
	}
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

// Start returns the place after which the subscription begins: it receives every matching event with
// a higher Seq.
func (s *Subscription) Start() int64 { return s.start }

// passed returns the place up to which the subscriber has taken all events, or 0 if some are still
// in its buffer or the subscription has ended.
func (s *Subscription) passed() int64 {
	s.follower.mu.Lock()
	defer s.follower.mu.Unlock()
	if _, ok := s.follower.subscribers[s]; !ok || len(s.events) > 0 {
		return 0
	}
	return s.follower.position
}

// Close ends the subscription. Calling it again has no effect.
func (s *Subscription) Close() {
	f := s.follower
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = slices.DeleteFunc(f.waiting, func(other *Subscription) bool { return other == s })
	f.drop(s)
}

// admit adds a subscriber, which gets all events that are broadcast from then on. The caller must
// hold the mutex.
func (f *Follower) admit(s *Subscription) {
	s.start = f.position
	f.subscribers[s] = struct{}{}
	close(s.admitted)
}

// drop ends a subscription. The caller must hold the mutex. Events in the subscription's buffer can
// still be received.
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

// broadcast hands events to the subscribers that want them. A subscriber whose buffer is full is
// dropped instead of being waited for; it can read what it missed from the outbox. broadcast reports
// whether there are subscribers left.
func (f *Follower) broadcast(list []Event) bool {
	public, personal := make([]*notice, len(list)), make([]*notice, len(list))
	for i := range list {
		if list[i].Topics.Public {
			public[i] = newNotice(list[i], false)
		}
		if len(list[i].Topics.For) > 0 {
			personal[i] = newNotice(list[i], true)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.following {
		return false // all have gone meanwhile; those who came since begin later
	}
	for i := range list {
		if public[i] == nil && personal[i] == nil {
			continue
		}
		for s := range f.subscribers {
			var n *notice
			switch {
			case s.filter.concerns(list[i].Topics):
				n = personal[i]
			case s.filter.matches(list[i].Topics):
				n = public[i]
			default:
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
