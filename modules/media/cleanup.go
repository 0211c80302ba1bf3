package media

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"time"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

const (
	// releaseGrace is how long a file is kept after the last post that showed it is gone, since
	// the author may be moving it to another post.
	releaseGrace = time.Hour
	// unfinishedFor is how long an upload may be unfinished: awaited from a client, or on its way
	// to the store.
	unfinishedFor = 24 * time.Hour
	// removedAtOnce is how many files one batch removes.
	removedAtOnce = 100
)

// CleanUpJob returns the job that removes files that nothing uses: uploads that no post has shown
// for too long, files of deleted posts and users, uploads that were never finished, and what the
// store still has of files that the old site deleted. As long as a file's id occurs in any text
// of the site's tables, those of plugins included, the file counts as used.
func (m *Module) CleanUpJob() jobs.Job {
	return jobs.Job{
		Name:     "media-clean-up",
		Summary:  "removes files that nothing uses: uploads that came into no post, those of deleted posts, and unfinished ones",
		Schedule: "40 * * * *", Missed: jobs.Skip, On: []string{eventDropped},
		Steps: []jobs.Step{
			{Name: "uploads that nothing uses", Batch: m.dropUnused},
			{Name: "files that the old site deleted", Batch: m.noticeGone},
			{Name: "unfinished uploads", Batch: m.abandon},
			{Name: "files of what was deleted", Batch: m.removeDropped},
		},
	}
}

// Keep records, within a transaction, that a post shows the files, so that the clean-up does not
// remove these uploads.
func (m *Module) Keep(ctx context.Context, tx *database.DB, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, "UPDATE {q2ab_media} SET doubted = 0 WHERE blobid IN ? AND doubted > 0",
		ids); err != nil {
		return fmt.Errorf("keep files: %w", err)
	}
	return nil
}

// Release records, within a transaction, that something that showed the files is gone. The
// clean-up removes them after an hour, unless something else shows them.
func (m *Module) Release(ctx context.Context, tx *database.DB, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	at := tx.Now() + int64(releaseGrace/time.Second)
	_, err := tx.Exec(ctx,
		tx.InsertIgnore()+" {q2ab_media} (blobid, state, format, noted) "+noteSelect+" AND b.blobid IN ?",
		pictureFormats, tx.Now(), ids)
	if err == nil {
		_, err = tx.Exec(ctx,
			`UPDATE {q2ab_media}
				SET doubted = ?
				WHERE blobid IN ? AND state NOT IN ('awaited', 'storing', 'dropped')`,
			at, ids)
	}
	if err != nil {
		return fmt.Errorf("release files: %w", err)
	}
	return nil
}

// ListenToAccounts makes the module release the files of users whose accounts are deleted or anonymised. Their
// posts remain, and so do the files that these posts show.
func (m *Module) ListenToAccounts(accounts *auth.Module) {
	accounts.Listen(func(ctx context.Context, tx *database.DB, c auth.AccountChange) error {
		if c.Kind != auth.Deleting && c.Kind != auth.Anonymised {
			return nil
		}
		var ids []string
		if err := tx.Select(ctx, database.Append(&ids), "SELECT blobid FROM {blobs} WHERE userid = ?",
			c.UserID); err != nil {
			return fmt.Errorf("a user's files: %w", err)
		}
		return m.Release(ctx, tx, ids)
	})
}

// dropUnused takes some of the files that are due for a check, drops those that nothing uses, and
// unmarks the others.
func (m *Module) dropUnused(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
	w.Done = 0
	var ids []string
	err = m.db.Select(ctx, database.Append(&ids),
		`SELECT m.blobid
			FROM {q2ab_media} m
			JOIN {blobs} b ON b.blobid = m.blobid
			WHERE m.doubted > 0 AND m.doubted <= ?
			ORDER BY m.doubted, m.blobid LIMIT ?`,
		m.db.Now(), removedAtOnce)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	used, err := m.used(ctx, ids)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if used[id] {
			continue
		}
		w.Found = append(w.Found, jobs.Difference{Table: "blobs", Key: id, Column: "content",
			Stored: "a file", Computed: "unused"})
	}
	w.Done = len(ids)
	if w.DryRun {
		return 0, nil // the same ones would come again
	}
	for _, id := range ids {
		err := w.Tx(ctx, func(tx *database.DB) error {
			if used[id] {
				return m.settle(ctx, tx, id, "doubted = 0")
			}
			// A post may have begun to show the file since the check. Then the transaction that
			// wrote the post has called Keep, which sets doubted to 0.
			var doubted int64
			if _, err := tx.Get(ctx, []any{&doubted}, "SELECT doubted FROM {q2ab_media} WHERE blobid = ?"+
				tx.ForUpdate(), id); err != nil || doubted == 0 {
				return err
			}
			return m.Drop(ctx, tx, id)
		})
		if err != nil {
			return 0, err
		}
	}
	return 1, nil
}

