package auth_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

type madeToken struct {
	ID        int
	Token     string
	Scopes    []string
	ExpiresAt time.Time
}

// makeToken makes an API token for a user.
func makeToken(t *testing.T, s *testsite.Site, user int, scopes ...string) madeToken {
	t.Helper()
	status, body, _ := s.Try(t, user, "POST", "/v1/me/tokens", map[string]any{"name": "A program", "scopes": scopes})
	if status != http.StatusCreated {
		t.Fatalf("%d %v", status, body)
	}
	text, err := json.Marshal(body)
	var made madeToken
	if err == nil {
		err = json.Unmarshal(text, &made)
	}
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// by sends a request with an API token and returns the status and the problem's code.
func by(t *testing.T, s *testsite.Site, token, method, path string, body any) (int, string) {
	t.Helper()
	status, answer, _ := s.Try(t, testsite.Visitor, method, path, body, "Authorization", "Bearer "+token)
	code, _ := answer["code"].(string)
	return status, code
}

// TestTokens follows an API token from its making to its end: what it opens and what not, that the database
// does not hold it, that its last use is known, that it expires and can be revoked.
func TestTokens(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(1_800_000_000, 0)
		s := testsite.New(t, db, testsite.At(&now))
		made := makeToken(t, s, testsite.Haru, "write", "read")
		if !strings.HasPrefix(made.Token, "q2at_") || fmt.Sprint(made.Scopes) != "[read write]" ||
			made.ExpiresAt.Unix() != now.Unix()+90*24*3600 {
			t.Errorf("made %+v", made)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_api_tokens} WHERE hash LIKE ?", "%"+made.Token[5:15]+"%"); n != 0 {
			t.Error("the database holds the token")
		}
		vote := map[string]any{"value": 1}
		for _, c := range []struct {
			method, path string
			body         any
			status       int
			code         string
		}{
			{"GET", "/v1/auth/session", nil, 200, ""},
			{"PUT", "/v1/posts/1/vote", vote, 200, ""},
			{"GET", "/v1/me", nil, 403, "token_scope"},
			{"GET", "/v1/me/messages", nil, 403, "token_scope"},
			{"POST", "/v1/me/tokens", map[string]any{"name": "x", "scopes": []string{"admin"}}, 403, "not_by_token"},
			{"PUT", "/v1/me/password", map[string]any{"oldPassword": "haru-pass-123", "newPassword": "another-one"}, 403, "not_by_token"},
			{"DELETE", "/v1/me", nil, 403, "not_by_token"},
			{"POST", "/v1/events/tickets", nil, 403, "not_by_token"},
		} {
			if status, code := by(t, s, made.Token, c.method, c.path, c.body); status != c.status || code != c.code {
				t.Errorf("%s %s: %d %s, not %d %s", c.method, c.path, status, code, c.status, c.code)
			}
		}
		list := testsite.GetAs[testsite.List[struct {
			ID         int
			Name       string
			Token      string
			LastUsedAt time.Time
		}]](t, s, "/v1/me/tokens", testsite.Haru).Items
		if len(list) != 1 || list[0].ID != made.ID || list[0].Token != "" || list[0].LastUsedAt.Unix() != now.Unix() {
			t.Errorf("listed %+v", list)
		}
		if status, _, _ := s.Try(t, testsite.Aki, "DELETE", fmt.Sprint("/v1/me/tokens/", made.ID), nil); status != 404 {
			t.Errorf("another's token is revoked: %d", status)
		}
		readonly := makeToken(t, s, testsite.Haru, "read")
		if status, code := by(t, s, readonly.Token, "PUT", "/v1/posts/1/vote", vote); status != 403 || code != "token_scope" {
			t.Errorf("a token to read writes: %d %s", status, code)
		}
		s.Do(t, testsite.Haru, "DELETE", fmt.Sprint("/v1/me/tokens/", readonly.ID), nil)
		if status, code := by(t, s, readonly.Token, "GET", "/v1/questions", nil); status != 401 || code != "unauthenticated" {
			t.Errorf("a revoked token: %d %s", status, code)
		}
		now = now.Add(90 * 24 * time.Hour)
		if status, _ := by(t, s, made.Token, "GET", "/v1/questions", nil); status != 401 {
			t.Errorf("an expired token: %d", status)
		}
		if status, _ := by(t, s, "q2at_"+strings.Repeat("A", 43), "GET", "/v1/questions", nil); status != 401 {
			t.Errorf("an unknown token: %d", status)
		}
	})
}

