package events

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// TestReadersMissNothing checks that a reader sees each committed event once and without gaps in the numbers,
// while writers commit in any order or roll back, and several processes number the events.
func TestReadersMissNothing(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		const writers, each = 6, 40
		var writing, numbering sync.WaitGroup
		var done atomic.Bool
		for w := range writers {
			db := s.open(t)
			writing.Go(func() {
				for i := range each {
					id := 1 + w*each + i
					rolledBack := errors.New("changed its mind")
					err := db.Tx(context.Background(), func(tx *database.DB) error {
						if err := Append(context.Background(), tx, about(tx, id), about(tx, id)); err != nil {
							return err
						}
						// Some transactions take longer to commit than others.
						time.Sleep(time.Duration(id%5) * time.Millisecond)
						if i%10 == 9 {
							return rolledBack
						}
						return nil
					})
					if err != nil && !errors.Is(err, rolledBack) {
						t.Error(err)
					}
				}
			})
		}
		for range 3 {
			db := s.open(t)
			numbering.Go(func() {
				for !done.Load() {
					if _, err := Number(context.Background(), db); err != nil {
						t.Error(err)
					}
				}
			})
		}
		seen := map[int]int{}
		reader, at := s.open(t), int64(0)
		follow := func() {
			for _, e := range all(t, reader, at) {
				if e.Seq != at+1 {
					t.Fatalf("event %d after %d", e.Seq, at)
				}
				at = e.Seq
				seen[e.Topics.PostID]++
			}
		}
		ended := make(chan struct{})
		go func() { writing.Wait(); close(ended) }()
		for open := true; open; {
			select {
			case <-ended:
				open = false
			default:
			}
			follow()
		}
		done.Store(true)
		numbering.Wait()
		last := number(t, reader)
		follow()
		if last != at || len(seen) != writers*each*9/10 {
			t.Errorf("%d of %d events, of %d posts", at, last, len(seen))
		}
		for id, times := range seen {
			if times != 2 {
				t.Errorf("post %d: seen %d times", id, times)
			}
		}
	})
}

// TestNumberingDoesNotWait checks that an event that is written but not yet committed does not keep later
// ones from being numbered, and gets its number after its commit.
func TestNumberingDoesNotWait(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db, other := s.open(t), s.open(t)
		if db.Dialect() == database.SQLite {
			t.Skip("SQLite has one writer at a time")
		}
		happen(t, db, 1)
		err := other.Tx(t.Context(), func(tx *database.DB) error {
			if err := Append(t.Context(), tx, about(tx, 2)); err != nil {
				return err
			}
			happen(t, db, 3)
			if last := number(t, db); last != 2 {
				t.Errorf("numbered %d", last)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		number(t, db)
		var order []int
		for _, e := range all(t, db, 0) {
			order = append(order, e.Topics.PostID)
		}
		if !reflect.DeepEqual(order, []int{1, 3, 2}) {
			t.Errorf("order %v", order)
		}
	})
}

// TestManyEventsAtOnce checks that Number numbers more events than fit into one of its transactions, in
// order, and that it takes one statement where there is nothing to number.
func TestManyEventsAtOnce(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		list := make([]Event, 2*numberedAtOnce+7)
		for i := range list {
			list[i] = about(db, i+1)
		}
		if err := db.Tx(t.Context(),
			func(tx *database.DB) error { return Append(t.Context(), tx, list...) }); err != nil {
			t.Fatal(err)
		}
		if last := number(t, db); last != int64(len(list)) {
			t.Errorf("numbered %d", last)
		}
		for i, e := range all(t, db, 0) {
			if e.Seq != int64(i+1) || e.Topics.PostID != i+1 {
				t.Fatalf("%d. event: %+v", i, e)
			}
		}
		ctx, counter := database.CountStatements(t.Context())
		if _, err := Number(ctx, db); err != nil || len(counter.Queries()) != 1 {
			t.Errorf("without anything to number: %v, %q", err, counter.Queries())
		}
	})
}

