package modules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/testsite"
)

type problemBody struct {
	Type, Title, Detail, Code string
	Status                    int
	Errors                    []struct{ Field, Code, Message string }
}

// TestEveryParameterRefusesNonsense gives each parameter of each reading operation of the OpenAPI document
// wrong values, and checks that none leads to a 500 and that each refusal says what is wrong.
func TestEveryParameterRefusesNonsense(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		bad := map[string][]string{
			"integer": {"abc", "1.5", "-1", "0", "99999999999999999999", "", "１２", "1e3", "0x10", " 1"},
			"string":  {strings.Repeat("あ", 1000), "\x00", "\xff\xfe", "a\x00b", "🐝", "%_\\'\"", "' OR 1=1 -- "},
			"boolean": {"maybe", "2"},
			"array":   {"nonsense", ",,,"},
		}
		requests := 0
		for path, item := range s.App.Server.API().OpenAPI().Paths {
			op := item.Get
			if op == nil || !strings.HasPrefix(path, "/v1/") {
				continue
			}
			base := fillPath(path)
			for _, p := range op.Parameters {
				values := bad[p.Schema.Type]
				if len(p.Schema.Enum) > 0 {
					values = append([]string{"nonsense", "RECENT", ""}, values...)
				}
				for _, v := range values {
					var target string
					if p.In == "query" {
						target = base + "?" + p.Name + "=" + url.QueryEscape(v) +
							strings.Replace(requiredParams(op, p.Name), "?", "&", 1)
					} else {
						if v == "" {
							continue
						}
						target = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(v))
						target = fillPath(target) + requiredParams(op, p.Name)
					}
					res := s.Request(t, http.MethodGet, target, testsite.Superbee)
					requests++
					if res.StatusCode >= 500 {
						t.Errorf("GET %s: %s\n%s", target, res.Status, testsite.Text(t, res))
					}
					if res.StatusCode == 422 || res.StatusCode == 400 {
						problem := testsite.Decode[problemBody](t, res)
						if problem.Code == "" || len(problem.Errors) == 0 &&
							problem.Code != "invalid_cursor" && problem.Code != "invalid_query" {
							t.Errorf("GET %s: a refusal that names nothing: %+v", target, problem)
						}
					}
				}
				if p.In == "query" && p.Schema.Type != huma.TypeArray {
					twice := base + "?" + p.Name + "=1&" + p.Name + "=1" +
						strings.Replace(requiredParams(op, p.Name), "?", "&", 1)
					problem := testsite.Decode[problemBody](t,
						s.Request(t, http.MethodGet, twice, testsite.Superbee))
					if problem.Status != 400 || len(problem.Errors) == 0 ||
						problem.Errors[0].Code != "duplicate" {
						t.Errorf("GET %s: %+v", twice, problem)
					}
				}
			}
			unknown := base + "?surprise=1" + strings.Replace(requiredParams(op, ""), "?", "&", 1)
			problem := testsite.Decode[problemBody](t,
				s.Request(t, http.MethodGet, unknown, testsite.Superbee))
			if problem.Status != 400 || len(problem.Errors) != 1 || problem.Errors[0].Field != "surprise" {
				t.Errorf("GET %s: %+v", unknown, problem)
			}
		}
		for _, path := range []string{
			"/feed/tag/%ff", "/feed/questions/%00", "/%ff", "/%ff/x", "/user/%00", "/tag/%ff", "/🐝",
			"/feed/search/🐝.rss",
		} {
			if status := s.Request(t, http.MethodGet, path, testsite.Visitor).StatusCode; status >= 500 {
				t.Errorf("GET %s: %d", path, status)
			}
		}
		if requests < 300 {
			t.Errorf("only %d requests", requests)
		}
	})
}

func fillPath(path string) string {
	return strings.NewReplacer("{id}", "1", "{handle}", "aki", "{tag}", "queen", "{slug}",
		"guide", "{ip}", "203.0.113.14", "{noteId}", "1").Replace(path)
}

