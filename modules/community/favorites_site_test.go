package community_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

const follow = "INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES "

// kanri is the category nihon-mitsubachi/kanri.
const kanri = 2

// favorite puts something among a user's favourites.
func favorite(t *testing.T, s *testsite.Site, user int, what string, id any) {
	t.Helper()
	s.Do(t, user, "PUT", "/v1/me/favorites/"+what+"/"+url.PathEscape(fmt.Sprint(id)), nil)
}

// TestFollowingOfEachKind checks what each kind of favourite can be named by, that it is a favourite then
// wherever it is shown, and that it is none once it was removed.
func TestFollowingOfEachKind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, letter  string
		id            int
		names         []string
		shown         string
		event, params string
	}{
		{"question", "Q", 14, []string{"14"}, "/v1/questions/14", "q_%sfavorite", `{"postid":14}`},
		{"user", "U", testsite.ExpertSato, []string{"expert_sato", "EXPERT_SATO", "5"}, "/v1/users/expert_sato",
			"u_%sfavorite", `{"userid":5}`},
		{"tag", "T", 258, []string{"queen", "Queen", "258"}, "/v1/tags/queen", "tag_%sfavorite", `{"wordid":258}`},
		{"category", "C", kanri, []string{fmt.Sprint(kanri), "nihon-mitsubachi/kanri", "Nihon-Mitsubachi/Kanri"},
			"/v1/categories/nihon-mitsubachi%2Fkanri", "cat_%sfavorite", fmt.Sprintf(`{"categoryid":%d}`, kanri)},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
				s := testsite.New(t, db, testsite.After("DELETE FROM {userfavorites}", "DELETE FROM {userevents}",
					"UPDATE {words} SET tagcount = 1, word = 'queen' WHERE wordid = 258"))
				rows := func(table string) int {
					return s.Scalar(t, "SELECT COUNT(*) FROM {"+table+"} WHERE userid = ? AND entitytype = ? AND entityid = ?",
						testsite.Fuyu, c.letter, c.id)
				}
				is := func() *bool {
					return testsite.GetAs[struct{ IsFavorite *bool }](t, s, c.shown, testsite.Fuyu).IsFavorite
				}
				updates := s.Scalar(t, "SELECT COUNT(*) FROM {sharedevents} WHERE entitytype = ? AND entityid = ?",
					c.letter, c.id)
				if testsite.Get[struct{ IsFavorite *bool }](t, s, c.shown).IsFavorite != nil {
					t.Error("a visitor is told")
				}
				for _, name := range c.names {
					path := "/v1/me/favorites/" + c.kind + "/" + url.PathEscape(name)
					for range 2 { // the second time nothing happens
						s.Do(t, testsite.Fuyu, "PUT", path, nil)
						if got := is(); rows("userfavorites") != 1 || rows("userevents") != updates || got == nil || !*got {
							t.Errorf("%s: %d favourites, %d of %d updates, isFavorite %v", name, rows("userfavorites"),
								rows("userevents"), updates, got)
						}
					}
					for range 2 {
						s.Do(t, testsite.Fuyu, "DELETE", path, nil)
						if got := is(); rows("userfavorites") != 0 || rows("userevents") != 0 || got == nil || *got {
							t.Errorf("without %s: %d favourites, %d updates, isFavorite %v", name, rows("userfavorites"),
								rows("userevents"), got)
						}
					}
				}
				for _, un := range []string{"", "un"} {
					if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_outbox} WHERE name = ? AND payload LIKE ?",
						fmt.Sprintf(c.event, un), "%"+c.params+"%"); n != len(c.names) {
						t.Errorf("%s was reported %d times, of %d", fmt.Sprintf(c.event, un), n, len(c.names))
					}
				}
			})
		})
	}
}

