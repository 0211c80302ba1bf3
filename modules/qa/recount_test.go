package qa_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/testsite"
)

// breaks are statements that each make a derived value wrong, with the beginning of the difference that a
// recount reports.
var breaks = []struct{ query, reported string }{
	{"UPDATE {posts} SET upvotes = upvotes + 1, netvotes = netvotes + 1 WHERE postid = 1", "posts postid=1 upvotes: "},
	{"UPDATE {posts} SET downvotes = downvotes + 2 WHERE postid = 14", "posts postid=14 downvotes: "},
	{"UPDATE {posts} SET flagcount = 7 WHERE postid = 27", "posts postid=27 flagcount: "},
	{"UPDATE {posts} SET acount = 99 WHERE postid = 1", "posts postid=1 acount: stored 99, "},
	{"UPDATE {posts} SET amaxvote = 55 WHERE postid = 14", "posts postid=14 amaxvote: stored 55, "},
	{"UPDATE {posts} SET hotness = 12345 WHERE postid = 27", "posts postid=27 hotness: stored 12345, "},
	{"UPDATE {posts} SET categoryid = NULL, catidpath1 = NULL WHERE type = 'A' AND parentid = 1", "posts postid="},
	{"UPDATE {posts} SET catidpath2 = 1 WHERE postid = 37", "posts postid=37 catidpath2: "},
	{"DELETE FROM {titlewords} WHERE postid = 1", "titlewords postid=1 "},
	{"DELETE FROM {contentwords} WHERE postid = 14", "contentwords postid=14 "},
	{"UPDATE {contentwords} SET count = count + 3 WHERE postid = 27", "contentwords postid=27 "},
	{"DELETE FROM {tagwords} WHERE postid = 37", "tagwords postid=37 "},
	{"DELETE FROM {posttags} WHERE postid = 1", "posttags postid=1 "},
	{"INSERT INTO {titlewords} (postid, wordid) SELECT 37, MIN(wordid) FROM {words}", "titlewords postid=37 "},
	{"UPDATE {words} SET contentcount = contentcount + 5 WHERE wordid = 10", "words wordid=10 contentcount: "},
	{"UPDATE {words} SET tagcount = tagcount + 1, titlecount = titlecount + 1 WHERE wordid = 20", "words wordid=20 t"},
	{"UPDATE {categories} SET qcount = qcount + 4 WHERE categoryid = 2", "categories categoryid=2 qcount: "},
	{"UPDATE {categories} SET backpath = 'nowhere' WHERE categoryid = 5", "categories categoryid=5 backpath: stored nowhere, "},
	{"UPDATE {userpoints} SET points = points + 1 WHERE userid = 7", "userpoints userid=7 points: "},
	{"UPDATE {userpoints} SET qupvotes = 77 WHERE userid = 8", "userpoints userid=8 qupvotes: stored 77, "},
	{"UPDATE {userpoints} SET avoteds = avoteds - 1, upvoteds = 5 WHERE userid = 9", "userpoints userid=9 upvoteds: "},
	{"DELETE FROM {userpoints} WHERE userid = 10", "userpoints userid=10 row: stored none, "},
	{"UPDATE {options} SET content = '3' WHERE title = 'cache_qcount'", "options cache_qcount content: stored 3, "},
	{"UPDATE {options} SET content = '3' WHERE title = 'cache_acount'", "options cache_acount content: stored 3, "},
	{"UPDATE {options} SET content = '3' WHERE title = 'cache_ccount'", "options cache_ccount content: stored 3, "},
	{"UPDATE {options} SET content = '333' WHERE title = 'cache_unaqcount'", "options cache_unaqcount content: stored 333, "},
	{"UPDATE {options} SET content = '333' WHERE title = 'cache_unupaqcount'", "options cache_unupaqcount content: stored 333, "},
	{"UPDATE {options} SET content = '333' WHERE title = 'cache_queuedcount'", "options cache_queuedcount content: stored 333, "},
	{"UPDATE {options} SET content = '333' WHERE title = 'cache_tagcount'", "options cache_tagcount content: stored 333, "},
	{"UPDATE {options} SET content = '333' WHERE title = 'cache_userpointscount'", "options cache_userpointscount content: stored 333, "},
	{"UPDATE {options} SET content = '333' WHERE title = 'cache_uapprovecount'", "options cache_uapprovecount content: stored 333, "},
}

