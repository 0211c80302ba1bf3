package qa_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestEventStream checks that the clients of one server are told what another server on the same database
// writes, each client what it asked for, and after an interruption what it missed.
func TestEventStream(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		url := db.Copy(t)
		// Two servers work on one database.
		writer, reader := testsite.New(t, testsite.On(url)), testsite.New(t, testsite.On(url))
		all := testsite.OpenStream(t, reader, "", "")
		hello := all.Next(t)
		if hello["event"] != "hello" || hello["id"] != "0" {
			t.Fatalf("first event %v", hello)
		}
		question := testsite.OpenStream(t, reader, "?question=27", "")
		question.Next(t)
		s := writer
		for _, c := range []call{
			{"PUT", "/v1/posts/46/vote", map[string]any{"value": 1}},
			{"PUT", "/v1/posts/27/vote", map[string]any{"value": -1}},
			{"POST", "/v1/questions/27/answers", map[string]any{"content": "An answer that streams."}},
			{"PUT", "/v1/posts/27/flag", nil}, // flags are not for the public
			{"POST", "/v1/posts/27/comments", map[string]any{"content": "A comment that streams."}},
		} {
			if res := s.Send(t, testsite.Lurker, c.method, c.path, c.body); res.StatusCode >= 300 {
				t.Fatalf("%s %s: %s", c.method, c.path, testsite.Text(t, res))
			}
		}
		var ids []string
		for _, want := range []string{"vote", "vote", "answer", "comment"} {
			e := all.Next(t)
			if e["event"] != want ||
				strings.Contains(e["data"], "17") && strings.Contains(e["data"], "user") {
				t.Errorf("event %v, want %s", e, want)
			}
			ids = append(ids, e["id"])
		}
		for _, want := range []string{"vote", "answer", "comment"} {
			if e := question.Next(t); e["event"] != want || !strings.Contains(e["data"], `"questionId":27`) {
				t.Errorf("of the question: %v, want %s", e, want)
			}
		}
		again := testsite.OpenStream(t, reader, "", ids[1])
		for _, want := range []string{"answer", "comment"} {
			if e := again.Next(t); e["event"] != want {
				t.Errorf("after coming back: %v, want %s", e, want)
			}
		}
		if e := testsite.OpenStream(t, reader, "", "9999").Next(t); e["event"] != "reset" {
			t.Errorf("with an id of the future: %v", e)
		}
		head := reader.Request(t, http.MethodHead, "/v1/events", testsite.Visitor)
		if head.StatusCode != http.StatusOK {
			t.Errorf("HEAD: %s", head.Status)
		}
		bad := reader.Request(t, http.MethodGet, "/v1/events?question=x", testsite.Visitor)
		if bad.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("bad query: %s", bad.Status)
		}
		reader.App.Events.Close()
		if e := all.Next(t); e != nil {
			t.Errorf("after the stop: %v", e)
		}
	})
}

