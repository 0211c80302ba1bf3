package demo

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/database"
)

// seeded returns a new embedded database with a small generated community.
func seeded(t *testing.T, seed uint64) *database.DB {
	t.Helper()
	ctx := context.Background()
	db, err := database.Open(ctx,
		database.Settings{URL: "sqlite:" + filepath.Join(t.TempDir(), "seed.sqlite"), Prefix: "qa_"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := Seed(ctx, db, SeedOptions{Questions: 200, Users: 60, Seed: seed}); err != nil {
		t.Fatal(err)
	}
	return db
}

// content returns every row of a table as text, in the order in which the rows were inserted.
func content(t *testing.T, db *database.DB, table string) []string {
	t.Helper()
	var list []string
	err := db.Select(context.Background(), func(rows *sql.Rows) error {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			return err
		}
		var line strings.Builder
		for _, v := range values {
			fmt.Fprintf(&line, "%v|", *v.(*any))
		}
		list = append(list, line.String())
		return nil
	}, "SELECT * FROM {"+table+"} ORDER BY rowid")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSameSeedSameRows(t *testing.T) {
	first, second, other := seeded(t, 7), seeded(t, 7), seeded(t, 8)
	for _, table := range database.CoreTables() {
		a, b := content(t, first, table), content(t, second, table)
		if strings.Join(a, "\n") != strings.Join(b, "\n") {
			t.Errorf("%s: %d and %d rows that are not the same", table, len(a), len(b))
		}
	}
	if strings.Join(content(t, first, "posts"), "\n") == strings.Join(content(t, other, "posts"), "\n") {
		t.Error("another seed makes the same posts")
	}
}

func TestSeedRefusesAFullDatabase(t *testing.T) {
	db := seeded(t, 7)
	if err := Seed(context.Background(), db, SeedOptions{Questions: 1}); err == nil ||
		!strings.Contains(err.Error(), "only an empty database") {
		t.Errorf("a second seed: %v", err)
	}
}

// TestSeedLooksLikeACommunity checks that a generated community has about as many posts of each kind as it
// should: answers, comments, hidden posts, posts of visitors, closed questions and so on.
func TestSeedLooksLikeACommunity(t *testing.T) {
	db := seeded(t, 7)
	count := func(query string) int {
		var n int
		if _, err := db.Get(context.Background(), []any{&n}, query); err != nil {
			t.Fatal(err)
		}
		return n
	}
	posts := func(where string) int { return count("SELECT COUNT(*) FROM {posts} WHERE " + where) }
	if n := posts("type LIKE 'Q%'"); n != 200 {
		t.Errorf("%d questions, not 200", n)
	}
	for what, bounds := range map[string][2]int{
		"type LIKE 'A%'": {250, 600}, "type LIKE 'C%'": {300, 800}, "format = 'html'": {50, 400}, "selchildid IS NOT NULL": {20, 150},
		"closedbyid IS NOT NULL": {1, 30}, "type LIKE '%HIDDEN'": {1, 40}, "userid IS NULL": {3, 80}, "created >= '2026-11-01'": {0, 0},
		"created < '2018-11-01'": {0, 0}, "content = ''": {0, 0}, "type LIKE 'Q%' AND catidpath3 IS NOT NULL": {20, 150},
	} {
		if n := posts(what); n < bounds[0] || n > bounds[1] {
			t.Errorf("%d posts with %s, not %d to %d", n, what, bounds[0], bounds[1])
		}
	}
	if n := count(`SELECT COUNT(*)
		FROM {posts} p
		JOIN {posts} n ON n.postid > p.postid AND n.created <= p.created
		WHERE n.postid = p.postid + 1`); n > 0 {
		t.Errorf("%d posts are not newer than the one before", n)
	}
}

// TestSeedDerivesAsQ2A checks the figures that Q2A derives from other rows, each by a query made after Q2A's
// own recalculation, which selects the rows that are wrong.
func TestSeedDerivesAsQ2A(t *testing.T) {
	db := seeded(t, 7)
	for what, query := range wrongFigures() {
		var wrong []string
		err := db.Select(context.Background(), func(rows *sql.Rows) error {
			var id, got, want sql.NullString
			if err := rows.Scan(&id, &got, &want); err != nil {
				return err
			}
			wrong = append(wrong, fmt.Sprintf("%s: %s instead of %s", id.String, got.String, want.String))
			return nil
		}, query)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if len(wrong) > 0 {
			t.Errorf("%s: %d wrong, the first: %s", what, len(wrong), wrong[0])
		}
	}
}

// differ returns a query for the rows of a table whose stored value is not the computed one: id, stored value
// and computed value.
func differ(table, id, stored, computed string) string {
	return `SELECT *
		FROM (SELECT ` + id + ` AS id, ` + stored + ` AS got, ` + computed + ` AS want
			FROM {` + table + `} t) d
		WHERE got IS NOT want`
}

func wrongFigures() map[string]string {
	queries := map[string]string{
		"acount": differ("posts", "postid", "acount", `CASE WHEN type LIKE 'Q%'
			THEN (SELECT COUNT(*) FROM {posts} a WHERE a.parentid = t.postid AND a.type = 'A')
			ELSE 0 END`),
		"amaxvote": differ("posts", "postid", "amaxvote", `CASE WHEN type LIKE 'Q%'
			THEN (SELECT MAX(0, COALESCE(MAX(a.netvotes), 0))
				FROM {posts} a
				WHERE a.parentid = t.postid AND a.type = 'A')
			ELSE 0 END`),
		"netvotes": differ("posts", "postid", "netvotes",
			"(SELECT COALESCE(SUM(v.vote), 0) FROM {uservotes} v WHERE v.postid = t.postid)"),
		"upvotes": differ("posts", "postid", "upvotes",
			"(SELECT COUNT(*) FROM {uservotes} v WHERE v.postid = t.postid AND v.vote > 0)"),
		"downvotes": differ("posts", "postid", "downvotes",
			"(SELECT COUNT(*) FROM {uservotes} v WHERE v.postid = t.postid AND v.vote < 0)"),
		"flagcount": differ("posts", "postid", "flagcount",
			"(SELECT COUNT(*) FROM {uservotes} v WHERE v.postid = t.postid AND v.flag > 0)"),
		"own votes": `SELECT v.postid, v.userid, ''
			FROM {uservotes} v
			JOIN {posts} p ON p.postid = v.postid AND p.userid = v.userid`,
		"selected": `SELECT q.postid, a.postid, ''
			FROM {posts} q
			LEFT JOIN {posts} a ON a.postid = q.selchildid
			WHERE q.selchildid IS NOT NULL AND (a.type <> 'A' OR a.parentid <> q.postid)`,
		"closed": `SELECT q.postid, c.postid, ''
			FROM {posts} q
			LEFT JOIN {posts} c ON c.postid = q.closedbyid
			WHERE c.type NOT IN ('Q', 'NOTE')`,
		"authors": `SELECT p.postid, p.created, u.created
			FROM {posts} p
			JOIN {users} u ON u.userid = p.userid
			WHERE u.created > p.created`,
		"hotness": `SELECT id, got, want
			FROM (SELECT q.postid AS id, q.hotness AS got,
					100 * ((UNIX_TIMESTAMP(q.created) - 1262304000) +
					(UNIX_TIMESTAMP(COALESCE(MAX(a.created), q.created)) - 1262304000) +
					160000.0 * COUNT(a.postid) + 160000.0 * q.netvotes + 4000.0 * q.views) AS want
				FROM {posts} q
				LEFT JOIN {posts} a ON a.parentid = q.postid AND a.type = 'A'
				WHERE q.type LIKE 'Q%'
				GROUP BY q.postid) d
			WHERE got IS NULL OR ABS(got - want) > 4096`,
		"qcount": differ("categories", "categoryid", "qcount", `(SELECT COUNT(*)
			FROM {posts} p
			WHERE p.type = 'Q' AND t.categoryid IN (p.catidpath1, p.catidpath2, p.catidpath3))`),
		"titlecount": differ("words", "word", "titlecount",
			"(SELECT COUNT(*) FROM {titlewords} x WHERE x.wordid = t.wordid)"),
		"contentcount": differ("words", "word", "contentcount",
			"(SELECT COUNT(*) FROM {contentwords} x WHERE x.wordid = t.wordid)"),
		"tagwordcount": differ("words", "word", "tagwordcount",
			"(SELECT COUNT(*) FROM {tagwords} x WHERE x.wordid = t.wordid)"),
		"tagcount": differ("words", "word", "tagcount",
			"(SELECT COUNT(*) FROM {posttags} x WHERE x.wordid = t.wordid)"),
		"indexed": `SELECT p.postid, p.type, COUNT(w.wordid)
			FROM {posts} p
			LEFT JOIN {posts} a ON a.postid = p.parentid AND p.type NOT LIKE 'Q%'
			LEFT JOIN {posts} q ON q.postid = a.parentid AND a.type LIKE 'A%'
			LEFT JOIN {contentwords} w ON w.postid = p.postid
			GROUP BY p.postid
			HAVING (COUNT(w.wordid) > 0) <>
				(p.type IN ('Q', 'A', 'C', 'NOTE') AND COALESCE(a.type, 'Q') IN ('Q', 'A') AND
				COALESCE(q.type, 'Q') = 'Q')`,
	}
	for column, from := range pointFigures() {
		queries[column] = differ("userpoints", "userid", column, "(SELECT "+from+")")
	}
	queries["points"] = differ("userpoints", "userid", "points",
		`100 + 20 * qposts + 40 * aposts + 30 * aselects + 300 * aselecteds +
			10 * (qupvotes + qdownvotes + aupvotes + adownvotes) +
			10 * (qvoteds + avoteds + cvoteds) + bonus`)
	for option, from := range optionFigures() {
		queries[option] = `SELECT *
			FROM (SELECT '` + option + `' AS id,
				(SELECT content FROM {options} WHERE title = '` + option + `') AS got,
				CAST((SELECT COUNT(*) FROM ` + from + `) AS TEXT) AS want) d
			WHERE got IS NOT want`
	}
	return queries
}

// pointFigures returns how each column of userpoints is computed, after Q2A's qa_db_points_calculations.
func pointFigures() map[string]string {
	figures := map[string]string{
		"qposts": "COUNT(*) FROM {posts} p WHERE p.userid = t.userid AND p.type = 'Q'",
		"aposts": "COUNT(*) FROM {posts} p WHERE p.userid = t.userid AND p.type = 'A'",
		"cposts": "COUNT(*) FROM {posts} p WHERE p.userid = t.userid AND p.type = 'C'",
		"aselects": `COUNT(*)
			FROM {posts} p
			WHERE p.userid = t.userid AND p.type = 'Q' AND p.selchildid IS NOT NULL`,
		"aselecteds": `COUNT(*)
			FROM {posts} p
			JOIN {posts} q ON q.selchildid = p.postid
			WHERE p.userid = t.userid AND p.type = 'A' AND q.userid IS NOT p.userid`,
		"upvoteds":   "COALESCE(SUM(p.upvotes), 0) FROM {posts} p WHERE p.userid = t.userid",
		"downvoteds": "COALESCE(SUM(p.downvotes), 0) FROM {posts} p WHERE p.userid = t.userid",
		"qvoteds": `COALESCE(SUM(MIN(p.upvotes, 10) - MIN(p.downvotes, 3)), 0)
			FROM {posts} p
			WHERE p.userid = t.userid AND p.type LIKE 'Q%'`,
		"avoteds": `COALESCE(SUM(MIN(2 * p.upvotes, 20) - MIN(2 * p.downvotes, 5)), 0)
			FROM {posts} p
			WHERE p.userid = t.userid AND p.type LIKE 'A%'`,
	}
	for _, kind := range []string{"q", "a", "c"} {
		for name, sign := range map[string]string{"up": ">", "down": "<"} {
			figures[kind+name+"votes"] = `COUNT(*)
				FROM {uservotes} v
				JOIN {posts} p ON p.postid = v.postid
				WHERE v.userid = t.userid AND p.type LIKE '` + kind + `%' AND v.vote ` + sign + ` 0`
		}
	}
	return figures
}

// optionFigures returns, for each count that Q2A caches in an option, which rows it counts.
func optionFigures() map[string]string {
	return map[string]string{
		"cache_qcount":          "{posts} WHERE type = 'Q'",
		"cache_acount":          "{posts} WHERE type = 'A'",
		"cache_ccount":          "{posts} WHERE type = 'C'",
		"cache_unaqcount":       "{posts} WHERE type = 'Q' AND acount = 0 AND closedbyid IS NULL",
		"cache_unselqcount":     "{posts} WHERE type = 'Q' AND selchildid IS NULL AND closedbyid IS NULL",
		"cache_unupaqcount":     "{posts} WHERE type = 'Q' AND amaxvote = 0 AND closedbyid IS NULL",
		"cache_tagcount":        "{words} WHERE tagcount > 0",
		"cache_userpointscount": "{userpoints}",
		"cache_flaggedcount":    "{posts} WHERE flagcount > 0 AND type IN ('Q', 'A', 'C')",
		"cache_queuedcount":     "{posts} WHERE type IN ('Q_QUEUED', 'A_QUEUED', 'C_QUEUED')",
		"cache_uapprovecount":   "{users} WHERE level < 10 AND NOT (flags & 2)",
	}
}
