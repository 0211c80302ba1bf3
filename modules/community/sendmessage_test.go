package community_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// is checks the status and the code of the response to a request, "" for none.
func is(t *testing.T, s *testsite.Site, what string, user int, method, path string, body any, status int, code string) object {
	t.Helper()
	got, answer, _ := s.Try(t, user, method, path, body)
	has, _ := answer["code"].(string)
	if fields, _ := answer["errors"].([]any); len(fields) > 0 {
		field := fields[0].(object)
		has = fmt.Sprint(field["field"], " ", field["code"])
	}
	if got != status || has != code {
		t.Errorf("%s: %s %s as %d: %d %q, want %d %q: %v", what, method, path, user, got, has, status, code, answer)
	}
	return answer
}

// event returns the parameters of the latest event with the name, in their order.
func event(t *testing.T, s *testsite.Site, name string) (text string, params object) {
	t.Helper()
	var payload string
	if _, err := s.App.DB.Get(t.Context(), []any{&payload},
		"SELECT payload FROM {q2ab_outbox} WHERE name = ? ORDER BY id DESC LIMIT 1", name); err != nil {
		t.Fatal(err)
	}
	var stored struct{ Params json.RawMessage }
	if err := json.Unmarshal([]byte(payload), &stored); err != nil {
		t.Fatalf("%s: %v in %q", name, err, payload)
	}
	if err := json.Unmarshal(stored.Params, &params); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(stored.Params), params
}

const rowOf = "SELECT COUNT(*) FROM {messages} WHERE messageid = ? AND content = ? AND format = ?"

// TestSendMessage checks what becomes of texts in the row and in the response, and the event.
func TestSendMessage(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		s.Exec(t, "UPDATE {options} SET content = '100' WHERE title LIKE 'max_rate_%_messages'")
		for name, c := range map[string]struct{ text, stored string }{
			"lines":             {"  Good day\r\nto you \n", "Good day\nto you"},
			"the longest":       {strings.Repeat("蜂", 8000), strings.Repeat("蜂", 8000)},
			"emoji":             {"Bees 🐝 and 𠮷", "Bees  and"},
			"tags in plain":     {"<b>5 < 6</b>", "<b>5 < 6</b>"},
			"turning the order": {"a\u202eb\x00c", "abc"},
		} {
			answer := is(t, s, name, testsite.Haru, "POST", "/v1/me/messages/Lurker",
				object{"content": c.text}, http.StatusCreated, "")
			if answer["content"] != c.stored || answer["to"].(object)["handle"] != "lurker" ||
				s.Scalar(t, rowOf, answer["id"], c.stored, "") != 1 {
				t.Errorf("%s: %.300v", name, answer)
			}
			text, params := event(t, s, "u_message")
			if params["message"] != c.stored || params["messageid"] != answer["id"] ||
				!strings.HasPrefix(text, `{"userid":17,"handle":"lurker","messageid":`) {
				t.Errorf("%s: the event is %.300s", name, text)
			}
		}
	})
}

