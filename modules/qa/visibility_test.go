package qa_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// postState is the response to writes that change a post's state.
type postState struct {
	State     string
	FlagCount int
}

// stateAfter sends a request that must succeed, and returns the state in its response, which has to be the
// state in the row of the post.
func stateAfter(t *testing.T, s *testsite.Site, user, post int, method, what string, body any) postState {
	t.Helper()
	res := s.Send(t, user, method, fmt.Sprintf("/v1/posts/%d/%s", post, what), body)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s of %d by %d: %d %s", method, what, post, user, res.StatusCode, testsite.Text(t, res))
	}
	got := testsite.Decode[postState](t, res)
	var kind string
	if _, err := s.App.DB.Get(t.Context(), []any{&kind},
		"SELECT type FROM {posts} WHERE postid = ?", post); err != nil {
		t.Fatal(err)
	}
	_, suffix, _ := strings.Cut(kind, "_")
	want := map[string]string{"": "visible", "HIDDEN": "hidden", "QUEUED": "queued"}[suffix]
	if got.State != want {
		t.Errorf("the response says %s, and the post is %s", got.State, kind)
	}
	if flags := s.Scalar(t, "SELECT flagcount FROM {posts} WHERE postid = ?", post); got.FlagCount != flags {
		t.Errorf("the response says %d flags, and the post has %d", got.FlagCount, flags)
	}
	return got
}

// TestStatesOfPosts checks how hiding, showing, approving and rejecting change the state of an answer, which
// event reports it, and how the site's count of flags on visible posts changes. Writes that ask for the
// present state change nothing.
func TestStatesOfPosts(t *testing.T) {
	t.Parallel()
	hide, show := object{"hidden": true}, object{"hidden": false}
	yes, no := object{"approved": true}, object{"approved": false}
	hidden, queued := testsite.After(state("_HIDDEN", "3")), testsite.After(state("_QUEUED", "3"))
	theirs := testsite.After("UPDATE {posts} SET lastuserid = NULL, flagcount = 0 WHERE postid = 3")
	strict := setting("moderate_by_points", "1", "moderate_points_limit", "1000000",
		"permit_moderate", "40", "permit_hide_show", "70")
	for _, c := range []struct {
		name    string
		options []testsite.Option
		user    int
		what    string
		body    object
		state   string
		event   string
		flags   int // on visible posts; 10 before
	}{
		{"hidden", nil, testsite.ModKenji, "visibility", hide, "hidden", "a_hide", 8},
		{"hidden again", []testsite.Option{hidden}, testsite.ModKenji, "visibility", hide, "hidden", "", 10},
		{"shown", []testsite.Option{hidden}, testsite.ModKenji, "visibility", show, "visible", "a_reshow", 12},
		{"shown while visible", nil, testsite.Lurker, "visibility", show, "visible", "", 10},
		{"approved", []testsite.Option{queued}, testsite.ModKenji, "approval", yes, "visible", "a_approve", 12},
		{"rejected", []testsite.Option{queued}, testsite.ModKenji, "approval", no, "hidden", "a_reject", 10},
		{"rejected by its author", []testsite.Option{queued}, testsite.Jose, "visibility", hide, "hidden", "a_reject", 10},
		{"shown by its author, who is not trusted", []testsite.Option{hidden, theirs, strict}, testsite.Jose, "visibility", show, "queued", "a_requeue", 10},
		{"shown by its author, who is trusted", []testsite.Option{hidden, theirs}, testsite.Jose, "visibility", show, "visible", "a_reshow", 10},
		{"shown by who may, but is not trusted", []testsite.Option{hidden, strict, setting("permit_hide_show", "120")}, testsite.Lurker, "visibility", show, "visible", "a_reshow", 12},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t, append([]testsite.Option{
				setting("cache_flaggedcount", "10"),
				testsite.After("UPDATE {posts} SET flagcount = 2 WHERE postid = 3"),
			}, c.options...)...)
			if got := stateAfter(t, s, c.user, 3, "PUT", c.what, c.body).State; got != c.state {
				t.Errorf("%s, want %s", got, c.state)
			}
			events := 0
			for _, name := range []string{"hide", "reshow", "approve", "reject", "requeue"} {
				n := published(t, s, "a_"+name)
				if events += n; n > 0 && "a_"+name != c.event {
					t.Errorf("reported as %s", name)
				}
			}
			if want := min(1, len(c.event)); events != want {
				t.Errorf("%d events, want %d", events, want)
			}
			counted := s.Scalar(t,
				"SELECT CAST(content AS DECIMAL) FROM {options} WHERE title = 'cache_flaggedcount'")
			if counted != c.flags {
				t.Errorf("%d flags on visible posts, want %d", counted, c.flags)
			}
		})
	}
}

