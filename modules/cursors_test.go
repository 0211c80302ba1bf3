package modules_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/testsite"
)

// listAddresses returns, by path, the addresses of the first pages of all lists of the OpenAPI document that
// have cursors, in all their orders and with one item to a page.
func listAddresses(api *huma.OpenAPI) map[string][]string {
	handles := []string{"superbee", "editor_yuki", "aki", "haru"}
	values := map[string][]string{"handle": handles, "id": {"101", "201", "27"}, "q": {"蜂"},
		"ip": {"203.0.113.14"}}
	found := map[string][]string{}
	for path, item := range api.Paths {
		if item.Get == nil || !slices.ContainsFunc(item.Get.Parameters,
			func(p *huma.Param) bool { return p.Name == "cursor" }) {
			continue
		}
		addresses := []string{path + "?limit=1"}
		for _, p := range item.Get.Parameters {
			options := values[p.Name]
			for _, v := range p.Schema.Enum {
				options = append(options, v.(string))
			}
			var more []string
			for _, a := range addresses {
				if p.In == "query" && !p.Required {
					more = append(more, a)
				}
				for _, v := range options {
					if p.In == "path" {
						more = append(more, strings.ReplaceAll(a, "{"+p.Name+"}", url.PathEscape(v)))
					} else {
						more = append(more, a+"&"+p.Name+"="+url.QueryEscape(v))
					}
				}
			}
			if len(options) > 0 {
				addresses = more
			}
		}
		found[path] = addresses
	}
	return found
}