// TestMessageRefused checks that what cannot be sent is refused with a code, and leaves nothing behind.
func TestMessageRefused(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After(
			"INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES (18, 'M', 16, 0)"))
		before := testsite.ReadTables(t, s.App.DB)
		hello := object{"content": "Hello"}
		for _, c := range []struct {
			what   string
			user   int
			to     string
			body   object
			status int
			code   string
		}{
			{"a visitor", testsite.Visitor, "lurker", hello, 403, "login_required"},
			{"nobody", testsite.Haru, "nobody", hello, 404, "not_found"},
			{"beyond the tables", testsite.Haru, "%F0%9F%90%9D", hello, 404, "not_found"},
			{"oneself", testsite.Haru, "HARU", hello, 403, "own_account"},
			{"a blocked writer", testsite.TrollX, "lurker", hello, 403, "user_blocked"},
			{"who takes no messages", testsite.Haru, "aki", hello, 403, "messages_off"},
			{"who has muted the writer", testsite.Haru, "o'brien", hello, 403, "muted"},
			{"nothing", testsite.Haru, "lurker", object{"content": " \n"}, 422, "content required"},
			{"only emoji", testsite.Haru, "lurker", object{"content": "🐝🐝"}, 422, "content required"},
			{"no content", testsite.Haru, "lurker", object{}, 422, "content required"},
			{"too long", testsite.Haru, "lurker", object{"content": strings.Repeat("蜂", 8001)}, 422, "content too_long"},
			{"far too long", testsite.Haru, "lurker", object{"content": strings.Repeat("a", 48001)}, 422, "content too_long"},
			{"HTML without the plugin", testsite.Haru, "lurker", object{"content": "<p>a</p>", "format": "html"}, 422, "format not_in_list"},
			{"an unknown format", testsite.Haru, "lurker", object{"content": "a", "format": "rtf"}, 422, "format not_in_list"},
		} {
			is(t, s, c.what, c.user, "POST", "/v1/me/messages/"+c.to, c.body, c.status, c.code)
		}
		if d := before.Diff(testsite.ReadTables(t, s.App.DB)); len(d) > 0 {
			t.Errorf("rows have changed: %v", testsite.Describe(nil, d))
		}
		off := testsite.New(t, db, testsite.After("UPDATE {options} SET content = '0' WHERE title = 'allow_private_messages'"))
		for _, path := range []string{"/v1/me/conversations", "/v1/me/message-candidates"} {
			is(t, off, "switched off", testsite.Haru, "GET", path, nil, 404, "feature_off")
		}
		is(t, off, "switched off", testsite.Haru, "POST", "/v1/me/messages/lurker", hello, 404, "feature_off")
		is(t, off, "switched off", testsite.Taro, "DELETE", "/v1/messages/7", nil, 404, "feature_off")
	})
}

// TestMessagesAreLimited checks the hourly limit, which messages and posts on walls have each for
// themselves, and that a request that is sent again with its Idempotency-Key sends nothing again.
func TestMessagesAreLimited(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		key := []string{"Idempotency-Key", "the-same"}
		first := s.Do(t, testsite.Haru, "POST", "/v1/me/messages/lurker", object{"content": "1"}, key...)
		if again := s.Do(t, testsite.Haru, "POST", "/v1/me/messages/lurker", object{"content": "1"}, key...); again != first {
			t.Errorf("message %d, then %d", first, again)
		}
		for i := range 4 {
			s.Do(t, testsite.Haru, "POST", "/v1/me/messages/lurker", object{"content": fmt.Sprint(i)})
		}
		answer := is(t, s, "a sixth", testsite.Haru, "POST", "/v1/me/messages/lurker", object{"content": "6"}, 429, "rate_limit")
		if answer["action"] != "message" {
			t.Errorf("%v", answer)
		}
		s.Do(t, testsite.Haru, "POST", "/v1/users/lurker/wall", object{"content": "Hello"})
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {messages} WHERE fromuserid = 16"); n != 6 {
			t.Errorf("%d messages", n)
		}
	})
}

// TestMessagesThatAreNotKept checks that a site without history only reports messages, counts them, and
// shows none.
func TestMessagesThatAreNotKept(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After("UPDATE {options} SET content = '0' WHERE title = 'show_message_history'"))
	before := s.Scalar(t, "SELECT COUNT(*) FROM {messages}")
	status, answer, _ := s.Try(t, testsite.Haru, "POST", "/v1/me/messages/lurker", object{"content": "Hello"})
	if _, has := answer["id"]; status != http.StatusCreated || has || answer["content"] != "Hello" {
		t.Errorf("%d %v", status, answer)
	}
	if text, _ := event(t, s, "u_message"); text != `{"userid":17,"handle":"lurker","messageid":null,"message":"Hello"}` {
		t.Errorf("the event is %s", text)
	}
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {messages}"); n != before {
		t.Errorf("%d messages, before %d", n, before)
	}
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {userlimits} WHERE userid = 16 AND action = 'M'"); n != 1 {
		t.Errorf("%d times counted", n)
	}
	for _, path := range []string{"/v1/me/messages", "/v1/me/messages/lurker", "/v1/me/conversations"} {
		is(t, s, "to read", testsite.Haru, "GET", path, nil, 404, "feature_off")
	}
}

