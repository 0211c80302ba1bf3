package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/observe"
)

// userAgent is a user agent whose views the server does not count, so that the load only reads.
const userAgent = "q2ab-bench"

// request is one request and the statements that the server runs for it.
type request struct {
	path string
	// header are the lines of further headers, each with its line break; "" for none.
	header     string
	statements []string
}

// workload is a kind of load, whose requests are sent in random order.
type workload struct {
	name     string
	requests []request
}

// requestsOfEach is the number of different requests in each workload.
const requestsOfEach = 200

// makeWorkloads makes the requests of all workloads that only accepts, always the same ones for a
// database. To find out the statements of each request, it sends the request through the application
// in this process, whose database connections go through a recorder. Each request is sent twice and
// the second time counts, so that the statements are those of a server that has had the same request
// before.
func makeWorkloads(ctx context.Context, databaseURL string, only func(name string) bool) (
	all []workload, err error,
) {
	rec, err := newRecorder(ctx, databaseURL)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rec.close()) }()
	cfg, err := config.Load()
	if err != nil {
		return nil, err
	}
	cfg.DatabaseURL, cfg.TablePrefix, cfg.RateLimit, cfg.RedisURL, cfg.LogLevel = rec.url, tablePrefix,
		"off", "", "error"
	slog.SetDefault(observe.NewLogger(os.Stderr, cfg.LogLevel, cfg.LogFormat))
	app, err := modules.New(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	if err := runJobs(ctx, app); err != nil {
		return nil, err
	}
	site, err := readSite(ctx, app.DB)
	if err != nil {
		return nil, err
	}
	cursors, err := walk(ctx, app, "/v1/questions?limit=100")
	if err != nil {
		return nil, err
	}
	users, err := walk(ctx, app, "/v1/users?limit=100")
	if err != nil {
		return nil, err
	}
	sitemaps, err := sitemapParts(ctx, app)
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(1, 1))
	for _, kind := range []struct {
		name string
		path func() string
	}{
		{"list", listPath(r, "/v1/questions", cursors)},
		{"thread", threadPath(r, site)},
		{"search", searchPath(r, site)},
		{"tag", tagPath(r, site, "")},
		{"tag-sorted", tagPath(r, site, "&sort=votes")},
		{"related", relatedPath(r, site)},
		{"activity", oneOf(r, "/v1/activity", "/v1/activity?kind=home", "/v1/activity?kind=edits")},
		{"users", listPath(r, "/v1/users", users)},
		{"badges", oneOf(r, "/v1/badges")},
		{"sitemap", oneOf(r, append(sitemaps, "/sitemap.xml")...)},
	} {
		if !only(kind.name) {
			continue
		}
		w := workload{name: kind.name}
		for range requestsOfEach {
			req := request{path: kind.path()}
			if err := send(ctx, app, req.path, nil); err != nil { // what stays in memory is read here
				return nil, err
			}
			req.statements, err = rec.during(func() error { return send(ctx, app, req.path, nil) })
			if err != nil {
				return nil, err
			}
			w.requests = append(w.requests, req)
		}
		all = append(all, w)
	}
	return all, nil
}

// send sends a request through the application and decodes the response into body, unless that is
// nil.
func send(ctx context.Context, app *modules.App, path string, body any) error {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, http.NoBody)
	r.Header.Set("User-Agent", userAgent)
	w := httptest.NewRecorder()
	app.Server.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		return fmt.Errorf("GET %s: %d %s", path, w.Code, w.Body)
	}
	if body == nil {
		return nil
	}
	if strings.Contains(w.Header().Get("Content-Type"), "xml") {
		return xml.Unmarshal(w.Body.Bytes(), body)
	}
	return json.Unmarshal(w.Body.Bytes(), body)
}

// sitemapParts returns the paths of the parts of the sitemap.
func sitemapParts(ctx context.Context, app *modules.App) ([]string, error) {
	var index struct {
		Parts []string `xml:"sitemap>loc"`
	}
	err := send(ctx, app, "/sitemap.xml", &index)
	for i, part := range index.Parts {
		index.Parts[i] = part[strings.LastIndex(part, "/"):]
	}
	return index.Parts, err
}