// TestRecountRepairsWhatIsDerived makes every kind of derived value wrong, and checks that a recount finds
// each of them and repairs it to what it was.
func TestRecountRepairsWhatIsDerived(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		// One count of the recorded site is wrong (drift.json).
		if found := testsite.Recount(t, s.App, true); len(found) != 1 ||
			found[0] != "options cache_unselqcount content: stored 43, computed 44" {
			t.Fatalf("on the recorded site: %q", found)
		}
		testsite.Recount(t, s.App, false)
		before := testsite.ReadTables(t, s.App.DB)
		for _, b := range breaks {
			if n, err := s.App.DB.Exec(context.Background(), b.query); err != nil || n == 0 {
				t.Fatalf("%s: %d rows, %v", b.query, n, err)
			}
		}
		broken := testsite.ReadTables(t, s.App.DB)
		found := testsite.Recount(t, s.App, true)
		for _, b := range breaks {
			if !strings.Contains("\n"+strings.Join(found, "\n"), "\n"+b.reported) {
				t.Errorf("not found: %s", b.query)
			}
		}
		changed := testsite.Describe(broken.Diff(testsite.ReadTables(t, s.App.DB)), nil)
		if len(changed) > 0 {
			t.Errorf("the dry run changed %q", changed)
		}
		if repaired := testsite.Recount(t, s.App, false); len(repaired) < len(breaks) {
			t.Errorf("%d repaired", len(repaired))
		}
		if off := testsite.Describe(before.Diff(testsite.ReadTables(t, s.App.DB)), nil); len(off) > 0 {
			t.Errorf("after the repair: %q", off)
		}
		if left := testsite.Recount(t, s.App, true); len(left) > 0 {
			t.Errorf("after the repair: %q", left)
		}
	})
}

// TestRecountGoesOn checks that a recount which is interrupted continues where it stood, in another process,
// and finds the same differences in the end.
func TestRecountGoesOn(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		url := db.Copy(t)
		first := testsite.New(t, testsite.On(url))
		want := testsite.Recount(t, first.App, true)
		batches := 0
		var run *jobs.Run
		var err error
		for stops := 0; ; stops++ {
			app := testsite.New(t, testsite.On(url)).App
			ctx, stop := context.WithCancel(context.Background())
			if run, err = app.Jobs.Start(ctx, "recount", jobs.Options{DryRun: true}); err != nil {
				t.Fatal(err)
			}
			err = app.Jobs.Work(ctx, run, func(*jobs.Run, *jobs.Work) {
				if batches++; batches%3 == 0 {
					stop()
				}
			})
			stop()
			if err == nil {
				if stops == 0 {
					t.Fatal("it never stopped")
				}
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		if run.Differences != len(want) || run.Done < run.Total || batches > 30 {
			t.Errorf("%d differences instead of %d, %d of %d done in %d batches", run.Differences, len(want),
				run.Done, run.Total, batches)
		}
	})
}

// TestMadeSitesNeedNoRecount checks that a recount finds nothing wrong in the demonstration and in generated
// sites.
func TestMadeSitesNeedNoRecount(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(db *database.DB) error{
		"demonstration": func(db *database.DB) error { return demo.Fill(t.Context(), db, t.TempDir()) },
		"generated": func(db *database.DB) error {
			return demo.Seed(t.Context(), db, demo.SeedOptions{Questions: 300, Users: 50, Seed: 3})
		},
	} {
		t.Run(name, func(t *testing.T) {
			url := "sqlite:" + filepath.Join(t.TempDir(), "site.sqlite")
			db, err := database.Open(t.Context(), database.Settings{URL: url, Prefix: "qa_"})
			if err != nil {
				t.Fatal(err)
			}
			if name == "demonstration" { // Seed makes the tables itself
				err = db.CreateSchema(t.Context())
			}
			if err = errors.Join(err, fill(db), db.Close()); err != nil {
				t.Fatal(err)
			}
			if found := testsite.Recount(t, testsite.New(t, testsite.On(url)).App, true); len(found) > 0 {
				t.Errorf("%d differences, the first %q", len(found), found[:min(len(found), 5)])
			}
		})
	}
}
