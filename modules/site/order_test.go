package site

import (
	"fmt"
	"slices"
	"testing"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/database/databasetest"
)

// TestOrder moves each of five rows to each position, and compares the order with that of a list from which the
// row is taken out and into which it is put again.
func TestOrder(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Settings{URL: databasetest.SQLite(t), Prefix: "bee_"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id := 1; id <= 5; id++ {
		if _, err := db.Exec(t.Context(), `INSERT INTO {pages} (pageid, title, nav, position, flags, tags)
			VALUES (?, ?, 'M', ?, 0, ?)`, id, fmt.Sprint(id), id, fmt.Sprint("page-", id)); err != nil {
			t.Fatal(err)
		}
	}
	want := []int{1, 2, 3, 4, 5}
	check := func(what string) {
		t.Helper()
		var got, positions []int
		if err := db.Select(t.Context(), database.Append(&got), "SELECT pageid FROM {pages} ORDER BY position"); err != nil {
			t.Fatal(err)
		}
		if err := db.Select(t.Context(), database.Append(&positions),
			"SELECT position FROM {pages} ORDER BY position"); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) || positions[0] != 1 || positions[len(positions)-1] != len(positions) {
			t.Errorf("%s: %v at %v, want %v", what, got, positions, want)
		}
	}
	for id := 1; id <= 5; id++ {
		for to := -1; to <= 7; to++ {
			want = slices.DeleteFunc(want, func(one int) bool { return one == id })
			want = slices.Insert(want, max(1, min(to, 5))-1, id)
			if err := db.Tx(t.Context(), func(tx *database.DB) error {
				p, err := pageOrder.lock(t.Context(), tx)
				if err != nil {
					return err
				}
				return pageOrder.move(t.Context(), tx, p, id, to)
			}); err != nil {
				t.Fatal(err)
			}
			check(fmt.Sprintf("%d to %d", id, to))
		}
	}
	for _, id := range []int{3, 5, 1} {
		want = slices.DeleteFunc(want, func(one int) bool { return one == id })
		if err := db.Tx(t.Context(), func(tx *database.DB) error {
			p, err := pageOrder.lock(t.Context(), tx)
			if err != nil {
				return err
			}
			return pageOrder.remove(t.Context(), tx, p, id)
		}); err != nil {
			t.Fatal(err)
		}
		check(fmt.Sprintf("without %d", id))
	}
}
