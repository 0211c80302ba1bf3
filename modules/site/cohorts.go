package site

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

// cohortType is a kind of activity by which the plugin q2a-statics follows users: it counts who
// began it within a month or week, and how many of those did it in that month or week and in later
// ones.
type cohortType struct {
	name string
	// first is a query for users and the time of the first activity of each, such as the registration
	// or the first question; did is a query for users and all times at which they were active. Times
	// are in Unix seconds. If diary is set, both read the table of the diary's plugin, which not every
	// site has.
	first, did string
	diary      bool
	// months and weeks are how many of them are followed back from now.
	months, weeks int
}

// firstPosts returns a query for users and when each wrote the first post of the kind.
func firstPosts(table, kind string) string {
	return `SELECT userid, MIN(UNIX_TIMESTAMP(created))
		FROM ` + table + `
		WHERE type = '` + kind + `' AND userid IS NOT NULL
		GROUP BY userid`
}

// postsOf returns a query for the authors and times of all posts of the kinds.
func postsOf(table, kinds string) string {
	return `SELECT userid, UNIX_TIMESTAMP(created)
		FROM ` + table + `
		WHERE type IN (` + kinds + `) AND userid IS NOT NULL`
}

var cohortTypes = []cohortType{
	{name: "NEWUSER_POST", first: "SELECT userid, UNIX_TIMESTAMP(created) FROM {users}",
		did: postsOf("{posts}", "'Q', 'A', 'C'"), months: 24, weeks: 100},
	{name: "QUESTION", first: firstPosts("{posts}", "Q"),
		did: postsOf("{posts}", "'Q'"), months: 24, weeks: 100},
	{name: "ANSWER", first: firstPosts("{posts}", "A"),
		did: postsOf("{posts}", "'A'"), months: 24, weeks: 100},
	{name: "BLOG", first: firstPosts("{blogs}", "B"),
		did: postsOf("{blogs}", "'B'"), diary: true, months: 13, weeks: 50},
}

// countCohorts computes the cohorts of one type anew and replaces their rows. after is the index of
// the type.
func (m *Module) countCohorts(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	kind := &cohortTypes[after]
	if next = after + 1; next == len(cohortTypes) {
		next = 0
	}
	diary, err := m.db.HasTable(ctx, "blogs")
	if err != nil {
		return 0, err
	}
	if kind.diary && !diary {
		return next, nil
	}
	began, did := map[int]int64{}, map[int][]int64{}
	err = eachTime(ctx, m.db, kind.first, func(user int, at int64) { began[user] = at })
	sources := []string{kind.did}
	if diary && kind.name == "NEWUSER_POST" {
		sources = append(sources, postsOf("{blogs}", "'B'"))
	}
	for _, source := range sources {
		if err == nil {
			err = eachTime(ctx, m.db, source, func(user int, at int64) { did[user] = append(did[user], at) })
		}
	}
	if err != nil || w.DryRun {
		return next, err
	}
	now := time.Unix(m.db.Now(), 0).In(m.Zone())
	var rows []any
	for _, by := range []struct {
		name       string
		most       int
		start, end func(ago int) time.Time
	}{
		{"MONTH", kind.months, func(ago int) time.Time { return daysBefore(now, -ago-1, 0) },
			func(ago int) time.Time { return daysBefore(now, -ago, 0) }},
		{"WEEK", kind.weeks, func(ago int) time.Time { return daysBefore(now, 0, -7*(ago+1)) },
			func(ago int) time.Time { return daysBefore(now, 0, -7*ago) }},
	} {
		spans := make([]span, by.most+1)
		for ago := range spans {
			spans[ago] = span{by.start(ago).Unix(), by.end(ago).Unix()}
		}
		for _, c := range cohorts(spans, began, did) {
			for number, value := range c.back {
				rows = append(rows,
					by.start(c.ago).Format(dayForm), number, value, c.size, by.name, kind.name)
			}
		}
	}
	return next, w.Tx(ctx, func(tx *database.DB) error { return storeCohorts(ctx, tx, kind.name, rows) })
}

