package events

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/web"
)

// doorkeeper says who calls and who may stay, as package auth does: the caller is the user whose id is the
// request's User-Agent.
type doorkeeper struct {
	blocked atomic.Int64 // a user
	failing atomic.Bool
}

func (d *doorkeeper) settings() StreamSettings {
	return StreamSettings{
		Holder: func(ctx context.Context) (Holder, error) {
			var h Holder
			_, err := fmt.Sscan(web.ClientOf(ctx).UserAgent, &h.UserID)
			return h, err
		},
		MayHold: func(_ context.Context, list []Holder) (map[Holder]bool, error) {
			may := map[Holder]bool{}
			for _, h := range list {
				may[h] = int64(h.UserID) != d.blocked.Load()
			}
			if d.failing.Load() {
				return nil, errors.New("no database")
			}
			return may, nil
		},
	}
}

// listenAs opens a stream of a user.
func listenAs(t *testing.T, user int, address string) *stream {
	t.Helper()
	return listen(t, address, "", "User-Agent", fmt.Sprint(user))
}

// send commits an event that concerns the users alone.
func send(t *testing.T, db *database.DB, message int, to ...int) {
	t.Helper()
	err := db.Tx(t.Context(), func(tx *database.DB) error {
		return Append(t.Context(), tx, Event{
			Name: "u_message", At: tx.Now(), Actor: Actor{UserID: 7, Handle: "aki"},
			Params: []Param{{"userid", to[0]}, {"handle", "haru"}, {"messageid", message},
				{"message", "for your eyes only"}},
			Topics: ToUsers("u_message", to...),
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPersonalStream checks that an event that concerns users is told to them and to nobody else, when it
// happens and when it is replayed, and that a stream may have public events beside.
func TestPersonalStream(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		address := streamServer(t, db, new(doorkeeper).settings()).URL + "/v1/events"
		all := listenAs(t, 5, address)
		mine := listenAs(t, 5, address+"?mine=true")
		other := listenAs(t, 6, address+"?mine=true")
		mixed := listenAs(t, 5, address+"?mine=true&question=2")
		for _, one := range []*stream{all, mine, other, mixed} {
			one.expect(t, "0 hello")
		}
		happen(t, db, 1, 2)
		send(t, db, 33, 5)
		send(t, db, 34, 6, 5)
		send(t, db, 35, 6)
		happen(t, db, 3)
		all.expect(t, "1 question", "2 question", "6 question")
		m := mine.expect(t, "3 message")
		if d := m.data; !d.Mine || d.MessageID != 33 || d.By == nil || d.By.Handle != "aki" ||
			strings.Contains(m.raw, "eyes") || strings.Contains(m.raw, "haru") {
			t.Errorf("data %s", m.raw)
		}
		mine.expect(t, "4 message")
		other.expect(t, "4 message", "5 message")
		if m := mixed.expect(t, "2 question"); m.data.Mine {
			t.Errorf("marked as the caller's own: %s", m.raw)
		}
		mixed.expect(t, "3 message", "4 message")

		replayed := listenAs(t, 5, address+"?mine=true&lastEventId=0")
		if m := replayed.expect(t, "3 message"); m.data.By != nil || m.data.MessageID != 33 {
			t.Errorf("replayed as %s", m.raw)
		}
		replayed.expect(t, "4 message", "6 hello")
		listenAs(t, 6, address+"?mine=true&lastEventId=3").expect(t, "4 message", "5 message", "6 hello")
		listenAs(t, 5, address+"?lastEventId=2").expect(t, "6 question", "6 hello")
		listenAs(t, 5, address+"?mine=true&tag=tag3&lastEventId=3").
			expect(t, "4 message", "6 question", "6 hello")
		refused(t, address+"?lastEventId=x", "", "422 lastEventId wrong_form")

		res := listen(t, address+"?mine=true", "").res // nobody
		if res.StatusCode != http.StatusInternalServerError {
			t.Errorf("without a holder: %s", res.Status)
		}
	})
}

// TestPersonalEventsObeyStill checks that what concerns a user and was public is told late only as far as it
// is public still, and that what never was public is told.
func TestPersonalEventsObeyStill(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		settings := new(doorkeeper).settings()
		settings.Still = func(_ context.Context, before []*Topics) error {
			for _, topics := range before {
				if topics.PostID == 2 {
					*topics = Topics{}
				}
			}
			return nil
		}
		address := streamServer(t, db, settings).URL + "/v1/events"
		for _, c := range []struct {
			post   int
			public bool
		}{{1, true}, {2, true}, {2, false}} {
			err := db.Tx(t.Context(), func(tx *database.DB) error {
				e := about(tx, c.post)
				e.Topics.Public, e.Topics.For = c.public, []int{5}
				return Append(t.Context(), tx, e)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		listenAs(t, 5, address+"?mine=true&lastEventId=0").expect(t, "1 question", "3 question", "3 hello")
		listenAs(t, 6, address+"?mine=true&lastEventId=0").expect(t, "3 hello")
		listenAs(t, 5, address+"?lastEventId=0").expect(t, "1 question", "3 hello")
	})
}

// TestPersonalStreamEnds checks that a stream ends soon after its holder may not have it any more, that
// those of others go on, and that all end when nobody can tell for long.
func TestPersonalStreamEnds(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		door := &doorkeeper{}
		address := streamServer(t, db, door.settings()).URL + "/v1/events"
		end := func(one *stream, what string) {
			t.Helper()
			if m, ok := one.next(t); ok {
				t.Errorf("%s: %+v", what, m)
			}
			if err := one.lines.Err(); err != nil {
				t.Errorf("%s: it did not end in order: %v", what, err)
			}
		}
		for round := range 2 { // the second one begins when no stream is left to be checked
			blocked, other := listenAs(t, 5, address+"?mine=true"), listenAs(t, 6, address+"?mine=true")
			public := listenAs(t, 5, address)
			for _, one := range []*stream{blocked, other, public} {
				one.next(t)
			}
			door.blocked.Store(5)
			end(blocked, "blocked")
			time.Sleep(5 * testRecheck)
			send(t, db, 33, 6)
			if m, ok := other.next(t); !ok || m.data.MessageID != 33 {
				t.Errorf("round %d: the stream of another user: %+v %v", round, m, ok)
			}
			happen(t, db, 1)
			if m, ok := public.next(t); !ok || m.event != "question" {
				t.Errorf("round %d: the public stream: %+v %v", round, m, ok)
			}
			door.failing.Store(true)
			end(other, "unknown")
			door.failing.Store(false)
			door.blocked.Store(0)
			public.close()
			time.Sleep(5 * testRecheck)
		}
	})
}
