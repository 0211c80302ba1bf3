package demo_test

import (
	"context"
	"path/filepath"
	"testing"

	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/testsite"
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

// TestMembersOfTheDemonstrationCanSignIn checks that the README's password is that of members of every role.
func TestMembersOfTheDemonstrationCanSignIn(t *testing.T) {
	folder := t.TempDir()
	url := "sqlite:" + filepath.Join(folder, "demo.sqlite")
	db, err := database.Open(t.Context(), database.Settings{URL: url, Prefix: "qa_"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := demo.Fill(t.Context(), db, folder); err != nil {
		t.Fatal(err)
	}
	s := testsite.New(t, testsite.On(url), testsite.GenuineTokens())
	for handle, level := range map[string]string{"queen": "super", "はな": "moderator", "kenta": "expert",
		"newcomer": "basic"} {
		status, answer, _ := s.Try(t, testsite.Visitor, "POST", "/v1/auth/sign-in",
			map[string]any{"login": handle, "password": "mitsubachi"})
		user, _ := answer["user"].(map[string]any)
		if status != 200 || user["level"] != level {
			t.Errorf("%s: %d %v, want %s", handle, status, answer, level)
		}
	}
}