// daysBefore returns the beginning of the day that is the given months and days away from now;
// negative numbers go back. If the month is too short for the day of the month, its last day is
// taken, as in MySQL.
func daysBefore(now time.Time, months, days int) time.Time {
	y, m, d := now.Date()
	last := time.Date(y, m+time.Month(months)+1, 0, 0, 0, 0, 0, now.Location()).Day()
	return StartOfDay(y, m+time.Month(months), min(d, last)+days, now.Location())
}

// eachTime calls tell with each user and time that a query selects.
func eachTime(ctx context.Context, db *database.DB, query string, tell func(user int, at int64)) error {
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var user int
		var at int64
		err := rows.Scan(&user, &at)
		tell(user, at)
		return err
	}, query)
	if err != nil {
		return fmt.Errorf("count cohorts: %w", err)
	}
	return nil
}

// cohort is the group of users who began within a span. ago is the span's index, size the number of
// users, and back how many of them were active in that span and in each later one except the
// latest.
type cohort struct {
	ago, size int
	back      []int
}

// cohorts returns the cohort of each span, the oldest first. The first of the given spans is the
// latest one. Activity in it is not counted, so the cohort that began in it has an empty back.
func cohorts(spans []span, began map[int]int64, did map[int][]int64) []cohort {
	in := func(at int64) int {
		return slices.IndexFunc(spans, func(s span) bool { return s.from <= at && at < s.to })
	}
	list := make([]cohort, len(spans))
	for ago := range list {
		list[ago] = cohort{ago: ago, back: make([]int, ago)}
	}
	for user, at := range began {
		ago := in(at)
		if ago < 0 {
			continue
		}
		c := &list[ago]
		c.size++
		seen := make([]bool, ago)
		for _, at := range did[user] {
			if number := ago - in(at); number >= 0 && number < ago && !seen[number] {
				seen[number] = true
				c.back[number]++
			}
		}
	}
	slices.Reverse(list)
	return list
}

func storeCohorts(ctx context.Context, tx *database.DB, kind string, rows []any) error {
	if _, err := tx.Exec(ctx, "DELETE FROM {statics_cohort} WHERE type = ?", kind); err != nil {
		return fmt.Errorf("store cohorts: %w", err)
	}
	const columns, perInsert = 6, 500
	for part := range slices.Chunk(rows, columns*perInsert) {
		_, err := tx.Exec(ctx,
			`INSERT INTO {statics_cohort} (date, number, value, total, datetype, type)
				VALUES (?, ?, ?, ?, ?, ?)`+
				strings.Repeat(", (?, ?, ?, ?, ?, ?)", len(part)/columns-1), part...)
		if err != nil {
			return fmt.Errorf("store cohorts: %w", err)
		}
	}
	return nil
}

// Cohort is the group of users who began within a month or week.
type Cohort struct {
	Start string `json:"start" doc:"The first day, as YYYY-MM-DD"`
	Size  int    `json:"size" doc:"How many users began then"`
	Back  []int  `json:"back" doc:"How many of them did it in that month or week and in each one after"`
}

// cohortsOf returns the stored cohorts of a type by week or month, the oldest first.
func (m *Module) cohortsOf(ctx context.Context, kind, by string) ([]Cohort, error) {
	list := []Cohort{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var start string
		var value, size int
		if err := rows.Scan(&start, &value, &size); err != nil {
			return err
		}
		if start = start[:len(dayForm)]; len(list) == 0 || list[len(list)-1].Start != start {
			list = append(list, Cohort{Start: start, Size: size})
		}
		c := &list[len(list)-1]
		c.Back = append(c.Back, value)
		return nil
	}, `SELECT date, value, total
		FROM {statics_cohort}
		WHERE type = ? AND datetype = ?
		ORDER BY date, number`,
		kind, by)
	if err != nil {
		return nil, fmt.Errorf("read cohorts: %w", err)
	}
	return list, nil
}

type cohortsInput struct {
	Of string `query:"of" enum:"new-users,questions,answers,diary" default:"new-users" doc:"What users began with: an account, after which any post counts, or their first question, answer or diary post"`
	By string `query:"by" enum:"week,month" default:"month" doc:"Counted back from the day of the computation"`
}

type cohortsOutput struct {
	Body struct {
		Items []Cohort `json:"items" doc:"The oldest first"`
	}
}
