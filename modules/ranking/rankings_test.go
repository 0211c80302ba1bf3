package ranking_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// place is a line of a ranking, as the test computes it and as the API returns it.
type place struct {
	Rank           int
	Change         *int
	User           struct{ Handle string }
	Points         int
	Questions      int
	Answers        int
	BestAnswers    int
	BestAnswerRate *float64
}

type rankingPage struct {
	Items      []place
	NextCursor string
	Total      int
	From, To   *time.Time
	ComputedAt *time.Time
	Me         *place
}

func rankingAt(t *testing.T, s *testsite.Site, path string, user int) rankingPage {
	t.Helper()
	return testsite.Decode[rankingPage](t, s.Request(t, http.MethodGet, "/v1/rankings/"+path, user))
}

// wholeRanking returns all places of a ranking, page by page.
func wholeRanking(t *testing.T, s *testsite.Site, path string) (all []place) {
	t.Helper()
	for cursor := ""; ; {
		page := rankingAt(t, s, path+"&limit=5"+cursor, testsite.Visitor)
		all = append(all, page.Items...)
		if page.NextCursor == "" {
			return all
		}
		cursor = "&cursor=" + page.NextCursor
	}
}

// did returns what each user did between two times on the posts of the questions that meet a condition, by
// sums of the database.
func did(t *testing.T, s *testsite.Site, from, to int64, questions string, args ...any) map[string]*place {
	t.Helper()
	users := map[string]*place{}
	add := func(query string, into func(p *place, n int)) {
		t.Helper()
		args := append([]any{from, to}, args...)
		err := s.App.DB.Select(context.Background(), func(rows *sql.Rows) error {
			var handle string
			var n int
			if err := rows.Scan(&handle, &n); err != nil {
				return err
			}
			if users[handle] == nil {
				users[handle] = &place{}
				users[handle].User.Handle = handle
			}
			into(users[handle], n)
			return nil
		}, query, args...)
		if err != nil {
			t.Fatal(err)
		}
	}
	const postOf = " FROM {posts} p JOIN {users} u ON u.userid = p.userid LEFT JOIN {posts} parent ON parent.postid = p.parentid " +
		"JOIN {posts} q ON q.postid = CASE WHEN p.type LIKE 'Q%' THEN p.postid WHEN parent.type LIKE 'Q%' THEN parent.postid ELSE parent.parentid END " +
		"WHERE p.created >= FROM_UNIXTIME(?) AND p.created < FROM_UNIXTIME(?) AND "
	points := func(worth int) func(*place, int) { return func(p *place, n int) { p.Points += worth * n } }
	group := " AND " + questions + " GROUP BY u.handle"
	add("SELECT u.handle, COUNT(*)"+postOf+"p.type = 'Q'"+group, func(p *place, n int) {
		p.Questions += n
		p.Points += 20 * n
	})
	add("SELECT u.handle, COUNT(*)"+postOf+"p.type = 'Q' AND p.selchildid IS NOT NULL"+group, points(30))
	add("SELECT u.handle, COUNT(*)"+postOf+"p.type = 'A'"+group, func(p *place, n int) {
		p.Answers += n
		p.Points += 40 * n
	})
	add("SELECT u.handle, COUNT(*)"+postOf+
		"p.type = 'A' AND q.selchildid = p.postid AND (q.userid IS NULL OR q.userid <> p.userid)"+group,
		func(p *place, n int) { p.BestAnswers += n; p.Points += 300 * n })
	// On the recorded site, a vote is worth 1 point for a question, 2 for an answer and 1 for a comment; see
	// reads/options.json.
	for kind, worth := range map[string][3]int{"Q": {1, 10, 3}, "A": {2, 20, 5}, "C": {1, 10, 3}} {
		add(fmt.Sprintf("SELECT u.handle, SUM(CASE WHEN %[1]d * p.upvotes > %[2]d THEN %[2]d ELSE %[1]d * p.upvotes END - CASE WHEN %[1]d * p.downvotes > %[3]d THEN %[3]d ELSE %[1]d * p.downvotes END)",
			worth[0], worth[1],
			worth[2])+postOf+"p.type LIKE '"+kind+"%' AND p.upvotes + p.downvotes > 0"+group, points(10))
	}
	votes := strings.ReplaceAll(strings.Replace(postOf,
		"FROM {posts} p JOIN {users} u ON u.userid = p.userid",
		"FROM {uservotes} v JOIN {posts} p ON p.postid = v.postid JOIN {users} u ON u.userid = v.userid", 1),
		"p.created", "COALESCE(v.votecreated, v.voteupdated)")
	add("SELECT u.handle, COUNT(*)"+votes+"v.vote <> 0 AND p.type NOT LIKE 'C%'"+group, points(10))
	for handle, p := range users {
		if p.Points == 0 && p.Questions+p.Answers == 0 {
			delete(users, handle)
		}
		if p.Answers > 0 {
			rate := float64(p.BestAnswers) / float64(p.Answers)
			p.BestAnswerRate = &rate
		}
	}
	return users
}

