package ranking_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/testsite"
)

// awards returns how often each award is in the table, with awards written as "user badge".
func awards(t *testing.T, app *modules.App) map[string]int {
	t.Helper()
	found := map[string]int{}
	err := app.DB.Select(context.Background(), func(rows *sql.Rows) error {
		var user, badge int
		err := rows.Scan(&user, &badge)
		found[fmt.Sprintf("%d %d", user, badge)]++
		return err
	}, "SELECT userid, badgeid FROM {ysb_badges}")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// award handles the events that are in the outbox.
func award(t *testing.T, app *modules.App) {
	t.Helper()
	if err := events.Consume(context.Background(), app.DB, "badges", app.Ranking.HandleEvent); err != nil {
		t.Fatal(err)
	}
}

// missed returns the awards that the job for past posts finds missing.
func missed(t *testing.T, app *modules.App) []string {
	t.Helper()
	_, found := testsite.RunJobFor(t, app, "badges", true)
	return found
}

// TestBadgesLiveAndLater checks that the badges awarded event by event are the same as those which the job
// for past posts awards for the same history.
func TestBadgesLiveAndLater(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(1796126400, 0)
		s := testsite.New(t, db, testsite.At(&now))
		award(t, s.App) // the consumer begins here
		testsite.RunJob(t, s.App, "badges")
		before := awards(t, s.App)
		if len(before) < 20 || len(missed(t, s.App)) > 0 {
			t.Fatalf("%d awards for the recorded history, %q missed", len(before), missed(t, s.App))
		}
		do := func(user int, method, path string, body any) int {
			t.Helper()
			return s.Do(t, user, method, path, body)
		}
		// User 5 is an expert, and users 6 and 7 ask. It does not matter which users vote.
		for _, query := range []string{
			"DELETE FROM {ysb_badges}", "DELETE FROM {userlimits}", "DELETE FROM {iplimits}",
		} {
			if _, err := s.App.DB.Exec(context.Background(), query); err != nil {
				t.Fatal(err)
			}
		}
		ask := func(user int, title, content string) int {
			return do(user, "POST", "/v1/questions", map[string]any{
				"title": title, "content": content, "format": "html",
			})
		}
		answer := func(user, question int, content string) int {
			return do(user, "POST", fmt.Sprintf("/v1/questions/%d/answers", question), map[string]any{
				"content": content, "format": "html",
			})
		}
		want := func(what string, list ...string) {
			t.Helper()
			award(t, s.App)
			got := awards(t, s.App)
			for _, a := range list {
				if got[a] != 1 {
					t.Errorf("%s: no award %q among %v", what, a, slices.Sorted(maps.Keys(got)))
				}
			}
		}
		wantNot := func(what string, list ...string) {
			t.Helper()
			award(t, s.App)
			for _, a := range list {
				if awards(t, s.App)[a] > 0 {
					t.Errorf("%s: award %q", what, a)
				}
			}
		}
		plain := ask(testsite.Taro, "A question without anything special?", "<p>Just words, not many.</p>")
		want("asked", "6 201")
		wantNot("asked", "6 204", "6 205")
		do(testsite.Taro, "PATCH", fmt.Sprintf("/v1/questions/%d", plain), map[string]any{
			"content": "<p>" + strings.Repeat("長い", 300) + `</p><img src="https://example.jp/x.png">`,
			"format":  "html",
		})
		want("edited", "6 204", "6 205")
		now = now.Add(14 * time.Minute)
		first := answer(testsite.ExpertSato, plain, "<p>Within a quarter of an hour.</p>")
		want("answered at once", "5 101", "5 103")
		wantNot("answered at once", "5 102", "5 104")
		for i, voter := range []int{7, 8, 9} {
			do(voter, "PUT", fmt.Sprintf("/v1/posts/%d/vote", first), map[string]any{"value": 1})
			if i == 1 {
				wantNot("two likes", "5 102")
			}
		}
		want("three likes", "5 102")
		late := ask(testsite.Hanako, "A question that nobody knows an answer to?", "<p>For a whole day.</p>")
		now = now.Add(24 * time.Hour)
		answer(testsite.BeeKeeper, late, "<p>Here I am, after a day.</p>")
		want("answered after a day", "8 104")
		answer(testsite.Jose, late, "<p>Another answer after a day.</p>")
		wantNot("answered second", "9 104")
		for _, user := range []int{5, 10, 13} {
			answer(user, late, fmt.Sprintf("<p>One more answer, by %d.</p>", user))
		}
		want("five answers", "7 203")
		if again := missed(t, s.App); len(again) > 0 {
			// Only awards that were earned before the rows were deleted may be missing.
			for _, m := range again {
				user, badge := "", ""
				if _, err := fmt.Sscanf(strings.NewReplacer("userid=", "", ":", "", ",", "").Replace(m),
					"ysb_badges %s badgeid stored none computed %s", &user, &badge); err != nil {
					t.Fatal(err, m)
				}
				if before[user+" "+badge] == 0 {
					t.Errorf("not awarded live: %s", m)
				}
			}
		}
		live := awards(t, s.App)
		testsite.RunJob(t, s.App, "badges")
		all := awards(t, s.App)
		if _, err := s.App.DB.Exec(context.Background(), "DELETE FROM {ysb_badges}"); err != nil {
			t.Fatal(err)
		}
		testsite.RunJob(t, s.App, "badges")
		if later := awards(t, s.App); !maps.Equal(all, later) {
			t.Errorf("live and later %v, only later %v", all, later)
		}
		for a := range live {
			if all[a] != 1 {
				t.Errorf("award %q is there %d times", a, all[a])
			}
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {ysb_badges} WHERE show_flag <> 2"); n != 0 {
			t.Errorf("%d people are told of what was long ago", n)
		}
	})
}

