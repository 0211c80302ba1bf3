// Package moderation is what moderators have beside the posts and accounts that they decide about: what
// services against spam found suspicious, their own notes, and locks that say who is looking at what.
//
// New returns the module and Register adds its operations. It is the qa.Screening of new posts (Suspects,
// Screen, Keep, Reviews), and ScreenSignUp looks at registrations. Handle consumes the outbox, and Serve and
// SendDue tell the service what moderators decided. ListenToPosts and ListenToAccounts remove what is held of
// posts and accounts that are deleted. It publishes no events.
//
// The services are asked before a post or an account is written, outside of every transaction, and never for
// longer than checkTime: whatever goes wrong with them, people go on writing.
package moderation

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/background"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site"
)

// Settings are the settings of the module; package config describes them.
type Settings struct {
	// AkismetKey is the key for the service that looks at posts; "" looks at none. AkismetURL is its address,
	// "" for Akismet's own.
	AkismetKey, AkismetURL string
	// SuspectBelow is the number of points, beyond those that everybody begins with, from which on posts of a
	// member are not looked at.
	SuspectBelow int
	// StopForumSpam makes the module look at registrations. StopForumURL is the service's address, "" for its
	// own; StopForumSure is the confidence, in percent, from which on a registration is suspicious.
	StopForumSpam bool
	StopForumURL  string
	StopForumSure int
}

// Module is the module of what moderators have.
type Module struct {
	db       *database.DB
	site     *site.Module
	auth     *auth.Module
	qa       *qa.Module
	settings Settings
	// akismet and stopForum are nil if they are off.
	akismet   *akismet
	stopForum *stopForum
	wake      background.Wake
}

var _ qa.Screening = (*Module)(nil)

// New returns the module.
func New(db *database.DB, s *site.Module, a *auth.Module, questions *qa.Module, settings Settings) *Module {
	m := &Module{db: db, site: s, auth: a, qa: questions, settings: settings, wake: background.NewWake()}
	if settings.AkismetKey != "" {
		m.akismet = newAkismet(settings.AkismetKey, settings.AkismetURL)
	}
	if settings.StopForumSpam {
		m.stopForum = newStopForum(settings.StopForumURL, settings.StopForumSure)
	}
	return m
}

// Register adds the module's operations to the API.
func (m *Module) Register(api huma.API) {
	m.registerSuspicions(api)
	m.registerNotes(api)
	m.registerLocks(api)
}

// kind is what a row of the module's tables is about.
type kind string

// The kinds of what moderators decide about.
const (
	aboutPost kind = "post"
	aboutUser kind = "user"
)

// tables are the tables of the module that have rows about posts and users.
var tables = []string{"q2ab_spam_checks", "q2ab_notes", "q2ab_review_locks"}

// subjectInput is the input of the operations on one user or post.
type subjectInput struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the user or post"`
}

// may returns nil if the caller may see and write what moderators have about a user or post. Nobody sees what
// is noted about their own account.
func (m *Module) may(ctx context.Context, k kind, id int) error {
	if k == aboutPost {
		return m.qa.MayReview(ctx, id)
	}
	if err := m.auth.RequireModerator(ctx); err != nil {
		return err
	}
	return m.mayAboutUser(ctx, id)
}

// ListenToPosts removes what the module holds of posts that are deleted.
func (m *Module) ListenToPosts() {
	m.qa.Listen(func(ctx context.Context, tx *database.DB, a *qa.Action) error {
		for _, p := range a.Posts {
			if p.After == nil {
				if _, err := forget(ctx, tx, aboutPost, p.Before.ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// ListenToAccounts removes what the module holds of accounts that are deleted. Notes that they wrote about
// others stay, without an author. It must listen before the module qa does, which takes the authors from
// their posts.
func (m *Module) ListenToAccounts() {
	m.auth.Listen(func(ctx context.Context, tx *database.DB, c auth.AccountChange) error {
		if c.Kind != auth.Deleting {
			return nil
		}
		if _, err := forget(ctx, tx, aboutUser, c.UserID); err != nil {
			return err
		}
		for _, query := range []string{
			"UPDATE {q2ab_notes} SET byuserid = 0 WHERE byuserid = ?",
			"DELETE FROM {q2ab_review_locks} WHERE userid = ?",
			`UPDATE {q2ab_spam_checks}
				SET useragent = ''
				WHERE kind = 'post' AND subject IN (SELECT postid FROM {posts} WHERE userid = ?)`,
		} {
			if _, err := tx.Exec(ctx, query, c.UserID); err != nil {
				return fmt.Errorf("forget a moderator or author: %w", err)
			}
		}
		return nil
	})
}

// WorkOnAccounts takes part in merging accounts: notes about the account are about the other one then, and those
// that it wrote are the other one's. Of an account that is made anonymous nothing is kept.
func (m *Module) WorkOnAccounts() {
	m.auth.WorkOnAccounts(func(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
		if !w.Merging() {
			return forget(ctx, tx, aboutUser, w.UserID)
		}
		wrote, err := auth.Reassign(ctx, tx, "{q2ab_notes}", "byuserid", w)
		if err != nil {
			return 0, err
		}
		about, err := tx.Exec(ctx, "UPDATE {q2ab_notes} SET subject = ? WHERE kind = ? AND subject = ?",
			w.Into, string(aboutUser), w.UserID)
		if err != nil {
			return 0, fmt.Errorf("hand over notes about an account: %w", err)
		}
		return wrote + int(about), nil
	})
}

// forget deletes all that is held about a user or post, and returns how many rows these were.
func forget(ctx context.Context, tx *database.DB, k kind, id int) (rows int, err error) {
	for _, table := range tables {
		n, err := tx.Exec(ctx, "DELETE FROM {"+table+"} WHERE kind = ? AND subject = ?", string(k), id)
		if err != nil {
			return 0, fmt.Errorf("forget what moderators have about a %s: %w", k, err)
		}
		rows += int(n)
	}
	return rows, nil
}

func unixTime(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
