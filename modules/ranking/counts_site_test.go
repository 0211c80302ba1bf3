package ranking_test

import (
	"context"
	"fmt"
	"testing"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/ranking"
	"38qa.net/backend/modules/testsite"
)

// counted is the id of a user whose figures are all known.
const counted = 1000

// countFigures counts the given figures of the user counted anew. The other figures are -1.
func countFigures(t *testing.T, s *testsite.Site, columns ranking.Columns) ranking.Figures {
	t.Helper()
	o, err := s.App.Site.Options(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := map[int]*ranking.Figures{counted: {UserID: counted}}
	for i := range rows[counted].Of {
		rows[counted].Of[i] = -1
	}
	if err := s.App.DB.Tx(t.Context(), func(tx *database.DB) error {
		return ranking.Count(context.WithoutCancel(t.Context()), tx, o,
			map[int]ranking.Columns{counted: columns}, rows)
	}); err != nil {
		t.Fatal(err)
	}
	return *rows[counted]
}

// TestFiguresOfUsers checks what each of a user's figures counts and what it does not, and that a single
// figure can be counted alone.
func TestFiguresOfUsers(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		post := func(id int, kind string, user, parent, selected any, up, down int) string {
			null := func(v any) string {
				if v == nil {
					return "NULL"
				}
				return fmt.Sprint(v)
			}
			return fmt.Sprintf(`INSERT INTO {posts} (postid, type, userid, parentid, selchildid, upvotes,
					downvotes, netvotes, created, format, content)
				VALUES (%d, '%s', %s, %s, %s, %d, %d, %d, '2026-03-01 00:00:00', '', '')`,
				id, kind, null(user), null(parent), null(selected), up, down, up-down)
		}
		vote := func(post, value int) string {
			return fmt.Sprintf("INSERT INTO {uservotes} (postid, userid, vote, flag) VALUES (%d, %d, %d, 0)",
				post, counted, value)
		}
		weights := "REPLACE INTO {options} (title, content) VALUES "
		for i, w := range [][2]any{{"points_base", 100}, {"points_multiple", 10},
			{"points_per_q_voted_up", 1}, {"points_per_q_voted_down", 2}, {"points_q_voted_max_gain", 10}, {"points_q_voted_max_loss", 3},
			{"points_per_a_voted_up", 3}, {"points_per_a_voted_down", 4}, {"points_a_voted_max_gain", 20}, {"points_a_voted_max_loss", 5},
			{"points_per_c_voted_up", 5}, {"points_per_c_voted_down", 6}, {"points_c_voted_max_gain", 30}, {"points_c_voted_max_loss", 7},
			{"points_post_q", 0}, {"points_post_a", 0}, {"points_select_a", 0}, {"points_a_selected", 0},
			{"points_vote_up_q", 0}, {"points_vote_down_q", 0}, {"points_vote_up_a", 0}, {"points_vote_down_a", 0}} {
			if i > 0 {
				weights += ", "
			}
			weights += fmt.Sprintf("('%v', '%v')", w[0], w[1])
		}
		s := testsite.New(t, db, testsite.After(weights,
			`INSERT INTO {users} (userid, created, createip, email, handle, level, flags, wallposts, loggedin,
					loginip)
				SELECT 1000, created, createip, 'counted@example.jp', 'counted', 0, 0, 0, loggedin, loginip
				FROM {users}
				WHERE userid = 1`,
			// Posts of the user: 3 questions, 5 answers and a comment are visible.
			post(1001, "Q", counted, nil, nil, 4, 1), post(1002, "Q", counted, nil, 3, 0, 9),
			post(1003, "Q_HIDDEN", counted, nil, 3, 2, 0), post(1004, "Q_QUEUED", counted, nil, nil, 0, 0),
			post(1011, "A", counted, 1, nil, 9, 0), post(1012, "A", counted, 14, nil, 2, 1),
			post(1013, "A", counted, 1001, nil, 0, 0),
			post(1014, "A_HIDDEN", counted, 1, nil, 1, 1), post(1021, "C", counted, 1, nil, 9, 9),
			post(1022, "NOTE", counted, 1, nil, 0, 0),
			post(1015, "A", counted, 27, nil, 0, 0), post(1016, "A", counted, 37, nil, 0, 0),
			// Selected answers: by two other users, by two visitors, by the user, and a hidden one by another
			// user.
			post(1101, "Q", testsite.Taro, nil, 1011, 0, 0), post(1102, "Q", nil, nil, 1012, 0, 0),
			post(1105, "Q", testsite.Jose, nil, 1015, 0, 0), post(1106, "Q", nil, nil, 1016, 0, 0),
			post(1103, "Q", counted, nil, 1013, 0, 0), post(1104, "Q", testsite.Taro, nil, 1014, 0, 0),
			// Votes of the user on posts of others, hidden and queued ones included.
			post(1201, "Q_HIDDEN", testsite.Taro, nil, nil, 1, 0),
			post(1202, "A_QUEUED", testsite.Taro, 1, nil, 1, 0),
			vote(1, 1), vote(27, 1), vote(1201, 1), vote(14, -1), vote(3, 1), vote(1202, -1), vote(1101, 0),
			vote(2, 1), vote(15, -1)))
		want := [16]int{
			3, 5, 1, // questions, answers, comments
			2,    // questions with a best answer: hidden ones do not count
			4,    // best answers: not for oneself, not while hidden
			3, 1, // votes on questions
			1, 1, // on answers
			1, 1, // on comments
			// Points by votes on questions: 4 up - 2 down; 18 down, of which 3 count; 2 up on a hidden one.
			4 - 2 + 0 - 3 + 2,
			// Points by votes on answers: 27 up, of which 20 count; 6 up - 4 down; 3 up - 4 down on a
			// hidden one.
			20 + 6 - 4 + 3 - 4,
			30 - 7, // on the comment: all that counts of each
			4 + 2 + 9 + 2 + 1 + 9, 1 + 9 + 1 + 1 + 9,
		}
		got := countFigures(t, s, ranking.AllColumns)
		if got.Of != want {
			t.Errorf("counted %v\nwant    %v", got.Of, want)
		}
		if points := 100 + 10*(1+21+23); got.Points != points { // all else has the weight 0
			t.Errorf("%d points, want %d", got.Points, points)
		}
		for i := range want {
			got := countFigures(t, s, 1<<i).Of
			for j := range got {
				if j == i && got[j] != want[j] || j != i && got[j] != -1 {
					t.Errorf("figure %d alone: figure %d is %d", i, j, got[j])
				}
			}
		}
	})
}