// TestFirstAnswerGoes checks that the badge for a late first answer is awarded to the next answer when the
// first one is hidden or becomes a comment.
func TestFirstAnswerGoes(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(1796126400, 0)
		s := testsite.New(t, db, testsite.At(&now))
		award(t, s.App)
		testsite.RunJob(t, s.App, "badges")
		do := func(user int, method, path string, body any) int {
			t.Helper()
			return s.Do(t, user, method, path, body)
		}
		for what, goes := range map[string]func(answer int){
			"hidden": func(answer int) {
				do(testsite.ModKenji, "PUT", fmt.Sprintf("/v1/posts/%d/visibility", answer),
					object{"hidden": true})
			},
			"a comment": func(answer int) {
				do(testsite.ModKenji, "POST", fmt.Sprintf("/v1/answers/%d/comment", answer), object{})
			},
		} {
			if _, err := s.App.DB.Exec(context.Background(),
				"DELETE FROM {ysb_badges} WHERE badgeid = 104"); err != nil {
				t.Fatal(err)
			}
			question := do(testsite.Hanako, "POST", "/v1/questions", object{
				"title":   "Who comes first in the end, if it is " + what + "?",
				"content": "It depends on who stays.",
			})
			first := do(testsite.Jose, "POST", fmt.Sprintf("/v1/questions/%d/answers", question), object{
				"content": "This one will be " + what,
			})
			now = now.Add(25 * time.Hour)
			do(testsite.BeeKeeper, "POST", fmt.Sprintf("/v1/questions/%d/answers", question), object{
				"content": "This one will stay for good, since the other is " + what,
			})
			award(t, s.App)
			if n := awards(t, s.App)["8 104"]; n != 0 {
				t.Errorf("awarded behind another answer")
			}
			goes(first)
			award(t, s.App)
			if n := awards(t, s.App)["8 104"]; n != 1 {
				t.Errorf("%d awards after the first answer was %s", n, what)
			}
		}
	})
}

// TestBadgesOnce checks that each badge is awarded once, although several processes and the job look for
// awards at the same moment.
func TestBadgesOnce(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		url := db.Copy(t)
		sites := []*testsite.Site{
			testsite.New(t, testsite.On(url)), testsite.New(t, testsite.On(url)),
			testsite.New(t, testsite.On(url)),
		}
		award(t, sites[0].App)
		for i := range 12 {
			if status, body, _ := sites[0].Try(t, 7+i, "PUT",
				fmt.Sprintf("/v1/posts/%d/vote", []int{16, 139, 3}[i%3]),
				map[string]any{"value": 1}); status >= 300 {
				t.Logf("vote by %d: %d %v", 7+i, status, body["code"]) // some may not
			}
		}
		var wait sync.WaitGroup
		for _, s := range sites {
			wait.Go(func() { award(t, s.App) })
		}
		wait.Go(func() { testsite.RunJob(t, sites[1].App, "badges") })
		wait.Wait()
		for a, n := range awards(t, sites[0].App) {
			if n != 1 {
				t.Errorf("award %q %d times", a, n)
			}
		}
		if again := missed(t, sites[2].App); len(again) > 0 {
			t.Errorf("missed: %q", again)
		}
	})
}