// TestTimesOfApproval checks that, if the site has it so, the time of the approval becomes the time at which
// the post was written or, if the post was visible before, at which it was changed.
func TestTimesOfApproval(t *testing.T) {
	t.Parallel()
	const written, changed, approved = 1790000000, 1790000100, 1796126400
	for _, c := range []struct {
		name             string
		option           string
		edited           bool
		created, updated int
	}{
		{"a new post", "1", false, approved, 0},
		{"an edited post", "1", true, written, approved},
		{"a new post keeps its time", "0", false, written, 0},
		{"an edited post keeps its times", "0", true, written, changed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
				now := time.Unix(approved, 0)
				updated := "NULL, updatetype = NULL"
				if c.edited {
					updated = fmt.Sprintf("FROM_UNIXTIME(%d), updatetype = 'E'", changed)
				}
				s := testsite.New(t, db, testsite.At(&now), setting("moderate_update_time", c.option),
					testsite.After(fmt.Sprintf(`UPDATE {posts}
						SET type = 'A_QUEUED', created = FROM_UNIXTIME(%d), updated = %s
						WHERE postid = 3`, written, updated)))
				s.Do(t, testsite.ModKenji, "PUT", "/v1/posts/3/approval", object{"approved": true})
				got := [2]int{s.Scalar(t, "SELECT UNIX_TIMESTAMP(created) FROM {posts} WHERE postid = 3"),
					s.Scalar(t, "SELECT COALESCE(UNIX_TIMESTAMP(updated), 0) FROM {posts} WHERE postid = 3")}
				if want := [2]int{c.created, c.updated}; got != want {
					t.Errorf("written and changed at %v, want %v", got, want)
				}
				// A post that was visible before is not reported as new again.
				posted := 1
				if c.edited {
					posted = 0
				}
				if n := published(t, s, "a_post"); n != posted {
					t.Errorf("%d times reported as written, want %d", n, posted)
				}
			})
		})
	}
}

// TestFlags checks that a user's flag counts once and is taken back once, that moderators clear flags, and
// that a post is hidden when it has enough of them.
func TestFlags(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, setting("flagging_hide_after", "3", "cache_flaggedcount", "10"),
			testsite.After(
				"DELETE FROM {uservotes} WHERE postid IN (3, 16)",
				"UPDATE {posts} SET flagcount = 0 WHERE postid = 3",
				"INSERT INTO {uservotes} (postid, userid, vote, flag) VALUES (16, 13, 0, 1)"))
		flags := 10 // the site's count of flags on visible posts
		told := 0
		for _, step := range []struct {
			name   string
			user   int
			method string
			what   string
			want   postState
			events int // so far
		}{
			{"taken back before", testsite.Lurker, "DELETE", "flag", postState{"visible", 0}, 0},
			{"flagged", testsite.Lurker, "PUT", "flag", postState{"visible", 1}, 1},
			{"flagged again", testsite.Lurker, "PUT", "flag", postState{"visible", 1}, 1},
			{"taken back", testsite.Lurker, "DELETE", "flag", postState{"visible", 0}, 2},
			{"taken back again", testsite.Lurker, "DELETE", "flag", postState{"visible", 0}, 2},
			{"no flags to clear", testsite.ModKenji, "DELETE", "flags", postState{"visible", 0}, 2},
			{"flagged once more", testsite.Lurker, "PUT", "flag", postState{"visible", 1}, 3},
			{"by a second", testsite.Aki, "PUT", "flag", postState{"visible", 2}, 4},
			{"cleared", testsite.ModKenji, "DELETE", "flags", postState{"visible", 0}, 5},
			{"after that", testsite.Lurker, "PUT", "flag", postState{"visible", 1}, 6},
			{"by a second after that", testsite.Aki, "PUT", "flag", postState{"visible", 2}, 7},
			{"by a third", testsite.Haru, "PUT", "flag", postState{"hidden", 3}, 9}, // flagged and hidden
		} {
			count, tables := step.want.FlagCount, testsite.ReadTables(t, s.App.DB)
			if step.want.State == "hidden" {
				count = 1 // as on the old site, the flag that hides the post stays in the count
			}
			if got := stateAfter(t, s, step.user, 3, step.method, step.what, nil); got != step.want {
				t.Errorf("%s: %+v, want %+v", step.name, got, step.want)
			}
			counted := s.Scalar(t,
				"SELECT CAST(content AS DECIMAL) FROM {options} WHERE title = 'cache_flaggedcount'")
			if counted != flags+count {
				t.Errorf("%s: %d flags on visible posts, want %d", step.name, counted, flags+count)
			}
			d := testsite.Describe(nil, tables.Diff(testsite.ReadTables(t, s.App.DB)))
			if step.events == told && len(d) > 0 {
				t.Errorf("%s: nothing is told, and changed is\n%s", step.name, strings.Join(d, "\n"))
			}
			told = step.events
			if n := eventCount(t, s); n != step.events {
				t.Errorf("%s: %d events, want %d", step.name, n, step.events)
			}
		}
		if by := s.Scalar(t, "SELECT COALESCE(lastuserid, 0) FROM {posts} WHERE postid = 3"); by != 0 {
			t.Errorf("hidden in the name of user %d", by)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {uservotes} WHERE postid = 3 AND flag = 1"); n != 3 {
			t.Errorf("%d rows of flags", n)
		}
		if n := s.Scalar(t, "SELECT flag FROM {uservotes} WHERE postid = 16 AND userid = 13"); n != 1 {
			t.Error("another post's flag is cleared")
		}
		for _, c := range []struct {
			user   int
			method string
			path   string
			code   string
		}{
			{testsite.Visitor, "PUT", "posts/27/flag", "login_required"}, {testsite.Visitor, "DELETE", "posts/27/flag", "login_required"},
			{testsite.Lurker, "DELETE", "posts/27/flags", "permission_level"},
		} {
			status, body, _ := s.Try(t, c.user, c.method, "/v1/"+c.path, nil)
			if status != http.StatusForbidden || body["code"] != c.code {
				t.Errorf("%s %s by %d: %d %v, want %s", c.method, c.path, c.user, status, body, c.code)
			}
		}
	})
}

