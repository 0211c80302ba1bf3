package admin

import (
	"bytes"
	"testing"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/database/databasetest"
	"38qa.net/backend/modules/site"
)

// TestMaintain checks that the command closes and opens a site, tells which it is, and leaves an entry in the
// log of changes for each change and for nothing else.
func TestMaintain(t *testing.T) {
	db, err := database.Open(t.Context(), database.Settings{URL: databasetest.SQLite(t), Prefix: "bee_"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := site.New(db, site.Settings{})
	for _, c := range []struct {
		args    []string
		says    string
		entries int
	}{
		{nil, "the site is open\n", 0},
		{[]string{"off"}, "the site is open already\n", 0},
		{[]string{"on"}, "the site is closed for maintenance; running servers notice it within a second\n", 1},
		{[]string{"on"}, "the site is closed for maintenance already\n", 1},
		{nil, "the site is closed for maintenance\n", 1},
		{[]string{"off"}, "the site is open; running servers notice it within a second\n", 2},
		{nil, "the site is open\n", 2},
	} {
		var out bytes.Buffer
		if err := maintain(t.Context(), m, c.args, &out); err != nil || out.String() != c.says {
			t.Errorf("maintenance %v: %q, %v; want %q", c.args, &out, err, c.says)
		}
		var entries int
		if _, err := db.Get(t.Context(), []any{&entries}, `SELECT COUNT(*)
			FROM {q2ab_audit}
			WHERE action = 'admin maintenance' AND kind = 'option' AND subject = 'site_maintenance'`); err != nil {
			t.Fatal(err)
		}
		if entries != c.entries {
			t.Errorf("maintenance %v: %d entries in the log, want %d", c.args, entries, c.entries)
		}
	}
}