// fillLists adds rows where the recorded site has too few for a second page of a list.
func fillLists(ctx context.Context, app *modules.App) error {
	run, err := app.Jobs.Start(ctx, "rankings", jobs.Options{})
	if err == nil {
		err = app.Jobs.Work(ctx, run, nil)
	}
	if err != nil {
		return err
	}
	message := `INSERT INTO {messages} (type, fromuserid, touserid, content, format, created)
		VALUES (?, ?, ?, 'Hello', '', FROM_UNIXTIME(1700000000))`
	for range 2 {
		for _, args := range [][]any{
			{"PRIVATE", 4, testsite.Superbee}, {"PRIVATE", testsite.Superbee, 4},
			{"PUBLIC", testsite.Superbee, 4}, {"PUBLIC", 4, testsite.Superbee},
		} {
			if _, err := app.DB.Exec(ctx, message, args...); err != nil {
				return err
			}
		}
	}
	if _, err := app.DB.Exec(ctx, "DELETE FROM {userfavorites} WHERE userid = ?", testsite.Superbee); err != nil {
		return err
	}
	for _, follow := range []string{"(1, 'Q', 1, 0), (1, 'Q', 14, 0)", "(1, 'U', 4, 0), (1, 'U', 5, 0)",
		"(1, 'T', 258, 0), (1, 'T', 381, 0)", "(1, 'C', 1, 0), (1, 'C', 2, 0)", "(1, 'M', 6, 0), (1, 'M', 7, 0)",
		"(2, 'U', 1, 0), (3, 'U', 1, 0)"} {
		if _, err := app.DB.Exec(ctx, app.DB.InsertIgnore()+
			" {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES "+follow); err != nil {
			return err
		}
	}
	// Where the old site has this plugin, everybody sees who follows whom.
	if _, err := app.DB.Exec(ctx, `REPLACE INTO {options} (title, content)
		VALUES ('enabled_plugins', 'q2a-custom-user-detail')`); err != nil {
		return err
	}
	app.Site.Forget()
	if err := fillGroups(ctx, app); err != nil {
		return err
	}
	if err := fillOldNotices(ctx, app); err != nil {
		return err
	}
	if err := fillEventLog(ctx, app); err != nil {
		return err
	}
	if _, err := app.DB.Exec(ctx, `INSERT INTO {q2ab_revisions} (postid, slot, number, hash, at, userid, silent,
			withholds, title, content, format, tags, categoryid)
		VALUES (27, 0, 1, '', 1700000000, 4, 0, 0, '', 'An older version.', '', '', 0)`); err != nil {
		return err
	}
	if _, err := app.DB.Exec(ctx, `INSERT INTO {q2ab_webhooks}
			(id, url, description, kinds, enabled, secret, sealed, created, updated)
		VALUES (101, 'https://hooks.example/', '', '', 0, '', 0, 1700000000, 1700000000)`); err != nil {
		return err
	}
	if _, err := app.DB.Exec(ctx, `INSERT INTO {q2ab_audit} (at, byuserid, byhandle, ip, action, kind, subject)
		VALUES (1790000000, 1, 'superbee', '', 'update-user', 'user', '27')`); err != nil {
		return err
	}
	for i := range 2 {
		for _, row := range []struct {
			query string
			args  []any
		}{
			{`INSERT INTO {q2ab_inbox} (userid, kind, subject, seq, postid, at)
				VALUES (1, 'followed', ?, ?, 14, 1700000000)`, []any{i + 4, i + 4}},
			{`INSERT INTO {q2ab_dead_mail} (id, seq, kind, userid, postid, params, created, attempts, refused, reason, at)
				VALUES (?, ?, 'reset', 1, 0, NULL, 1700000000, 3, 0, 'SES: x', 1700000000)`, []any{i + 4, i + 4}},
			{`INSERT INTO {q2ab_drafts} (userid, kind, subject, draft, newest, saved)
				VALUES (1, 'message', ?, ?, 1000000, 1700000000)`, []any{i + 4, `{"content":"Hello"}`}},
			{`INSERT INTO {q2ab_api_tokens} (userid, hash, name, scopes, created, expires)
				VALUES (1, ?, 'A feed', 'read', 1700000000, 4000000000)`, []any{fmt.Sprintf("%032d", i)}},
			{`INSERT INTO {q2ab_audit} (at, byuserid, byhandle, ip, action, kind, subject)
				VALUES (1700000000, 1, 'superbee', '', 'block-user', 'user', '4')`, nil},
			{`INSERT INTO {q2ab_deliveries} (webhookid, seq, messageid, kind, at, topics, state, created)
				VALUES (101, ?, 'msg_1', 'question', 1700000000, ?, 'waiting', 1700000000)`, []any{i + 4, "{}"}},
			{`INSERT INTO {q2ab_notices} (content, format, byuserid, made, last, done)
				VALUES ('Hello', '', 1, 1700000000, 0, 1)`, nil},
		} {
			if _, err := app.DB.Exec(ctx, row.query, row.args...); err != nil {
				return err
			}
		}
	}
	for user := 4; user < 6; user++ {
		if _, err := app.DB.Exec(ctx, `INSERT INTO {ysb_badges} (userid, badgeid, show_flag, created, updated)
			VALUES (?, 101, 1, FROM_UNIXTIME(1700000000), FROM_UNIXTIME(1700000000))`, user); err != nil {
			return err
		}
	}
	return nil
}

// fillOldNotices makes the table of the old site's plugin for notices, with two of user 1.
func fillOldNotices(ctx context.Context, app *modules.App) error {
	if _, err := app.DB.Exec(ctx, `CREATE TABLE {sn_notice} (noticeid INTEGER NOT NULL, userid INTEGER NOT NULL,
		content TEXT NULL, read_flag SMALLINT NOT NULL, created DATETIME NULL)`); err != nil {
		return err
	}
	_, err := app.DB.Exec(ctx, `INSERT INTO {sn_notice} (noticeid, userid, content, read_flag, created)
		VALUES (1, 1, 'Hello', 0, NULL), (2, 1, 'Hello', 0, NULL)`)
	return err
}

