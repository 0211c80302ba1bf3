package mail

import (
	"context"
	"fmt"
	"slices"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
)

// The events by which the streams of their owners learn of changes to inboxes. They say nothing of what
// the entries are about, so that a replay tells of nothing that may not be seen any more.
const (
	inboxChanged = "u_inbox"
	inboxRead    = "u_inbox_read"
)

// toldAtOnce is how many people one event names at most; many may follow a tag.
const toldAtOnce = 1000

// announce tells the owners of the entries that the event with the number seq has made or added to: by
// an event for their streams, and by pushes to their devices.
func (m *Module) announce(ctx context.Context, tx *database.DB, seq int64) error {
	var users []int
	if err := tx.Select(ctx, database.Append(&users),
		"SELECT DISTINCT userid FROM {q2ab_inbox} WHERE seq = ? ORDER BY userid", seq); err != nil {
		return fmt.Errorf("read who was told: %w", err)
	}
	var list []events.Event
	for some := range slices.Chunk(users, toldAtOnce) {
		list = append(list, events.Event{Name: inboxChanged, At: tx.Now(),
			Topics: events.ToUsers(inboxChanged, some...)})
	}
	if err := events.Append(ctx, tx, list...); err != nil {
		return err
	}
	return m.queuePushes(ctx, tx, seq)
}

// announceRead tells the streams of a user how many entries are unread now.
func announceRead(ctx context.Context, tx *database.DB, userID, unread int) error {
	return events.Append(ctx, tx, events.Event{Name: inboxRead, At: tx.Now(),
		Params: []events.Param{{Name: "unread", Value: unread}},
		Topics: events.ToUsers(inboxRead, userID)})
}