// TestWhatCannotBeFollowed checks the refusals, and that they change nothing.
func TestWhatCannotBeFollowed(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		hidden := s.Ask(t, testsite.Lurker, "A question that will be hidden", 0)
		s.Hide(t, hidden)
		before := testsite.ReadTables(t, s.App.DB)
		for _, c := range []struct {
			why    string
			user   int
			path   string
			status int
			code   string
		}{
			{"not signed in", testsite.Visitor, "question/1", 403, "login_required"},
			{"oneself", testsite.Aki, "user/aki", 403, "own_account"},
			{"oneself by number", testsite.Aki, "user/13", 403, "own_account"},
			{"blocked", testsite.TrollX, "question/1", 403, "user_blocked"},
			{"a hidden question", testsite.Aki, fmt.Sprint("question/", hidden), 403, "hidden"},
			{"a question that waits for approval", testsite.Aki, "question/280", 404, "not_found"},
			{"an answer", testsite.Aki, "question/16", 404, "not_found"},
			{"no question", testsite.Aki, "question/4000000000", 404, "not_found"},
			{"no number", testsite.Aki, "question/1%20OR%201", 404, "not_found"},
			{"a number too large", testsite.Aki, "question/99999999999999999999", 404, "not_found"},
			{"no user", testsite.Aki, "user/nobody-has-this", 404, "not_found"},
			{"no user of this number", testsite.Aki, "user/4000000000", 404, "not_found"},
			{"no tag", testsite.Aki, "tag/no-such-tag", 404, "not_found"},
			{"a word of texts that is no tag", testsite.Aki, "tag/the", 404, "not_found"},
			{"no category", testsite.Aki, "category/none", 404, "not_found"},
			{"no category of this number", testsite.Aki, "category/999", 404, "not_found"},
			{"emoji", testsite.Aki, "user/%F0%9F%90%9D", 404, "not_found"},
			{"another kind", testsite.Aki, "answer/16", 422, "validation"},
		} {
			status, body, _ := s.Try(t, c.user, "PUT", "/v1/me/favorites/"+c.path, nil)
			if code := body["code"]; status != c.status || code != c.code {
				t.Errorf("%s: %d %v, want %d %s", c.why, status, code, c.status, c.code)
			}
		}
		if differences := before.Diff(testsite.ReadTables(t, s.App.DB)); len(differences) > 0 {
			t.Errorf("refusals have changed rows: %v", differences)
		}
	})
}

// TestFavoritesOfWhatIsGone checks that a favourite can be removed when it was hidden or deleted meanwhile,
// or the user was blocked.
func TestFavoritesOfWhatIsGone(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After(follow+fmt.Sprintf(`(%[1]d, 'Q', 4000000000, 0),
			(%[1]d, 'T', 4000000000, 0), (%[1]d, 'C', 999, 0), (%[1]d, 'U', 4000000000, 0), (%[2]d, 'Q', 27, 0)`,
			testsite.Fuyu, testsite.TrollX)))
		hidden := s.Ask(t, testsite.Lurker, "A question that will be hidden", 0)
		favorite(t, s, testsite.Fuyu, "question", hidden)
		s.Hide(t, hidden)
		for _, path := range []string{fmt.Sprint("question/", hidden), "question/4000000000", "tag/4000000000",
			"category/999", "user/4000000000"} {
			s.Do(t, testsite.Fuyu, "DELETE", "/v1/me/favorites/"+path, nil)
		}
		s.Do(t, testsite.TrollX, "DELETE", "/v1/me/favorites/question/27", nil)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {userfavorites} WHERE userid IN (?, ?) AND entityid > 900",
			testsite.Fuyu, testsite.TrollX); n != 0 {
			t.Errorf("%d favourites are left", n)
		}
	})
}