// TestClaims checks that a user can become the author of a post that was written in the same browser, once,
// and loses the user's own vote and flag on it.
func TestClaims(t *testing.T) {
	t.Parallel()
	const cookie = "11324905831065051617" // of question 186
	for name, last := range map[string]int{
		"changed last by a visitor": 0, "changed last by the moderator": testsite.ModKenji,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
				s := testsite.New(t, db, setting("cache_flaggedcount", "10"), testsite.After(
					"DELETE FROM {uservotes} WHERE postid = 186 OR userid = 17",
					`INSERT INTO {uservotes} (postid, userid, vote, flag)
						VALUES (186, 17, 0, 1), (186, 13, 1, 1)`,
					fmt.Sprintf(`UPDATE {posts}
						SET upvotes = 1, downvotes = 0, netvotes = 1, flagcount = 2,
							updated = created, updatetype = 'E', lastuserid = NULLIF(%d, 0)
						WHERE postid = 186`, last)))
				s.Do(t, testsite.Lurker, "PUT", "/v1/posts/186/vote", object{"value": 1})
				claim := func(user int) (int, object) {
					status, body, _ := s.Try(t, user, "PUT", "/v1/posts/186/owner", nil,
						testsite.AsBrowser(cookie)...)
					return status, body
				}
				if status, body := claim(testsite.Visitor); body["code"] != "login_required" {
					t.Errorf("by a visitor: %d %v", status, body)
				}
				if status, body := claim(testsite.Lurker); status != http.StatusOK ||
					body["flagCount"] != 1.0 {
					t.Errorf("by the author: %d %v", status, body)
				}
				before := testsite.ReadTables(t, s.App.DB)
				if status, body := claim(testsite.Lurker); status != http.StatusOK {
					t.Errorf("by the author, again: %d %v", status, body)
				}
				if status, body := claim(testsite.Aki); body["code"] != "not_claimable" {
					t.Errorf("by a second: %d %v", status, body)
				}
				if d := testsite.Describe(nil, before.Diff(testsite.ReadTables(t, s.App.DB))); len(d) > 0 {
					t.Errorf("a claim of what has an author changes\n%s", strings.Join(d, "\n"))
				}
				if last == 0 {
					last = testsite.Lurker
				}
				for query, want := range map[string]int{
					"SELECT userid FROM {posts} WHERE postid = 186":                                     testsite.Lurker,
					"SELECT lastuserid FROM {posts} WHERE postid = 186":                                 last,
					"SELECT upvotes FROM {posts} WHERE postid = 186":                                    1,
					"SELECT flagcount FROM {posts} WHERE postid = 186":                                  1,
					"SELECT COUNT(*) FROM {uservotes} WHERE postid = 186":                               1,
					"SELECT userid FROM {uservotes} WHERE postid = 186":                                 testsite.Aki,
					"SELECT qupvotes FROM {userpoints} WHERE userid = 17":                               0,
					"SELECT CAST(content AS DECIMAL) FROM {options} WHERE title = 'cache_flaggedcount'": 9,
				} {
					if got := s.Scalar(t, query); got != want {
						t.Errorf("%s: %d, want %d", query, got, want)
					}
				}
				if n := published(t, s, "q_claim"); n != 1 {
					t.Errorf("%d claims reported", n)
				}
			})
		})
	}
}

