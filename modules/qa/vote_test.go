package qa_test

import (
	"fmt"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestVotesAreTold checks that the response to a vote has the post's counts after the vote, and that the post
// has the same counts when it is read afterwards.
func TestVotesAreTold(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("DELETE FROM {uservotes} WHERE postid = 27",
			"UPDATE {posts} SET upvotes = 2, downvotes = 1, netvotes = 1 WHERE postid = 27"))
		for _, step := range []struct {
			user int
			call
			net, up, down, mine int
		}{
			{testsite.Lurker, call{"PUT", "/v1/posts/27/vote", object{"value": 1}}, 2, 3, 1, 1},
			{testsite.Lurker, call{"PUT", "/v1/posts/27/vote", object{"value": 1}}, 2, 3, 1, 1},
			{testsite.Lurker, call{"PUT", "/v1/posts/27/vote", object{"value": -1}}, 0, 2, 2, -1},
			{testsite.Jose, call{"PUT", "/v1/posts/27/vote", object{"value": -1}}, -1, 2, 3, -1},
			{testsite.Lurker, call{"DELETE", "/v1/posts/27/vote", nil}, 0, 2, 2, 0},
			{testsite.Lurker, call{"DELETE", "/v1/posts/27/vote", nil}, 0, 2, 2, 0},
			{testsite.Jose, call{"PUT", "/v1/posts/27/vote", object{"value": 1}}, 2, 3, 1, 1},
		} {
			t.Run(fmt.Sprint(step.method, " ", step.body, " by ", step.user), func(t *testing.T) {
				type result struct {
					Votes  struct{ Net, Up, Down int }
					MyVote int
				}
				res := s.Send(t, step.user, step.method, step.path, step.body)
				if res.StatusCode != http.StatusOK {
					t.Fatalf("%d %s", res.StatusCode, testsite.Text(t, res))
				}
				want := result{MyVote: step.mine}
				want.Votes.Net, want.Votes.Up, want.Votes.Down = step.net, step.up, step.down
				if got := testsite.Decode[result](t, res); got != want {
					t.Errorf("told %+v, want %+v", got, want)
				}
				read := testsite.GetAs[result](t, s, "/v1/questions/27", step.user)
				if read.Votes != want.Votes {
					t.Errorf("read %+v, want %+v", read, want)
				}
			})
		}
		n := published(t, s, "q_vote_up") + published(t, s, "q_vote_down") + published(t, s, "q_vote_nil")
		if n != 5 {
			t.Errorf("%d events of 5 changes", n)
		}
	})
}

// TestCountsDoNotFallBelowZero checks that taking votes back leaves no negative count, even if the old site
// stored too low a count.
func TestCountsDoNotFallBelowZero(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After("DELETE FROM {uservotes} WHERE postid = 27",
		"INSERT INTO {uservotes} (postid, userid, vote, flag) VALUES (27, 17, 1, 0), (27, 9, -1, 0)",
		"UPDATE {posts} SET upvotes = 0, downvotes = 0, netvotes = 0 WHERE postid = 27"))
	for _, user := range []int{testsite.Lurker, testsite.Jose} {
		s.Do(t, user, "DELETE", "/v1/posts/27/vote", nil)
		up := s.Scalar(t, "SELECT upvotes FROM {posts} WHERE postid = 27")
		down := s.Scalar(t, "SELECT downvotes FROM {posts} WHERE postid = 27")
		if up != 0 || down != 0 {
			t.Errorf("%d up and %d down", up, down)
		}
	}
}

// TestVotesDownNeedTheirPermission checks that a user who may not vote down may vote up, and may take back
// any vote.
func TestVotesDownNeedTheirPermission(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, setting("permit_vote_down", "70"), testsite.After(
		"DELETE FROM {uservotes} WHERE postid = 27",
		"INSERT INTO {uservotes} (postid, userid, vote, flag) VALUES (27, 9, -1, 0)"))
	for _, c := range []struct {
		user   int
		method string
		body   any
		status int
	}{
		{testsite.Lurker, "PUT", object{"value": -1}, http.StatusForbidden},
		{testsite.Lurker, "PUT", object{"value": 1}, http.StatusOK},
		{testsite.Lurker, "DELETE", nil, http.StatusOK},
		{testsite.Jose, "DELETE", nil, http.StatusOK},
		{testsite.EditorYuki, "PUT", object{"value": -1}, http.StatusOK},
	} {
		t.Run(fmt.Sprint(c.user, " ", c.method, " ", c.body), func(t *testing.T) {
			status, body, _ := s.Try(t, c.user, c.method, "/v1/posts/27/vote", c.body)
			if status != c.status {
				t.Errorf("%d %v, want %d", status, body, c.status)
			}
		})
	}
}
