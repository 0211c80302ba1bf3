package mail

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestNextPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		last        int64
		mails       int
		place       int64
		placesTaken int
	}{
		{0, 0, 100, 1}, {99, 3, 100, 1}, {100, 0, 100, 1}, {100, 2, 100, 3}, {100, 3, 101, 1}, {105, 1, 105, 2}, {105, 3, 106, 1},
	} {
		if place, taken := nextPlace(c.last, c.mails, 3, 100); place != c.place || taken != c.placesTaken {
			t.Errorf("after minute %d with %d: %d with %d", c.last, c.mails, place, taken)
		}
	}
}

// TestHostLimit checks that the addresses of one host get no more mails in a minute than the setting says from
// two processes together, and that other hosts do not wait.
func TestHostLimit(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		sink := newSink(t, "", nil)
		var now atomic.Int64
		begin := time.Now().Unix() / minute * minute
		now.Store(begin)
		clock := func() time.Time { return time.Unix(now.Load(), 0) }
		modules := [2]*Module{}
		for i := range modules {
			modules[i] = moduleOn(t, p.open(t, clock), Settings{URL: sink.url(), HostLimit: 3})
		}
		db := modules[0].db
		for i := range 8 {
			addUser(t, db, 10+i, fmt.Sprint("user", i), fmt.Sprintf("user%d@Example.com", i), "c0de1234")
			handle(t, modules[0], event("u_confirm_code", 0, userParam(10+i)))
		}
		addUser(t, db, 20, "other", "other@example.org", "c0de1234")
		handle(t, modules[0], event("u_confirm_code", 0, userParam(20)))
		var got []string
		for range 5 {
			before := len(sink.got())
			for i := 0; ; i++ {
				found, err := modules[i%2].sendNext(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if !found {
					break
				}
			}
			hosts := map[string]int{}
			for _, mail := range sink.got()[before:] {
				_, host, _ := strings.Cut(strings.ToLower(mail.to), "@")
				hosts[host]++
			}
			got = append(got, fmt.Sprintf("%d+%d", hosts["example.com"], hosts["example.org"]))
			now.Add(minute)
		}
		if text := strings.Join(got, " "); text != "3+1 3+0 2+0 0+0 0+0" || waiting(t, db) != 0 {
			t.Errorf("%s, %d wait", text, waiting(t, db))
		}
		q, err := modules[0].Queue(t.Context())
		if err != nil || q != (QueueState{}) {
			t.Error(q, err)
		}
	})
}
