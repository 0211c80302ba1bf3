package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// check returns what is wrong after the attack.
func (a *attack) check(ctx context.Context) (failures []string, err error) {
	fail := func(format string, args ...any) { failures = append(failures, fmt.Sprintf(format, args...)) }
	if n := a.trapped.Load(); n > 0 {
		fail("%d connections to the forbidden address", n)
	}
	most := a.kills * workers // messages that may come once more
	for i, s := range a.sinks {
		want, tries, state := a.events, 1, "delivered"
		if !s.arrives {
			tries, state = attempts, "failed"
		}
		for query, expected := range map[string]int{
			"webhookid = ?": want,
			"webhookid = ? AND state = '" + state + "'": want,
		} {
			n, err := a.site.Number(ctx, "SELECT COUNT(*) FROM {q2ab_deliveries} WHERE "+query, i+1)
			if err != nil {
				return nil, err
			}
			if n != expected {
				fail("%s: %d deliveries with %s, expected %d", s.name, n, query, expected)
			}
		}
		if !s.arrives {
			n, err := a.site.Number(ctx, "SELECT COUNT(*) FROM {q2ab_deliveries} WHERE webhookid = ? AND attempts <> ?",
				i+1, attempts)
			if err != nil {
				return nil, err
			}
			if n > 0 {
				fail("%s: %d deliveries were not given up after %d attempts", s.name, n, attempts)
			}
		}
		if !s.reached {
			if n := s.requests(); n > 0 {
				fail("%s got %d requests", s.name, n)
			}
			continue
		}
		if n := len(s.times); n != want {
			fail("%s got %d messages, expected %d", s.name, n, want)
		}
		if s.name == "changing" {
			n, err := a.site.Number(ctx, `SELECT COUNT(*)
				FROM {q2ab_deliveries}
				WHERE webhookid = ? AND attempts > 1`, i+1)
			if err != nil {
				return nil, err
			}
			if n == 0 && a.events >= 100 {
				fail("%s has never meant the forbidden address", s.name)
			}
		}
		// A name that changes may fail before it is called, so that first requests are out of order.
		if s.name != "changing" && !slices.IsSorted(s.posts) {
			fail("%s got the messages out of order", s.name)
		}
		if n := s.most.Load(); n > 1 {
			fail("%s got %d requests at once", s.name, n)
		}
		requests := s.requests()
		if s.name != "shaky" && requests > want*tries+most || requests < want*tries {
			fail("%s got %d requests for %d messages", s.name, requests, want)
		}
	}
	return failures, nil
}

func (a *attack) report(took time.Duration) {
	fmt.Printf("%d deliveries settled by %d requests in %v; %d processes killed, "+
		"the clock went %v and jumped %d times\n",
		a.events*len(receivers), a.sent(), took.Round(time.Second), a.kills,
		a.clock.now().Sub(a.clock.begin).Round(time.Hour), a.jumps)
	for _, s := range a.sinks {
		fmt.Printf("  %-12s %6d requests for %d messages\n", s.name, s.requests(), a.events)
	}
}
