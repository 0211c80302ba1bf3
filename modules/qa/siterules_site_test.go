package qa_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// rulesOn opens sites on which the rules of the old site's plugins are as the value says.
func rulesOn(value string) testsite.Option {
	return testsite.Config(func(c *config.Config) {
		c.AskRestriction, c.BestAnswerRule, c.TagRestriction = value, value, value
	})
}

type session struct {
	Cannot      map[string]string
	Permissions []string
}

// TestAskRestriction checks that members ask once their profile is filled in and the answers to their
// questions have comments, that the session says so before, and that neither holds while the rule is off.
func TestAskRestriction(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		question := object{"title": "How many queens are there?", "content": "I have counted two.", "categoryId": 2}
		now := time.Date(2026, 11, 28, 9, 30, 0, 0, time.UTC)
		s := testsite.New(t, db, testsite.At(&now), rulesOn("auto"),
			setting("enabled_plugins", "q2a-other;q2a-ask-restriction"),
			testsite.After(
				"DELETE FROM {userprofile} WHERE userid = 17",
				"UPDATE {posts} SET created = '2026-11-01 00:00:00' WHERE type = 'A' AND created > '2026-11-01'",
				"INSERT INTO {userprofile} (userid, title, content) VALUES (17, 'about', 'Two hives.')"))
		refused := func(t *testing.T, code string) map[string]any {
			t.Helper()
			if got := testsite.GetAs[session](t, s, "/v1/auth/session", testsite.Lurker); got.Cannot["ask"] != code {
				t.Errorf("the session says %v, want %s", got.Cannot, code)
			}
			status, body, _ := s.Try(t, testsite.Lurker, "POST", "/v1/questions", question)
			if code == "" && status >= 300 ||
				code != "" && (status != http.StatusForbidden || body["code"] != code) {
				t.Fatalf("%d %v, want %q", status, body, code)
			}
			return body
		}
		refused(t, "profile_incomplete")
		s.Exec(t, "INSERT INTO {userprofile} (userid, title, content) VALUES (17, 'location', '長崎')")
		asked := refused(t, "")
		id := int(asked["id"].(float64))
		question["title"], question["content"] = "Which of them is the elder?", "They look the same."
		answer := s.Answer(t, testsite.Haru, id)
		detail := fmt.Sprint(refused(t, "answers_uncommented")["detail"])
		if !strings.Contains(detail, fmt.Sprint(answer)) {
			t.Errorf("the answer is not named: %v", detail)
		}
		s.Do(t, testsite.Aki, "POST", fmt.Sprintf("/v1/posts/%d/comments", answer),
			object{"content": "That is so, thank you."})
		refused(t, "")
		// An answer that is older than the days of the option does not count.
		question["title"], question["content"] = "Where do they sleep?", "I have not seen it."
		s.Answer(t, testsite.Natsu, id)
		now = now.Add(7*24*time.Hour + time.Minute)
		refused(t, "")
		// Visitors are asked for nothing.
		visitors := object{"title": "May I ask as well?", "content": "I have no profile at all.", "categoryId": 2}
		if status, body, _ := s.Try(t, testsite.Visitor, "POST", "/v1/questions", visitors); status >= 300 {
			t.Errorf("a visitor: %d %v", status, body)
		}
	})
}

// TestBestAnswerRestriction checks that the best answer is chosen once by those below administrators, that
// choosing it again changes nothing, and that can and cannot say so.
func TestBestAnswerRestriction(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, rulesOn("on"), testsite.After(
			"UPDATE {posts} SET selchildid = NULL, closedbyid = NULL WHERE postid = 1"))
		answers := s.Numbers(t, "SELECT postid FROM {posts} WHERE parentid = 1 AND type = 'A' ORDER BY postid")
		if len(answers) < 2 {
			t.Fatalf("question 1 has answers %v", answers)
		}
		type thread struct {
			Can    map[string]bool
			Cannot map[string]string
		}
		see := func(user int, can bool, cannot string) {
			t.Helper()
			q := testsite.GetAs[thread](t, s, "/v1/questions/1?include=permissions", user)
			if q.Can["selectAnswer"] != can || q.Cannot["selectAnswer"] != cannot {
				t.Errorf("%d: can %v, cannot %v", user, q.Can["selectAnswer"], q.Cannot["selectAnswer"])
			}
		}
		choose := func(user, answer int, want string) {
			t.Helper()
			method, body := "PUT", any(object{"answerId": answer})
			if answer == 0 {
				method, body = "DELETE", nil
			}
			status, got, _ := s.Try(t, user, method, "/v1/questions/1/selected-answer", body)
			if want == "" && status >= 300 || want != "" && got["code"] != want {
				t.Errorf("%d chooses %d: %d %v, want %q", user, answer, status, got["code"], want)
			}
		}
		see(testsite.Taro, true, "")
		choose(testsite.Taro, answers[0], "")
		see(testsite.Taro, false, "best_answer_final")
		see(testsite.ModKenji, false, "best_answer_final")
		see(testsite.AdminHana, true, "")
		see(testsite.Haru, false, "")
		choose(testsite.Taro, answers[0], "")
		choose(testsite.Taro, answers[1], "best_answer_final")
		choose(testsite.Taro, 0, "best_answer_final")
		choose(testsite.ModKenji, answers[1], "best_answer_final")
		choose(testsite.Haru, answers[1], "permission_level")
		choose(testsite.AdminHana, answers[1], "")
		choose(testsite.AdminHana, 0, "")
		choose(testsite.Taro, answers[1], "")
	})
}

