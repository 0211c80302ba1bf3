package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"strconv"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/web"
)

// owner is the user or the visitor to whom a file belongs. Visitors are known by a cookie.
type owner struct {
	userID int
	cookie string
	ip     netip.Addr
}

// is reports whether the caller is the owner.
func (o owner) is(c auth.Caller) bool {
	if o.userID != 0 || !c.Anonymous() {
		return o.userID == c.UserID
	}
	return o.cookie != "" && o.cookie == c.CookieID
}

// transaction is a function that runs work within a database transaction. Work returns the id of
// the blob that it made, and so does the function.
type transaction func(ctx context.Context, work func(tx *database.DB) (int, error)) (int, error)

func (m *Module) once(ctx context.Context, work func(tx *database.DB) (int, error)) (int, error) {
	return web.Once(ctx, m.db, work)
}

// keep stores an accepted file: its bytes, its row as Q2A writes it, its record, and the event by
// which its thumbnails are made. It stores all of these or none. The file gets the given id, or a
// new one if id is "". begin runs first within the transaction and returns the file's owner.
func (m *Module) keep(
	ctx context.Context, a accepted, id string, in transaction, begin func(tx *database.DB) (owner, error),
) (string, error) {
	var err error
	if m.settings.UploadsTo == Store {
		if id, err = m.putFirst(ctx, a, id); err != nil {
			return "", err
		}
	}
	var tried []string
	resource, err := in(ctx, func(tx *database.DB) (int, error) {
		by, err := begin(tx)
		if err != nil {
			return 0, err
		}
		own := id
		if own == "" {
			if own, err = freeID(ctx, tx); err != nil {
				return 0, err
			}
			tried = append(tried, own)
		}
		if err := m.insert(ctx, tx, own, a, by); err != nil {
			return 0, err
		}
		return strconv.Atoi(own) // fits: freeID chooses ids below 2^63, for web.Once
	})
	if err != nil {
		return "", err // a file may stay in Q2A's folder: the row may exist even after a failed commit
	}
	if m.settings.UploadsTo == Folder {
		// These files were left by attempts before the transaction was repeated.
		for _, other := range tried[:max(len(tried)-1, 0)] {
			if err := os.Remove(blobPath(m.settings.Folder, other, a.format)); err != nil &&
				!errors.Is(err, fs.ErrNotExist) {
				slog.WarnContext(ctx, "file of an upload is left over", "blob", other, "error", err)
			}
		}
	}
	return strconv.Itoa(resource), nil
}

// freeID returns an unused id for a blob, chosen as Q2A chooses them except that it is below
// 2^63.
func freeID(ctx context.Context, db *database.DB) (string, error) {
	id, err := db.FreeID(ctx, "{blobs}", "blobid", database.SignedIDs)
	return strconv.FormatUint(id, 10), err
}

// putFirst puts a file into the store before the file has a row, and returns its id. If id is "",
// it first writes a record under a new id, by which the clean-up finds the file if the row is
// never written.
func (m *Module) putFirst(ctx context.Context, a accepted, id string) (string, error) {
	if id == "" {
		var err error
		if id, err = freeID(ctx, m.db); err != nil {
			return "", err
		}
		if err := m.note(ctx, m.db, id, stateStoring, a); err != nil {
			return "", err
		}
	}
	b := &blob{id: id, format: a.format}
	if err := m.store.Put(ctx, b.key(), typeOf(a.format), bytes.NewReader(a.content),
		int64(len(a.content))); err != nil {
		return "", failed(ctx, "store an upload", err)
	}
	return id, nil
}

// insert writes a blob's row as Q2A does, puts its bytes into the configured place, and writes
// its record.
func (m *Module) insert(ctx context.Context, tx *database.DB, id string, a accepted, by owner) error {
	var content, name, user, visitor, ip any = a.content, nil, nil, nil, nil
	switch m.settings.UploadsTo {
	case Folder:
		// The file is written before the row, so that whoever finds the row also finds the file;
		// a file without a row does no harm, because nobody asks for it. If the file cannot be
		// written, the row holds the bytes, as in Q2A.
		if err := Put(m.settings.Folder, id, a.format, a.content); err != nil {
			slog.ErrorContext(ctx, "an upload goes into the database", "blob", id, "error", err)
		} else {
			content = nil
		}
	case Store:
		content = nil
	}
	if a.name != "" {
		name = a.name
	}
	if by.userID != 0 {
		user = by.userID
	}
	if by.cookie != "" {
		visitor = by.cookie
	}
	if by.ip.IsValid() {
		ip = by.ip.AsSlice()
	}
	_, err := tx.Exec(ctx,
		`INSERT INTO {blobs} (blobid, format, content, filename, userid, cookieid, createip, created)
			VALUES (?, ?, ?, ?, ?, ?, ?, FROM_UNIXTIME(?))`,
		id, a.format, content, name, user, visitor, ip, tx.Now())
	if err != nil {
		return fmt.Errorf("store an upload: %w", err)
	}
	state := stateWaiting
	if a.info.Width == 0 {
		state = stateFile
	}
	if err := m.note(ctx, tx, id, state, a); err != nil {
		return err
	}
	if m.settings.UploadsTo == Store {
		sum := sha256.Sum256(a.content)
		if err := m.settle(ctx, tx, id, "in_store = 1, bytes = ?, hash = ?", len(a.content),
			sum[:]); err != nil {
			return err
		}
	}
	return events.Append(ctx, tx, uploaded(tx.Now(), id))
}
