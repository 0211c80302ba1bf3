package database_test

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"38qa.net/backend/modules/kernel/database"
)

// TestFreeID checks that FreeID returns ids in the range in which Q2A's random ids lie, and an error where
// every id that it may choose is taken.
func TestFreeID(t *testing.T) {
	db, err := database.Open(context.Background(),
		database.Settings{URL: "sqlite:" + filepath.Join(t.TempDir(), "ids.sqlite"), Prefix: "qa_"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(t.Context(), "CREATE TABLE {things} (id BIGINT NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if id, err := db.FreeID(t.Context(), "{things}", "id", database.SignedIDs); err != nil ||
			id < 1_000000_000000 || id > math.MaxInt64 {
			t.Errorf("%d, %v", id, err)
		}
	}
	if _, err := db.Exec(t.Context(), "INSERT INTO {things} (id) VALUES (1000000000000)"); err != nil {
		t.Fatal(err)
	}
	// There is only one id to choose from, and it is taken.
	if id, err := db.FreeID(t.Context(), "{things}", "id", 1); err == nil {
		t.Errorf("%d is taken", id)
	}
}
