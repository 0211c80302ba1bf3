package media

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
)

// eventDropped is the name of an event that Q2A does not have: a blob's row was deleted, and its
// files must be removed.
const eventDropped = "blob_dropped"

// Drop deletes a blob's row within a transaction, if there is one. The clean-up job removes the
// blob's files from outside the database after the commit.
func (m *Module) Drop(ctx context.Context, tx *database.DB, id string) error {
	var format string
	found, err := tx.Get(ctx, []any{&format}, "SELECT format FROM {blobs} WHERE blobid = ?", id)
	if err != nil {
		return fmt.Errorf("drop a blob: %w", err)
	}
	if !found {
		return nil
	}
	if _, err = tx.Exec(ctx, "DELETE FROM {blobs} WHERE blobid = ?", id); err == nil {
		err = m.mark(ctx, tx, id, format, stateDropped)
	}
	if err == nil {
		// Q2A would go on showing its scaled copies (qa_cache, by the size's name) for a month.
		scaled, prefix := tx.StartsWith("type", "i_")
		_, err = tx.Exec(ctx, "DELETE FROM {cache} WHERE cacheid = ? AND "+scaled, id, prefix)
	}
	if err != nil {
		return fmt.Errorf("drop a blob: %w", err)
	}
	return events.Append(ctx, tx,
		events.Event{Name: eventDropped, At: tx.Now(), Params: []events.Param{{Name: "blobid", Value: id}}})
}

// remove deletes what there is of a blob outside the database. Calling it twice does no harm.
func (m *Module) remove(ctx context.Context, id, format string) error {
	if err := os.Remove(blobPath(m.settings.Folder, id, format)); err != nil &&
		!errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a file: %w", err)
	}
	for _, key := range []string{(&blob{id: id, format: format}).key(), incoming(id)} {
		if err := m.store.Delete(ctx, key); err != nil {
			return fmt.Errorf("remove a file: %w", err)
		}
	}
	return m.forget(ctx, id)
}
