package events

import (
	"context"
	"fmt"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// take reads the next event of a subscription.
func take(t *testing.T, s *Subscription) *notice {
	t.Helper()
	select {
	case n, open := <-s.events:
		if !open {
			t.Fatal("the subscription ended")
		}
		return n
	case <-time.After(patient):
		t.Fatal("no event came")
	}
	return nil
}

func subscribe(t *testing.T, f *Follower, filter Filter) *Subscription {
	t.Helper()
	s, err := f.Subscribe(t.Context(), filter)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// TestFollowersOfTwoProcesses checks that subscribers of two processes both get the public events that either
// process writes, from the moment when they subscribe.
func TestFollowersOfTwoProcesses(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		one, two := s.open(t), s.open(t)
		happen(t, one, 1, 2)
		var followers []*Follower
		var subs []*Subscription
		for _, db := range []*database.DB{one, two} {
			f := NewFollower(db, Settings{Poll: 20 * time.Millisecond})
			t.Cleanup(f.Close)
			followers, subs = append(followers, f), append(subs, subscribe(t, f, Filter{}))
		}
		if subs[0].Start() != 2 || subs[1].Start() != 2 {
			t.Errorf("they begin at %d and %d", subs[0].Start(), subs[1].Start())
		}
		happen(t, one, 3)
		happen(t, two, 4)
		hidden := about(one, 5)
		hidden.Topics.Public = false
		if err := one.Tx(t.Context(), func(tx *database.DB) error {
			return Append(t.Context(), tx, hidden, about(tx, 6))
		}); err != nil {
			t.Fatal(err)
		}
		for i, sub := range subs {
			for _, want := range []int64{3, 4, 6} {
				if got := take(t, sub).seq; got != want {
					t.Errorf("process %d: event %d, expected %d", i, got, want)
				}
			}
		}
		subs[0].Close()
		happen(t, two, 7)
		take(t, subs[1])
		if again := subscribe(t, followers[0], Filter{}); again.Start() != 7 {
			t.Errorf("it begins at %d after a pause", again.Start())
		}
	})
}

// TestNobodyFollows checks that a Follower sends no statements to the database while it has no subscribers,
// and that a closed one refuses them.
func TestNobodyFollows(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		ctx, counter := database.CountStatements(context.Background())
		f := newFollower(ctx, db, Settings{Poll: time.Millisecond, Retention: time.Hour})
		t.Cleanup(f.Close)
		happen(t, db, 1, 2, 3)
		if n := len(counter.Queries()); n != 0 {
			t.Errorf("%d statements without anybody", n)
		}
		s1 := subscribe(t, f, Filter{})
		happen(t, db, 4)
		take(t, s1)
		s1.Close()
		eventually(t, "quiet", func() bool {
			before := len(counter.Queries())
			time.Sleep(60 * time.Millisecond)
			return len(counter.Queries()) == before
		})
		f.Close()
		if _, err := f.Subscribe(t.Context(), Filter{}); err == nil {
			t.Error("a closed Follower took a subscriber")
		}
	})
}

// TestSlowSubscriberIsDropped checks that a subscriber that reads too slowly gets what is buffered and is
// then dropped, and that other subscribers do not wait for it.
func TestSlowSubscriberIsDropped(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		f := NewFollower(db, Settings{Poll: 10 * time.Millisecond})
		t.Cleanup(f.Close)
		slow, quick, choosy := subscribe(t, f, Filter{}), subscribe(t, f, Filter{}),
			subscribe(t, f, Filter{QuestionIDs: []int{3}})
		const n = buffered + 50
		err := db.Tx(t.Context(), func(tx *database.DB) error {
			list := make([]Event, n)
			for i := range list {
				list[i] = about(tx, i+1)
			}
			return Append(t.Context(), tx, list[:n/2]...)
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range n / 2 {
			if got := take(t, quick).seq; got != int64(i+1) {
				t.Fatalf("event %d", got)
			}
		}
		if slow.passed() != 0 || choosy.passed() != 0 || quick.passed() != n/2 {
			t.Errorf("passed %d, %d, %d", slow.passed(), choosy.passed(), quick.passed())
		}
		for i := n / 2; i < n; i++ {
			happen(t, db, i+1)
			take(t, quick)
		}
		if got := take(t, choosy).seq; got != 3 || choosy.passed() != n {
			t.Errorf("event %d, passed %d", got, choosy.passed())
		}
		for i := range buffered {
			if got := take(t, slow).seq; got != int64(i+1) {
				t.Fatalf("event %d", got)
			}
		}
		if n, open := <-slow.events; open {
			t.Errorf("the slow one goes on with %d", n.seq)
		}
	})
}

