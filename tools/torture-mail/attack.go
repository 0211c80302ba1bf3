package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

const (
	// servers is how many servers send.
	servers = 3
	// patience is for how long nothing may arrive before the rest counts as lost. A mail that a killed
	// server held is free after two minutes.
	patience = 4 * time.Minute
)

// attack kills servers while they send.
type attack struct {
	*settings
	site     *site
	box      *mailbox
	children []*child
	choices  *rand.Rand
	killed   map[string]bool
	// moments are how many mails have arrived before each kill.
	moments []int
	doubles int
}

func newAttack(s *settings, site *site, box *mailbox) *attack {
	a := &attack{settings: s, site: site, box: box, killed: map[string]bool{},
		choices: rand.New(rand.NewPCG(s.seed, 0))}
	for range s.kills {
		a.moments = append(a.moments, a.choices.IntN(max(1, s.mails*9/10)))
	}
	slices.Sort(a.moments)
	for i := range servers {
		a.children = append(a.children, &child{index: i, database: site.URL, mailbox: box.address, killed: a.killed})
	}
	return a
}

// run has the mails sent while servers are killed, and stops the servers when all is done or nothing more
// happens.
func (a *attack) run(ctx context.Context) error {
	if a.cause.prepare != nil {
		if err := a.cause.prepare(ctx, a.site); err != nil {
			return err
		}
	}
	for _, c := range a.children {
		if err := c.begin(ctx); err != nil {
			return err
		}
	}
	feeding := make(chan error, 1)
	go func() { feeding <- a.cause.begin(ctx, a.site, a.mails) }()
	if err := a.killDuringJob(ctx); err != nil {
		return err
	}
	for i, moment := range a.moments {
		if err := a.await(ctx, moment); err != nil {
			return err
		}
		if err := a.killOne(ctx, i%2 == 0); err != nil {
			return err
		}
	}
	if err := errors.Join(<-feeding, a.finish(ctx)); err != nil {
		return err
	}
	for _, c := range a.children {
		if err := c.Stop(); err != nil {
			return err
		}
	}
	return nil
}

// killDuringJob kills all servers at once, three times, while a job of theirs queues the mails.
func (a *attack) killDuringJob(ctx context.Context) error {
	if a.cause.queued == "" {
		return nil
	}
	for range 3 {
		before, err := a.site.Number(ctx, a.cause.queued)
		if err != nil {
			return err
		}
		for since := time.Now(); ctx.Err() == nil && time.Since(since) < patience; time.Sleep(time.Millisecond) {
			if n, err := a.site.Number(ctx, a.cause.queued); err != nil {
				return err
			} else if n > before {
				break
			}
		}
		time.Sleep(time.Duration(a.choices.IntN(30)) * time.Millisecond)
		for _, c := range a.children {
			if err := c.kill(); err != nil {
				return err
			}
		}
		queued, err := a.site.Number(ctx, a.cause.queued)
		if err != nil {
			return err
		}
		fmt.Printf("%d mails were queued when all servers were killed\n", queued)
		for _, c := range a.children {
			if err := c.begin(ctx); err != nil {
				return err
			}
		}
		if queued >= a.mails {
			return nil
		}
	}
	return nil
}

// await waits until that many mails have arrived, or nothing more arrives.
func (a *attack) await(ctx context.Context, mails int) error {
	last, since := a.box.count(), time.Now()
	for a.box.count() < mails && ctx.Err() == nil && time.Since(since) < patience {
		if n := a.box.count(); n != last {
			last, since = n, time.Now()
		}
		time.Sleep(time.Millisecond)
	}
	return ctx.Err()
}

// killOne kills a server and starts it again: any at any moment, or, if aimed, one whose mail has just been
// accepted.
func (a *attack) killOne(ctx context.Context, aimed bool) error {
	victim := a.children[a.choices.IntN(servers)]
	if aimed {
		select {
		case by := <-a.box.accepted:
			for _, c := range a.children {
				if c.name() == by {
					victim = c
				}
			}
			time.Sleep(time.Duration(a.choices.IntN(3000)) * time.Microsecond)
		case <-time.After(10 * time.Second):
		case <-ctx.Done():
		}
	}
	if err := victim.kill(); err != nil {
		return err
	}
	return victim.begin(ctx)
}

// finish waits until all mails have arrived and the queue is empty, or nothing more happens.
func (a *attack) finish(ctx context.Context) error {
	last, since := -1, time.Now()
	for ctx.Err() == nil && time.Since(since) < patience {
		waiting, err := a.site.Number(ctx, "SELECT COUNT(*) FROM {q2ab_mail}")
		if err != nil {
			return err
		}
		n := a.box.count()
		if waiting == 0 && len(a.messageIDs()) >= a.mails {
			return nil
		}
		if n != last {
			last, since = n, time.Now()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return ctx.Err()
}

// messageIDs returns the Message-IDs that have arrived, with the numbers of their deliveries.
func (a *attack) messageIDs() map[string][]int {
	ids := map[string][]int{}
	for i, m := range a.box.all() {
		ids[m.messageID] = append(ids[m.messageID], i)
	}
	return ids
}

// check returns what is wrong after the attack.
func (a *attack) check(ctx context.Context) (failures []string, err error) {
	fail := func(format string, args ...any) { failures = append(failures, fmt.Sprintf(format, args...)) }
	all := a.box.all()
	// The last delivery of each life: a server sends one mail after the other, so that only this one can
	// be without a record when it is killed.
	last := map[string]int{}
	of := map[string]map[string]bool{} // Message-IDs by recipient
	for i, m := range all {
		last[m.by] = i
		if of[m.to] == nil {
			of[m.to] = map[string]bool{}
		}
		of[m.to][m.messageID] = true
	}
	for id := 1; id <= a.mails; id++ {
		switch ids := of[addressOf(id)]; len(ids) {
		case 1:
		case 0:
			fail("the mail to member %d has not arrived", id)
		default:
			fail("the mail to member %d has %d Message-IDs", id, len(ids))
		}
	}
	if len(of) > a.mails {
		fail("%d recipients, expected %d", len(of), a.mails)
	}
	for id, deliveries := range a.messageIDs() {
		if !strings.HasSuffix(id, "@qa.example>") {
			fail("Message-ID %q", id)
		}
		a.doubles += len(deliveries) - 1
		for _, i := range deliveries[:len(deliveries)-1] {
			if by := all[i].by; !a.killed[by] || last[by] != i {
				fail("%s has sent %s, was not killed then, and the mail left again", by, id)
			}
		}
	}
	for what, query := range map[string]string{"mails wait": "SELECT COUNT(*) FROM {q2ab_mail}",
		"mails were given up": "SELECT COUNT(*) FROM {q2ab_dead_mail}"} {
		n, err := a.site.Number(ctx, query)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			fail("%d %s", n, what)
		}
	}
	return failures, nil
}

func (a *attack) report(took time.Duration) {
	fmt.Printf("%d mails arrived, %d of them twice, in %v; servers were killed %d times\n", len(a.messageIDs()),
		a.doubles, took.Round(time.Second), len(a.killed))
}
