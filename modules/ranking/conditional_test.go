package ranking_test

import (
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestTwoAdministratorsSetTitlesAndWeights checks that titles and weights of points which were meant for others
// than those that are there are refused, and that the log of changes has what was there before.
func TestTwoAdministratorsSetTitlesAndWeights(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("REPLACE INTO {options} (title, content) VALUES ('points_to_titles', '5 Old')"))
		titles := func(title string) object {
			return object{"titles": []object{{"points": 1, "title": title}}}
		}
		weights := func(base int) object { return testsite.PointWeights(object{"base": base}) }
		for _, c := range []struct {
			path          string
			first, second object
			before        string
			accepted      int
		}{
			{"/v1/admin/titles", titles("First"), titles("Second"), `"5 Old"`, http.StatusOK},
			{"/v1/admin/points", weights(101), weights(102), `%"base":100,%`, http.StatusAccepted},
		} {
			read := s.Request(t, "GET", c.path, testsite.AdminHana).Header.Get("ETag")
			if again := s.Request(t, "GET", c.path, testsite.Superbee).Header.Get("ETag"); read == "" || again != read {
				t.Errorf("%s: the versions %q and %q", c.path, read, again)
			}
			status, _, header := s.Try(t, testsite.AdminHana, "PUT", c.path, c.first, "If-Match", read)
			if status != c.accepted {
				t.Errorf("%s: the first gets %d", c.path, status)
			}
			if status, body, _ := s.Try(t, testsite.Superbee, "PUT", c.path, c.second, "If-Match", read); status != http.StatusPreconditionFailed {
				t.Errorf("%s: the second gets %d %v", c.path, status, body)
			}
			if status, body, _ := s.Try(t, testsite.Superbee, "PUT", c.path, c.second, "If-Match", header.Get("ETag")); status != c.accepted {
				t.Errorf("%s: the second, having seen the first's, gets %d %v", c.path, status, body)
			}
			if status, _, _ := s.Try(t, testsite.AdminHana, "PUT", c.path, c.first); status != c.accepted {
				t.Errorf("%s: without If-Match %d", c.path, status)
			}
			if n := s.Scalar(t, `SELECT COUNT(*) FROM {q2ab_audit}
				WHERE byuserid = ? AND action LIKE 'set-%' AND was LIKE ?`, testsite.AdminHana, c.before); n < 1 {
				t.Errorf("%s: the log does not have what was there before", c.path)
			}
		}
	})
}
