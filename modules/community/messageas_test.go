package community_test

import (
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

// TestMessageAs checks that a message which the site writes in a user's name is in both boxes and reported as
// any other, and that none is written twice, to oneself, or to an account that is gone.
func TestMessageAs(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		first := true
		once := func(*database.DB) (bool, error) { was := first; first = false; return was, nil }
		always := func(*database.DB) (bool, error) { return true, nil }
		for _, c := range []struct {
			to    int
			first func(*database.DB) (bool, error)
		}{{testsite.Haru, once}, {testsite.Haru, once}, {testsite.Superbee, always}, {999999, always}} {
			if err := s.App.People.MessageAs(t.Context(), testsite.Superbee, c.to, "Welcome, Haru", c.first); err != nil {
				t.Fatal(err)
			}
		}
		var stored, reported int
		if _, err := s.App.DB.Get(t.Context(), []any{&stored}, `SELECT COUNT(*)
			FROM {messages}
			WHERE type = 'PRIVATE' AND fromuserid = ? AND touserid = ? AND content = 'Welcome, Haru' AND format = ''`,
			testsite.Superbee, testsite.Haru); err != nil || stored != 1 {
			t.Errorf("%d messages, %v", stored, err)
		}
		var payload string
		if _, err := s.App.DB.Get(t.Context(), []any{&payload},
			"SELECT payload FROM {q2ab_outbox} WHERE name = 'u_message'"); err != nil || !strings.Contains(payload, "Welcome, Haru") {
			t.Errorf("reported: %q, %v", payload, err)
		}
		if _, err := s.App.DB.Get(t.Context(), []any{&reported},
			"SELECT COUNT(*) FROM {q2ab_outbox} WHERE name = 'u_message'"); err != nil || reported != 1 {
			t.Errorf("%d events, %v", reported, err)
		}
		for _, user := range []int{testsite.Haru, testsite.Superbee} {
			box := map[int]string{testsite.Haru: "in", testsite.Superbee: "out"}[user]
			list := testsite.GetAs[map[string]any](t, s, "/v1/me/messages?box="+box, user)
			items, _ := list["items"].([]any)
			if len(items) == 0 || items[0].(map[string]any)["content"] != "Welcome, Haru" {
				t.Errorf("the box of %d: %v", user, list)
			}
		}
	})
}
