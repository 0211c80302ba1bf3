package site_test

import (
	"context"
	"strings"
	"testing"

	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/testsite"
)

// TestDoctorFindsWhatQ2AsOwnRecalculationFinds checks that the doctor warns of the one wrong count on the
// recorded site, which is drift of Q2A itself, and finds a count that is made wrong.
func TestDoctorFindsWhatQ2AsOwnRecalculationFinds(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		var warnings []string
		notes := ""
		for _, f := range site.Examine(context.Background(), s.App.DB) {
			switch f.Severity {
			case "warning", "error":
				warnings = append(warnings, f.Text)
			case "note":
				notes += f.Text + "\n"
			}
		}
		if len(warnings) != 1 ||
			!strings.HasPrefix(warnings[0], "cache_unselqcount is 43, and there are 44") {
			t.Errorf("warnings: %q", warnings)
		}
		for _, want := range []string{
			"8 index entries of closing notes", "3 users with passwords of the old kind",
			"1 images and files on the old site's disk",
		} {
			if !strings.Contains(notes, want) {
				t.Errorf("no note %q in %q", want, notes)
			}
		}
		if _, err := s.App.DB.Exec(context.Background(),
			"UPDATE {posts} SET acount = acount + 1 WHERE postid = 1"); err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range site.Examine(context.Background(), s.App.DB) {
			found = found || f.Text == "1 questions whose answer count is wrong"
		}
		if !found {
			t.Error("a wrong answer count was not found")
		}
	})
}

// findings returns the doctor's findings of the given severity, one on each line.
func findings(t *testing.T, s *testsite.Site, severity string) string {
	t.Helper()
	var lines []string
	for _, f := range site.Examine(t.Context(), s.App.DB) {
		if f.Severity == severity {
			lines = append(lines, f.Topic+": "+f.Text)
		}
	}
	return strings.Join(lines, "\n")
}

// TestDoctorNamesWhatIsUnusual checks that the doctor reports settings and tables that matter for the move,
// each with its severity.
func TestDoctorNamesWhatIsUnusual(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, statement, severity, want string }{
		{"no address", "REPLACE INTO {options} (title, content) VALUES ('site_url', '')", "warning", "site_url is not set"},
		{"maintenance", "REPLACE INTO {options} (title, content) VALUES ('site_maintenance', '1')", "warning", "closed for maintenance"},
		{"closed by the best answer", "REPLACE INTO {options} (title, content) VALUES ('do_close_on_select', '1')", "note", "questions close when"},
		{"an option out of range", "REPLACE INTO {options} (title, content) VALUES ('page_size_qs', '500')", "note", "page_size_qs has a value that nobody could set now: too_large"},
		{"plugins", "REPLACE INTO {options} (title, content) VALUES ('enabled_plugins', 'one;two')", "note", "enabled on the old site: one, two"},
		{"a known plugin's table", "CREATE TABLE {blogs} (id INT)", "ok", "blogs (q2a-blog)"},
		{"an unknown table", "CREATE TABLE {mystery} (id INT)", "note", "mystery"},
		{"a table that is not the site's", "CREATE TABLE elsewhere (id INT)", "note", "left alone: elsewhere"},
		{"votes switched off", "REPLACE INTO {options} (title, content) VALUES ('voting_on_qs', '0'), ('voting_on_as', '1')", "ok", "questions off, answers on"},
		{"tags alone", "REPLACE INTO {options} (title, content) VALUES ('tags_or_categories', 't')", "ok", "tags only"},
		{"categories alone", "REPLACE INTO {options} (title, content) VALUES ('tags_or_categories', 'c')", "ok", "categories only"},
		{"wrong votes", "UPDATE {posts} SET netvotes = netvotes + 1 WHERE postid = 1", "warning", "1 posts whose net votes"},
		{"a handle twice", "UPDATE {users} SET handle = 'aki' WHERE userid = 17", "warning", "1 handles that two users share"},
		{"a reply to nothing", "UPDATE {posts} SET parentid = NULL WHERE postid = 3", "warning", "1 answers and comments without a parent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t)
			if found := findings(t, s, c.severity); strings.Contains(found, c.want) {
				t.Fatalf("found before: %s", found)
			}
			s.Exec(t, c.statement)
			if found := findings(t, s, c.severity); !strings.Contains(found, c.want) {
				t.Errorf("no %q in %s", c.want, found)
			}
		})
	}
}

// TestDoctorStopsWithoutTables checks that the doctor reports a missing table as an error, and examines
// nothing else after that.
func TestDoctorStopsWithoutTables(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	s.Exec(t, "DROP TABLE {posttags}")
	if found := findings(t, s, "error"); !strings.Contains(found, "posttags") {
		t.Errorf("errors: %s", found)
	}
	if found := findings(t, s, "ok"); strings.Contains(found, "rows:") ||
		strings.Contains(found, "options:") {
		t.Errorf("examined all the same: %s", found)
	}
}