// ownColumns are the queries for Q2A's tables of which only some columns can name files, or which
// are large; an empty query means that the table cannot name any. Of all other tables, used reads
// every column.
var ownColumns = map[string]string{
	"posts": `SELECT content
		FROM {posts}
		WHERE content LIKE '%blob%' OR content LIKE '%media/%' OR content LIKE '%image/%'`,
	// Earlier versions of posts show the files that they showed then. Of our own tables no other can name
	// any.
	"q2ab_revisions": `SELECT content
		FROM {q2ab_revisions}
		WHERE content LIKE '%blob%' OR content LIKE '%media/%' OR content LIKE '%image/%'`,
	"users": "SELECT avatarblobid FROM {users} WHERE avatarblobid IS NOT NULL",
	// These tables hold numbers, single words, or copies of what is in other tables.
	"blobs": "", "cache": "", "eventlog": "", "words": "", "titlewords": "", "contentwords": "",
	"tagwords": "", "posttags": "", "uservotes": "", "userlimits": "", "iplimits": "",
	"cookies": "", "sharedevents": "", "userevents": "", "userfavorites": "", "userpoints": "",
	"userlogins": "", "userlevels": "",
}

// longNumber matches numbers that could be ids of files; Q2A's own ids have at least 13 digits.
var longNumber = regexp.MustCompile(`[0-9]{5,20}`)

// used returns those of the files that are named anywhere: in a post, a page, an option, a
// profile or any other text of the site's tables.
func (m *Module) used(ctx context.Context, ids []string) (map[string]bool, error) {
	asked := map[string]bool{}
	for _, id := range ids {
		asked[id] = true
	}
	tables, err := m.db.Tables(ctx)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, table := range tables {
		name, ours := strings.CutPrefix(table, m.db.Prefix())
		query, known := ownColumns[name]
		if !ours || !known && strings.HasPrefix(name, "q2ab_") || known && query == "" {
			continue
		}
		if !known {
			query = "SELECT * FROM `{" + name + "}`" // plugins choose the names
		}
		var values []any
		err := m.db.Select(ctx, func(rows *sql.Rows) error {
			if values == nil {
				columns, err := rows.Columns()
				if err != nil {
					return err
				}
				for range columns {
					values = append(values, new(sql.RawBytes))
				}
			}
			if err := rows.Scan(values...); err != nil {
				return err
			}
			for _, v := range values {
				for _, number := range longNumber.FindAll(*v.(*sql.RawBytes), -1) {
					if asked[string(number)] {
						used[string(number)] = true
					}
				}
			}
			return nil
		}, query)
		if err != nil {
			return nil, fmt.Errorf("look for files in %s: %w", name, err)
		}
	}
	return used, nil
}

// noticeGone marks records as dropped if the old site has deleted their rows of blobs.
func (m *Module) noticeGone(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
	var ids []string
	err = m.db.Select(ctx, database.Append(&ids),
		`SELECT m.blobid
			FROM {q2ab_media} m
			LEFT JOIN {blobs} b ON b.blobid = m.blobid
			WHERE b.blobid IS NULL AND m.state NOT IN ('awaited', 'storing', 'dropped') LIMIT ?`,
		removedAtOnce)
	if w.Done = len(ids); err != nil || len(ids) == 0 {
		return 0, err
	}
	for _, id := range ids {
		w.Report("q2ab_media", id, "state", "known", "deleted by the old site")
	}
	if w.DryRun {
		return 0, nil
	}
	if _, err := m.db.Exec(ctx, "UPDATE {q2ab_media} SET state = 'dropped' WHERE blobid IN ?",
		ids); err != nil {
		return 0, fmt.Errorf("note deleted files: %w", err)
	}
	for _, id := range ids {
		m.records.Invalidate(id)
	}
	return 1, nil
}

// abandon marks uploads that were never finished as dropped.
func (m *Module) abandon(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
	w.Done = 0
	if w.DryRun {
		return 0, nil
	}
	changed, err := m.db.Exec(ctx,
		`UPDATE {q2ab_media}
			SET state = 'dropped', upload = NULL
			WHERE state IN ('awaited', 'storing') AND noted < ?`,
		m.db.Now()-int64(unfinishedFor/time.Second))
	w.Done = int(changed)
	if err != nil {
		return 0, fmt.Errorf("abandon uploads: %w", err)
	}
	return 0, nil
}

// removeDropped removes the files of dropped blobs, and then each blob's record. The record goes
// last: if the process died between the two steps in the other order, files would be left that no
// record names.
func (m *Module) removeDropped(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
	type dropped struct{ id, format string }
	var list []dropped
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var d dropped
		err := rows.Scan(&d.id, &d.format)
		list = append(list, d)
		return err
	}, "SELECT blobid, format FROM {q2ab_media} WHERE state = 'dropped' ORDER BY blobid LIMIT ?",
		removedAtOnce)
	if w.Done = len(list); err != nil || len(list) == 0 || w.DryRun {
		return 0, err
	}
	for _, d := range list {
		if err := m.remove(ctx, d.id, d.format); err != nil {
			return 0, err
		}
		if _, err := m.db.Exec(ctx, "DELETE FROM {q2ab_media} WHERE blobid = ? AND state = 'dropped'",
			d.id); err != nil {
			return 0, fmt.Errorf("forget a file: %w", err)
		}
	}
	return 1, nil
}
