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

// owner is whom a file belongs to: a user, or a visitor with a cookie.
type owner struct {
	userID int
	cookie string
	ip     netip.Addr
}

// is tells whether the caller is the owner.
func (o owner) is(c auth.Caller) bool {
	if o.userID != 0 || !c.Anonymous() {
		return o.userID == c.UserID
	}
	return o.cookie != "" && o.cookie == c.CookieID
}

// transaction runs work within one and returns its resource, a blob's id.
type transaction func(ctx context.Context, work func(tx *database.DB) (int, error)) (int, error)

func (m *Module) once(ctx context.Context, work func(tx *database.DB) (int, error)) (int, error) {
	return web.Once(ctx, m.db, work)
}

// keep stores a file, with its row as Q2A writes it, a record, and the promise of thumbnails, all or nothing, under the id or, if that is "",
// a new one. begin runs first within the transaction and says whose the file is.
func (m *Module) keep(ctx context.Context, a accepted, id string, in transaction, begin func(tx *database.DB) (owner, error)) (string, error) {
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
		return strconv.Atoi(own) // below 2^63: so that web.Once can keep it
	})
	if err != nil {
		return "", err // a file may be left in Q2A's folder: whether its row is there cannot be told of every failure
	}
	if m.settings.UploadsTo == Folder {
		for _, other := range tried[:max(len(tried)-1, 0)] { // the transaction ran again
			if err := os.Remove(blobPath(m.settings.Folder, other, a.format)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				slog.WarnContext(ctx, "file of an upload is left over", "blob", other, "error", err)
			}
		}
	}
	return strconv.Itoa(resource), nil
}

// freeID is a new blob's id, as Q2A chooses them but below 2^63.
func freeID(ctx context.Context, db *database.DB) (string, error) {
	id, err := db.FreeID(ctx, "{blobs}", "blobid", database.SignedIDs)
	return strconv.FormatUint(id, 10), err
}

// putFirst puts a file into the store before it has a row. It has a record before: by that the clean-up finds it if there never is a row.
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
	if err := m.store.Put(ctx, b.key(), typeOf(a.format), bytes.NewReader(a.content), int64(len(a.content))); err != nil {
		return "", failed(ctx, "store an upload", err)
	}
	return id, nil
}

// insert writes a blob's row as Q2A does, with its bytes where they belong, and its record.
func (m *Module) insert(ctx context.Context, tx *database.DB, id string, a accepted, by owner) error {
	var content, name, user, visitor, ip any = a.content, nil, nil, nil, nil
	switch m.settings.UploadsTo {
	case Folder:
		// The file is there before the row, which then finds it whatever happens; without its row nobody asks for it. Where it cannot be
		// written the row has the bytes, as with Q2A.
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
	_, err := tx.Exec(ctx, "INSERT INTO {blobs} (blobid, format, content, filename, userid, cookieid, createip, created) VALUES (?, ?, ?, ?, ?, ?, ?, FROM_UNIXTIME(?))",
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
		if err := m.settle(ctx, tx, id, "in_store = 1, bytes = ?, hash = ?", len(a.content), sum[:]); err != nil {
			return err
		}
	}
	return events.Append(ctx, tx, uploaded(tx.Now(), id))
}
