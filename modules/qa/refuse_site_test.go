package qa_test

import (
	"net/http"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// TestBlockedAuthorsChangeNothing checks that a blocked user cannot change the user's own posts either, as on
// the old site.
func TestBlockedAuthorsChangeNothing(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After("UPDATE {users} SET flags = flags | 2 WHERE userid IN (6, 9)"))
	for _, c := range []struct {
		actor int
		call
	}{
		{testsite.Taro, call{"PATCH", "/v1/questions/1", object{"title": "A title that is long enough"}}},
		{testsite.Taro, call{"PUT", "/v1/questions/1/tags", object{"tags": []string{"changed"}}}},
		{testsite.Taro, call{"PUT", "/v1/questions/1/category", object{"categoryId": 3}}},
		{testsite.Taro, call{"PUT", "/v1/questions/1/selected-answer", object{"answerId": 3}}},
		{testsite.Taro, call{"PUT", "/v1/questions/1/closure", object{"note": "Closed by who is blocked."}}},
		{testsite.Taro, call{"PUT", "/v1/posts/1/visibility", object{"hidden": true}}},
		{testsite.Jose, call{"PATCH", "/v1/answers/3", object{"content": "Edited by who is blocked."}}},
		{testsite.Jose, call{"POST", "/v1/answers/3/comment", object{}}},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			status, body, _ := s.Try(t, c.actor, c.method, c.path, c.body)
			if status != http.StatusForbidden || body["code"] != "user_blocked" {
				t.Errorf("%d %v", status, body)
			}
		})
	}
}

// TestEachActionHasItsLimit checks that an action which the caller has done too often in the current hour is
// refused with 429 and the action's name in the problem, and that all other actions are still allowed.
func TestEachActionHasItsLimit(t *testing.T) {
	t.Parallel()
	content := object{"content": "Something that is said here."}
	actions := map[string]struct {
		letter string
		call   call
	}{
		"ask":     {"Q", call{"POST", "/v1/questions", object{"title": "Is this one too many?", "content": "It may be.", "categoryId": 8, "tags": []string{"honey"}}}},
		"answer":  {"A", call{"POST", "/v1/questions/1/answers", content}},
		"comment": {"C", call{"POST", "/v1/posts/3/comments", content}},
		"vote":    {"V", call{"PUT", "/v1/posts/27/vote", object{"value": 1}}},
		"flag":    {"F", call{"PUT", "/v1/posts/27/flag", nil}},
	}
	for name, limited := range actions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1796126400+600, 0)
			s := testsite.New(t, testsite.At(&now), testsite.After(
				"DELETE FROM {uservotes} WHERE userid = 17",
				"DELETE FROM {userlimits} WHERE userid = 17",
				`INSERT INTO {userlimits} (userid, action, period, count)
					VALUES (17, '`+limited.letter+`', 498924, 1000)`))
			for other, c := range actions {
				status, body, _ := s.Try(t, testsite.Lurker, c.call.method, c.call.path, c.call.body)
				if other == name && (status != http.StatusTooManyRequests || body["action"] != name) ||
					other != name && status >= 300 {
					t.Errorf("%s: %d %v", other, status, body)
				}
			}
		})
	}
}
