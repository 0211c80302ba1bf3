package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// TestKindsOfEvents checks that each kind of event reaches what handles it, and that an event of no known
// kind is refused.
func TestKindsOfEvents(t *testing.T) {
	t.Parallel()
	var calls []string
	f := function{
		api: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { calls = append(calls, r.URL.Path) }),
		trigger: func(_ context.Context, event json.RawMessage) (any, error) {
			calls = append(calls, "trigger")
			return event, nil
		},
		work: func(context.Context) error {
			calls = append(calls, "work")
			return nil
		},
		take: func(_ context.Context, key string) error {
			if calls = append(calls, key); key == "bad" {
				return errors.New("not taken in")
			}
			return nil
		},
	}
	for _, c := range []struct{ name, event, want, failure string }{
		{"ALB", `{"requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "GET", "path": "/v1/alb"}`,
			"/v1/alb", ""},
		{"HTTP API", `{"version": "2.0", "rawPath": "/v1/api", "requestContext": {"http": {"method": "GET"}}}`,
			"/v1/api", ""},
		{"Cognito", `{"triggerSource": "UserMigration_Authentication"}`, "trigger", ""},
		{"rule of EventBridge", `{"source": "aws.events", "detail-type": "Scheduled Event"}`, "work", ""},
		{"EventBridge Scheduler", `{"source": "aws.scheduler", "detail-type": "Scheduled Event"}`, "work", ""},
		{"S3", `{"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "site/incoming/12%2B3+4"}}}]}`,
			"site/incoming/12+3 4", ""},
		{"S3, of which one fails", `{"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "bad"}}},
			{"eventSource": "aws:s3", "s3": {"object": {"key": "good"}}}]}`, "bad good", "not taken in"},
		{"SQS", `{"Records": [{"eventSource": "aws:sqs"}]}`, "", "no known kind"},
		{"REST API", `{"requestContext": {"httpMethod": "GET"}, "path": "/"}`, "", "no known kind"},
		{"nothing", `{}`, "", "no known kind"},
		{"a list", `[]`, "", "no JSON object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls = nil
			_, err := f.handle(t.Context(), json.RawMessage(c.event))
			if got := strings.Join(calls, " "); got != c.want {
				t.Errorf("handled by %q, want %q", got, c.want)
			}
			if c.failure == "" && err != nil || c.failure != "" && !strings.Contains(fmt.Sprint(err), c.failure) {
				t.Errorf("error %v, want %q", err, c.failure)
			}
		})
	}
}

// TestWorkEndsInTime checks that scheduled work ends before Lambda ends the process, and that this is no failure,
// while a failure of the work is.
func TestWorkEndsInTime(t *testing.T) {
	t.Parallel()
	event := json.RawMessage(`{"source": "aws.scheduler"}`)
	ctx, cancel := context.WithTimeout(t.Context(), parting+50*time.Millisecond)
	defer cancel()
	f := function{work: func(ctx context.Context) error {
		<-ctx.Done()
		return fmt.Errorf("a job: %w", ctx.Err())
	}}
	if _, err := f.handle(ctx, event); err != nil || ctx.Err() != nil {
		t.Errorf("without time: %v; Lambda's own end: %v", err, ctx.Err())
	}
	f.work = func(context.Context) error { return errors.New("the database is away") }
	if _, err := f.handle(ctx, event); err == nil {
		t.Error("a failure counts as a success")
	}
}

// echoed is what a handler saw of a request.
type echoed struct {
	Method, URI, Host, Body string
	Query                   map[string][]string
	Header                  http.Header
}