// TestManyFollowersShareAStream checks the change from copies of updates to the shared stream: at the tenth
// follower, for good, and what it does to the option that says how many followers get copies.
func TestManyFollowersShareAStream(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		others := []int{testsite.Taro, testsite.Hanako, testsite.BeeKeeper, testsite.Jose, testsite.Tanaka,
			testsite.OldTimer, testsite.Natsu, testsite.Haru, testsite.Lurker}
		statements := []string{"DELETE FROM {userfavorites}", "DELETE FROM {userevents}"}
		for _, user := range others {
			statements = append(statements, follow+fmt.Sprintf("(%d, 'Q', 14, 0), (%d, 'Q', 1, 1)", user, user))
		}
		// One of them follows eleven streams that are shared.
		for question := range 10 {
			statements = append(statements, follow+fmt.Sprintf("(%d, 'Q', %d, 1)", testsite.Lurker, 1000+question))
		}
		s := testsite.New(t, db, testsite.After(statements...))
		shared := func() int {
			return s.Scalar(t, `SELECT COUNT(*) FROM {userfavorites}
				WHERE entitytype = 'Q' AND entityid = 14 AND nouserevents = 1`)
		}
		most := func() int {
			return s.Scalar(t, "SELECT content + 0 FROM {options} WHERE title = 'max_copy_user_updates'")
		}
		s.Do(t, testsite.Lurker, "DELETE", "/v1/me/favorites/question/14", nil)
		favorite(t, s, testsite.Lurker, "question", 14)
		copies := s.Scalar(t, "SELECT COUNT(*) FROM {userevents} WHERE userid = ?", testsite.Lurker)
		if shared() != 0 || copies == 0 || most() != 10 {
			t.Errorf("nine followers: %d share, one has %d copies, the most are %d", shared(), copies, most())
		}
		favorite(t, s, testsite.Fuyu, "question", 14)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {userevents} WHERE userid = ?", testsite.Fuyu); shared() != 10 ||
			n != 0 || most() != 12 {
			t.Errorf("ten followers: %d share, the tenth has %d copies, the most are %d", shared(), n, most())
		}
		for _, user := range others {
			s.Do(t, user, "DELETE", "/v1/me/favorites/question/14", nil)
		}
		favorite(t, s, testsite.Aki, "question", 14)
		if shared() != 2 {
			t.Errorf("%d of two followers share the stream, which was shared once", shared())
		}
		s.Answer(t, testsite.Haru, 14)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {userevents} WHERE userid IN (?, ?)", testsite.Fuyu,
			testsite.Aki); n != 0 {
			t.Errorf("%d copies of an update of a shared stream", n)
		}
		if got := streamOf(t, s, testsite.Aki, "favorites"); len(got) != 1 {
			t.Errorf("%v: a follower of a shared stream is not told", got)
		}
	})
}

// TestAFollowersStreamIsTrimmed checks that the copied updates push the oldest ones out of a full stream.
func TestAFollowersStreamIsTrimmed(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("DELETE FROM {userfavorites}", "DELETE FROM {userevents}",
			"REPLACE INTO {options} (title, content) VALUES ('max_store_user_updates', '7')"))
		favorite(t, s, testsite.Fuyu, "user", "expert_sato")
		kept := s.Scalar(t, "SELECT COUNT(*) FROM {userevents} WHERE userid = ?", testsite.Fuyu)
		newest := s.Scalar(t, `SELECT COUNT(*) FROM {userevents} e
			WHERE userid = ? AND updated >= (SELECT MAX(updated) FROM {sharedevents}
				WHERE entitytype = 'U' AND entityid = 5)`, testsite.Fuyu)
		if kept != 7 || newest != 1 {
			t.Errorf("%d updates are kept, %d of them the newest", kept, newest)
		}
	})
}

// TestBadgesOfFollowing checks that the fifth favourite and the tenth follower earn their badges at once.
func TestBadgesOfFollowing(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("DELETE FROM {userfavorites}"))
		has := func(user, badge int) bool {
			t.Helper()
			if err := s.App.WorkOff(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s.Scalar(t, "SELECT COUNT(*) FROM {ysb_badges} WHERE userid = ? AND badgeid = ?", user, badge) > 0
		}
		followers := []int{testsite.Taro, testsite.Hanako, testsite.BeeKeeper, testsite.Jose, testsite.Tanaka,
			testsite.OldTimer, testsite.Natsu, testsite.Haru, testsite.Lurker}
		for _, user := range followers {
			favorite(t, s, user, "user", "aki")
		}
		questions := s.Numbers(t, "SELECT postid FROM {posts} WHERE type = 'Q' ORDER BY postid LIMIT 5")
		for _, q := range questions[:4] {
			favorite(t, s, testsite.Fuyu, "question", q)
		}
		if has(testsite.Aki, 403) || has(testsite.Fuyu, 402) {
			t.Error("a badge came too early")
		}
		favorite(t, s, testsite.Fuyu, "user", "aki")
		favorite(t, s, testsite.Fuyu, "question", questions[4])
		if !has(testsite.Aki, 403) || !has(testsite.Fuyu, 402) {
			t.Errorf("badges: followed %v, collector %v", has(testsite.Aki, 403), has(testsite.Fuyu, 402))
		}
	})
}