// TestReplayObeysTodaysVisibility checks what a client that comes back is told of posts that have been
// hidden, queued or deleted since: no more than that they were hidden, and nothing in the stream of one of
// their tags.
func TestReplayObeysTodaysVisibility(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		ask := func(title, tag string) int {
			return s.Do(t, testsite.Haru, "POST", "/v1/questions", object{
				"title": title, "content": "To be seen in a stream: " + title, "tags": []string{tag},
			})
		}
		stays := ask("A question that stays", "tag-that-stays")
		hidden := ask("A question that is hidden", "tag-of-hidden")
		queued := ask("A question that is queued", "tag-of-queued")
		gone := ask("A question that is deleted", "tag-of-deleted")
		below := s.Answer(t, testsite.Lurker, hidden)
		s.Hide(t, hidden)
		s.Hide(t, gone)
		s.Do(t, testsite.ModKenji, "DELETE", fmt.Sprintf("/v1/questions/%d", gone), nil)
		s.Alter(t, "UPDATE {users} SET level = 0, flags = 0 WHERE userid = 16")
		s.Do(t, testsite.Haru, "PATCH", fmt.Sprintf("/v1/questions/%d", queued),
			object{"content": "Edited, so that it waits for approval."})

		isShown := false
		replayed := func(query string) (told []string) {
			t.Helper()
			st := testsite.OpenStream(t, s, query, "0")
			for {
				e := st.Next(t)
				if e == nil || e["event"] == "hello" {
					st.Stop()
					return told
				}
				if !isShown && e["event"] == "hidden" &&
					(strings.Contains(e["data"], "tag") || strings.Contains(e["data"], "categor")) {
					t.Errorf("%s%s tells more than that it was hidden", query, e["data"])
				}
				var data struct{ PostID int }
				if err := json.Unmarshal([]byte(e["data"]), &data); err != nil {
					t.Fatal(err)
				}
				told = append(told, fmt.Sprint(e["event"], " ", data.PostID))
			}
		}
		testsite.Same(t, "all", replayed(""), []string{
			fmt.Sprint("question ", stays), fmt.Sprint("hidden ", hidden), fmt.Sprint("hidden ", gone),
		})
		testsite.Same(t, "of a tag that stays", replayed("?tag=tag-that-stays"),
			[]string{fmt.Sprint("question ", stays)})
		for _, query := range []string{
			"?tag=tag-of-hidden", "?tag=tag-of-queued", "?tag=tag-of-deleted",
			fmt.Sprint("?question=", queued),
		} {
			if told := replayed(query); len(told) > 0 {
				t.Errorf("%s is told %v", query, told)
			}
		}
		testsite.Same(t, "of the hidden question", replayed(fmt.Sprint("?question=", hidden)),
			[]string{fmt.Sprint("hidden ", hidden)})
		s.Do(t, testsite.ModKenji, "PUT", fmt.Sprintf("/v1/posts/%d/visibility", hidden),
			object{"hidden": false})
		isShown = true
		if told := replayed("?tag=tag-of-hidden"); !slices.Contains(told, fmt.Sprint("answer ", below)) ||
			len(told) != 4 {
			t.Errorf("after it is shown again: %v", told)
		}
	})
}

// TestPersonalEvents checks who is told of what happens to posts, as what concerns them.
func TestPersonalEvents(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		question := s.Ask(t, testsite.Haru, "Who is told what happens here?", 0)
		answer := s.Answer(t, testsite.Lurker, question)
		own := s.Answer(t, testsite.Haru, question)
		on := func(format string, id int) string { return fmt.Sprintf("/v1/"+format, id) }
		text := func(content string) object { return object{"content": content} }
		s.Do(t, testsite.Aki, "POST", on("posts/%d/comments", answer), text("The first comment of all."))
		s.Do(t, testsite.Haru, "POST", on("posts/%d/comments", answer), text("The second comment of all."))
		s.Do(t, testsite.Aki, "PUT", on("posts/%d/vote", question), object{"value": 1})
		s.Do(t, testsite.ModKenji, "PATCH", on("questions/%d", question), text("Edited by a moderator."))
		silent := object{"content": "Edited without a trace.", "silent": true}
		s.Do(t, testsite.ModKenji, "PATCH", on("questions/%d", question), silent)
		s.Do(t, testsite.Haru, "PATCH", on("questions/%d", question), text("Edited by its author."))
		s.Do(t, testsite.Haru, "PUT", on("questions/%d/selected-answer", question), object{"answerId": answer})
		s.Do(t, testsite.Lurker, "PUT", on("posts/%d/flag", question), nil)
		s.Ask(t, testsite.Aki, "Does this follow from that answer?", own)
		s.Hide(t, own)
		s.Do(t, testsite.ModKenji, "PATCH", on("answers/%d", answer), text("Edited while it is shown."))

		told := func(user int) (got []string) {
			st := testsite.OpenStream(t, s, "?mine=true", "0", "Authorization",
				"Bearer "+testsite.Token(user))
			defer st.Stop()
			for {
				e := st.Next(t)
				if e == nil || e["event"] == "hello" {
					return got
				}
				var data struct{ PostID, QuestionID int }
				if err := json.Unmarshal([]byte(e["data"]), &data); err != nil {
					t.Fatal(err)
				}
				names := map[int]string{question: "the question", answer: "the answer", own: "the own answer"}
				name := names[data.PostID]
				if name == "" {
					name = "another post"
				}
				got = append(got, e["event"]+" "+name)
			}
		}
		testsite.Same(t, "the asker", told(testsite.Haru), []string{
			"answer the answer", "edit the question", "question another post", "hidden the own answer",
		})
		testsite.Same(t, "the author of the answer", told(testsite.Lurker), []string{
			"comment another post", "comment another post", "selected the answer", "edit the answer",
		})
		testsite.Same(t, "the author of the first comment", told(testsite.Aki),
			[]string{"comment another post"})
		testsite.Same(t, "somebody else", told(testsite.Taro), []string(nil))
	})
}