// requiredParams returns a query with the parameters that an operation requires, except the given one.
func requiredParams(op *huma.Operation, except string) string {
	out := ""
	for _, p := range op.Parameters {
		if p.In == "query" && p.Required && p.Name != except {
			out += "&" + p.Name + "=bee"
		}
	}
	return strings.Replace(out, "&", "?", 1)
}

func TestProblems(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for _, c := range []struct {
		method, path   string
		header         []string
		status         int
		code, language string
	}{
		{"GET", "/v1/nothing", nil, 404, "not_found", "Not found"},
		{"GET", "/v1/nothing", []string{"Accept-Language", "ja,en;q=0.5"}, 404, "not_found", "見つかりません"},
		{"GET", "/v1/nothing", []string{"Accept-Language", "en,ja;q=0.5"}, 404, "not_found", "Not found"},
		{"POST", "/v1/tags", nil, 405, "method_not_allowed", "Method not allowed"},
		{"GET", "/v1/questions/344", []string{"Accept-Language", "ja"}, 403, "hidden", "非表示の投稿です"},
		{"GET", "/v1/questions", []string{"Authorization", "Bearer nonsense"}, 401, "unauthenticated", "Not signed in"},
		{"GET", "/v1/questions", []string{"Authorization", "Basic dGVzdA=="}, 401, "unauthenticated", "Not signed in"},
		{"GET", "/v1/me/favorites", nil, 403, "login_required", "Sign-in required"},
		{"GET", "/v1/questions?cursor=AAAA", nil, 400, "invalid_cursor", "Cursor not valid"},
		{"GET", "/v1/questions?%zz", nil, 400, "invalid_query", "Query not understood"},
		{"GET", "/v1/" + strings.Repeat("x", 9000), nil, 414, "uri_too_long", "Address too long"},
		{"GET", "/v1/categories/nowhere", nil, 404, "not_found", "Not found"},
	} {
		t.Run(fmt.Sprintf("%s %.40s is %s", c.method, c.path, c.code), func(t *testing.T) {
			res := s.Request(t, c.method, c.path, testsite.Visitor, c.header...)
			problem := testsite.Decode[problemBody](t, res)
			if res.StatusCode != c.status || problem.Code != c.code || problem.Title != c.language ||
				problem.Status != c.status || problem.Type != "/problems/"+c.code {
				t.Errorf("%s %.60s: %d %+v", c.method, c.path, res.StatusCode, problem)
			}
			if got := res.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("%s %.60s: content type %q", c.method, c.path, got)
			}
			if c.status == 401 && res.Header.Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
		})
	}
	// A cursor of one list is refused by another.
	cursor := testsite.Get[testsite.List[testsite.Question]](t, s, "/v1/questions?limit=1").NextCursor
	if status := s.Request(t, "GET", "/v1/questions?sort=votes&cursor="+cursor,
		testsite.Visitor).StatusCode; status != 400 {
		t.Errorf("a cursor of another order: %d", status)
	}
	if status := s.Request(t, "GET", "/v1/questions?page=2&cursor="+cursor,
		testsite.Visitor).StatusCode; status != 422 {
		t.Errorf("cursor together with page: %d", status)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for name, body := range map[string]io.Reader{
		"announced": bytes.NewReader(make([]byte, 10<<20)),
		"chunked":   io.MultiReader(bytes.NewReader(make([]byte, 10<<20))),
	} {
		r, err := http.NewRequest(http.MethodPost, s.URL+"/v1/questions", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			// The server may close the connection under a client that goes on sending.
			continue
		}
		res.Body.Close()
		if res.StatusCode != http.StatusRequestEntityTooLarge &&
			res.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %s", name, res.Status)
		}
	}
	testsite.Get[testsite.List[testsite.Question]](t, s, "/v1/questions") // the server goes on
}