// diary makes the table of the old site's diary plugin, with some posts.
func diary(t *testing.T, s *testsite.Site) {
	t.Helper()
	for _, query := range []string{
		"CREATE TABLE {blogs} (postid INT UNSIGNED NOT NULL PRIMARY KEY, type VARCHAR(12) NOT NULL, parentid INT UNSIGNED, userid INT UNSIGNED, upvotes SMALLINT NOT NULL DEFAULT 0, " +
			"title VARCHAR(800), content VARCHAR(12000), created DATETIME NOT NULL)",
		"INSERT INTO {blogs} (postid, type, parentid, userid, upvotes, content, created) VALUES (1, 'B', NULL, 16, 3, 'words', '2020-02-10 10:00:00'), " +
			"(2, 'B', NULL, 17, 0, '[image=\"7\"]', '2020-02-20 10:00:00'), (3, 'B_HIDDEN', NULL, 17, 9, '[image=\"7\"]', '2020-02-21 10:00:00'), (4, 'C', 1, 17, 0, 'c', '2020-02-21 10:00:00'), " +
			"(5, 'C', 1, 17, 0, 'c', '2020-02-21 10:00:00'), (6, 'C', 1, 17, 0, 'c', '2020-02-21 10:00:00'), (7, 'C', 1, 17, 0, 'c', '2020-02-21 10:00:00'), " +
			"(8, 'C', 1, 17, 0, 'c', '2020-02-21 10:00:00'), (9, 'B', NULL, 17, 0, 'w', '2020-02-29 14:59:59'), (10, 'B', NULL, 17, 0, 'w', '2020-02-29 15:00:00')",
	} {
		if _, err := s.App.DB.Exec(context.Background(), query); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBadgesOfDiary checks that the job awards the badges for diary posts on sites that have the diary
// plugin.
func TestBadgesOfDiary(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		testsite.RunJob(t, s.App, "badges")
		before := awards(t, s.App)
		diary(t, s)
		testsite.RunJob(t, s.App, "badges")
		got := awards(t, s.App)
		maps.DeleteFunc(got, func(a string, _ int) bool { return before[a] > 0 })
		want := map[string]int{"16 301": 1, "16 302": 1, "16 303": 1, "17 301": 1, "17 305": 1, "17 307": 1}
		if !maps.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

// TestBadgesAfterAnything checks that after many random actions, including hiding and converting, the job for
// past posts finds no badge which was not awarded at once.
func TestBadgesAfterAnything(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(1796126400, 0)
		s := testsite.New(t, db, testsite.At(&now))
		award(t, s.App)
		testsite.RunJob(t, s.App, "badges")
		random := rand.New(rand.NewPCG(5, 38))
		type post struct {
			id, question int
			answer       bool
		}
		var posts []post
		users := []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22}
		contents := []string{
			"A few words about bees.", strings.Repeat("長い話です。", 90),
			`<p>See</p><img src="https://example.jp/b.png">`, `A film: [uploaded-video="7"]`,
		}
		done := map[string]int{}
		do := func(user int, what, method, path string, body any) map[string]any {
			status, answer, _ := s.Try(t, user, method, path, body)
			if status >= http.StatusInternalServerError {
				t.Fatalf("%s %s: %d %v", method, path, status, answer)
			}
			if status >= 300 {
				return nil
			}
			done[what]++
			return answer
		}
		for i := range 600 {
			now = now.Add(time.Duration(random.IntN(9)) *
				[]time.Duration{time.Minute, time.Hour}[random.IntN(2)])
			user := users[random.IntN(len(users))]
			content := object{
				"content": fmt.Sprintf("%s %d", contents[random.IntN(len(contents))], i), "format": "html",
			}
			n := random.IntN(100)
			if len(posts) == 0 || n < 8 {
				content["title"] = fmt.Sprintf("Question number %d about bees?", i)
				if q := do(user, "asked", "POST", "/v1/questions", content); q != nil {
					id := int(q["id"].(float64))
					posts = append(posts, post{id, id, false})
				}
				continue
			}
			p := posts[random.IntN(len(posts))]
			path := fmt.Sprintf("/v1/posts/%d", p.id)
			switch {
			case n < 35:
				if a := do(user, "answered", "POST", fmt.Sprintf("/v1/questions/%d/answers", p.question),
					content); a != nil {
					posts = append(posts, post{int(a["id"].(float64)), p.question, true})
				}
			case n < 75:
				do(user, "voted", "PUT", path+"/vote", object{"value": 1 - 2*(random.IntN(5)/4)})
			case n < 82 && p.answer:
				do(testsite.ModKenji, "edited", "PATCH", fmt.Sprintf("/v1/answers/%d", p.id), content)
			case n < 88:
				do(testsite.ModKenji, "edited", "PATCH", fmt.Sprintf("/v1/questions/%d", p.question), content)
			case n < 96:
				do(testsite.ModKenji, "hidden or shown", "PUT", path+"/visibility", object{
					"hidden": random.IntN(2) == 0,
				})
			case p.answer:
				do(testsite.ModKenji, "converted", "POST", fmt.Sprintf("/v1/answers/%d/comment", p.id),
					object{})
			}
			if i%100 == 99 || i == 599 {
				award(t, s.App)
				if left := missed(t, s.App); len(left) > 0 {
					t.Fatalf("after %d actions: %q", i+1, left)
				}
			}
		}
		for _, what := range []string{
			"asked", "answered", "voted", "edited", "hidden or shown", "converted",
		} {
			if done[what] == 0 {
				t.Errorf("nobody %s", what)
			}
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {ysb_badges} WHERE show_flag = 0"); n < 10 {
			t.Errorf("%d awards", n)
		}
		for a, n := range awards(t, s.App) {
			if n != 1 {
				t.Errorf("award %q %d times", a, n)
			}
		}
	})
}
