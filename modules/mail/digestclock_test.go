package mail_test

import (
	"database/sql"
	"encoding/json"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// TestDigestsWhenClocksChange runs the job every hour over the days around a change of the clock, at an hour that is
// left out or comes twice, and checks that each day has one digest and each question is told once.
func TestDigestsWhenClocksChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from time.Time
		hour int
		// digests is how many there are; nothing is asked on the last day.
		digests int
		out     int // hours during which no server runs, from the second day on
	}{
		"put forward, at the hour left out":     {time.Date(2027, 3, 12, 12, 0, 0, 0, time.UTC), 2, 5, 0},
		"put forward, in the morning":           {time.Date(2027, 3, 12, 12, 0, 0, 0, time.UTC), 8, 4, 0},
		"put back, at the hour twice":           {time.Date(2027, 11, 5, 12, 0, 0, 0, time.UTC), 1, 5, 0},
		"put back, in the morning":              {time.Date(2027, 11, 5, 12, 0, 0, 0, time.UTC), 8, 4, 0},
		"put back, and an outage over two days": {time.Date(2027, 11, 5, 12, 0, 0, 0, time.UTC), 8, 3, 60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := c.from
			p := newPostbox(t, testsite.At(&now), testsite.TimeZone("America/New_York"), testsite.Config(func(s *config.Config) { s.DigestHour = c.hour }))
			p.Exec(t, "INSERT INTO {q2ab_follow_mails} (userid, tags, categories, users, questions, site) VALUES (?, 'none', 'none', 'none', 'none', 'daily')", testsite.Aki)
			testsite.RunJob(t, p.App, "digests")
			zone, err := time.LoadLocation("America/New_York")
			if err != nil {
				t.Fatal(err)
			}
			const first, hours = 50_000, 5 * 24
			told, days, asked := map[int]int{}, map[string]int{}, 0
			for hour := 1; hour <= hours; hour++ {
				now = c.from.Add(time.Duration(hour) * time.Hour)
				if hour%6 == 3 && hour < hours-24 { // and half a minute later, as people do
					p.Exec(t, "INSERT INTO {posts} (postid, type, userid, created, format, title, content) VALUES (?, 'Q', 7, FROM_UNIXTIME(?), '', 'What?', '')", first+asked, now.Unix()+30)
					asked++
				}
				if hour > 24 && hour <= 24+c.out {
					continue
				}
				testsite.RunJob(t, p.App, "digests")
				err := p.App.DB.Select(t.Context(), func(rows *sql.Rows) error {
					var params string
					err := rows.Scan(&params)
					var about struct{ Digest struct{ Questions []int } }
					if err == nil {
						err = json.Unmarshal([]byte(params), &about)
					}
					days[now.In(zone).Format(time.DateOnly)]++
					for _, id := range about.Digest.Questions {
						told[id]++
					}
					return err
				}, "SELECT params FROM {q2ab_mail} WHERE kind = 'digest_daily' AND userid = ?", testsite.Aki)
				if err != nil {
					t.Fatal(err)
				}
				p.Exec(t, "DELETE FROM {q2ab_mail}")
			}
			for i := range asked {
				if n := told[first+i]; n != 1 {
					t.Errorf("the question %d is told %d times", i, n)
				}
			}
			if len(days) != c.digests {
				t.Errorf("digests by day: %v", days)
			}
			for day, n := range days {
				if n != 1 {
					t.Errorf("%d digests on %s", n, day)
				}
			}
		})
	}
}
