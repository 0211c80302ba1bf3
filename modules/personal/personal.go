// Package personal gives members a copy of everything that the site holds about them: an archive (ZIP) with a
// file of JSON for each kind of data, and with the files that they have uploaded.
//
// A member asks for it (request.go); the job exports writes the archive into the store of files (archive.go),
// which outlives the process; and a link that expires hands it out (download.go). What belongs into the archive
// is one list (contents.go); a test derives from the database's schema that every table which names users is
// in it or has a reason not to be.
//
// Its public face: New; Register; ListenToAccounts; Job and CleanUpJob; Link, for the mail that tells a member;
// and Tables, for the test.
package personal

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/secret"
	"38qa.net/backend/modules/site"
)

// Settings are the settings of the module; package config documents the variables that set them.
type Settings struct {
	// KeptFor is how long the link to an archive works.
	KeptFor time.Duration
	// Secret is the configured secret from which the key of the links is derived, or "".
	Secret string
}

// Files keeps archives, and has the files that members have uploaded. *media.Module is one.
type Files interface {
	PutArchive(ctx context.Context, name string, body io.ReadSeeker, size int64) error
	OpenArchive(ctx context.Context, name string) (io.ReadSeekCloser, error)
	DropArchive(ctx context.Context, name string) error
	Content(ctx context.Context, id string) (content []byte, format string, found bool, err error)
}

// Module is the module personal. It is made with New.
type Module struct {
	db       *database.DB
	site     *site.Module
	auth     *auth.Module
	files    Files
	settings Settings
	// links is the key by which the tokens of links are made.
	links *secret.Secret
}

// New returns the module.
func New(db *database.DB, s *site.Module, accounts *auth.Module, files Files, settings Settings) *Module {
	return &Module{db: db, site: s, auth: accounts, files: files, settings: settings,
		links: secret.New("exports", settings.Secret)}
}

// Register adds the module's operations to the API.
func (m *Module) Register(api huma.API) {
	m.registerRequests(api)
	m.registerDownload(api)
}

// ListenToAccounts makes the module give up the archives of accounts that are deleted, merged into others or
// anonymised. The clean-up job removes them from the store.
func (m *Module) ListenToAccounts(accounts *auth.Module) {
	accounts.Listen(func(ctx context.Context, tx *database.DB, c auth.AccountChange) error {
		if c.Kind != auth.Deleting && c.Kind != auth.Anonymised {
			return nil
		}
		return giveUp(ctx, tx, c.UserID)
	})
}

// giveUp makes all archives of a user nobody's, so that no link leads to them any more.
func giveUp(ctx context.Context, tx *database.DB, userID int) error {
	_, err := tx.Exec(ctx, `UPDATE {q2ab_exports} SET userid = 0, state = 'dropped', hash = NULL WHERE userid = ?`,
		userID)
	if err != nil {
		return fmt.Errorf("give up the exports of a user: %w", err)
	}
	return nil
}

// Tables returns the names of the tables whose rows about a member are in the archive.
func Tables() []string {
	var tables []string
	for _, f := range contents {
		tables = append(tables, f.tables...)
	}
	return tables
}
