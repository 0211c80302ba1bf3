package modules_test

import (
	"archive/zip"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/personal"
	"38qa.net/backend/modules/testsite"
)

// userColumn matches the names of columns that hold the ids of users.
var userColumn = regexp.MustCompile(`(?i)user_?id$`)

// otherUserColumns are columns that hold ids of users under another name, by their tables, with the condition
// under which they do.
var otherUserColumns = map[string]string{
	"q2ab_conversations.other": "kind = 'P'",
	"userfavorites.entityid":   "entitytype IN ('U', 'M')",
	"sharedevents.entityid":    "entitytype = 'U'",
	"userevents.entityid":      "entitytype = 'U'",
	"q2ab_inbox.subject":       "kind IN ('message', 'wall')",
	"q2ab_audit.subject":       "kind = 'user'",
	"q2ab_account_work.intoid": "1 = 1",
	"q2ab_drafts.subject":      "kind = 'message'",
	"q2ab_notes.subject":       "kind = 'user'",
	"q2ab_spam_checks.subject": "kind = 'user'",
}

// notExported are the tables that name users and of which a member's copy of their data has nothing, with why.
var notExported = map[string]string{
	"q2ab_tickets":        "good for a minute, and nothing but a secret",
	"q2ab_message_boxes":  "how far an index follows the messages",
	"q2ab_group_messages": "an index of msg_group_messages",
	"q2ab_points_next":    "points while their weights change; userpoints has them",
	"sharedevents":        "derived from the posts, which are exported",
	"q2ab_account_work":   "what administrators have begun; the log of changes has it",
	"q2ab_hide_requests":  "what a moderator has asked for and a job is working off; the log of changes has it",
	"q2ab_notes":          "moderators' working papers, also of those who wrote them",
	"q2ab_review_locks":   "what a moderator is looking at, for some minutes",
	"q2ab_spam_checks":    "what moderators see of a registration; it goes when the account is approved or deleted",
	"sn_notice":           "a plugin's, whose columns are not known; its member can list what is found in it",
}

// notMerged are the columns that name an account after it was merged into another, with why.
var notMerged = map[string]string{
	"q2ab_audit.byuserid":         "what was done was done by an account that is gone; its name and addresses are blanked",
	"q2ab_audit.subject":          "that the account was merged stays in the log, without what it was",
	"q2ab_points_next.userid":     "dropped when the weights change",
	"eventlog.userid":             "the old site's log of what happened, under the names of then",
	"emailbounce.userid":          "deleted with the address that it is about",
	"q2ab_account_work.byuserid":  "who asked for a merge that is under way",
	"q2ab_account_work.intoid":    "no account into which another is being merged is merged itself",
	"q2ab_account_work.userid":    "the merge itself",
	"q2ab_hide_requests.byuserid": "the job drops the requests of accounts that are gone",
	"q2ab_conversations.other":    "handed over with the messages; what has no messages any more is corrected when it is read",
	"userevents.entityid":         "whose doing an update was followed for; the stream shows the post and lastuserid",
	"q2ab_drafts.subject":         "a draft of a message to an account that is gone, which nobody can send",
}

// column is a column that holds ids of users.
type column struct{ table, name string }

func (c column) String() string { return c.table + "." + c.name }

// userColumns returns the columns of a site's tables that hold ids of users.
func userColumns(t *testing.T, s *testsite.Site) (list []column) {
	t.Helper()
	tables, err := s.App.DB.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		name, ours := strings.CutPrefix(table, s.App.DB.Prefix())
		if !ours {
			continue
		}
		columns, err := s.App.DB.Columns(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range columns {
			if _, other := otherUserColumns[name+"."+c]; other || userColumn.MatchString(c) {
				list = append(list, column{name, c})
			}
		}
	}
	if len(list) < 50 {
		t.Fatalf("only %d columns with ids of users", len(list))
	}
	return list
}

