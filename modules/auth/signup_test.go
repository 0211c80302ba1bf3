package auth_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

// TestRetriedSignUp checks that a sign-up which is sent twice makes one account, and that no token is kept in
// the database.
func TestRetriedSignUp(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		send := func() (int, testsite.SignedIn) {
			body := `{"handle": "once", "email": "once@example.jp", "password": "only-once-please"}`
			req, err := http.NewRequest(http.MethodPost, s.URL+"/v1/auth/sign-up", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Idempotency-Key", "sign-up-1")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control %q", res.Header.Get("Cache-Control"))
			}
			return res.StatusCode, testsite.Decode[testsite.SignedIn](t, res)
		}
		status, first := send()
		again, second := send()
		if status != 201 || again != 201 || first.User.ID != second.User.ID ||
			first.RefreshToken == second.RefreshToken {
			t.Errorf("%d %+v, again %d %+v", status, first, again, second)
		}
		var kept []string
		if err := s.App.DB.Select(t.Context(), database.Append(&kept),
			"SELECT body FROM {q2ab_idempotency} WHERE body IS NOT NULL"); err != nil || len(kept) != 0 {
			t.Errorf("kept: %v %v", kept, err)
		}
	})
}

// TestNamesAreUnique checks that only one of many people who sign up with the same name at once gets it,
// although the table has no unique index of names.
func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		var wait sync.WaitGroup
		statuses := make([]int, 8)
		for i := range statuses {
			wait.Go(func() {
				statuses[i], _ = testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-up", "",
					fmt.Sprintf("198.51.103.%d", i),
					map[string]any{
						"handle": "Wanted", "email": fmt.Sprintf("wanted%d@example.jp", i),
						"password": "long-enough",
					})
			})
		}
		wait.Wait()
		var n int
		if _, err := s.App.DB.Get(t.Context(), []any{&n},
			"SELECT COUNT(*) FROM {users} WHERE handle = 'wanted'"); err != nil || n != 1 {
			t.Errorf("%d accounts, answers %v, %v", n, statuses, err)
		}
	})
}
