package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// memberCount is how many members write. They have the password of the demonstration's members.
const (
	memberCount = 60
	password    = "mitsubachi"
)

func memberName(i int) string { return fmt.Sprintf("member%d", i) }

// threadLength is about how many comments a question gets before another one takes its place: threads of
// thousands would be slow, and are not what a site has.
const threadLength = 20

// tokensFor is for how long the members' access tokens are used; they are good for 15 minutes.
const tokensFor = 8 * time.Minute

// patience is for how long a client repeats a write that got no response or an error of the server.
const patience = 25 * time.Second

// load sends requests at a steady rate, whether or not earlier ones have been answered.
type load struct {
	w         *world
	client    *http.Client
	questions []int

	mu       sync.Mutex
	attempts []attempt
	written  map[string]bool // texts of comments, and whether they were acknowledged
}

// attempt is one request that was sent. status is 0 if no response came.
type attempt struct {
	at     time.Time
	took   time.Duration
	status int
}

func (a attempt) failed() bool { return a.status == 0 || a.status >= http.StatusInternalServerError }

func newLoad(ctx context.Context, w *world) (*load, error) {
	l := &load{w: w, written: map[string]bool{}, client: &http.Client{Timeout: 20 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 500, MaxIdleConns: 500}}}
	if time.Since(w.since) > tokensFor {
		w.tokens, w.since = nil, time.Now()
		for i := range memberCount {
			status, answer, err := l.send(ctx, "POST", "/v1/auth/sign-in", "",
				map[string]any{"login": memberName(i), "password": password})
			token, _ := answer["accessToken"].(string)
			if token == "" {
				return nil, fmt.Errorf("sign in as %s: %d %v %w", memberName(i), status, answer["code"], err)
			}
			w.tokens = append(w.tokens, token)
		}
	}
	for _, token := range w.tokens {
		id, status, err := l.ask(ctx, token)
		if id == 0 {
			return nil, fmt.Errorf("no question can be asked: status %d, %w", status, err)
		}
		l.questions = append(l.questions, id)
	}
	l.attempts = nil
	return l, nil
}

// run sends requests until the context ends, and then waits for those under way.
func (l *load) run(ctx context.Context) {
	ticker := time.NewTicker(time.Second / time.Duration(l.w.settings.rate))
	defer ticker.Stop()
	var under sync.WaitGroup
	defer under.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		under.Go(func() {
			// A request that has begun is finished.
			if ctx := context.WithoutCancel(ctx); rand.IntN(5) == 0 {
				l.write(ctx)
			} else {
				l.read(ctx)
			}
		})
	}
}

// ask asks a question, and returns its id, or 0 if that failed.
func (l *load) ask(ctx context.Context, token string) (id, status int, err error) {
	key := fmt.Sprintf("%016x", rand.Uint64())
	title := "蜂の巣箱はどこに置きますか " + key
	status, answer, err := l.send(ctx, http.MethodPost, "/v1/questions", token,
		map[string]any{"categoryId": 1, "title": title, "content": "日当たりを知りたいです。"}, key)
	number, _ := answer["id"].(float64)
	return int(number), status, err
}

// question returns the id of a question that the load has asked.
func (l *load) question() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.questions[rand.IntN(len(l.questions))]
}

func (l *load) read(ctx context.Context) {
	question := l.question()
	path := []string{"/v1/questions?limit=20", fmt.Sprintf("/v1/questions/%d?include=answers,comments", question),
		"/v1/search?q=" + url.QueryEscape("巣箱"), "/v1/site"}[rand.IntN(4)]
	_, _, _ = l.send(ctx, http.MethodGet, path, "", nil) // it is noted
}

// write adds a comment, and repeats that with the same key until the server has said what became of it.
func (l *load) write(ctx context.Context) {
	token := l.w.tokens[rand.IntN(memberCount)]
	if rand.IntN(threadLength) == 0 {
		if id, _, _ := l.ask(ctx, token); id != 0 {
			l.mu.Lock()
			l.questions[rand.IntN(len(l.questions))] = id
			l.mu.Unlock()
		}
		return
	}
	mark := fmt.Sprintf("chaos %x %x", rand.Uint64(), rand.Uint64())
	path := fmt.Sprintf("/v1/posts/%d/comments", l.question())
	l.note(mark, false)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		status, _, _ := l.send(ctx, http.MethodPost, path, token, map[string]any{"content": mark}, mark)
		if status == http.StatusCreated {
			l.note(mark, true)
		}
		if status != 0 && status < http.StatusInternalServerError {
			return
		}
	}
}

func (l *load) note(mark string, acknowledged bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.written[mark] = acknowledged
}