// pluginTables are made for the test as the plugins of the old site make them.
var pluginTables = []string{
	`CREATE TABLE IF NOT EXISTS {eventlog} (
		datetime TEXT, ipaddress TEXT, userid INTEGER, handle TEXT, cookieid TEXT, event TEXT,
		params TEXT)`,
	`CREATE TABLE IF NOT EXISTS {emailbounce} (
		id INTEGER PRIMARY KEY, userid INTEGER, email TEXT NOT NULL, bounced INTEGER NOT NULL,
		notify INTEGER NOT NULL DEFAULT 0, created DATETIME, updated DATETIME)`,
	`CREATE TABLE IF NOT EXISTS {sn_notice} (
		noticeid INTEGER NOT NULL, userid INTEGER NULL, content TEXT NULL, read_flag INTEGER,
		created TEXT)`,
	`CREATE TABLE IF NOT EXISTS {msg_groups} (groupid INTEGER PRIMARY KEY, title TEXT, created TEXT NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS {msg_group_users} (
		groupid INTEGER NOT NULL, userid INTEGER NOT NULL, "join" INTEGER NOT NULL DEFAULT 0,
		notify INTEGER NOT NULL DEFAULT 1, UNIQUE (groupid, userid))`,
	`CREATE TABLE IF NOT EXISTS {msg_group_messages} (
		messageid INTEGER PRIMARY KEY, groupid INTEGER NOT NULL, userid INTEGER NOT NULL,
		content TEXT, format TEXT NOT NULL, created TEXT NOT NULL)`,
}

// planted is what other columns of planted rows hold, by their names; the others hold 1.
var planted = map[string]any{"type": "Q", "kind": "P", "entitytype": "U", "datetime": "2026-01-01 00:00:00", "created": 1, "postid": 1, "groupid": 1,
	"identifiermd5": []byte("0123456789abcdef"), "hash": []byte("planted-hash")}

// plant makes a row in the column's table that names the user, with made-up values in the columns that need one.
// It does nothing if there is a row already.
func plant(t *testing.T, s *testsite.Site, c column, user int) {
	t.Helper()
	condition := c.name + " = ?"
	if kind, other := otherUserColumns[c.String()]; other {
		condition += " AND " + kind
	}
	if s.Scalar(t, "SELECT COUNT(*) FROM {"+c.table+"} WHERE "+condition, user) > 0 {
		return
	}
	names, marks, args := []string{c.name}, []string{"?"}, []any{user}
	err := s.App.DB.Select(t.Context(), func(rows *sql.Rows) error {
		var name, kind string
		var required, key int
		var preset sql.NullString
		if err := rows.Scan(&name, &kind, &required, &preset, &key); err != nil {
			return err
		}
		_, always := planted[name]
		always = always && !(c.table == "posts" && name == "postid")
		if name == c.name || !always && (required == 0 || preset.Valid || key == 1 && strings.EqualFold(kind, "INTEGER") &&
			!userColumn.MatchString(name)) {
			return nil
		}
		value, ok := planted[name]
		switch {
		case c.table == "q2ab_inbox" && name == "kind":
			value = "message"
		case c.table == "q2ab_audit" && name == "kind":
			value = "user"
		case c.table == "q2ab_drafts" && name == "kind":
			value = "message"
		case c.table == "messages" && name == "type":
			value = "PRIVATE"
		case strings.Contains(strings.ToLower(kind), "datetime") || name == "created" && strings.EqualFold(kind, "TEXT"):
			value = "2026-01-01 00:00:00"
		case userColumn.MatchString(name):
			value = testsite.OBrien
		case !ok:
			value = 1
		}
		names, marks, args = append(names, `"`+name+`"`), append(marks, "?"), append(args, value)
		return nil
	}, "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info(?)", s.App.DB.Prefix()+c.table)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.App.DB.Exec(t.Context(), "INSERT INTO {"+c.table+"} ("+strings.Join(names, ", ")+") VALUES ("+
		strings.Join(marks, ", ")+")", args...); err != nil {
		t.Errorf("plant %s %v: %v", c, names, err)
	}
}