// TestTagRestriction checks who may choose the tags of questions.
func TestTagRestriction(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		for enabled, restricted := range map[string][]int{
			"0": {testsite.Visitor},
			"1": {testsite.Visitor, testsite.Taro, testsite.AdminHana},
		} {
			s := testsite.New(t, db, rulesOn("on"), setting("q2a_tag_set_restriction_enabled", enabled,
				"min_num_q_tags", "1"), testsite.After(
				`REPLACE INTO {userprofile} (userid, title, content) VALUES (1, 'location', 'x'), (1, 'about', 'x'),
					(2, 'location', 'x'), (2, 'about', 'x'), (6, 'location', 'x'), (6, 'about', 'x')`,
				"UPDATE {posts} SET created = '2020-01-01 00:00:00' WHERE type = 'A'"))
			for _, user := range []int{testsite.Visitor, testsite.Taro, testsite.AdminHana, testsite.Superbee} {
				want := ""
				if slices.Contains(restricted, user) {
					want = "tags_restricted"
				}
				if got := testsite.GetAs[session](t, s, "/v1/auth/session", user).Cannot["tag"]; got != want {
					t.Errorf("%s: the session of %d says %q, want %q", enabled, user, got, want)
				}
				question := object{"title": fmt.Sprintf("Which tags are for %d on site %s?", user, enabled),
					"content": fmt.Sprintf("User %d wants to know.", user), "categoryId": 2, "tags": []string{"queen"}}
				status, body, _ := s.Try(t, user, "POST", "/v1/questions", question)
				if want == "" && status >= 300 || want != "" && body["code"] != want {
					t.Errorf("%s: %d asks with a tag: %d %v", enabled, user, status, body)
				}
				if want == "" {
					continue
				}
				// Without tags they may, although others have to choose one.
				delete(question, "tags")
				if status, body, _ := s.Try(t, user, "POST", "/v1/questions", question); status >= 300 {
					t.Errorf("%s: %d asks without a tag: %d %v", enabled, user, status, body)
				}
			}
			if enabled == "0" {
				continue
			}
			// An author sends the old tags along with a new text, and other tags are refused.
			q := testsite.GetAs[struct {
				Tags   []string
				Can    map[string]bool
				Cannot map[string]string
			}](t, s, "/v1/questions/1?include=permissions", testsite.Taro)
			if q.Can["changeTags"] || q.Cannot["changeTags"] != "tags_restricted" {
				t.Errorf("can %v, cannot %v", q.Can, q.Cannot)
			}
			s.Do(t, testsite.Taro, "PATCH", "/v1/questions/1", object{
				"content": "What I asked before, in other words.", "tags": q.Tags})
			for _, c := range []call{
				{"PATCH", "/v1/questions/1", object{"tags": append(q.Tags, "another")}},
				{"PUT", "/v1/questions/1/tags", object{"tags": []string{"another"}}},
			} {
				status, body, _ := s.Try(t, testsite.Taro, c.method, c.path, c.body)
				if body["code"] != "tags_restricted" {
					t.Errorf("%s %s: %d %v", c.method, c.path, status, body)
				}
			}
		}
	})
}

// TestRulesThatAreOffAskNothing checks that neither the session nor a question takes a statement more for
// rules that are off.
func TestRulesThatAreOffAskNothing(t *testing.T) {
	t.Parallel()
	token := []string{"Authorization", "Bearer " + testsite.Token(testsite.Lurker)}
	off, on := testsite.New(t), testsite.New(t, rulesOn("on"))
	var counts []int
	for _, s := range []*testsite.Site{off, on} {
		s.Statements(t, "/v1/auth/session", token...)
		counts = append(counts, len(s.Statements(t, "/v1/auth/session", token...)))
		for _, query := range s.Statements(t, "/v1/auth/session", token...) {
			if s == off && strings.Contains(query, "userprofile") {
				t.Errorf("read without need: %s", query)
			}
		}
	}
	if counts[1] > counts[0]+2 {
		t.Errorf("%d statements with the rules, %d without", counts[1], counts[0])
	}
}
