package auth

import (
	"fmt"
	"testing"
)

// TestScopesOfRequests checks, for each kind of request, which scope it needs, and what no token can do.
func TestScopesOfRequests(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"GET /v1/questions": "read", "HEAD /v1/questions": "read", "GET /v1/admin/changes": "read", "GET /feed/qa.rss": "read",
		"POST /v1/questions": "write", "PUT /v1/posts/1/vote": "write", "DELETE /v1/answers/1": "write",
		"PUT /v1/users/haru/block": "write", "PATCH /v1/admin/options": "write", "POST /v1/media": "write",
		"GET /v1/me": "me", "PATCH /v1/me": "me", "GET /v1/me/messages": "me", "POST /v1/me/messages/haru": "me",
		"PUT /v1/me/favorites/tag/queen": "me", "GET /v1/auth/session": "read", "GET /v1/mentions": "read",
		"DELETE /v1/me": "", "PUT /v1/me/password": "", "PUT /v1/me/email": "", "POST /v1/me/email/confirmation": "",
		"GET /v1/me/tokens": "", "POST /v1/me/tokens": "", "DELETE /v1/me/tokens/1": "", "POST /v1/auth/sign-out": "",
		"POST /v1/auth/session": "", "GET /v1/events": "", "POST /v1/events/tickets": "",
	} {
		var method, path string
		if _, err := fmt.Sscan(request, &method, &path); err != nil {
			t.Fatal(err)
		}
		if scope, ok := scopeFor(method, path); scope != want || ok != (want != "") {
			t.Errorf("%s: %q, %t, not %q", request, scope, ok, want)
		}
		for _, granted := range scopes {
			if may := mayRequest([]string{granted}, method, path) == nil; may != (granted == want) {
				t.Errorf("%s with %s: %t", request, granted, may)
			}
		}
	}
}

// TestLevelsOfTokens checks how scopes limit the levels with which a token acts.
func TestLevelsOfTokens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		granted         []string
		level, category int
		want, inside    int
	}{
		{[]string{"read", "write"}, LevelSuper, LevelAdmin, LevelApproved, LevelApproved},
		{[]string{"write"}, LevelBasic, LevelEditor, LevelBasic, LevelApproved},
		{[]string{"write", "moderate"}, LevelSuper, LevelExpert, LevelModerator, LevelExpert},
		{[]string{"moderate"}, LevelEditor, LevelModerator, LevelEditor, LevelModerator},
		{[]string{"moderate", "admin"}, LevelSuper, LevelAdmin, LevelSuper, LevelAdmin},
		{[]string{"admin"}, LevelAdmin, LevelBasic, LevelAdmin, LevelBasic},
	} {
		before := map[int]int{3: c.category}
		got := limitedTo(c.granted, Caller{Level: c.level, CategoryLevels: before})
		if got.Level != c.want || got.CategoryLevels[3] != c.inside || before[3] != c.category {
			t.Errorf("%v of level %d: %d and %d, not %d and %d", c.granted, c.level, got.Level,
				got.CategoryLevels[3], c.want, c.inside)
		}
	}
}