// TestRequestsArriveWhole checks that a handler sees the same request whether it comes over HTTP or in an event,
// whatever is special about its path, query, headers, cookies and body, and that the client sees the same
// response.
func TestRequestsArriveWhole(t *testing.T) {
	t.Parallel()
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		header := http.Header{}
		for _, name := range []string{"Accept", "Content-Type", "Cookie", "X-Own", "If-None-Match"} {
			if values := r.Header.Values(name); values != nil {
				header[name] = []string{strings.Join(values, ",")}
			}
		}
		uri, _, _ := strings.Cut(r.RequestURI, "?")
		w.Header().Add("Set-Cookie", "a=1; Path=/")
		w.Header().Add("Set-Cookie", "b=2; HttpOnly")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(echoed{r.Method, uri, r.Host, string(body), r.URL.Query(), header})
	})
	server := httptest.NewServer(echo)
	defer server.Close()
	for _, c := range []struct {
		name, method, target, contentType, body string
		header                                  []string
	}{
		{"plain", "GET", "/v1/questions?limit=5", "", "", nil},
		{"a query twice", "GET", "/v1/events?tag=a&question=1&tag=b", "", "", nil},
		{"an encoded query", "GET", "/v1/search?q=a%20b%2Bc%26d%3D%E8%9C%82+e", "", "", nil},
		{"an empty value", "GET", "/v1/search?q=", "", "", nil},
		{"an encoded path", "GET", "/v1/users/%E8%9C%82%20%E5%A4%AA%E9%83%8E", "", "", nil},
		{"an encoded percent sign", "GET", "/v1/tags/100%25", "", "", nil},
		{"JSON", "POST", "/v1/questions", "application/json", `{"title": "蜂 \" \\ \u0041"}`, nil},
		{"bytes", "POST", "/v1/media", "multipart/form-data; boundary=x", "\x00\xff\xfe\r\n", nil},
		{"cookies", "GET", "/", "", "", []string{"Cookie", "a=1; b=2"}},
		{"headers", "DELETE", "/v1/posts/1", "", "", []string{"X-Own", "1, 2", "If-None-Match", `"a", W/"b"`}},
	} {
		for _, s := range senders {
			if s.name == "alb" && c.name == "a query twice" {
				continue // without multi-value headers the load balancer passes the last value only
			}
			t.Run(s.name+"/"+c.name, func(t *testing.T) {
				request := func() *http.Request {
					r, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.target,
						strings.NewReader(c.body))
					if err != nil {
						t.Fatal(err)
					}
					if c.body == "" {
						r.Body = nil
					}
					if c.contentType != "" {
						r.Header.Set("Content-Type", c.contentType)
					}
					for i := 0; i+1 < len(c.header); i += 2 {
						r.Header.Add(c.header[i], c.header[i+1])
					}
					return r
				}
				res, err := http.DefaultTransport.RoundTrip(request())
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				body := testsite.Text(t, res)
				got := s.pass(t, function{api: echo}, request(), "203.0.113.9")
				if s.name == "HTTP API" && c.name == "an encoded percent sign" {
					// The API decodes the path, so that nothing tells this from a wrong encoding.
					if !strings.Contains(got.body, "100%25") {
						t.Errorf("got %s", got.body)
					}
					return
				}
				if got.status != res.StatusCode || got.body != body {
					t.Errorf("got %d %s\nwant %d %s", got.status, got.body, res.StatusCode, body)
				}
				cookies := slices.Sorted(slices.Values(got.cookies()))
				if want := slices.Sorted(slices.Values(res.Header["Set-Cookie"])); !slices.Equal(cookies, want) {
					t.Errorf("cookies %q, want %q", cookies, want)
				}
			})
		}
	}
}

// TestClientsAddress checks that the address of a client is the one that AWS has seen, whatever the client
// writes into X-Forwarded-For, and that a request counts as TLS only where it was one.
func TestClientsAddress(t *testing.T) {
	t.Parallel()
	for _, s := range senders {
		t.Run(s.name, func(t *testing.T) {
			var address string
			var secure bool
			f := function{api: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				address, secure = r.RemoteAddr, r.TLS != nil
			})}
			for client, want := range map[string]string{
				"203.0.113.9": "203.0.113.9:0", "2001:db8::1": "[2001:db8::1]:0",
			} {
				r := httptest.NewRequest("GET", "/", nil)
				r.Header.Set("X-Forwarded-For", "198.51.100.1, 10.0.0.1")
				if s.pass(t, f, r, client); address != want || !secure {
					t.Errorf("from %s: address %q, TLS %v", client, address, secure)
				}
			}
		})
	}
}

