package ranking_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/testsite"
)

// TestWeightsChangeAllPointsAtOnce checks that the old points are shown and kept right while points are
// computed with new weights, that all users then get the new ones at once, and that a recount finds nothing
// wrong, even if the old site wrote points with the old weights meanwhile.
func TestWeightsChangeAllPointsAtOnce(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		var ahead atomic.Int64
		s := testsite.New(t, db, testsite.Clock(func() time.Time {
			return time.Unix(1796126400+ahead.Load(), 0)
		}))
		testsite.Recount(t, s.App, false)
		const admin, member = testsite.AdminHana, testsite.Haru
		if status, body, _ := s.Try(t, admin, "PUT", "/v1/admin/points",
			testsite.PointWeights(object{"postQuestion": 5000})); status != http.StatusUnprocessableEntity {
			t.Errorf("weights out of bounds: %d %v", status, body)
		}
		set := func(others object) {
			t.Helper()
			status, body, _ := s.Try(t, admin, "PUT", "/v1/admin/points", testsite.PointWeights(others))
			run, _ := body["run"].(object)
			if status != http.StatusAccepted || body["next"] == nil || run["status"] == nil {
				t.Fatalf("set: %d %v", status, body)
			}
		}
		set(object{"postQuestion": 9, "answerMaxGain": 3})
		set(object{"postQuestion": 7, "answerVotedUp": 5, "commentMaxGain": 0}) // thought better of it
		old := userPoints(t, s)
		run, err := s.App.Jobs.Start(context.Background(), "points", jobs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		batches, changed := 0, false
		err = s.App.Jobs.Work(context.Background(), run, func(*jobs.Run, *jobs.Work) {
			batches++
			now := userPoints(t, s)
			different := 0
			for user, points := range old {
				if now[user] != points {
					different++
				}
			}
			switch {
			case batches == 1: // somebody acts while the new points are there already, but not shown
				if status, body, _ := s.Try(t, member, "PUT", "/v1/posts/1/vote",
					object{"value": 1}); status != http.StatusOK {
					t.Fatalf("vote: %d %v", status, body)
				}
				if different > 0 {
					t.Errorf("%d users have new points after the first batch", different)
				}
			case !changed && different > 2: // more than the voter and the author
				changed = true
				if different < 15 {
					t.Errorf("only %d users have new points", different)
				}
				// The old site writes what it computed with the weights that it had read.
				if _, err := s.App.DB.Exec(t.Context(),
					"UPDATE {userpoints} SET points = 1 WHERE userid = ?", member); err != nil {
					t.Fatal(err)
				}
				ahead.Store(40)
			}
		})
		if err != nil || !changed || run.Status != jobs.Done {
			t.Fatalf("%s after %d batches, changed: %v, %v", run.Status, batches, changed, err)
		}
		if found := testsite.Recount(t, s.App, true); len(found) > 0 {
			t.Errorf("a recount finds %q", found)
		}
		status, body, _ := s.Try(t, admin, "GET", "/v1/admin/points", nil)
		weights, _ := body["weights"].(object)
		if status != http.StatusOK || weights["postQuestion"] != 7.0 || weights["commentMaxGain"] != 0.0 ||
			body["next"] != nil {
			t.Errorf("afterwards: %d %v", status, body)
		}
		var left int
		if _, err := s.App.DB.Get(t.Context(), []any{&left},
			"SELECT COUNT(*) FROM {q2ab_points_next}"); err != nil || left > 0 {
			t.Errorf("%d rows left, %v", left, err)
		}
	})
}

// userPoints returns everybody's points as the API shows them, by handle.
func userPoints(t *testing.T, s *testsite.Site) map[string]float64 {
	t.Helper()
	points := map[string]float64{}
	for page := 1; page <= 2; page++ {
		_, body, _ := s.Try(t, testsite.Visitor, "GET", fmt.Sprintf("/v1/users?limit=20&page=%d", page), nil)
		items, _ := body["items"].([]any)
		for _, item := range items {
			user, _ := item.(object)
			points[user["handle"].(string)], _ = user["points"].(float64)
		}
	}
	return points
}