// runJobs runs the jobs whose results the measured requests read, unless the database has them already.
func runJobs(ctx context.Context, app *modules.App) error {
	for job, table := range map[string]string{"badges": "{ysb_badges}", "postings": "{q2ab_postings}"} {
		var one int
		found, err := app.DB.Get(ctx, []any{&one}, "SELECT 1 FROM "+table+" LIMIT 1")
		if err != nil {
			return err
		}
		if found {
			continue
		}
		run, err := app.Jobs.Start(ctx, job, jobs.Options{})
		if err != nil {
			return err
		}
		if err := app.Jobs.Work(ctx, run, func(*jobs.Run, *jobs.Work) {}); err != nil {
			return err
		}
	}
	return nil
}

// walk returns the cursors of up to fifty pages at the start of a list.
func walk(ctx context.Context, app *modules.App, list string) ([]string, error) {
	var cursors []string
	for cursor := ""; len(cursors) < 50; {
		var page struct{ NextCursor string }
		if err := send(ctx, app, list+cursor, &page); err != nil {
			return nil, err
		}
		if page.NextCursor == "" {
			break
		}
		cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
		cursors = append(cursors, cursor)
	}
	return cursors, nil
}

// siteSample is what requests are made from.
type siteSample struct {
	questions    []int
	titles, tags []string // of the questions, in the same order
}

func readSite(ctx context.Context, db *database.DB) (siteSample, error) {
	var s siteSample
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var title, tags string
		err := rows.Scan(&id, &title, &tags)
		s.questions, s.titles, s.tags = append(s.questions, id), append(s.titles, title), append(s.tags, tags)
		return err
	}, "SELECT postid, title, tags FROM {posts} WHERE type = 'Q' ORDER BY postid")
	if err == nil && len(s.questions) < 10 {
		err = errors.New("hardly any questions in the database")
	}
	return s, err
}

// listPath returns a function that returns the path of a page of a list: half of the time the first
// page, otherwise one by number or by cursor.
func listPath(r *rand.Rand, list string, cursors []string) func() string {
	return func() string {
		switch n := r.IntN(4); {
		case n < 2 || len(cursors) == 0:
			return list
		case n == 2:
			return fmt.Sprintf("%s?page=%d", list, 1+r.IntN(50))
		}
		return list + "?limit=20" + cursors[r.IntN(len(cursors))]
	}
}

// oneOf returns a function that returns one of the paths at random.
func oneOf(r *rand.Rand, paths ...string) func() string {
	return func() string { return paths[r.IntN(len(paths))] }
}

// relatedPath returns a function that returns the path of the questions related to a random
// question.
func relatedPath(r *rand.Rand, s siteSample) func() string {
	return func() string {
		return fmt.Sprintf("/v1/questions/%d/related", s.questions[r.IntN(len(s.questions))])
	}
}

// threadPath returns a function that returns the path of a whole thread, popular ones more often.
func threadPath(r *rand.Rand, s siteSample) func() string {
	order := r.Perm(len(s.questions))
	zipf := rand.NewZipf(r, 1.1, 20, uint64(len(order)-1))
	return func() string {
		return fmt.Sprintf("/v1/questions/%d?include=answers,comments", s.questions[order[zipf.Uint64()]])
	}
}

// words matches what people might type to search for a title: pieces of Japanese and English words.
var words = regexp.MustCompile(`\p{Han}{1,3}|[\p{Katakana}ー]{2,}|[a-z]{4,}`)

// searchPath returns a function that returns the path of a search for one to three words of a title.
func searchPath(r *rand.Rand, s siteSample) func() string {
	return func() string {
		for {
			found := words.FindAllString(s.titles[r.IntN(len(s.titles))], -1)
			if len(found) == 0 {
				continue
			}
			r.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
			return "/v1/search?q=" + url.QueryEscape(strings.Join(found[:min(len(found), 1+r.IntN(3))], " "))
		}
	}
}

// tagPath returns a function that returns the path of the list for a tag, with additional
// parameters. A tag is chosen as often as questions have it.
func tagPath(r *rand.Rand, s siteSample, more string) func() string {
	return func() string {
		for {
			if tags := strings.Split(s.tags[r.IntN(len(s.tags))], ","); tags[0] != "" {
				return "/v1/questions?tag=" + url.QueryEscape(tags[r.IntN(len(tags))]) + more
			}
		}
	}
}
