package mail_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/testsite"
)

// BenchmarkDigests measures how long the digests of 20,000 members take who follow 50 of 2,000 tags each, in the
// morning of a day with 300 new questions and 600 answers, and how much memory. Each run is killed in the middle and
// goes on; afterwards it is checked that each member has one digest. DIGEST_PEOPLE is another number of members.
// `make bench-digests` runs it, on the server that TEST_DATABASE_URL names or in SQLite.
func BenchmarkDigests(b *testing.B) {
	people := 20_000
	if n, err := strconv.Atoi(os.Getenv("DIGEST_PEOPLE")); err == nil {
		people = n
	}
	const tags, followed, firstUser, firstWord = 2000, 50, 1000, 100_000
	now := tokyo(1, 12)
	s := testsite.New(b, testsite.Present(), testsite.At(&now), testsite.TimeZone("Asia/Tokyo"), testsite.Config(func(c *config.Config) { c.MailURL = "file:" + b.TempDir() }))
	db := s.App.DB
	exec := func(query string, args ...any) {
		if _, err := db.Exec(b.Context(), query, args...); err != nil {
			b.Fatal(err)
		}
	}
	for i := range tags { // they serve as numbers too
		exec("INSERT INTO {words} (wordid, word, tagcount) VALUES (?, ?, 1)", firstWord+i, fmt.Sprintf("tag%d", i))
	}
	exec(`INSERT INTO {users} (userid, created, createip, email, handle, level, loggedin, loginip, flags)
		SELECT ? + 200 * (a.wordid - ?) + c.wordid - ?, '2026-01-02 03:04:05', '', 'someone@example.com', 'someone', 20, '2026-01-02 03:04:05', '', 1
		FROM {words} a
		JOIN {words} c ON c.wordid >= ? AND c.wordid < ?
		WHERE a.wordid >= ? AND 200 * (a.wordid - ?) < ?`,
		firstUser, firstWord, firstWord, firstWord, firstWord+200, firstWord, firstWord, people)
	exec(`INSERT INTO {q2ab_follow_mails} (userid, tags, categories, users, questions, site)
		SELECT userid, 'daily', 'none', 'none', 'none', 'none' FROM {users} WHERE userid >= ?`, firstUser)
	exec(`INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents)
		SELECT u.userid, 'T', ? + (u.userid * 7919 + (k.wordid - ?) * 39) % ?, 0
		FROM {users} u
		JOIN {words} k ON k.wordid >= ? AND k.wordid < ?
		WHERE u.userid >= ?`, firstWord, firstWord, tags, firstWord, firstWord+followed, firstUser)
	post := 100_000
	var peak atomic.Uint64
	for day := 2; b.Loop(); day++ {
		b.StopTimer()
		for i := range 300 {
			post += 3 // with two answers
			at := tokyo(day, 8).Unix() - int64(3600+i*60)
			exec("INSERT INTO {posts} (postid, type, userid, netvotes, acount, created, format, title, content) VALUES (?, 'Q', 6, ?, 2, FROM_UNIXTIME(?), '', 'What?', '')", post, i%7, at)
			for k := range 3 {
				exec("INSERT INTO {posttags} (postid, wordid, postcreated) VALUES (?, ?, FROM_UNIXTIME(?))", post, firstWord+(post*31+k*577)%tags, at)
			}
			exec("INSERT INTO {posts} (postid, type, parentid, userid, created, format, content) VALUES (?, 'A', ?, 7, FROM_UNIXTIME(?), '', ''), (?, 'A', ?, 8, FROM_UNIXTIME(?), '', '')", post+1, post, at, post+2, post, at)
		}
		now = tokyo(day, 8)
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		watching, stop := context.WithCancel(b.Context())
		go func() {
			for tick := time.NewTicker(20 * time.Millisecond); ; {
				select {
				case <-watching.Done():
					return
				case <-tick.C:
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak.Store(max(peak.Load(), m.HeapAlloc-min(m.HeapAlloc, before.HeapAlloc)))
				}
			}
		}()
		b.StartTimer()
		ctx, kill := context.WithCancel(b.Context())
		batches := 0
		work := func(ctx context.Context) error {
			run, err := s.App.Jobs.Start(b.Context(), "digests", jobs.Options{})
			if err != nil {
				b.Fatal(err)
			}
			return s.App.Jobs.Work(ctx, run, func(*jobs.Run, *jobs.Work) {
				if batches++; batches*500 >= people/2 {
					kill()
				}
			})
		}
		if work(ctx) == nil {
			b.Error("the run was not killed")
		}
		if err := work(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		stop()
		var queued, twice int
		if _, err := db.Get(b.Context(), []any{&queued, &twice}, "SELECT COUNT(*), COUNT(*) - COUNT(DISTINCT userid) FROM {q2ab_mail} WHERE kind = 'digest_daily'"); err != nil {
			b.Fatal(err)
		}
		if queued < people*99/100 || twice != 0 {
			b.Errorf("%d digests for %d members, %d of them twice", queued, people, twice)
		}
		exec("DELETE FROM {q2ab_mail}")
		b.StartTimer()
	}
	b.ReportMetric(float64(peak.Load())/1e6, "MB-heap")
	b.ReportMetric(float64(people), "members")
}