// inOrder ranks users by a figure. Each rank is one more than the number of users whose figure is greater.
func inOrder(users map[string]*place, figure func(*place) (float64, bool)) (list []place) {
	for _, p := range users {
		mine, ok := figure(p)
		if !ok {
			continue
		}
		line := *p
		line.Rank = 1
		for _, other := range users {
			if theirs, ok := figure(other); ok && theirs > mine {
				line.Rank++
			}
		}
		list = append(list, line)
	}
	sortPlaces(list)
	return list
}

// sortPlaces sorts equal users by their handles, because the API sorts them by their ids.
func sortPlaces(list []place) {
	slices.SortFunc(list, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.User.Handle, b.User.Handle))
	})
}

var figuresOf = map[string]func(*place) (float64, bool){
	"points":           func(p *place) (float64, bool) { return float64(p.Points), true },
	"questions":        func(p *place) (float64, bool) { return float64(p.Questions), p.Questions > 0 },
	"answers":          func(p *place) (float64, bool) { return float64(p.Answers), p.Answers > 0 },
	"best-answers":     func(p *place) (float64, bool) { return float64(p.BestAnswers), p.BestAnswers > 0 },
	"best-answer-rate": func(p *place) (float64, bool) { return float64(p.BestAnswers) / float64(p.Answers), p.Answers >= 5 },
}

// TestRankingsEqualTheDatabasesSums compares the rankings of the recorded site with sums computed in SQL, in
// the time zones of Tokyo and Berlin.
func TestRankingsEqualTheDatabasesSums(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		for _, zone := range []string{"Asia/Tokyo", "Europe/Berlin"} {
			location, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			day := func(m time.Month, d int) int64 {
				return time.Date(2026, m, d, 0, 0, 0, 0, location).Unix()
			}
			now := time.Unix(day(11, 12)+36000, 0)
			s := testsite.New(t, db, testsite.TimeZone(zone), testsite.At(&now))
			compared := 0
			check := func(period string, span [2]int64) {
				t.Helper()
				for scope, condition := range map[string]string{"": "1 = 1",
					"&category=1": "(q.categoryid = 1 OR q.catidpath1 = 1)",
					"&category=3": "(q.categoryid = 3 OR q.catidpath3 = 3)",
					"&tag=" + url.QueryEscape("日本ミツバチ"): "q.tags LIKE '%日本ミツバチ%'", "&tag=queen": "(q.tags LIKE 'queen,%' OR q.tags LIKE '%,queen,%' OR q.tags LIKE '%,queen' OR q.tags = 'queen')"} {
					want := did(t, s, span[0], span[1], condition)
					for by, figure := range figuresOf {
						got := wholeRanking(t, s, period+"?by="+by+scope)
						for i := range got {
							got[i].Change = nil // see TestRankingChanges
						}
						sortPlaces(got)
						if expected := inOrder(want, figure); !reflect.DeepEqual(got, expected) &&
							len(got)+len(expected) > 0 {
							t.Fatalf("%s: %s by %s %s:\n got %+v\nwant %+v", zone, period, by, scope, got,
								expected)
						}
						compared += len(got)
					}
				}
			}
			for _, on := range []struct {
				today   int64
				periods map[string][2]int64
			}{
				{day(11, 12), map[string][2]int64{"month": {day(11, 1), day(12, 1)}, "last-month": {day(10, 1), day(11, 1)}, "week": {day(11, 9), day(11, 16)},
					"last-week": {day(11, 2), day(11, 9)}, "today": {day(11, 12), day(11, 13)}, "yesterday": {day(11, 11), day(11, 12)}}},
				{day(3, 29), map[string][2]int64{"month": {day(3, 1), day(4, 1)}, "last-month": {day(2, 1), day(3, 1)}, "week": {day(3, 23), day(3, 30)},
					"last-week": {day(3, 16), day(3, 23)}, "today": {day(3, 29), day(3, 30)}, "yesterday": {day(3, 28), day(3, 29)}}},
				{day(7, 2), map[string][2]int64{"month": {day(7, 1), day(8, 1)}, "last-month": {day(6, 1), day(7, 1)}, "week": {day(6, 29), day(7, 6)},
					"last-week": {day(6, 22), day(6, 29)}, "today": {day(7, 2), day(7, 3)}, "yesterday": {day(7, 1), day(7, 2)}}},
			} {
				now = time.Unix(on.today+36000, 0)
				testsite.RunJob(t, s.App, "rankings")
				for period, span := range on.periods {
					check(period, span)
				}
			}
			if compared < 300 {
				t.Errorf("only %d places were compared", compared)
			}
		}
	})
}

