package site_test

import (
	"context"
	"database/sql"
	"net/http"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// TestStatistics checks the stored counts of each day, week and month in the community's time zone; that
// later runs count only periods which may still change; and the cohorts.
func TestStatistics(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		tokyo, err := time.LoadLocation("Asia/Tokyo")
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(1796126400, 0)
		s := testsite.New(t, db, testsite.TimeZone("Asia/Tokyo"), testsite.At(&now))
		testsite.RunJob(t, s.App, "statistics")
		type counts struct {
			Start                                       string
			Questions, Answers, Comments, AnswerUpvotes int
			QuestionsWithBestAnswer, AnsweredWithin24h  int
			NewUsers                                    int
		}
		type stats struct {
			Items      []counts
			Last30Days struct {
				Questions, Answers int
				AnswersPerQuestion *float64
				BestAnswerRate     *float64
			}
		}
		for by, step := range map[string]func(time.Time) time.Time{
			"day":   func(t time.Time) time.Time { return t.AddDate(0, 0, 1) },
			"week":  func(t time.Time) time.Time { return t.AddDate(0, 0, 7) },
			"month": func(t time.Time) time.Time { return t.AddDate(0, 1, 0) },
		} {
			got := testsite.Decode[stats](t,
				s.Request(t, http.MethodGet, "/v1/admin/stats?limit=400&by="+by, testsite.AdminHana))
			if len(got.Items) < 1 {
				t.Fatalf("no %ss", by)
			}
			seen := 0
			for _, c := range got.Items {
				from, err := time.ParseInLocation("2006-01-02", c.Start, tokyo)
				if err != nil {
					t.Fatal(err)
				}
				want := counts{Start: c.Start}
				err = s.App.DB.Select(context.Background(), func(rows *sql.Rows) error {
					var kind string
					var up int
					var selected, inTime bool
					err := rows.Scan(&kind, &up, &selected, &inTime)
					switch kind {
					case "Q":
						want.Questions++
						if selected {
							want.QuestionsWithBestAnswer++
						}
						if inTime {
							want.AnsweredWithin24h++
						}
					case "A":
						want.Answers++
						want.AnswerUpvotes += up
					case "C":
						want.Comments++
					}
					return err
				}, `SELECT p.type, p.upvotes, p.selchildid IS NOT NULL,
						EXISTS (SELECT 1
							FROM {posts} a
							WHERE a.parentid = p.postid AND a.type = 'A'
								AND UNIX_TIMESTAMP(a.created) <= UNIX_TIMESTAMP(p.created) + 86400)
					FROM {posts} p
					WHERE UNIX_TIMESTAMP(p.created) >= ? AND UNIX_TIMESTAMP(p.created) < ?`,
					from.Unix(), step(from).Unix())
				if err != nil {
					t.Fatal(err)
				}
				want.NewUsers = s.Scalar(t, `SELECT COUNT(*)
					FROM {users}
					WHERE UNIX_TIMESTAMP(created) >= ? AND UNIX_TIMESTAMP(created) < ?`,
					from.Unix(), step(from).Unix())
				if c != want {
					t.Errorf("%s %+v, want %+v", by, c, want)
				}
				seen += c.Questions
			}
			if by == "month" && seen < 20 {
				t.Errorf("%d questions in all months", seen)
			}
		}
		month := testsite.Decode[stats](t, s.Request(t, http.MethodGet,
			"/v1/admin/stats?by=month&limit=1&before=2026-11-01", testsite.AdminHana))
		if len(month.Items) != 1 || month.Items[0].Start >= "2026-11-01" {
			t.Errorf("before a day: %+v", month.Items)
		}
		// Periods that are long over are not counted again, recent ones are.
		if _, err := s.App.DB.Exec(context.Background(),
			"UPDATE {q2ab_statistics} SET figures = '{\"questions\": 4711}'"); err != nil {
			t.Fatal(err)
		}
		testsite.RunJob(t, s.App, "statistics")
		if n := s.Scalar(t,
			"SELECT COUNT(*) FROM {q2ab_statistics} WHERE figures LIKE '%4711%' AND start >= '2026-10-20'"); n != 0 {
			t.Errorf("%d late periods were left", n)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_statistics} WHERE figures LIKE '%4711%'"); n == 0 {
			t.Error("all was counted again")
		}
		type cohortList struct {
			Items []struct {
				Start string
				Size  int
				Back  []int
			}
		}
		list := testsite.Decode[cohortList](t,
			s.Request(t, http.MethodGet, "/v1/admin/stats/cohorts?of=questions&by=month", testsite.AdminHana))
		if len(list.Items) != 24 || len(list.Items[0].Back) != 24 || len(list.Items[23].Back) != 1 {
			t.Fatalf("%d cohorts", len(list.Items))
		}
		size := 0
		for _, c := range list.Items {
			if size += c.Size; c.Back[0] != c.Size {
				t.Errorf("of %d who asked first from %s on, %d asked then", c.Size, c.Start, c.Back[0])
			}
		}
		if size == 0 {
			t.Error("nobody asked")
		}
		if n := s.Scalar(t,
			"SELECT COUNT(*) FROM {statics_cohort} WHERE type = 'ANSWER' AND datetype = 'WEEK'"); n != 5050 {
			t.Errorf("%d rows of the cohorts by week, want 100 + 99 + … + 1", n)
		}
		if res := s.Request(t, http.MethodGet, "/v1/admin/stats",
			testsite.ModKenji); res.StatusCode != http.StatusForbidden {
			t.Errorf("a moderator: %s", res.Status)
		}
	})
}