// withPlugin makes the plugin's tables, as the plugin does.
func withPlugin(t *testing.T, s *testsite.Site) {
	t.Helper()
	if _, err := s.App.People.EnablePlugin(t.Context(), "messages"); err != nil {
		t.Fatal(err)
	}
}

// followEachOther lets users follow each other.
func followEachOther(t *testing.T, s *testsite.Site, a, b int) {
	t.Helper()
	s.Exec(t, s.App.DB.InsertIgnore()+` {userfavorites} (userid, entitytype, entityid, nouserevents)
		VALUES (?, 'U', ?, 0), (?, 'U', ?, 0)`, a, b, b, a)
}

// TestMessagesOfThePlugin checks the plugin's rules and its format on a site that has its tables.
func TestMessagesOfThePlugin(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		withPlugin(t, s)
		s.Exec(t, "UPDATE {options} SET content = '100' WHERE title LIKE 'max_rate_%_messages'")
		followEachOther(t, s, testsite.Haru, testsite.Aki) // aki takes no messages
		hello := object{"content": "Hello"}
		for _, c := range []struct {
			what   string
			user   int
			to     string
			status int
			code   string
		}{
			{"strangers", testsite.Haru, "lurker", 403, "not_mutual"},
			{"one who follows only", testsite.Lurker, "Bee%20Keeper", 403, "not_mutual"},
			{"who takes no messages", testsite.Lurker, "aki", 403, "messages_off"},
			{"a mutual follower who takes no messages", testsite.Haru, "aki", 201, ""},
			{"from an administrator", testsite.AdminHana, "lurker", 201, ""},
			{"to an administrator", testsite.Haru, "superbee", 201, ""},
			{"who wrote before", testsite.ExpertSato, "みつばち太郎", 201, ""},
			{"whom one wrote to before", testsite.BeeKeeper, "o'brien", 201, ""},
		} {
			is(t, s, c.what, c.user, "POST", "/v1/me/messages/"+c.to, hello, c.status, c.code)
		}
		for name, c := range map[string]struct{ text, format, stored, as string }{
			"plain":            {"1 < 2", "plain", "1 < 2", ""},
			"HTML":             {`<p onclick="x()">Hi <b>you</b><script></script></p>`, "html", "<p>Hi <b>you</b></p>", "html"},
			"plain paragraphs": {"<p>Hi</p>", "html", "<p>Hi</p>", "html"},
			"Markdown":         {"Hi *you*", "markdown", "<p>Hi <em>you</em></p>", "html"},
			"emoji":            {"<p>🐝 Hi</p>", "html", "<p> Hi</p>", "html"},
		} {
			answer := is(t, s, name, testsite.Haru, "POST", "/v1/me/messages/aki",
				object{"content": c.text, "format": c.format}, http.StatusCreated, "")
			if s.Scalar(t, rowOf, answer["id"], c.stored, c.as) != 1 {
				t.Errorf("%s: %v", name, answer)
			}
			if html, _ := answer["html"].(string); strings.Contains(html, "script") || html == "" {
				t.Errorf("%s is shown as %q", name, html)
			}
		}
		for name, text := range map[string]string{
			"empty paragraphs": "<p> </p><p><br></p>", "only a script": "<script></script>", "only emoji": "<p>🐝</p>",
		} {
			is(t, s, name, testsite.Haru, "POST", "/v1/me/messages/aki", object{"content": text, "format": "html"}, 422,
				"content required")
		}
		// What others stored is cleaned when it is shown, and told when it was deleted.
		s.Exec(t, `INSERT INTO {messages} (messageid, type, fromuserid, touserid, content, format, created)
			VALUES (900, 'PRIVATE', 13, 16, '<p onclick="x()">Old<iframe src="//evil.example"></iframe></p>', 'html', '2030-01-01 00:00:00'),
				(901, 'PRIVATE', 13, 16, 'メッセージが削除されました。', 'html', '2030-01-01 00:00:01')`)
		items := testsite.GetAs[testsite.List[struct {
			ID           int
			HTML, Format string
			Deleted      bool
		}]](t, s, "/v1/me/messages/aki?limit=2", testsite.Haru).Items
		if len(items) != 2 || !items[0].Deleted || items[1].Deleted || items[1].Format != "html" ||
			strings.Contains(items[1].HTML, "onclick") || strings.Contains(items[1].HTML, "iframe") ||
			!strings.Contains(items[1].HTML, "Old") {
			t.Errorf("%+v", items)
		}
	})
}

