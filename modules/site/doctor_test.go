package site_test

import (
	"context"
	"strings"
	"testing"

	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/testsite"
)

// TestDoctorFindsWhatQ2AsOwnRecalculationFinds: on the recorded site that is one count (testdata: drift of
// Q2A itself).
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
		if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "cache_unselqcount is 43, and there are 44") {
			t.Errorf("warnings: %q", warnings)
		}
		for _, want := range []string{"8 index entries of closing notes", "3 users with passwords of the old kind", "1 images and files on the old site's disk"} {
			if !strings.Contains(notes, want) {
				t.Errorf("no note %q in %q", want, notes)
			}
		}
		if _, err := s.App.DB.Exec(context.Background(), "UPDATE {posts} SET acount = acount + 1 WHERE postid = 1"); err != nil {
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
