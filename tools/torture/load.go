package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/tools/internal/killable"
)

// vote identifies a user's vote on a post. While a request for it is under way, no other is sent.
type vote struct{ user, post int }

// load holds the clients' shared state: what they can act on, and what they know of the results.
type load struct {
	s      *settings
	site   *target
	server *killable.Server
	client *http.Client

	mu       sync.Mutex
	posts    []known         // what there is to act on
	marks    map[string]int  // texts of posts that were acknowledged, with their ids
	votes    map[vote]int    // votes that were acknowledged
	doubtful map[vote]bool   // votes whose response was lost
	busy     map[vote]bool   // votes under way
	gone     map[int]bool    // posts that somebody tried to delete
	statuses map[int]int     // responses by status
	failed   map[string]bool // responses that no client should get
	cut      int             // requests without a response
	slowest  time.Duration
}

// known is a post that clients may act on.
type known struct {
	id, parent int
	kind       byte
}

// anonymousCookie is the value of the cookie qa_id of anonymous visitors, which the recorded site
// knows.
const anonymousCookie = "8938742721489337421"

// hot is the number of existing posts on which the load concentrates.
const hot = 40

func newLoad(ctx context.Context, s *settings, d *target) (*load, error) {
	c, err := newServer(ctx, d.URL)
	if err != nil {
		return nil, err
	}
	l := &load{s: s, site: d, server: c, marks: map[string]int{}, votes: map[vote]int{},
		doubtful: map[vote]bool{}, busy: map[vote]bool{}, gone: map[int]bool{},
		statuses: map[int]int{}, failed: map[string]bool{}}
	l.client = &http.Client{
		Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: s.clients},
	}
	err = d.app.DB.Select(ctx, func(rows *sql.Rows) error {
		var k known
		var kind string
		err := rows.Scan(&k.id, &k.parent, &kind)
		k.kind = kind[0]
		l.posts = append(l.posts, k)
		return err
	}, `SELECT postid, COALESCE(parentid, 0), LEFT(type, 1)
		FROM {posts}
		WHERE type IN ('Q', 'A', 'C')
		ORDER BY postid
		LIMIT ?`, hot)
	return l, err
}

// run starts the server and sends requests to it until it has been killed and restarted as often as
// configured. Then it stops the server.
func (l *load) run(ctx context.Context) error {
	if err := l.server.Start(ctx); err != nil {
		return err
	}
	acting, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	for i := range l.s.clients {
		wait.Go(func() {
			r := rand.New(rand.NewPCG(l.s.seed, uint64(i)))
			for acting.Err() == nil {
				l.act(acting, r)
			}
		})
	}
	if l.s.oldSite {
		wait.Go(func() {
			if err := l.writeAsOldSite(acting); err != nil && acting.Err() == nil {
				l.fail("the old site's writer: " + err.Error())
			}
		})
	}
	err := l.killing(ctx)
	stop()
	wait.Wait()
	return errors.Join(err, l.server.Stop())
}

// killing kills and restarts the server as often as configured, and leaves the last process running.
func (l *load) killing(ctx context.Context) error {
	for range l.s.kills {
		if err := sleep(ctx, l.s.every); err != nil {
			return err
		}
		if err := l.server.Kill(); err != nil {
			return err
		}
		if err := l.server.Start(ctx); err != nil {
			return err
		}
	}
	return sleep(ctx, l.s.every)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (l *load) fail(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.failed) < 20 {
		l.failed[what] = true
	}
}

// send sends a request; headers are alternating names and values. The status is 0 if no response
// came.
func (l *load) send(
	ctx context.Context, user int, method, path string, body any, headers ...string,
) (status int, answer map[string]any) {
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body) // of our own maps
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), method,
		"http://"+l.server.Address+path, bytes.NewReader(text))
	if err != nil {
		l.fail(err.Error())
		return 0, nil
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	// Views by programs are not counted.
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
	if user != 0 {
		req.Header.Set("Authorization", fmt.Sprintf("Bearer user-%d", user))
	} else {
		req.Header.Set("Cookie", "qa_id="+anonymousCookie)
	}
	start := time.Now()
	res, err := l.client.Do(req)
	if err == nil {
		defer res.Body.Close()
		var content []byte
		if content, err = io.ReadAll(res.Body); err == nil {
			status = res.StatusCode
			if len(content) > 0 {
				err = json.Unmarshal(content, &answer)
			}
		}
	}
	took := time.Since(start)
	if err != nil {
		time.Sleep(20 * time.Millisecond) // as clients do while a server is away
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.cut++
		return 0, nil
	}
	l.statuses[status]++
	l.slowest = max(l.slowest, took)
	if status >= 500 && len(l.failed) < 20 {
		l.failed[fmt.Sprintf("%s %s → %d %v", method, path, status, answer["code"])] = true
	}
	return status, answer
}

