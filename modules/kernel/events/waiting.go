package events

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// Backlog is what a consumer has not handled yet.
type Backlog struct {
	Consumer string
	// Events is how many events wait, and Age how old the oldest of them is; both are 0 if none waits.
	Events int
	Age    time.Duration
}

// Waiting returns the backlog of every consumer. Events that have no place in the order yet, because
// they have just been committed, are not counted.
func Waiting(ctx context.Context, db *database.DB) ([]Backlog, error) {
	now, err := db.ServerNow(ctx)
	if err != nil {
		return nil, err
	}
	var last int64
	var list []Backlog
	var positions []int64
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var name string
		var position int64
		if err := rows.Scan(&name, &position); err != nil {
			return err
		}
		if name == "" {
			last = position
			return nil
		}
		list, positions = append(list, Backlog{Consumer: name}), append(positions, position)
		return nil
	}, "SELECT name, position FROM {q2ab_consumers}")
	for i, position := range positions {
		var at int64
		if err != nil || position >= last {
			continue
		}
		list[i].Events = int(last - position)
		_, err = db.Get(ctx, []any{&at}, "SELECT at FROM {q2ab_outbox} WHERE seq > ? ORDER BY seq LIMIT 1",
			position)
		list[i].Age = time.Duration(max(0, now-at)) * time.Second
	}
	if err != nil {
		return nil, fmt.Errorf("read what consumers have not handled: %w", err)
	}
	return list, nil
}