// TestEventsComeBackAsTheyWere checks that events are read as they were written, except for the parts of a
// post's row that are not kept, and that an event that cannot be decoded does not stop the reader.
func TestEventsComeBackAsTheyWere(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db, votes := s.open(t), -3
		e := Event{
			Name: "a_vote_down", At: 1_700_000_000,
			Actor: Actor{UserID: 9, Handle: "花子", CookieID: "12345678901234567",
				IP: netip.MustParseAddr("2001:db8::1")},
			Params: []Param{{"z", "1"}, {"postid", 12}, {"a", nil}, {"on", true},
				{"oldanswer", Record{Fields: 68, ID: 12, Type: "A", UserID: 4}}, {"text", "a\tb 🐝"}},
			Topics: Topics{Public: true, What: "vote", PostID: 12, QuestionID: 11, CategoryIDs: []int{1, 2},
				Tags: []string{"蜂"}, NetVotes: &votes},
		}
		err := db.Tx(t.Context(),
			func(tx *database.DB) error { return Append(t.Context(), tx, e, Event{Name: "empty", At: 1}) })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(t.Context(),
			"INSERT INTO {q2ab_outbox} (name, at, payload) VALUES ('bad', 2, '{')"); err != nil {
			t.Fatal(err)
		}
		number(t, db)
		got := all(t, db, 0)
		if len(got) != 3 || got[2].Name != "bad" || got[2].At != 2 || got[2].Topics.Public {
			t.Fatalf("%+v", got)
		}
		e.Seq, e.Params[4].Value, e.RawParams = 1, Record{ID: 12, Type: "A", UserID: 4}, got[0].RawParams
		if !reflect.DeepEqual(got[0], e) {
			t.Errorf("came back as %+v", got[0])
		}
		if got[0].Param("text") != "a\tb 🐝" || got[0].Param("nothing") != nil {
			t.Errorf("parameters %+v", got[0].Params)
		}
		if got[1].Name != "empty" || len(got[1].Params) != 0 || got[1].Actor != (Actor{}) {
			t.Errorf("%+v", got[1])
		}
	})
}

// TestOldEventsAreRemoved checks that Prune removes events that are older than the retention and that every
// consumer has passed, and no others, and that the numbers go on after that.
func TestOldEventsAreRemoved(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		now := time.Unix(1_700_000_000, 0)
		db := s.openAt(t, func() time.Time { return now })
		prune := func(want int64) {
			t.Helper()
			if removed, err := Prune(t.Context(), db, 72*time.Hour); err != nil || removed != want {
				t.Errorf("removed %d, %v; expected %d", removed, err, want)
			}
		}
		nothing := func(context.Context, *database.DB, Event) error { return nil }
		consume := func(handle Handler) error { return Consume(t.Context(), db, "mail", handle) }
		if err := consume(nothing); err != nil {
			t.Fatal(err)
		}
		old := make([]Event, removedAtOnce+10)
		for i := range old {
			old[i] = about(db, i+1)
		}
		if err := db.Tx(t.Context(),
			func(tx *database.DB) error { return Append(t.Context(), tx, old...) }); err != nil {
			t.Fatal(err)
		}
		prune(0) // young
		now = now.Add(73 * time.Hour)
		happen(t, db, 5000)
		prune(0) // not passed
		err := consume(func(_ context.Context, _ *database.DB, e Event) error {
			if e.Seq == 8 {
				return errors.New("not now")
			}
			return nil
		})
		if err == nil {
			t.Error("the failure was not reported")
		}
		prune(7)
		if err := consume(nothing); err != nil {
			t.Fatal(err)
		}
		prune(int64(len(old) - 7))
		if left := all(t, db, 0); len(left) != 1 || left[0].Seq != int64(len(old)+1) {
			t.Errorf("left: %+v", left)
		}
		happen(t, db, 5001)
		if last := number(t, db); last != int64(len(old)+2) {
			t.Errorf("numbers go on with %d", last)
		}
	})
}