// TestMessageEditorAlone checks that a site with q2a-message-editor but without groups has its rules and
// its format.
func TestMessageEditorAlone(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After(
		"UPDATE {options} SET content = 'event-logger;q2a-message-editor' WHERE title = 'enabled_plugins'"))
	is(t, s, "strangers", testsite.Haru, "POST", "/v1/me/messages/lurker", object{"content": "Hello"}, 403, "not_mutual")
	is(t, s, "HTML", testsite.Haru, "POST", "/v1/me/messages/superbee", object{"content": "<p>Hello</p>", "format": "html"}, 201, "")
	is(t, s, "groups", testsite.Haru, "GET", "/v1/me/groups", nil, 404, "feature_off")
}

// TestCandidates checks to whom messages are proposed.
func TestCandidates(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		withPlugin(t, s)
		now := s.App.DB.Now()
		for i, to := range []int{testsite.Lurker, testsite.OBrien, testsite.Jose, testsite.Aki, testsite.Natsu} {
			at := now - int64(100+i)
			if to == testsite.Jose {
				at = now - 366*24*3600
			}
			s.Exec(t, `INSERT INTO {messages} (type, fromuserid, touserid, content, format, created)
				VALUES ('PRIVATE', 16, ?, 'Hello', '', FROM_UNIXTIME(?))`, to, at)
		}
		s.Exec(t, "INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES (14, 'M', 16, 0)")
		followEachOther(t, s, testsite.Haru, testsite.OBrien)
		followEachOther(t, s, testsite.Haru, testsite.Taro)
		candidates := func() (all []string) {
			for _, c := range testsite.GetAs[testsite.List[struct {
				Handle          string
				FollowEachOther bool
				LatestMessageAt string
			}]](t, s, "/v1/me/message-candidates", testsite.Haru).Items {
				all = append(all, fmt.Sprint(c.Handle, " ", c.FollowEachOther, " ", c.LatestMessageAt != ""))
			}
			return all
		}
		// Not José, too long ago; nor aki, who takes none; nor natsu, who has muted haru.
		testsite.Same(t, "candidates", candidates(), []string{"lurker false true", "o'brien true true", "みつばち太郎 true false"})
		s.Exec(t, "UPDATE {users} SET flags = flags | 16 WHERE userid = 16")
		testsite.Same(t, "of one who takes no messages", candidates(), []string{"o'brien true true", "みつばち太郎 true false"})
	})
}

// TestPicturesInMessages checks that a picture in a message is kept for as long as the message is there, and is
// shown at an address of this API.
func TestPicturesInMessages(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	withPlugin(t, s)
	followEachOther(t, s, testsite.Haru, testsite.Lurker)
	const blob = "7928664999945584151"
	s.Exec(t, s.App.DB.InsertIgnore()+" {q2ab_media} (blobid, state, format, noted) VALUES (?, 'ready', 'jpeg', 1)", blob)
	s.Exec(t, "UPDATE {q2ab_media} SET doubted = 5 WHERE blobid = ?", blob)
	doubted := func() bool {
		return s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_media} WHERE blobid = ? AND doubted > 0", blob) > 0
	}
	answer := is(t, s, "a picture alone", testsite.Haru, "POST", "/v1/me/messages/lurker",
		object{"content": `<p><img src="/v1/media/` + blob + `"></p>`, "format": "html"}, 201, "")
	if content, _ := answer["content"].(string); !strings.Contains(content, "?qa=blob&amp;qa_blobid="+blob) ||
		!strings.Contains(answer["html"].(string), "/v1/media/"+blob) || doubted() {
		t.Errorf("%v, to be removed: %t", answer, doubted())
	}
	for user, gone := range []bool{false, true} {
		sender := []int{testsite.Haru, testsite.Lurker}[user]
		is(t, s, "one side", sender, "DELETE", fmt.Sprint("/v1/messages/", answer["id"]), nil, 204, "")
		if doubted() != gone {
			t.Errorf("after %d sides: to be removed: %t", user+1, doubted())
		}
	}
}
