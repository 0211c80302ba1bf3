package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
)

// eventDropped is our own event of a blob whose row is gone and whose file has to go.
const eventDropped = "blob_dropped"

// Drop deletes a blob within a transaction. A file of it in Q2A's folder goes after the commit, by HandleEvent.
func (m *Module) Drop(ctx context.Context, tx *database.DB, id string) error {
	var format string
	var stored bool
	found, err := tx.Get(ctx, []any{&format, &stored}, "SELECT format, content IS NOT NULL FROM {blobs} WHERE blobid = ?", id)
	if err != nil {
		return fmt.Errorf("drop a blob: %w", err)
	}
	if !found {
		return nil
	}
	if _, err := tx.Exec(ctx, "DELETE FROM {blobs} WHERE blobid = ?", id); err != nil {
		return fmt.Errorf("drop a blob: %w", err)
	}
	if stored {
		return nil
	}
	return events.Append(ctx, tx, events.Event{Name: eventDropped, At: tx.Now(), Params: []events.Param{{Name: "blobid", Value: id}, {Name: "format", Value: format}}})
}

// HandleEvent removes the files of dropped blobs; done twice it does no harm.
func (m *Module) HandleEvent(_ context.Context, _ *database.DB, e events.Event) error {
	if e.Name != eventDropped {
		return nil
	}
	var p struct{ BlobID, Format string }
	if err := json.Unmarshal(e.RawParams, &p); err != nil || !blobID.MatchString(p.BlobID) {
		return fmt.Errorf("dropped blob: %q is no id", p.BlobID)
	}
	if err := os.Remove(blobPath(m.settings.Folder, p.BlobID, p.Format)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("dropped blob: %w", err)
	}
	return nil
}