// TestExportsHaveEveryTable derives from the schema which tables name users, and checks that the copy of a
// member's data has a row of each of them, unless there is a reason, and no secret.
func TestExportsHaveEveryTable(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After(pluginTables...))
	const me = testsite.Haru
	exported := personal.Tables()
	of := map[string]bool{}
	for _, c := range userColumns(t, s) {
		of[c.table] = true
		if notExported[c.table] == "" {
			plant(t, s, c, me)
		}
	}
	for table := range of {
		if slices.Contains(exported, table) == (notExported[table] != "") {
			t.Errorf("%s: exported %v, reason %q", table, slices.Contains(exported, table), notExported[table])
		}
	}
	s.Exec(t, "UPDATE {q2ab_push_subscriptions} SET p256dh = 'secret-p256dh', auth = 'secret-auth' WHERE userid = ?", me)
	s.Exec(t, "UPDATE {users} SET passhash = 'secret-hash', sessioncode = 'secret-s' WHERE userid = ?", me)
	s.Exec(t, "UPDATE {q2ab_codes} SET code = 'secret-code' WHERE userid = ?", me)
	s.Exec(t, `UPDATE {q2ab_audit}
		SET byhandle = 'secret-handle', ip = 'secret-ip', was = 'secret-was'
		WHERE byuserid <> ?`, me)
	s.Exec(t, "DELETE FROM {q2ab_exports}")
	s.Alter(t, `INSERT INTO {postmetas} (postid, title, content)
		SELECT MIN(postid), 'q_planted', 'x' FROM {posts} WHERE userid = ?`, me)
	s.Alter(t, `UPDATE {posts}
		SET lastuserid = ?
		WHERE postid = (SELECT MIN(o.postid) FROM {posts} o WHERE o.userid = ?)`, me, testsite.Taro)
	files := exportOf(t, s, me)
	for name, content := range files {
		var list []any
		if name != "index.json" {
			if err := json.Unmarshal([]byte(content), &list); strings.HasSuffix(name, ".json") && (err != nil || len(list) == 0) {
				t.Errorf("%s has %d entries, %v", name, len(list), err)
			}
		}
		if strings.Contains(content, "secret-") {
			t.Errorf("%s holds a secret: %s", name, content)
		}
	}
	if len(files) < 40 {
		t.Errorf("only %d files", len(files))
	}
}

// exportOf returns the files of the copy of a user's data, by their names.
func exportOf(t *testing.T, s *testsite.Site, user int) map[string]string {
	t.Helper()
	if status, body, _ := s.Try(t, user, "POST", "/v1/me/export", nil); status != http.StatusAccepted {
		t.Fatalf("ask for an export as %d: %d %v", user, status, body)
	}
	testsite.RunJob(t, s.App, "exports")
	got := testsite.GetAs[struct{ URL string }](t, s, "/v1/me/export", user)
	u, err := url.Parse(got.URL)
	if err != nil || got.URL == "" {
		t.Fatalf("%+v, %v", got, err)
	}
	body := testsite.Text(t, s.Request(t, "GET", u.RequestURI(), testsite.Visitor))
	archive, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(content)
	}
	return files
}

// TestExportsHoldNothingOfOthers checks that nobody's copy holds what other members keep for themselves or share
// with others.
func TestExportsHoldNothingOfOthers(t *testing.T) {
	t.Parallel()
	s := keepSecrets(t, testsite.New(t))
	seen := 0
	for _, user := range []int{crawlAsker, crawlAnswerer, testsite.OBrien, crawlNewcomer, crawlMod, testsite.Superbee} {
		for name, content := range exportOf(t, s.Site, user) {
			for secret, seers := range s.seers {
				if !strings.Contains(content, secret) {
					continue
				}
				if seen++; !slices.Contains(seers, user) {
					t.Errorf("the export of user %d holds %s in %s", user, secret, name)
				}
			}
			if name == "favourites.json" && strings.Contains(content, `"M"`) && user != crawlAsker {
				t.Errorf("the export of user %d tells of mutes: %s", user, content)
			}
		}
	}
	if seen < 8 {
		t.Errorf("only %d secrets were found by those who share them", seen)
	}
}

// TestMergesReachEveryTable derives from the schema which columns name users, and checks that after a merge none
// of them names the account that went, unless there is a reason.
func TestMergesReachEveryTable(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After(pluginTables...))
	const from, into = testsite.Aki, testsite.Haru
	columns := userColumns(t, s)
	for _, c := range columns {
		if c.table != "q2ab_account_work" && c.String() != "userevents.entityid" {
			plant(t, s, c, from)
		}
	}
	s.Do(t, testsite.AdminHana, "POST", fmt.Sprintf("/v1/admin/users/%d/merge", from), object{"into": into})
	testsite.RunJob(t, s.App, "accounts")
	for _, c := range columns {
		condition := c.name + " = ?"
		if kind, other := otherUserColumns[c.String()]; other {
			condition += " AND " + kind
		}
		n := s.Scalar(t, "SELECT COUNT(*) FROM {"+c.table+"} WHERE "+condition, from)
		if n > 0 && notMerged[c.String()] == "" {
			t.Errorf("%s names the merged account %d times", c, n)
		}
	}
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {users} WHERE userid = ?", from); n != 0 {
		t.Error("the account is still there")
	}
}
