package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/tools/internal/killable"
	"38qa.net/backend/tools/internal/trialsite"
)

const (
	// processes is how many processes send.
	processes = 3
	// patience is for how long nothing may happen before the rest counts as lost.
	patience = 3 * time.Minute
	// attempts is after how many a delivery is given up, and workers to how many receivers a process sends at
	// once, as docs/webhooks.md says.
	attempts, workers = 9, 8
)

// attack kills processes while they send.
type attack struct {
	*settings
	site    *trialsite.Site
	clock   *clock
	folder  string
	sinks   []*sink
	stop    func() // ends the receivers
	trapped atomic.Int64
	victims []*killable.Server
	choices *rand.Rand
	jumps   int
}

// newAttack makes a site on which all receivers have a webhook, and starts the receivers.
func newAttack(ctx context.Context, s *settings) (a *attack, err error) {
	a = &attack{settings: s, choices: rand.New(rand.NewPCG(s.seed, 0))}
	if a.site, err = trialsite.New(ctx, s.databaseURL, "torture_hooks"); err != nil {
		return nil, err
	}
	if a.sinks, a.stop, err = listen(ctx, &a.trapped); err != nil {
		return nil, err
	}
	if a.folder, err = os.MkdirTemp("", "torture-hooks"); err != nil {
		return nil, err
	}
	if err := a.subscribe(ctx); err != nil {
		return nil, err
	}
	if a.clock, err = newClock(filepath.Join(a.folder, "clock")); err != nil {
		return nil, err
	}
	for range processes {
		a.victims = append(a.victims, &killable.Server{Env: append(a.clock.environment(), "DATABASE_URL="+a.site.URL)})
	}
	return a, nil
}

// subscribe makes the webhooks, as an administrator does.
func (a *attack) subscribe(ctx context.Context) error {
	if err := a.site.AddMember(ctx, a.site.DB, 1, auth.LevelAdmin, "queen", "queen@example.com"); err != nil {
		return err
	}
	return a.site.WithApp(ctx, func(cfg *config.Config) {
		cfg.WebhooksHTTP, cfg.MailURL, cfg.WebhookNetworks = true, "off", []string{"127.0.0.1/32"}
	}, func(app *modules.App) error {
		for _, s := range a.sinks {
			body := fmt.Sprintf(`{"url":%q}`, s.address)
			if err := trialsite.Call(ctx, app, http.MethodPost, "/v1/admin/webhooks", body); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *attack) close() {
	a.stop()
	a.site.Close(a.keep)
	if err := os.RemoveAll(a.folder); err != nil {
		fmt.Println(err)
	}
}

// run has the events told while processes are killed, and stops the processes when all is delivered or given up,
// or nothing more happens.
func (a *attack) run(ctx context.Context) error {
	for _, v := range a.victims {
		if err := v.Start(ctx); err != nil {
			return err
		}
	}
	if err := a.happen(ctx); err != nil {
		return err
	}
	settled, last, since := 0, -1, time.Now()
	total := a.events * len(receivers)
	kills := 0
	for ctx.Err() == nil && settled < total && time.Since(since) < patience {
		if err := a.passTime(ctx); err != nil {
			return err
		}
		waiting, err := a.site.Number(ctx, "SELECT COUNT(*) FROM {q2ab_deliveries} WHERE state = 'waiting'")
		if err != nil {
			return err
		}
		made, err := a.site.Number(ctx, "SELECT COUNT(*) FROM {q2ab_deliveries}")
		if err != nil {
			return err
		}
		settled = made - waiting
		sent := a.sent()
		if sent+made != last {
			last, since = sent+made, time.Now()
		}
		// The kills are spread over about as many requests as there are to be.
		if kills < a.kills && sent > (kills+1)*total*3/(a.kills+1) {
			kills++
			victim := a.victims[a.choices.IntN(processes)]
			if err := errors.Join(victim.Kill(), victim.Start(ctx)); err != nil {
				return err
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	a.kills = kills
	for _, v := range a.victims {
		if err := v.Stop(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// sent returns how many requests have come to the receivers.
func (a *attack) sent() (n int) {
	for _, s := range a.sinks {
		n += s.requests()
	}
	return n
}

// happen reports events to the outbox, in small transactions.
func (a *attack) happen(ctx context.Context) error {
	const atOnce = 20
	for first := 1; first <= a.events; first += atOnce {
		err := a.site.Tx(ctx, func(tx *database.DB) error {
			for id := first; id < first+atOnce && id <= a.events; id++ {
				if err := events.Append(ctx, tx, events.Event{Name: "q_post", At: tx.Now(), Topics: events.Topics{
					Public: true, What: "question", PostID: id, QuestionID: id}}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// passTime lets the clock jump, if nobody sends and nothing is due now, to when the next hundred attempts are due.
func (a *attack) passTime(ctx context.Context) error {
	now := a.clock.now().Unix()
	var held, due int
	var next *int64
	if _, err := a.site.Get(ctx, []any{&held, &due, &next}, `SELECT
			(SELECT COUNT(*) FROM {q2ab_webhooks} WHERE locked_until > ?),
			(SELECT COUNT(*) FROM {q2ab_deliveries} WHERE state = 'waiting' AND due <= ?),
			(SELECT MAX(due) FROM (
				SELECT due FROM {q2ab_deliveries} WHERE state = 'waiting' ORDER BY due LIMIT 100) d)`,
		now, now+speed); err != nil {
		return err
	}
	if held > 0 || due > 0 || next == nil {
		return nil
	}
	a.jumps++
	return a.clock.jump(*next - now)
}
