package demo_test

import (
	"context"
	"path/filepath"
	"testing"

	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
)

// TestDemonstrationIsSound checks that the doctor finds nothing wrong with the demonstration site, except for
// warnings about options.
func TestDemonstrationIsSound(t *testing.T) {
	ctx := context.Background()
	folder := t.TempDir()
	db, err := database.Open(ctx,
		database.Settings{URL: "sqlite:" + filepath.Join(folder, "demo.sqlite"), Prefix: "qa_"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.CreateSchema(ctx); err != nil {
		t.Fatal(err)
	}
	if err := demo.Fill(ctx, db, folder); err != nil {
		t.Fatal(err)
	}
	for _, f := range site.Examine(ctx, db) {
		if f.Severity == "warning" && f.Topic != "options" || f.Severity == "error" {
			t.Errorf("%s: %s", f.Topic, f.Text)
		}
	}
	var questions int
	if _, err := db.Get(ctx, []any{&questions},
		"SELECT COUNT(*) FROM {posts} WHERE type = 'Q'"); err != nil || questions < 8 {
		t.Errorf("%d questions, %v", questions, err)
	}
}