// TestAllTimeIsTheDirectory checks that the ranking of all time has the points and ranks that Q2A gives.
func TestAllTimeIsTheDirectory(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(1796126400, 0)
		s := testsite.New(t, db, testsite.At(&now))
		if page := rankingAt(t, s, "all-time", testsite.Visitor); len(page.Items) != 0 ||
			page.ComputedAt != nil {
			t.Fatalf("before anything was computed: %+v", page)
		}
		testsite.RunJob(t, s.App, "rankings")
		page := rankingAt(t, s, "all-time?limit=100", testsite.Hanako)
		users := 0
		err := s.App.DB.Select(t.Context(), func(rows *sql.Rows) error {
			var handle string
			var points, questions, answers, best, rank int
			if err := rows.Scan(&handle, &points, &questions, &answers, &best, &rank); err != nil {
				return err
			}
			users++
			i := slices.IndexFunc(page.Items, func(p place) bool { return p.User.Handle == handle })
			if i < 0 {
				t.Errorf("%s is missing", handle)
			} else if p := page.Items[i]; p.Points != points || p.Rank != rank || p.Questions != questions ||
				p.Answers != answers || p.BestAnswers != best {
				t.Errorf("%s: %+v; Q2A has points %d, rank %d, %d, %d, %d", handle, p, points, rank,
					questions, answers, best)
			}
			return nil
		}, `SELECT u.handle, p.points, p.qposts, p.aposts, p.aselecteds,
				1 + (SELECT COUNT(*) FROM {userpoints} o WHERE o.points > p.points)
			FROM {userpoints} p
			JOIN {users} u ON u.userid = p.userid`)
		if err != nil || users != page.Total || users != len(page.Items) {
			t.Errorf("%d users, total %d, %d items: %v", users, page.Total, len(page.Items), err)
		}
		if page.Me == nil || page.Me.User.Handle == "" ||
			page.Me.Points != rankingAt(t, s, "all-time?limit=1", testsite.Hanako).Me.Points {
			t.Errorf("the caller's own place: %+v", page.Me)
		}
		if rankingAt(t, s, "all-time", testsite.Visitor).Me != nil {
			t.Error("a visitor has a place")
		}
	})
}

// TestRankingChanges checks that ranks are compared with those of the period before, and in the ranking of
// all time with those at the beginning of the month.
func TestRankingChanges(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Date(2026, 10, 31, 14, 30, 0, 0, time.UTC) // in Tokyo the month has half an hour left
		s := testsite.New(t, db, testsite.TimeZone("Asia/Tokyo"), testsite.At(&now))
		testsite.RunJob(t, s.App, "rankings")
		first := wholeRanking(t, s, "all-time?by=points")
		if first[0].Change != nil {
			t.Errorf("a change before there was anything to compare with: %+v", first[0])
		}
		last, second := first[len(first)-1], first[1]
		set := func(handle string, points int) {
			t.Helper()
			if _, err := s.App.DB.Exec(t.Context(),
				`UPDATE {userpoints}
					SET points = ?
					WHERE userid = (SELECT userid FROM {users} WHERE handle = ?)`,
				points, handle); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(time.Hour) // November
		set(last.User.Handle, second.Points)
		testsite.RunJob(t, s.App, "rankings")
		now = now.Add(time.Hour)
		set(second.User.Handle, first[0].Points+1)
		testsite.RunJob(t, s.App, "rankings")
		got := map[string]place{}
		for _, p := range wholeRanking(t, s, "all-time?by=points") {
			got[p.User.Handle] = p
		}
		// Ranks are compared with those of October's last hour; both users have moved since then.
		if p := got[last.User.Handle]; p.Rank != 3 || *p.Change != last.Rank-3 {
			t.Errorf("who came up: %+v", p)
		}
		if p := got[second.User.Handle]; p.Rank != 1 || *p.Change != 1 {
			t.Errorf("the first: %+v", p)
		}
		before := map[string]int{}
		for _, p := range wholeRanking(t, s, "last-month?by=points") {
			before[p.User.Handle] = p.Rank
			if p.Change != nil {
				t.Errorf("last month has a change: %+v", p)
			}
		}
		for _, p := range wholeRanking(t, s, "month?by=points") {
			if rank, ok := before[p.User.Handle]; ok != (p.Change != nil) || ok && *p.Change != rank-p.Rank {
				t.Errorf("this month %+v, last month %d", p, rank)
			}
		}
	})
}