// fillEventLog makes the table of the plugin Event Logger, with two events of the same second.
func fillEventLog(ctx context.Context, app *modules.App) error {
	if _, err := app.DB.Exec(ctx, `CREATE TABLE {eventlog} (datetime DATETIME NOT NULL, ipaddress VARCHAR(45),
		userid INTEGER, handle VARCHAR(20), cookieid BIGINT, event VARCHAR(20) NOT NULL,
		params VARCHAR(800) NOT NULL)`); err != nil {
		return err
	}
	_, err := app.DB.Exec(ctx, `INSERT INTO {eventlog} (datetime, userid, handle, event, params)
		VALUES (FROM_UNIXTIME(1700000000), 1, 'superbee', 'q_vote_up', 'postid=1'),
			(FROM_UNIXTIME(1700000000), 1, 'superbee', 'q_vote_up', 'postid=14')`)
	return err
}

// fillGroups makes two groups of the super administrator, of which one has two messages.
func fillGroups(ctx context.Context, app *modules.App) error {
	if _, err := app.People.EnablePlugin(ctx, "messages"); err != nil {
		return err
	}
	for _, query := range []string{
		"INSERT INTO {msg_groups} (groupid, title, created) VALUES (101, '', FROM_UNIXTIME(1700000000)), (102, '', FROM_UNIXTIME(1700000000))",
		"INSERT INTO {msg_group_users} (groupid, userid, `join`, notify) VALUES (101, 1, 1, 1), (102, 1, 1, 1)",
		`INSERT INTO {msg_group_messages} (groupid, userid, content, format, created)
			VALUES (101, 1, 'Hello', 'html', FROM_UNIXTIME(1700000000)), (101, 1, 'Hello', 'html', FROM_UNIXTIME(1700000000))`,
	} {
		if _, err := app.DB.Exec(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// cursorsOf returns the genuine cursors of the second pages of all lists, by the lists' addresses.
func cursorsOf(t testing.TB, app *modules.App) map[string]string {
	found := map[string]string{}
	for path, addresses := range listAddresses(app.Server.API().OpenAPI()) {
		before := len(found)
		for _, a := range addresses {
			res := askList(app.Server, a)
			if res.Code >= 500 {
				t.Errorf("GET %s: %d %s", a, res.Code, res.Body)
			}
			var page struct{ NextCursor string }
			if err := json.Unmarshal(res.Body.Bytes(), &page); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(path, "/v1/badges/") {
				var badge struct{ Awards struct{ NextCursor string } }
				if err := json.Unmarshal(res.Body.Bytes(), &badge); err != nil {
					t.Fatal(err)
				}
				page.NextCursor = badge.Awards.NextCursor
			}
			if strings.HasSuffix(path, "/activity") { // these lists have one page and refuse all cursors
				if res := askList(app.Server, a+"&cursor=YQ"); res.Code != http.StatusBadRequest {
					t.Errorf("GET %s with a cursor: %d %s", a, res.Code, res.Body)
				}
				before = -1
			}
			if page.NextCursor != "" {
				found[a] = page.NextCursor
			}
		}
		if len(found) == before {
			t.Errorf("no second page of %s to take a cursor from", path)
		}
	}
	return found
}

// askList sends a GET request in the name of the super administrator.
func askList(server http.Handler, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.Header.Set("Authorization", "Bearer test-1")
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return w
}

// mayBeValid are values, by field, that forgeries puts into cursors but that a genuine cursor can hold as
// well.
var mayBeValid = map[string]string{"s": "1.5", "m": `""`}

// forgeries returns forged cursors made of a genuine one, by what was changed.
func forgeries(t testing.TB, cursor string) map[string]string {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	list, text, _ := strings.Cut(string(raw), "\n")
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatal(err)
	}
	forged := map[string]string{
		"padded": cursor + "=", "cut": cursor[:len(cursor)/2], "no base64": "!" + cursor,
	}
	add := func(name, list, text string) {
		forged[name] = base64.RawURLEncoding.EncodeToString([]byte(list + "\n" + text))
	}
	add("other list", "x"+list, text)
	add("unknown field", list, strings.Replace(text, "{", `{"surprise":1,`, 1))
	for name, text := range map[string]string{
		"nothing":         "",
		"no fields":       "{}",
		"null":            "null",
		"list":            "[]",
		"trailing object": text + "{}",
		"trailing text":   text + "x",
		"white space":     " " + text,
	} {
		add(name, list, text)
	}
	for field, value := range fields {
		genuine := `"` + field + `":` + string(value)
		for _, bad := range []string{
			"null", "true", "[]", "{}", `""`, `"\u0000"`, `"🐝"`, `"` + strings.Repeat("x", 200) + `"`,
			`"' OR 1=1 -- "`, "-9223372036854775808", "9223372036854775807", "99999999999999999999",
			"1e400", "-1e400", "NaN", "1.5", `["x"]`, `["9999-99-99 99:99:99"]`,
			`["0000-00-00 00:00:00","1"]`, `["NaN"]`, `["Inf","-1e999"]`, `["1","2","3","4"]`,
		} {
			// Words, handles and months can be any text.
			if strings.Contains("whm", field) && strings.Contains(bad, "OR") ||
				bad == mayBeValid[field] {
				continue
			}
			add(field+" is "+bad, list, strings.Replace(text, genuine, `"`+field+`":`+bad, 1))
		}
		add("twice "+field, list, strings.Replace(text, genuine, genuine+","+genuine, 1))
	}
	for _, field := range []string{"id", "i", "u", "g", "o"} { // ids, generations and offsets
		if value, ok := fields[field]; ok {
			for _, bad := range []string{"-1", "0", "-5", "4294967296"} {
				add(field+" is "+bad, list,
					strings.Replace(text, `"`+field+`":`+string(value), `"`+field+`":`+bad, 1))
			}
		}
	}
	return forged
}

// TestForgedCursorsOfEveryList checks that each list takes its own cursor and refuses every forged one with
// 400.
func TestForgedCursorsOfEveryList(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		if err := fillLists(t.Context(), s.App); err != nil {
			t.Fatal(err)
		}
		for address, cursor := range cursorsOf(t, s.App) {
			if res := askList(s.App.Server, address+"&cursor="+cursor); res.Code != http.StatusOK {
				t.Errorf("GET %s with its own cursor: %d %s", address, res.Code, res.Body)
			}
			for name, forged := range forgeries(t, cursor) {
				res := askList(s.App.Server, address+"&cursor="+url.QueryEscape(forged))
				if res.Code != http.StatusBadRequest ||
					!strings.Contains(res.Body.String(), `"invalid_cursor"`) {
					t.Errorf("GET %s, %s: %d %s", address, name, res.Code, res.Body)
				}
			}
		}
	})
}

// FuzzCursors checks that no text in place of a cursor's position leads to a status of 500 or above, in any
// list.
func FuzzCursors(f *testing.F) {
	app := testsite.New(f).App
	if err := fillLists(f.Context(), app); err != nil {
		f.Fatal(err)
	}
	var addresses []string
	var lists []string
	cursors := cursorsOf(f, app)
	for address := range cursors {
		addresses = append(addresses, address)
	}
	slices.Sort(addresses)
	for i, address := range addresses {
		raw, err := base64.RawURLEncoding.DecodeString(cursors[address])
		if err != nil {
			f.Fatal(err)
		}
		list, text, _ := strings.Cut(string(raw), "\n")
		lists = append(lists, list)
		f.Add(i, text)
	}
	f.Fuzz(func(t *testing.T, i int, text string) {
		if i < 0 {
			i = -(i + 1)
		}
		i %= len(lists)
		cursor := base64.RawURLEncoding.EncodeToString([]byte(lists[i] + "\n" + text))
		res := askList(app.Server, addresses[i]+"&cursor="+cursor)
		if res.Code >= 500 {
			t.Errorf("GET %s at %s: %d %s", addresses[i], text, res.Code, res.Body)
		}
	})
}
