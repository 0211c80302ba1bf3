package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"38qa.net/backend/modules/hooks"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/outbound"
	"38qa.net/backend/modules/kernel/outbound/fakedns"
	"38qa.net/backend/tools/internal/killable"
)

// serve is the main function of a process that sends: it consumes the events and serves the webhooks as the
// whole application does, with a clock and a resolver of its own.
func serve(ctx context.Context) error {
	cfg, err := killable.Config()
	if err != nil {
		return err
	}
	c, err := inheritedClock()
	if err != nil {
		return err
	}
	db, err := database.Open(ctx, database.Settings{
		URL: cfg.DatabaseURL, Prefix: "qa_", MaxConnections: 8, Clock: c.now,
	})
	if err != nil {
		return err
	}
	m := hooks.New(db, hooks.Settings{
		AllowHTTP: true,
		Outbound: outbound.Settings{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
			Resolver: fakedns.Resolver(addressesOf)},
		May:   func(context.Context) error { return nil },
		Still: func(context.Context, []*events.Topics) error { return nil },
		Posts: func(_ context.Context, ids []int) (map[int]hooks.Post, error) {
			posts := map[int]hooks.Post{}
			for _, id := range ids {
				posts[id] = hooks.Post{Title: "What is it?"}
			}
			return posts, nil
		},
		Poll: 50 * time.Millisecond,
	})
	ready := &http.Server{Addr: cfg.Listen, ReadHeaderTimeout: time.Second,
		Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go ready.ListenAndServe() //nolint:errcheck // who waits for it notices
	follower := events.NewFollower(db, events.Settings{Poll: 50 * time.Millisecond})
	go follower.Consume(ctx, "hooks", m.Handle)
	m.Serve(ctx)
	follower.Close()
	return errors.Join(ready.Close(), db.Close())
}

// addressesOf says what the names of the receivers mean. That of one changes.
func addressesOf(name string) []netip.Addr {
	switch kind, _, _ := strings.Cut(name, "."); kind {
	case "private":
		return []netip.Addr{netip.MustParseAddr(forbiddenHost)}
	case "changing":
		if rand.IntN(4) == 0 {
			return []netip.Addr{netip.MustParseAddr(forbiddenHost)}
		}
	}
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}
}