// TestReadersNeverSeeHalf checks that readers never see a half-written ranking, that a reader can go on with
// the pages of an old one, and that the remains of a process that died are removed.
func TestReadersNeverSeeHalf(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(1796126400, 0)
		s := testsite.New(t, db, testsite.At(&now))
		testsite.RunJob(t, s.App, "rankings")
		old := wholeRanking(t, s, "all-time?by=points")
		page := rankingAt(t, s, "all-time?limit=5", testsite.Visitor)
		// A process died after it had written one board of the next generation.
		for _, q := range []string{"INSERT INTO {q2ab_rankings} (computed, spans) VALUES (1796126401, '{}')",
			`INSERT INTO {q2ab_boards} (period, scope, generation, checksum, entries)
				SELECT period, scope, (SELECT MAX(generation) FROM {q2ab_rankings}), 1, ''
				FROM {q2ab_boards}
				WHERE period = 'all-time'`} {
			if _, err := s.App.DB.Exec(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
		other := testsite.New(t, testsite.On(s.Database), testsite.At(&now)) // nothing in memory
		if got := wholeRanking(t, other, "all-time?by=points"); !reflect.DeepEqual(got, old) {
			t.Errorf("with half a generation: %+v", got)
		}
		if _, err := s.App.DB.Exec(t.Context(),
			"UPDATE {userpoints} SET points = 100000 + userid"); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
		testsite.RunJob(t, other.App, "rankings")
		rest := rankingAt(t, s, "all-time?limit=100&cursor="+page.NextCursor, testsite.Visitor)
		if got := append(page.Items, rest.Items...); !reflect.DeepEqual(got, old) {
			t.Errorf("pages of the old generation: %+v", got)
		}
		time.Sleep(1100 * time.Millisecond) // the other process's rankings are seen within a second
		if got := rankingAt(t, s, "all-time?limit=1", testsite.Visitor); got.Items[0].Points < 100000 ||
			!got.ComputedAt.Equal(now) {
			t.Errorf("the new generation is not seen: %+v", got)
		}
		for range 2 { // the old one goes with the next but one, boards that did not change are there once
			now = now.Add(time.Hour)
			testsite.RunJob(t, other.App, "rankings")
		}
		var generations, stale int
		if _, err := s.App.DB.Get(t.Context(), []any{&generations, &stale},
			`SELECT (SELECT COUNT(*) FROM {q2ab_rankings}),
				(SELECT COUNT(*)
					FROM {q2ab_boards} b
					WHERE EXISTS (SELECT 1
						FROM {q2ab_boards} n
						WHERE n.period = b.period AND n.scope = b.scope
							AND n.generation > b.generation))`); err != nil ||
			generations != 2 || stale != 0 {
			t.Errorf("%d generations, %d boards that nobody can see any more, %v", generations, stale, err)
		}
	})
}

// TestRankingParameters checks that unknown parameters of rankings are refused.
func TestRankingParameters(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for path, want := range map[string]int{
		"fortnight": 422, "month?by=luck": 422, "month?category=nowhere": 422, "month?category=1&tag=queen": 422,
		"month?cursor=x": 400,
		"month?page=2":   200, "month?category=nihon-mitsubachi": 200, "month?tag=nothing-has-it": 200,
	} {
		t.Run(path, func(t *testing.T) {
			if res := s.Request(t, http.MethodGet, "/v1/rankings/"+path,
				testsite.Visitor); res.StatusCode != want {
				t.Errorf("%s: %d %s", path, res.StatusCode, testsite.Text(t, res))
			}
		})
	}
}

// TestStatementsOfRankings checks that a ranking in memory takes a single SQL statement, which reads the
// accounts.
func TestStatementsOfRankings(t *testing.T) {
	t.Parallel()
	now := time.Unix(1796126400, 0)
	s := testsite.New(t, testsite.At(&now))
	testsite.RunJob(t, s.App, "rankings")
	cold := s.Statements(t, "/v1/rankings/month")
	if hot := s.Statements(t, "/v1/rankings/month"); len(cold) > 5 || len(hot) > 1 {
		t.Errorf("%d statements, then %d:\n%s", len(cold), len(hot), strings.Join(append(cold, hot...), "\n"))
	}
}
