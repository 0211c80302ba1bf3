package admin

import (
	"bytes"
	"strings"
	"testing"

	"38qa.net/backend/modules/community"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/database/databasetest"
)

// TestPlugins checks that the tables of a plugin are listed as missing, are made when the plugin is enabled and
// not before, and are left alone after that.
func TestPlugins(t *testing.T) {
	db, err := database.Open(t.Context(), database.Settings{URL: databasetest.SQLite(t), Prefix: "bee_"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	people := community.New(db, nil, nil, nil, community.Settings{})
	var out bytes.Buffer
	says := func(what string, err error, words ...string) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for _, w := range words {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s is without %q: %s", what, w, &out)
			}
		}
		out.Reset()
	}
	says("the list", listPlugins(t.Context(), people, &out), "messages ", "off: without bee_msg_groups, bee_msg_group_users, bee_msg_group_messages")
	if err := enablePlugin(t.Context(), people, "diary", &out); err == nil || !strings.Contains(err.Error(), `no plugin "diary"`) {
		t.Errorf("an unknown plugin: %v", err)
	}
	if there, err := db.HasTable(t.Context(), "msg_groups"); err != nil || there {
		t.Errorf("before it is enabled: %t, %v", there, err)
	}
	says("enabling", enablePlugin(t.Context(), people, "messages", &out), "made bee_msg_groups, bee_msg_group_users, bee_msg_group_messages")
	if _, err := db.Exec(t.Context(), "INSERT INTO {msg_groups} (title, created) VALUES ('', '2026-01-01 00:00:00')"); err != nil {
		t.Fatal(err)
	}
	says("enabling again", enablePlugin(t.Context(), people, "messages", &out), "all its tables are there already")
	says("the list", listPlugins(t.Context(), people, &out), "on: all its tables are there")
	var groups int
	if _, err := db.Get(t.Context(), []any{&groups}, "SELECT COUNT(*) FROM {msg_groups}"); err != nil || groups != 1 {
		t.Errorf("%d groups, %v", groups, err)
	}
}
