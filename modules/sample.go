package modules

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/observe"
)

// sampleEvery is how often a server sends the metrics of what there is, as opposed to what happens.
const sampleEvery = 15 * time.Second

// sample sends the metrics of what there is, until the context ends.
func (a *App) sample(ctx context.Context) {
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	var before sql.DBStats
	for {
		before = a.sampleOnce(ctx, before)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// sampleOnce sends them once. before are the pool's figures of the last time.
func (a *App) sampleOnce(ctx context.Context, before sql.DBStats) sql.DBStats {
	pool := a.DB.Pool().Stats()
	observe.DatabaseConnections.Set(float64(pool.InUse), "in_use")
	observe.DatabaseConnections.Set(float64(pool.Idle), "idle")
	waits := pool.WaitCount - before.WaitCount
	observe.DatabaseWaits.Add(waits)
	if waits > 0 {
		observe.DatabaseWaitTime.Observe((pool.WaitDuration - before.WaitDuration) / time.Duration(waits))
	}
	observe.StreamsOpen.Set(float64(a.streams.Open()))
	if err := a.sampleQueues(ctx); err != nil && ctx.Err() == nil && !database.Unavailable(err) {
		slog.WarnContext(ctx, "the queues were not measured", "error", err)
	}
	return pool
}

// sampleQueues sends how long the queues in the database are. Every task measures the same queues, so
// that the figures do not depend on one of them.
func (a *App) sampleQueues(ctx context.Context) error {
	list, err := events.Waiting(ctx, a.DB)
	if err != nil {
		return err
	}
	for _, w := range list {
		observe.OutboxWaiting.Set(float64(w.Events), w.Consumer)
		observe.OutboxAge.Set(w.Age.Seconds(), w.Consumer)
	}
	mails, err := a.Mail.Waiting(ctx)
	if err != nil {
		return err
	}
	observe.MailWaiting.Set(float64(mails))
	return nil
}
