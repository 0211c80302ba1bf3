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

// eventDropped is our own event of a blob whose row is gone, and whose files have to go.
const eventDropped = "blob_dropped"

// Drop deletes a blob within a transaction. What there is of it outside of the database goes after the commit, by the clean-up.
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
	return events.Append(ctx, tx, events.Event{Name: eventDropped, At: tx.Now(), Params: []events.Param{{Name: "blobid", Value: id}}})
}

// remove removes what there is of a blob outside of the database; done twice it does no harm.
func (m *Module) remove(ctx context.Context, id, format string) error {
	if err := os.Remove(blobPath(m.settings.Folder, id, format)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a file: %w", err)
	}
	for _, key := range []string{(&blob{id: id, format: format}).key(), incoming(id)} {
		if err := m.store.Delete(ctx, key); err != nil {
			return fmt.Errorf("remove a file: %w", err)
		}
	}
	return m.forget(ctx, id)
}