// TestRowsOfPointsAreMade checks that a user without a row of points gets one after the first action that
// earns points, and is counted once among the users with points.
func TestRowsOfPointsAreMade(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("DELETE FROM {userpoints} WHERE userid = 17",
			"REPLACE INTO {options} (title, content) VALUES ('cache_userpointscount', '26')"))
		count := func() int {
			return s.Scalar(t,
				"SELECT CAST(content AS DECIMAL) FROM {options} WHERE title = 'cache_userpointscount'")
		}
		for range 2 {
			s.Do(t, testsite.Lurker, "PUT", "/v1/posts/27/vote", object{"value": -1})
			s.Do(t, testsite.Lurker, "PUT", "/v1/posts/27/vote", object{"value": 1})
			if n := count(); n != 27 {
				t.Errorf("%d users have points, want 27", n)
			}
		}
		if n := s.Scalar(t, "SELECT qposts FROM {userpoints} WHERE userid = ?", testsite.Lurker); n != 0 {
			t.Errorf("what the votes do not change is counted: %d questions", n)
		}
		if up, down := s.Scalar(t, "SELECT qupvotes FROM {userpoints} WHERE userid = ?", testsite.Lurker),
			s.Scalar(t,
				"SELECT qdownvotes FROM {userpoints} WHERE userid = ?",
				testsite.Lurker); up != 1 || down != 0 {
			t.Errorf("%d votes up and %d down", up, down)
		}
	})
}

// TestVisitorsHaveNoPoints checks that a vote on a visitor's post is counted for the voter, and makes no row
// of points for the visitor.
func TestVisitorsHaveNoPoints(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		const own = "SELECT qupvotes FROM {userpoints} WHERE userid = ?"
		before := s.Scalar(t, own, testsite.Superbee)
		s.Do(t, testsite.Superbee, "PUT", "/v1/posts/186/vote", object{"value": 1})
		if after := s.Scalar(t, own, testsite.Superbee); after != before+1 {
			t.Errorf("the voter's votes were %d and are %d", before, after)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {userpoints} WHERE userid = 0"); n != 0 {
			t.Error("a visitor has a row of points")
		}
	})
}