// report prints what was done.
func (l *load) report(took time.Duration) {
	all := 0
	var parts []string
	for status, n := range l.statuses {
		all += n
		parts = append(parts, fmt.Sprintf("%d: %d", status, n))
	}
	slices.Sort(parts)
	fmt.Printf("%d answers in %.0f s (%.0f a second), %s; %d requests cut off; slowest %.2f s; %d posts and %d votes acknowledged\n",
		all, took.Seconds(), float64(all)/took.Seconds(), strings.Join(parts, ", "), l.cut,
		l.slowest.Seconds(), len(l.marks), len(l.votes))
}

// lost returns what was acknowledged but is not in the database, and other failures.
func (l *load) lost(ctx context.Context, d *target) ([]string, error) {
	var failures []string
	for f := range l.failed {
		failures = append(failures, f)
	}
	var ids []int
	if err := d.app.DB.Select(ctx, database.Append(&ids), "SELECT postid FROM {posts}"); err != nil {
		return nil, err
	}
	there := make(map[int]bool, len(ids))
	for _, id := range ids {
		there[id] = true
	}
	for mark, id := range l.marks {
		if !there[id] && !l.gone[id] {
			failures = append(failures,
				fmt.Sprintf("post %d (%s) was acknowledged and is not there", id, mark))
		}
	}
	stored := map[vote]int{}
	err := d.app.DB.Select(ctx, func(rows *sql.Rows) error {
		var v vote
		var value int
		err := rows.Scan(&v.user, &v.post, &value)
		stored[v] = value
		return err
	}, "SELECT userid, postid, vote FROM {uservotes}")
	if err != nil {
		return nil, err
	}
	for v, value := range l.votes {
		if there[v.post] && !l.doubtful[v] && stored[v] != value {
			failures = append(failures,
				fmt.Sprintf("vote %d of user %d on post %d was acknowledged, %d is there", value,
					v.user, v.post, stored[v]))
		}
	}
	doubled, err := l.doubled(ctx, d)
	return append(failures, doubled...), err
}

// made matches the mark of the post that an event is about.
var made = regexp.MustCompile(`torture (m[0-9a-f]+)`)

// doubled returns a failure for each post that was written twice or does not have exactly one event.
func (l *load) doubled(ctx context.Context, d *target) ([]string, error) {
	var failures []string
	seen := map[string]int{}
	err := d.app.DB.Select(ctx, func(rows *sql.Rows) error {
		var id, events int
		var payload sql.NullString
		if err := rows.Scan(&id, &payload, &events); err != nil {
			return err
		}
		mark := made.FindStringSubmatch(payload.String)
		switch {
		case events != 1:
			failures = append(failures, fmt.Sprintf("post %d has %d events", id, events))
		case mark == nil:
			failures = append(failures, fmt.Sprintf("post %d was not written by the load", id))
		case seen[mark[1]] != 0:
			failures = append(failures,
				fmt.Sprintf("posts %d and %d were written for one request (%s)", seen[mark[1]], id, mark[1]))
		default:
			seen[mark[1]] = id
		}
		return nil
	}, `SELECT p.postid, (SELECT MAX(o.payload) FROM {q2ab_outbox} o WHERE `+creation+`),
			(SELECT COUNT(*) FROM {q2ab_outbox} o WHERE `+creation+`)
		FROM {posts} p
		WHERE p.postid > ? AND p.type <> 'NOTE' AND (p.userid IS NULL OR p.userid <> ?)`,
		d.lastPost, lurker)
	return failures, err
}

// creation is the SQL condition that an event o of the outbox says that the post p was created. It
// excludes the second event of a post that was approved later.
const creation = "o.name IN ('q_post', 'a_post', 'c_post', 'q_queue', 'a_queue', 'c_queue') " +
	"AND o.payload LIKE CONCAT('%\"params\":_\"postid\":', p.postid, ',%') " +
	"AND o.payload NOT LIKE '%\"delayed\":%'"