// TestResponsesOfAnySize checks that bytes that are no text arrive unchanged, and that a problem stands in for
// a response that AWS would not pass on, or that a handler gave up.
func TestResponsesOfAnySize(t *testing.T) {
	t.Parallel()
	for _, s := range senders {
		t.Run(s.name, func(t *testing.T) {
			for _, c := range []struct {
				name   string
				length int
				status int
			}{
				{"small", 1 << 10, 200}, {"large for an ALB", 900 << 10, 0}, {"large", 5 << 20, 500},
				{"given up", -1, 500},
			} {
				f := function{api: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					if c.length < 0 {
						panic(http.ErrAbortHandler)
					}
					w.Header().Set("Content-Type", "image/jpeg")
					_, _ = w.Write([]byte(strings.Repeat("\xff\x00", c.length/2)))
				})}
				want := c.status
				if want == 0 {
					if want = 200; strings.HasPrefix(s.name, "alb") {
						want = 500
					}
				}
				got := s.pass(t, f, httptest.NewRequest("GET", "/v1/media/1", nil), "203.0.113.9")
				if got.status != want || want == 200 && got.body != strings.Repeat("\xff\x00", c.length/2) ||
					want == 500 && !strings.Contains(got.body, `"code":"`) {
					t.Errorf("%s: %d with %d bytes, want %d", c.name, got.status, len(got.body), want)
				}
			}
		})
	}
}

// TestSameAsTheServer checks that every read of the API's examples has the same response through each service
// of AWS as over HTTP, for a visitor and for a moderator.
func TestSameAsTheServer(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../modules/examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples map[string]struct {
		Path    string
		Request json.RawMessage
		Status  int
	}
	if err := json.Unmarshal(text, &examples); err != nil {
		t.Fatal(err)
	}
	site := testsite.New(t)
	f := function{api: site.App.Server}
	reads := 0
	for name, e := range examples {
		if !strings.HasPrefix(name, "get-") && !strings.HasPrefix(name, "list-") && name != "search-questions" {
			continue
		}
		reads++
		t.Run(name, func(t *testing.T) {
			for _, user := range []int{testsite.Visitor, testsite.ModKenji} {
				header := []string{"X-Request-Id", "one", "X-Forwarded-For", "203.0.113.9", "Accept-Language", "ja",
					"Accept-Encoding", "identity"}
				if user != testsite.Visitor { // and bytes that are no text
					header = append(header[:len(header)-1], "gzip", "Authorization", "Bearer "+testsite.Token(user))
				}
				res := site.Request(t, "GET", e.Path, testsite.Visitor, header...)
				body := testsite.Text(t, res)
				for _, s := range senders {
					r := httptest.NewRequest("GET", e.Path, nil)
					r.Header.Set("User-Agent", "q2ab-test")
					for i := 0; i < len(header); i += 2 {
						r.Header.Set(header[i], header[i+1])
					}
					r.Header.Del("X-Forwarded-For")
					got := s.pass(t, f, r, "203.0.113.9")
					if got.status != res.StatusCode || got.body != body {
						t.Errorf("%s as %d through %s: %d %.300s\nwant %d %.300s", e.Path, user, s.name,
							got.status, got.body, res.StatusCode, body)
					}
					for header := range res.Header {
						given := strings.Join(got.header.Values(header), ", ")
						want := strings.Join(res.Header.Values(header), ", ")
						if header != "Date" && header != "Content-Length" && given != want {
							t.Errorf("%s as %d through %s: %s is %q, want %q", e.Path, user, s.name, header,
								got.header.Values(header), res.Header.Values(header))
						}
					}
				}
			}
		})
	}
	if reads < 40 {
		t.Errorf("only %d reads were compared", reads)
	}
}

// TestStreamsAreRefused checks that a client that asks for a stream on Lambda learns that there are none,
// instead of waiting for one.
func TestStreamsAreRefused(t *testing.T) {
	t.Parallel()
	site := testsite.New(t, testsite.WithoutStreams())
	for _, s := range senders {
		got := s.pass(t, function{api: site.App.Server}, httptest.NewRequest("GET", "/v1/events", nil), "203.0.113.9")
		if got.status != http.StatusNotImplemented || !strings.Contains(got.body, "no_streams") {
			t.Errorf("through %s: %d %s", s.name, got.status, got.body)
		}
	}
}
