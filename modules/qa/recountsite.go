package qa

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// recountWords repairs the counts of how many posts have each word. Words that no post has keep their
// rows, because a post that is being written may be about to use one.
func (m *Module) recountWords(ctx context.Context, after int, w *jobs.Work) (int, error) {
	return m.batch(ctx, "words", "wordid", after, wordsPerBatch, w, func(tx *database.DB, ids []int) error {
		stored, computed := map[int][]any{}, map[int][]any{}
		err := tx.Select(ctx, func(rows *sql.Rows) error {
			var id int
			var n [indexTables]int
			err := rows.Scan(&id, &n[0], &n[1], &n[2], &n[3])
			stored[id], computed[id] = []any{n[0], n[1], n[2], n[3]}, []any{0, 0, 0, 0}
			return err
		}, "SELECT wordid, "+strings.Join(indexColumn[:], ", ")+" FROM {words} WHERE wordid IN ?", ids)
		if err != nil {
			return fmt.Errorf("recount words: %w", err)
		}
		for table, name := range indexTable {
			err := tx.Select(ctx, func(rows *sql.Rows) error {
				var id, n int
				err := rows.Scan(&id, &n)
				computed[id][table] = n
				return err
			}, "SELECT wordid, COUNT(*) FROM {"+name+"} WHERE wordid IN ? GROUP BY wordid", ids)
			if err != nil {
				return fmt.Errorf("recount words: %w", err)
			}
		}
		for _, id := range ids {
			if err := repair(ctx, tx, w, "words", "wordid", id, stored[id], computed[id],
				indexColumn[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// recountCategories repairs the number of visible questions in each category, and the path by which
// addresses find the category.
func (m *Module) recountCategories(ctx context.Context, _ int, w *jobs.Work) (int, error) {
	_, err := m.batch(ctx, "categories", "categoryid", 0, 1<<20, w, func(tx *database.DB, ids []int) error {
		type row struct {
			parent, questions int
			slug, backpath    string
		}
		all, counts := map[int]row{}, map[int]int{}
		err := tx.Select(ctx, func(rows *sql.Rows) error {
			var id int
			var r row
			var parent sql.NullInt64
			err := rows.Scan(&id, &parent, &r.questions, &r.slug, &r.backpath)
			r.parent = int(parent.Int64)
			all[id] = r
			return err
		}, "SELECT categoryid, parentid, qcount, tags, backpath FROM {categories}")
		if err != nil {
			return fmt.Errorf("recount categories: %w", err)
		}
		err = tx.Select(ctx, func(rows *sql.Rows) error {
			var path [4]sql.NullInt64
			var n int
			err := rows.Scan(&path[0], &path[1], &path[2], &path[3], &n)
			seen := map[int64]bool{}
			for _, id := range path {
				if id.Valid && !seen[id.Int64] {
					seen[id.Int64] = true
					counts[int(id.Int64)] += n
				}
			}
			return err
		}, `SELECT catidpath1, catidpath2, catidpath3, categoryid, COUNT(*)
			FROM {posts}
			WHERE type = 'Q'
			GROUP BY catidpath1, catidpath2, catidpath3, categoryid`)
		if err != nil {
			return fmt.Errorf("recount categories: %w", err)
		}
		for _, id := range ids {
			backpath := all[id].slug
			parent := all[id].parent
			for depth := 1; parent != 0 && depth < maxDepth; depth++ {
				backpath += "/" + all[parent].slug
				parent = all[parent].parent
			}
			err := repair(ctx, tx, w, "categories", "categoryid", id,
				[]any{all[id].questions, all[id].backpath}, []any{counts[id], backpath},
				[]string{"qcount", "backpath"})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return 0, err
}

// siteCounts says for each of the site's cached counts what it counts. The count of flags
// (cache_flaggedcount) is left out on purpose: Q2A's normal operation counts flags there, its own
// recount would count posts, and none of its recalculations does either.
var siteCounts = map[option.Key]string{
	option.CacheQcount:          "{posts} WHERE type = 'Q'",
	option.CacheAcount:          "{posts} WHERE type = 'A'",
	option.CacheCcount:          "{posts} WHERE type = 'C'",
	option.CacheUnaqcount:       "{posts} WHERE type = 'Q' AND acount = 0 AND closedbyid IS NULL",
	option.CacheUnselqcount:     "{posts} WHERE type = 'Q' AND selchildid IS NULL AND closedbyid IS NULL",
	option.CacheUnupaqcount:     "{posts} WHERE type = 'Q' AND amaxvote = 0 AND closedbyid IS NULL",
	option.CacheQueuedcount:     "{posts} WHERE type IN ('Q_QUEUED', 'A_QUEUED', 'C_QUEUED')",
	option.CacheTagcount:        "{words} WHERE tagcount > 0",
	option.CacheUserpointscount: "{userpoints}",
	option.CacheUapprovecount:   "{users} WHERE level < 10 AND flags & 2 = 0",
}

// recountSite repairs the counts that Q2A caches among the options.
func (m *Module) recountSite(ctx context.Context, _ int, w *jobs.Work) (int, error) {
	keys := slices.SortedFunc(maps.Keys(siteCounts), option.Compare)
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = key.Name()
	}
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		w.Found = nil
		stored := map[string]string{}
		lock, err := m.lockOf(ctx, tx, w)
		if err != nil {
			return err
		}
		err = tx.Select(ctx, func(rows *sql.Rows) error {
			var name, content string
			err := rows.Scan(&name, &content)
			stored[name] = content
			return err
		}, "SELECT title, content FROM {options} WHERE title IN ? ORDER BY title"+lock, names)
		if err != nil {
			return fmt.Errorf("recount the site: %w", err)
		}
		for _, key := range keys {
			var n int
			if _, err := tx.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM "+siteCounts[key]); err != nil {
				return fmt.Errorf("recount the site: %w", err)
			}
			if !w.Report("options", key.Name(), "content", stored[key.Name()], n) || w.DryRun {
				continue
			}
			if err := site.Set(ctx, tx, map[option.Key]string{key: itoa(n)}); err != nil {
				return fmt.Errorf("recount the site: %w", err)
			}
		}
		return nil
	})
	return 0, err
}