// send sends a request, with an Idempotency-Key if one is given, and notes what came of it.
func (l *load) send(ctx context.Context, method, path, token string, body any, key ...string) (
	status int, answer map[string]any, err error,
) {
	var content []byte
	if body != nil {
		if content, err = json.Marshal(body); err != nil {
			return 0, nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+l.w.balancer.address+path, bytes.NewReader(content))
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Body = nil
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, k := range key {
		r.Header.Set("Idempotency-Key", strings.ReplaceAll(k, " ", "-"))
	}
	a := attempt{at: time.Now()}
	res, err := l.client.Do(r)
	if err == nil {
		defer res.Body.Close()
		var text []byte
		if text, err = io.ReadAll(res.Body); err == nil {
			a.status = res.StatusCode
			_ = json.Unmarshal(text, &answer) // what is no JSON is no answer
		}
	}
	a.took = time.Since(a.at)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts = append(l.attempts, a)
	return a.status, answer, err
}

// failedSince reports whether a request failed that was sent after a moment.
func (l *load) failedSince(t time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.attempts, func(a attempt) bool { return a.failed() && a.at.Add(a.took).After(t) })
}

// check returns how many comments were acknowledged and are not in the database, and how many are there
// twice.
func (l *load) check(ctx context.Context) (lost, twice int, err error) {
	rows, err := l.w.primary.db.QueryContext(ctx,
		"SELECT content FROM qa_posts WHERE type = 'C' AND content LIKE 'chaos %'")
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	there := map[string]int{}
	for rows.Next() {
		var content string
		if err := rows.Scan(&content); err != nil {
			return 0, 0, err
		}
		there[content]++
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for mark, acknowledged := range l.written {
		if acknowledged && there[mark] == 0 {
			lost++
		}
		if there[mark] > 1 {
			twice++
		}
	}
	return lost, twice, rows.Err()
}

// row is what came of a fault.
type row struct {
	text     string
	requests int
	// seen are the responses besides successes, by status. failed is how many of them were failures: no
	// response, or one from 500 on. 429 is none: a client that writes faster than the server lets it is told so.
	seen      map[string]int
	failed    int
	well      time.Duration // after the fault had ended
	p99, idle time.Duration
	written   int
	lost      int
	twice     int
}

// row sums up the load around a fault that lasted from begun to ended.
func (l *load) row(f fault, begun, ended time.Time, lost, twice int) row {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := row{text: f.text, requests: len(l.attempts), seen: map[string]int{}, lost: lost, twice: twice}
	var times []time.Duration
	for _, a := range l.attempts {
		if a.failed() {
			name := "no response"
			if a.status != 0 {
				name = strconv.Itoa(a.status)
			}
			r.seen[name]++
			r.failed++
			r.well = max(r.well, a.at.Add(a.took).Sub(ended))
		} else if a.status >= http.StatusBadRequest {
			r.seen[strconv.Itoa(a.status)]++
		}
		if !a.failed() && a.at.After(begun) && a.at.Before(ended) {
			times = append(times, a.took)
		}
	}
	for _, acknowledged := range l.written {
		if acknowledged {
			r.written++
		}
	}
	slices.Sort(times)
	if len(times) > 0 {
		r.p99 = times[len(times)*99/100]
	}
	if f.name == "nothing" {
		l.w.idle = r.p99
	}
	r.idle = l.w.idle
	return r
}

// longest is within which time all has to be well again.
const longest = 10 * time.Second

// ok reports whether the fault was survived as it should be.
func (r row) ok(f fault) bool {
	return r.lost == 0 && r.twice == 0 && r.well <= longest && (!f.spared || r.failed == 0)
}

// String returns the row as one of a table in Markdown.
func (r row) String() string {
	var seen []string
	for name, n := range r.seen {
		seen = append(seen, fmt.Sprintf("%s × %d", name, n))
	}
	slices.Sort(seen)
	saw, well, p99 := "nothing", "–", "–"
	if len(seen) > 0 {
		saw = strings.Join(seen, ", ")
	}
	if r.well > 0 {
		well = fmt.Sprintf("%.1f s", r.well.Seconds())
	}
	if r.p99 > 0 {
		p99 = fmt.Sprintf("%d ms", r.p99.Milliseconds())
		if r.idle > 0 && r.idle != r.p99 {
			p99 += fmt.Sprintf(" (%.1f ×)", float64(r.p99)/float64(r.idle))
		}
	}
	return fmt.Sprintf("| %s | %d | %s | %s | %s | %d | %d | %d |",
		r.text, r.requests, saw, well, p99, r.written, r.lost, r.twice)
}