// TestBestAnswerStaysWhenItIsShown checks that hiding the selected answer takes the selection back, and that
// showing a selected answer does not.
func TestBestAnswerStaysWhenItIsShown(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After(
		"UPDATE {posts} SET selchildid = 3 WHERE postid = 1", state("_HIDDEN", "3")))
	best := func() int { return s.Scalar(t, "SELECT COALESCE(selchildid, 0) FROM {posts} WHERE postid = 1") }
	s.Do(t, testsite.ModKenji, "PUT", "/v1/posts/3/visibility", object{"hidden": false})
	if best() != 3 {
		t.Error("showing the best answer takes the choice back")
	}
	s.Hide(t, 4)
	if best() != 3 {
		t.Error("hiding another answer takes the choice back")
	}
	if s.Hide(t, 3); best() != 0 {
		t.Error("the best answer is hidden")
	}
}

// TestDeletions checks that a deletion is reported before and after, and that it deletes the post and, with a
// question, its closing note.
func TestDeletions(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	question := s.Do(t, testsite.Lurker, "POST", "/v1/questions", object{
		"title": "Is this one to be deleted?", "content": "It is, with all that belongs to it.",
		"categoryId": 8, "tags": []string{"honey"},
	})
	answer := s.Answer(t, testsite.Aki, question)
	comment := s.Do(t, testsite.Lurker, "POST", fmt.Sprintf("/v1/posts/%d/comments", answer),
		object{"content": "A comment on the answer."})
	s.Do(t, testsite.EditorYuki, "PUT", fmt.Sprintf("/v1/questions/%d/closure", question),
		object{"note": "Closed, and to be deleted."})
	note := s.Scalar(t, "SELECT closedbyid FROM {posts} WHERE postid = ?", question)
	for _, id := range []int{comment, answer, question} {
		s.Hide(t, id)
	}
	for _, c := range []struct {
		kind, letter string
		id, with     int
	}{
		{"comments", "c", comment, comment},
		{"answers", "a", answer, answer},
		{"questions", "q", question, note},
	} {
		s.Do(t, testsite.ModKenji, "DELETE", fmt.Sprintf("/v1/%s/%d", c.kind, c.id), nil)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE postid IN (?, ?)", c.id, c.with); n != 0 {
			t.Errorf("%s: %d posts are left", c.kind, n)
		}
		before, after := published(t, s, c.letter+"_delete_before"), published(t, s, c.letter+"_delete")
		if before != 1 || after != 1 {
			t.Errorf("%s: told %d times before and %d after", c.kind, before, after)
		}
	}
}

// TestWhatIsToldOfStates checks that events about a post's state have the text of the post, and those of
// questions also the tags.
func TestWhatIsToldOfStates(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for id, c := range map[int]struct {
		event string
		tags  bool
	}{1: {"q_hide", true}, 3: {"a_hide", false}, 2: {"c_hide", false}} {
		s.Hide(t, id)
		var payload, content string
		for dest, query := range map[*string]string{
			&payload: "SELECT payload FROM {q2ab_outbox} WHERE name = '" + c.event + "'",
			&content: fmt.Sprintf("SELECT content FROM {posts} WHERE postid = %d", id),
		} {
			if found, err := s.App.DB.Get(t.Context(), []any{dest}, query); err != nil || !found {
				t.Fatal(c.event, found, err)
			}
		}
		text, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(payload, string(text)) || strings.Contains(payload, `"tags":"`) != c.tags {
			t.Errorf("%s: told %s", c.event, payload)
		}
	}
}