// TestListsOfFavorites checks that the lists have what the old site's page has, in its order, and that their
// pages join.
func TestListsOfFavorites(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		type item struct {
			ID                        int
			Handle, Tag, Title        string
			IsFavorite                *bool
			QuestionCount, ChildCount int
		}
		name := func(i item) string {
			if i.ID != 0 && i.Handle == "" && i.Tag == "" {
				return fmt.Sprint(i.ID)
			}
			return i.Handle + i.Tag
		}
		type all struct {
			Questions, Users, Tags, Categories []item
		}
		found := 0
		for _, user := range []int{testsite.Aki, testsite.Natsu, testsite.Lurker, testsite.ModKenji} {
			want := testsite.GetAs[all](t, s, "/v1/me/favorites", user)
			for kind, items := range map[string][]item{
				"question": want.Questions, "user": want.Users, "tag": want.Tags, "category": want.Categories,
			} {
				wanted, paged, numbered := []string{}, []string{}, []string{}
				for _, i := range items {
					wanted = append(wanted, name(i))
				}
				found += len(items)
				path := "/v1/me/favorites/" + kind + "?limit=2"
				for cursor, n := "", 0; n == 0 || cursor != ""; n++ {
					page := testsite.GetAs[testsite.List[item]](t, s, path+cursor, user)
					for _, i := range page.Items {
						paged = append(paged, name(i))
						if i.IsFavorite == nil || !*i.IsFavorite {
							t.Errorf("%s of %d: %s is none", kind, user, name(i))
						}
					}
					for _, i := range testsite.GetAs[testsite.List[item]](t, s, fmt.Sprint(path, "&page=", n+1), user).Items {
						numbered = append(numbered, name(i))
					}
					if cursor = ""; page.NextCursor != "" {
						cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
					}
				}
				testsite.Same(t, fmt.Sprint(kind, " of ", user), paged, wanted)
				testsite.Same(t, fmt.Sprint(kind, " of ", user, " by numbers"), numbered, wanted)
			}
		}
		if found < 10 {
			t.Errorf("only %d favourites were compared", found)
		}
		for _, kind := range []string{"question", "user", "tag", "category"} {
			if status, body, _ := s.Try(t, testsite.Aki, "GET", "/v1/me/favorites/"+kind+"?cursor=xyz", nil); body["code"] != "invalid_cursor" {
				t.Errorf("%s: a wrong cursor gives %d %v", kind, status, body["code"])
			}
		}
	})
}

// TestFollowingTakesFewStatements checks how many statements following and the lists take.
func TestFollowingTakesFewStatements(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	signedIn := []string{"Authorization", "Bearer " + testsite.Token(testsite.Aki)}
	s.Statements(t, "/v1/questions", signedIn...) // options and categories are read then
	for path, most := range map[string]int{
		"/v1/me/favorites/question": 4, "/v1/me/favorites/user": 4, "/v1/me/favorites/tag": 2,
		"/v1/me/favorites/category": 2, "/v1/users": 6, "/v1/tags": 2, "/v1/tags/queen": 3, "/v1/categories": 2,
		"/v1/users/aki": 8, "/v1/questions/1?include=answers,comments,permissions": 3,
	} {
		if got := s.Statements(t, path, signedIn...); len(got) > most {
			t.Errorf("GET %s: %d statements, at most %d\n%s", path, len(got), most, strings.Join(got, "\n"))
		}
	}
}

// TestFollowingWritesInFewStatements checks how many statements it takes to follow something, to do that
// again, and to stop.
func TestFollowingWritesInFewStatements(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		send := func(method, path string) []string {
			t.Helper()
			ctx, counter := database.CountStatements(t.Context())
			r := httptest.NewRequest(method, path, http.NoBody).WithContext(ctx)
			r.Header.Set("Authorization", "Bearer "+testsite.Token(testsite.Fuyu))
			w := httptest.NewRecorder()
			s.App.Server.ServeHTTP(w, r)
			if w.Code != http.StatusNoContent {
				t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
			}
			return counter.Queries()
		}
		send("PUT", "/v1/me/favorites/category/1") // options and categories are read then
		for _, path := range []string{"/v1/me/favorites/question/14", "/v1/me/favorites/question/200",
			"/v1/me/favorites/user/expert_sato", "/v1/me/favorites/tag/queen", "/v1/me/favorites/category/2",
			"/v1/me/mutes/lurker"} {
			for _, c := range []struct {
				what, method string
				most         int
			}{
				// On a server it looks again, after the transaction, for what the old site did meanwhile.
				{"follow", "PUT", 18}, {"again", "PUT", 6}, {"stop", "DELETE", 8}, {"stop again", "DELETE", 5},
			} {
				if got := send(c.method, path); len(got) > c.most {
					t.Errorf("%s %s: %d statements, at most %d\n%s", c.what, path, len(got), c.most,
						strings.Join(got, "\n"))
				}
			}
		}
	})
}