func TestConditionalRequests(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for _, path := range []string{
		"/v1/questions", "/v1/questions/1?include=answers", "/v1/categories", "/v1/media/349191701032341547",
		"/feed/questions.rss", "/openapi.json",
	} {
		first := s.Request(t, "GET", path, testsite.Visitor)
		tag := first.Header.Get("ETag")
		// Files are the same for everybody: caches need not tell callers apart.
		varies := !strings.HasPrefix(path, "/v1/media/")
		// Views change numbers in lists and threads, but make no new version.
		weak := strings.HasPrefix(path, "/v1/questions")
		if first.StatusCode != 200 || weak != strings.HasPrefix(tag, `W/"`) ||
			first.Header.Get("Cache-Control") == "" || varies != (first.Header.Get("Vary") != "") {
			t.Errorf("GET %s: %s, ETag %s, Cache-Control %q", path, first.Status, tag,
				first.Header.Get("Cache-Control"))
		}
		again := s.Request(t, "GET", path, testsite.Visitor, "If-None-Match", tag)
		if again.StatusCode != http.StatusNotModified || testsite.Text(t, again) != "" {
			t.Errorf("GET %s again: %s", path, again.Status)
		}
		if other := s.Request(t, "GET", path, testsite.Visitor,
			"If-None-Match", `"other"`); other.StatusCode != 200 {
			t.Errorf("GET %s with another tag: %s", path, other.Status)
		}
		head := s.Request(t, "HEAD", path, testsite.Visitor)
		// Go's client asks for gzip with GET only, and a compressed response has another tag.
		if head.StatusCode != 200 || testsite.Text(t, head) != "" ||
			head.Header.Get("ETag") != strings.Replace(tag, "-gzip", "", 1) {
			t.Errorf("HEAD %s: %s %s", path, head.Status, head.Header.Get("ETag"))
		}
	}
	// Go's client asks for gzip and unpacks by itself; asking by hand shows what is sent.
	packed := s.Request(t, "GET", "/v1/questions", testsite.Visitor, "Accept-Encoding", "gzip")
	if packed.Header.Get("Content-Encoding") != "gzip" ||
		!strings.HasSuffix(packed.Header.Get("ETag"), `-gzip"`) {
		t.Errorf("not compressed: %v", packed.Header)
	}
	plain := s.Request(t, "GET", "/v1/questions", testsite.Visitor, "Accept-Encoding", "gzip;q=0")
	if plain.Header.Get("Content-Encoding") != "" {
		t.Error("compressed against the client's will")
	}
}

func TestRequestIDsAndSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	res := s.Request(t, "GET", "/v1/questions?limit=1", testsite.Visitor, "X-Request-Id", "abc-123")
	for name, want := range map[string]string{
		"X-Request-Id": "abc-123", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if id := s.Request(t, "GET", "/v1/questions?limit=1", testsite.Visitor, "X-Request-Id",
		"bad id \"").Header.Get("X-Request-Id"); len(id) < 20 {
		t.Errorf("made id: %q", id)
	}
	if got := res.Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("CORS is open: %q", got)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	s := testsite.New(t,
		testsite.Config(func(c *config.Config) { c.CORSOrigins = []string{"https://38qa.net"} }))
	if got := s.Request(t, "GET", "/v1/questions", testsite.Visitor, "Origin",
		"https://38qa.net").Header.Get("Access-Control-Allow-Origin"); got != "https://38qa.net" {
		t.Errorf("allowed origin: %q", got)
	}
	if got := s.Request(t, "GET", "/v1/questions", testsite.Visitor, "Origin",
		"https://evil.example").Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("foreign origin: %q", got)
	}
	preflight := s.Request(t, "OPTIONS", "/v1/questions", testsite.Visitor, "Origin", "https://38qa.net",
		"Access-Control-Request-Method", "PATCH")
	if preflight.StatusCode != 204 ||
		!strings.Contains(preflight.Header.Get("Access-Control-Allow-Methods"), "PATCH") {
		t.Errorf("preflight: %s %v", preflight.Status, preflight.Header)
	}
	allowed := strings.ToLower(preflight.Header.Get("Access-Control-Allow-Headers"))
	for _, name := range []string{"authorization", "if-match", "idempotency-key", "last-event-id", "traceparent",
		"visitor-token"} {
		if !strings.Contains(allowed, name) {
			t.Errorf("a page may not send %s: %s", name, allowed)
		}
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	for name, redisURL := range map[string]string{"memory": "", "redis": "redis://" + redis.Addr()} {
		t.Run(name, func(t *testing.T) {
			s := testsite.New(t,
				testsite.Config(func(c *config.Config) { c.RateLimit, c.RedisURL = "3-H", redisURL }))
			var last *http.Response
			for range 4 {
				waitFor(t, func() bool { // a request passes uncounted while Redis is slow
					last = s.Request(t, "GET", "/v1/tags?limit=1", testsite.Visitor)
					return last.Header.Get("RateLimit-Limit") == "3"
				})
			}
			if last.StatusCode != 429 || last.Header.Get("Retry-After") == "" ||
				last.Header.Get("RateLimit-Remaining") != "0" {
				t.Errorf("over the limit: %s %v", last.Status, last.Header)
			}
			if p := testsite.Decode[struct{ RetryAfter int }](t, last); p.RetryAfter < 1 {
				t.Errorf("the problem says to try again after %d s", p.RetryAfter)
			}
			if res := s.Request(t, "GET", "/healthz", testsite.Visitor); res.StatusCode != 200 {
				t.Errorf("the probe is limited: %s", res.Status)
			}
			if redisURL != "" {
				redis.Close()
				if res := s.Request(t, "GET", "/v1/tags?limit=1", testsite.Visitor); res.StatusCode != 200 {
					t.Errorf("with Redis down: %s", res.Status)
				}
			}
		})
	}
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for range 100 {
		if condition() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("it did not happen")
}

// TestManyIdleConnections checks that thousands of open connections that send nothing do not keep other
// clients out.
func TestManyIdleConnections(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	// A test must not need more open files than most machines allow; 10,000 were tried by hand.
	const count = 2000
	var connections []net.Conn
	for range count {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Logf("%d connections, then: %v", len(connections), err)
			break
		}
		connections = append(connections, c)
	}
	if len(connections) < 500 {
		t.Fatalf("only %d connections", len(connections))
	}
	testsite.Get[testsite.List[testsite.Question]](t, s, "/v1/questions")
	for _, c := range connections {
		c.Close()
	}
}

// TestGracefulStop checks that when the application is told to stop, /readyz responds with 503, requests are
// still answered until the drain delay is over, and Run returns without an error.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	cfg := testsite.Settings(t)
	cfg.DatabaseURL = testsite.SQLite.Copy(t)
	cfg.Listen, cfg.DrainDelay = "127.0.0.1:0", 1500*time.Millisecond
	ctx, stop := context.WithCancel(context.Background())
	app, err := modules.New(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx, func(a net.Addr) { address <- "http://" + a.String() }) }()
	base := <-address
	status := func(path string) int {
		res, err := http.Get(base + path)
		if err != nil {
			return 0
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	if status("/readyz") != 200 || status("/healthz") != 200 {
		t.Fatal("not ready at start")
	}
	stop()
	waitFor(t, func() bool { return status("/readyz") == 503 })
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if got := status("/v1/questions"); got != 200 {
				t.Errorf("a request while draining: %d", got)
			}
		})
	}
	wait.Wait()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("did not stop")
	}
	if err := app.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenAPIDocument(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID, Summary string
			Responses            map[string]any
		}
	}
	if err := json.Unmarshal([]byte(testsite.Text(t, s.Request(t, "GET", "/openapi.json", testsite.Visitor))),
		&doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || len(doc.Paths) < 35 {
		t.Errorf("version %s, %d paths", doc.OpenAPI, len(doc.Paths))
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.OperationID == "" || op.Summary == "" || len(op.Responses) == 0 {
				t.Errorf("%s %s is not described: %+v", method, path, op)
			}
		}
	}
	for _, path := range []string{
		"/docs", "/docs/scalar.js", "/docs/start.js", "/problems",
	} {
		res := s.Request(t, "GET", path, testsite.Visitor)
		if body := testsite.Text(t, res); res.StatusCode != 200 ||
			strings.Contains(body[:min(len(body), 2000)], "cdn") {
			t.Errorf("GET %s: %s", path, res.Status)
		}
	}
}