// TestDatabaseThatComesBack checks that Subscribe waits for a database that does not answer until its context
// ends, and succeeds once the database answers.
func TestDatabaseThatComesBack(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		rename := func(from, to string) {
			if _, err := db.Exec(t.Context(),
				fmt.Sprintf("ALTER TABLE {%s} RENAME TO {%s}", from, to)); err != nil {
				t.Fatal(err)
			}
		}
		f := NewFollower(db, Settings{Poll: 10 * time.Millisecond})
		t.Cleanup(f.Close)
		rename("q2ab_outbox", "away")
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := f.Subscribe(ctx, Filter{}); err == nil {
			t.Error("subscribed to nothing")
		}
		got := make(chan *Subscription)
		go func() { got <- subscribe(t, f, Filter{}) }()
		rename("away", "q2ab_outbox")
		happen(t, db, 1)
		select {
		case <-got:
		case <-time.After(patient):
			t.Error("not let in")
		}
	})
}

func TestFilters(t *testing.T) {
	topics := Topics{Public: true, For: []int{5, 7}, QuestionID: 11, CategoryIDs: []int{1, 2},
		Tags: []string{"honey", "蜂"}}
	for _, c := range []struct {
		filter Filter
		want   bool
	}{
		{Filter{}, true},
		{Filter{QuestionIDs: []int{11}}, true},
		{Filter{QuestionIDs: []int{12}}, false},
		{Filter{QuestionIDs: []int{12, 11}}, true},
		{Filter{CategoryIDs: []int{1}}, true},
		{Filter{CategoryIDs: []int{2}}, true},
		{Filter{CategoryIDs: []int{3}}, false},
		{Filter{Tags: []string{"蜂"}}, true},
		{Filter{Tags: []string{"Honey"}}, true},
		{Filter{Tags: []string{"hone"}}, false},
		{Filter{0, []int{12}, []int{3}, []string{"honey"}}, true},
		{Filter{0, []int{12}, []int{2}, []string{"bee"}}, true},
		{Filter{0, []int{12}, []int{3}, []string{"bee"}}, false},
		{Filter{UserID: 7}, false}, // it concerns the user, which is another matter
		{Filter{UserID: 8}, false},
		{Filter{UserID: 8, QuestionIDs: []int{11}}, true},
		{Filter{UserID: 8, QuestionIDs: []int{12}}, false},
	} {
		if got := c.filter.matches(topics); got != c.want {
			t.Errorf("%+v: %v", c.filter, got)
		}
	}
	for user, want := range map[int]bool{5: true, 7: true, 8: false, 0: false} {
		if got := (Filter{UserID: user, QuestionIDs: []int{11}}).concerns(topics); got != want {
			t.Errorf("it concerns %d: %v", user, got)
		}
	}
	topics.Public = false
	if (Filter{}).matches(topics) || (Filter{QuestionIDs: []int{11}}).matches(topics) {
		t.Error("what is not public matches")
	}
	if (Filter{}).concerns(Topics{For: []int{0}}) {
		t.Error("an event concerns nobody, and matches")
	}
}
