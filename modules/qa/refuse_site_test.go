package qa_test

import (
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestBlockedAuthorsChangeNothing: as on the old site, who is blocked does not edit what is their own either.
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
