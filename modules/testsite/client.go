package testsite

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Address is the client address from which [Site.Send] sends unless its headers say otherwise.
const Address = "198.51.100.77"

// client sends requests without following redirects.
var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Request sends a request without a body as a user of the recorded site, or as a [Visitor]. Headers are
// alternating names and values. The User-Agent is that of a program, whose views Q2A does not count.
// Redirects are not followed.
func (s *Site) Request(t testing.TB, method, path string, user int, header ...string) *http.Response {
	t.Helper()
	return s.send(t, user, method, path, nil, append([]string{"User-Agent", "q2ab-test"}, header...))
}

// Send sends a request as a browser does, with body, unless it is nil, as JSON. Headers are alternating names
// and values; one with an empty value is left out.
func (s *Site) Send(t testing.TB, user int, method, path string, body any, header ...string) *http.Response {
	t.Helper()
	var content io.Reader
	defaults := []string{"X-Forwarded-For", Address,
		"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(text)
		defaults = append(defaults, "Content-Type", "application/json")
	}
	return s.send(t, user, method, path, content, append(defaults, header...))
}

// SendRaw is like [Site.Send], but sends the body as it is.
func (s *Site) SendRaw(t testing.TB, user int, method, path string, body io.Reader, header ...string,
) *http.Response {
	t.Helper()
	return s.send(t, user, method, path, body, header)
}

func (s *Site) send(t testing.TB, user int, method, path string, body io.Reader, header []string,
) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if user != Visitor {
		r.Header.Set("Authorization", "Bearer "+Token(user))
	}
	for i := 0; i+1 < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			r.Header.Del(header[i])
		}
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// Try sends a request as [Site.Send] does and decodes the response, which may be a refusal.
func (s *Site) Try(t testing.TB, user int, method, path string, body any, header ...string) (
	status int, answer map[string]any, received http.Header,
) {
	t.Helper()
	res := s.Send(t, user, method, path, body, header...)
	if content := Text(t, res); content != "" {
		if err := json.Unmarshal([]byte(content), &answer); err != nil {
			t.Fatalf("%s %s: %v in %q", method, path, err, content)
		}
	}
	return res.StatusCode, answer, res.Header
}

// Do is like [Site.Try], for a request that must succeed. It returns the id in the response, or 0 if the
// response has none.
func (s *Site) Do(t testing.TB, user int, method, path string, body any, header ...string) int {
	t.Helper()
	status, answer, _ := s.Try(t, user, method, path, body, header...)
	if status >= 300 {
		t.Fatalf("%s %s as %d: %d %v", method, path, user, status, answer)
	}
	id, _ := answer["id"].(float64)
	return int(id)
}

// Get sends a GET request as a visitor and decodes the JSON of the response.
func Get[T any](t testing.TB, s *Site, path string) T {
	t.Helper()
	return GetAs[T](t, s, path, Visitor)
}

// GetAs sends a GET request as a user of the recorded site and decodes the JSON of the response.
func GetAs[T any](t testing.TB, s *Site, path string, user int) T {
	t.Helper()
	res := s.Request(t, http.MethodGet, path, user)
	body := Text(t, res)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s\n%s", path, res.Status, body)
	}
	var v T
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("GET %s: %v\n%s", path, err, body)
	}
	return v
}

// Decode decodes the JSON of a response.
func Decode[T any](t testing.TB, res *http.Response) T {
	t.Helper()
	var v T
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Text returns the body of a response.
func Text(t testing.TB, res *http.Response) string {
	t.Helper()
	var body strings.Builder
	if _, err := io.Copy(&body, res.Body); err != nil {
		t.Fatal(err)
	}
	return body.String()
}

// Same reports an error unless got is deeply equal to want.
func Same(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

// Unix returns a time from the API in Unix seconds, or -1 if the text is not a time.
func Unix(rfc3339 string) int64 {
	at, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		return -1
	}
	return at.Unix()
}

// AsBrowser returns the headers of a browser, with the given value of the cookie by which Q2A recognises the
// posts of a visitor. With an empty value there is no cookie.
func AsBrowser(cookie string) []string {
	if cookie == "" {
		return nil
	}
	return []string{"Cookie", "qa_id=" + cookie}
}