// TestTokensActWithLimitedLevels checks that a token without the scope for it has none of its owner's powers, and
// that a blocked owner's token has none at all.
func TestTokensActWithLimitedLevels(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	plain, moderator := makeToken(t, s, testsite.ModKenji, "read", "write"), makeToken(t, s, testsite.ModKenji, "write", "moderate")
	block := "/v1/users/lurker/block"
	if status, code := by(t, s, plain.Token, "PUT", block, nil); status != 403 || code != "permission_level" {
		t.Errorf("without moderate: %d %s", status, code)
	}
	if status, code := by(t, s, moderator.Token, "PUT", block, nil); status != 200 {
		t.Errorf("with moderate: %d %s", status, code)
	}
	admin, limited := makeToken(t, s, testsite.AdminHana, "read", "admin"), makeToken(t, s, testsite.AdminHana, "read", "moderate")
	if status, _ := by(t, s, admin.Token, "GET", "/v1/admin/changes", nil); status != 200 {
		t.Errorf("with admin: %d", status)
	}
	if status, code := by(t, s, limited.Token, "GET", "/v1/admin/changes", nil); status != 403 {
		t.Errorf("without admin: %d %s", status, code)
	}
	s.Alter(t, "UPDATE {users} SET flags = flags | 2 WHERE userid = ?", testsite.AdminHana)
	if status, code := by(t, s, admin.Token, "GET", "/v1/admin/changes", nil); status != 403 || code != "user_blocked" {
		t.Errorf("of a blocked administrator: %d %s", status, code)
	}
}

// TestTokensOfOthers checks that administrators see whose tokens there are, and can revoke them, which is kept.
func TestTokensOfOthers(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	made := makeToken(t, s, testsite.Haru, "read")
	path := fmt.Sprint("/v1/admin/tokens/", made.ID)
	for _, user := range []int{testsite.Visitor, testsite.Aki, testsite.ModKenji} {
		if status, _, _ := s.Try(t, user, "DELETE", path, nil); status != 403 {
			t.Errorf("user %d revokes: %d", user, status)
		}
	}
	list := testsite.GetAs[testsite.List[struct {
		ID    int
		Owner struct{ Handle string }
	}]](t, s, "/v1/admin/tokens", testsite.AdminHana).Items
	if len(list) != 1 || list[0].Owner.Handle != "haru" {
		t.Errorf("listed %+v", list)
	}
	s.Do(t, testsite.AdminHana, "DELETE", path, nil)
	if status, _ := by(t, s, made.Token, "GET", "/v1/questions", nil); status != 401 {
		t.Errorf("revoked: %d", status)
	}
	if status, _, _ := s.Try(t, testsite.AdminHana, "DELETE", path, nil); status != 404 {
		t.Errorf("revoked twice: %d", status)
	}
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_audit} WHERE action = 'revoke-any-token'"); n != 1 {
		t.Errorf("%d entries in the log of changes", n)
	}
}

// TestTokensAreFew checks that a user has at most so many tokens, and that each has a rate of its own.
func TestTokensAreFew(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.Config(func(c *config.Config) {
		c.RateLimit, c.TokenLimit = "100000-M", "3-H"
	}))
	var tokens []madeToken
	for range 20 {
		tokens = append(tokens, makeToken(t, s, testsite.Haru, "read"))
	}
	status, body, _ := s.Try(t, testsite.Haru, "POST", "/v1/me/tokens", map[string]any{"name": "One more", "scopes": []string{"read"}})
	if status != http.StatusConflict || body["code"] != "too_many_tokens" {
		t.Errorf("%d %v", status, body)
	}
	for i, want := range []int{200, 200, 200, 429} {
		if got, code := by(t, s, tokens[0].Token, "GET", "/v1/tags", nil); got != want {
			t.Errorf("request %d: %d %s", i, got, code)
		}
	}
	if got, _ := by(t, s, tokens[1].Token, "GET", "/v1/tags", nil); got != 200 {
		t.Errorf("another token: %d", got)
	}
}
