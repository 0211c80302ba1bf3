package qa_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

// seededQuestions is the number of questions on the site of seededSite, which is large enough for the
// shortcuts for large sites.
const seededQuestions = 900

var seededCopy = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "q2ab")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "seeded.sqlite")
	db, err := database.Open(context.Background(), database.Settings{URL: "sqlite:" + path, Prefix: "qa_"})
	if err != nil {
		return nil, err
	}
	if err := demo.Seed(context.Background(), db,
		demo.SeedOptions{Questions: seededQuestions, Seed: 7}); err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// seededSite opens a generated site on an SQLite database that only the test has.
func seededSite(t *testing.T) *testsite.Site {
	t.Helper()
	content, err := seededCopy()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "seeded.sqlite")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return testsite.New(t, testsite.On("sqlite:"+path))
}
