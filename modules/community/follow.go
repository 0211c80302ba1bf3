package community

import (
	"context"
	"fmt"
	"strconv"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// kindMuted is the kind of the rows of {userfavorites} by which the plugin q2a-custom-user-detail says
// that a user has muted another. All else that is said here of followers holds for these rows, too,
// since the plugin writes them with Q2A's function for favourites. Nothing is told of such an entity.
const kindMuted = "M"

// follow makes the user a follower of the entity, and brings the streams in line with that. It reports
// whether the user was none before. If the entity does not exist, the error is not_found.
//
// As in Q2A, few followers get copies of an entity's updates in their own streams. Once the entity
// has as many as the option max_copy_user_updates says, all followers read its own stream instead, and
// it stays so even if some of them stop following.
func follow(ctx context.Context, tx *database.DB, o *site.Options, userID int, e entity) (bool, error) {
	if err := lockEntity(ctx, tx, userID, e); err != nil {
		return false, err
	}
	inserted, err := tx.Exec(ctx, tx.InsertIgnore()+
		" {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES (?, ?, ?, 0)",
		userID, e.kind, e.id)
	if err != nil {
		return false, fmt.Errorf("follow: %w", err)
	}
	if inserted == 0 {
		return false, nil
	}
	return true, catchUp(ctx, tx, o, userID, e)
}

// lockEntity locks the row of the entity, which all who write updates of it lock too. Of two users it
// locks the one with the lower id first, so that two who follow each other do not wait for each other.
func lockEntity(ctx context.Context, tx *database.DB, userID int, e entity) error {
	query := map[string]string{
		"Q":       "SELECT postid FROM {posts} WHERE postid = ?",
		"T":       "SELECT wordid FROM {words} WHERE wordid = ?",
		"C":       "SELECT categoryid FROM {categories} WHERE categoryid = ?",
		"U":       "SELECT userid FROM {users} WHERE userid IN ? ORDER BY userid",
		kindMuted: "SELECT userid FROM {users} WHERE userid IN ? ORDER BY userid",
	}[e.kind]
	var arg any = e.id
	want := 1
	if e.kind == "U" || e.kind == kindMuted {
		arg, want = []int{userID, e.id}, 2
	}
	var locked []int
	if err := tx.Select(ctx, database.Append(&locked), query+tx.ForUpdate(), arg); err != nil {
		return fmt.Errorf("lock what is to be followed: %w", err)
	}
	if len(locked) != want {
		return problem.NotFound()
	}
	return nil
}

// catchUp brings the streams in line with a new follower of the entity: either the follower gets the
// updates that the entity's stream holds, or all followers read that stream from now on. Doing it again
// changes nothing.
func catchUp(ctx context.Context, tx *database.DB, o *site.Options, userID int, e entity) error {
	most, err := maxCopies(ctx, tx, o, "")
	if err != nil {
		return err
	}
	shared := most <= 0
	if !shared {
		var followers, sharing int
		_, err := tx.Get(ctx, []any{&followers, &sharing}, `SELECT COUNT(*), COALESCE(MAX(nouserevents), 0)
			FROM (SELECT nouserevents
				FROM {userfavorites}
				WHERE entitytype = ? AND entityid = ?
				ORDER BY nouserevents DESC
				LIMIT ?) f`, e.kind, e.id, most)
		if err != nil {
			return fmt.Errorf("count followers: %w", err)
		}
		shared = sharing > 0 || followers >= most
	}
	if shared {
		return share(ctx, tx, o, e)
	}
	return copyUpdates(ctx, tx, o, userID, e)
}

// maxCopies returns the option max_copy_user_updates as the database holds it now, because share, here
// or in the old site, may just have raised it. lock is tx.ForUpdate(), or "" to lock nothing.
func maxCopies(ctx context.Context, tx *database.DB, o *site.Options, lock string) (int, error) {
	var text string
	if _, err := tx.Get(ctx, []any{&text}, "SELECT content FROM {options} WHERE title = ?"+lock,
		option.MaxCopyUserUpdates.Name()); err != nil {
		return 0, fmt.Errorf("read who gets copies of updates: %w", err)
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n, nil
	}
	return o.Int(option.MaxCopyUserUpdates), nil
}

// share lets all followers of the entity read its own stream. If one of them reads so many of those
// already that this costs more than copying would, Q2A copies more from then on.
func share(ctx context.Context, tx *database.DB, o *site.Options, e entity) error {
	// Whoever may raise the option waits here for others who may, so that each counts what the others
	// share.
	most, err := maxCopies(ctx, tx, o, tx.ForUpdate())
	if err != nil {
		return err
	}
	var streams int
	_, err = tx.Get(ctx, []any{&streams}, `SELECT COALESCE(MAX(c), 0)
		FROM (SELECT COUNT(*) AS c
			FROM {userfavorites} other
			JOIN {userfavorites} this ON this.userid = other.userid
			WHERE this.entitytype = ? AND this.entityid = ? AND this.nouserevents = 0
				AND other.nouserevents > 0
			GROUP BY other.userid) f`, e.kind, e.id)
	if err != nil {
		return fmt.Errorf("count shared streams: %w", err)
	}
	if streams+1 > most {
		if err := site.Set(ctx, tx, map[option.Key]string{
			option.MaxCopyUserUpdates: strconv.Itoa(streams + 1)}); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE {userfavorites}
		SET nouserevents = 1
		WHERE entitytype = ? AND entityid = ? AND nouserevents = 0`, e.kind, e.id); err != nil {
		return fmt.Errorf("share a stream: %w", err)
	}
	return nil
}

// copyUpdates copies the updates of the entity's stream that the user's stream does not have yet, and
// trims the user's stream. It waits for updates that are just being written.
func copyUpdates(ctx context.Context, tx *database.DB, o *site.Options, userID int, e entity) error {
	same, lock := "<=>", " LOCK IN SHARE MODE"
	if tx.Dialect() == database.SQLite {
		same, lock = "IS", ""
	}
	if _, err := tx.Exec(ctx, `INSERT INTO {userevents} (userid, `+eventColumns+`)
		SELECT ?, s.entitytype, s.entityid, s.questionid, s.lastpostid, s.updatetype, s.lastuserid, s.updated
		FROM {sharedevents} s
		WHERE s.entitytype = ? AND s.entityid = ? AND NOT EXISTS (SELECT 1
			FROM {userevents} e
			WHERE e.userid = ? AND e.updated = s.updated AND e.entitytype = s.entitytype
				AND e.entityid = s.entityid AND e.questionid = s.questionid
				AND e.lastpostid = s.lastpostid AND e.updatetype `+same+` s.updatetype
				AND e.lastuserid `+same+` s.lastuserid)`+lock, userID, e.kind, e.id, userID); err != nil {
		return fmt.Errorf("copy updates: %w", err)
	}
	var until string
	found, err := tx.Get(ctx, []any{&until},
		"SELECT updated FROM {userevents} WHERE userid = ? ORDER BY updated DESC LIMIT 1 OFFSET ?",
		userID, o.Int(option.MaxStoreUserUpdates))
	if err == nil && found {
		_, err = tx.Exec(ctx, "DELETE FROM {userevents} WHERE userid = ? AND updated <= ?", userID, until)
	}
	if err != nil {
		return fmt.Errorf("trim a user's updates: %w", err)
	}
	return nil
}

// catchUpAgain does what catchUp does once more after the transaction in which the user became a
// follower. While that ran, the old site, whose statements are transactions of their own and do not
// know of ours, may have written an update without a copy for the follower, or counted the followers
// without this one.
func (m *Module) catchUpAgain(ctx context.Context, o *site.Options, userID int, e entity) error {
	if m.db.Dialect() == database.SQLite {
		return nil // where there is no old site
	}
	return m.db.Tx(ctx, func(tx *database.DB) error {
		var shared int
		found, err := tx.Get(ctx, []any{&shared}, `SELECT nouserevents
			FROM {userfavorites}
			WHERE userid = ? AND entitytype = ? AND entityid = ?`+tx.ForUpdate(), userID, e.kind, e.id)
		if err != nil {
			return fmt.Errorf("look for a follower: %w", err)
		}
		if !found || shared != 0 {
			return nil
		}
		return catchUp(ctx, tx, o, userID, e)
	})
}

// unfollow makes the user no longer a follower of the entity, and takes its updates out of the user's
// stream. It reports whether the user was a follower.
func unfollow(ctx context.Context, tx *database.DB, userID int, e entity) (bool, error) {
	deleted, err := tx.Exec(ctx,
		"DELETE FROM {userfavorites} WHERE userid = ? AND entitytype = ? AND entityid = ?", userID, e.kind,
		e.id)
	if err == nil && deleted > 0 {
		_, err = tx.Exec(ctx, "DELETE FROM {userevents} WHERE userid = ? AND entitytype = ? AND entityid = ?",
			userID, e.kind, e.id)
	}
	if err != nil {
		return false, fmt.Errorf("unfollow: %w", err)
	}
	return deleted > 0, nil
}
