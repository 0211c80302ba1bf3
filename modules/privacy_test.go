package modules_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/mocktracer"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/modules/testsite"
)

// TestNothingPersonalIsObserved checks that neither the log nor the spans of a busy server hold names, addresses,
// passwords, tokens or texts of people, whatever they do and however it goes wrong. It is not parallel, because
// the logger and the tracer belong to the whole process.
func TestNothingPersonalIsObserved(t *testing.T) {
	mails := t.TempDir()
	s := testsite.New(t, testsite.GenuineTokens(), testsite.Config(func(c *config.Config) {
		c.DatadogEnabled, c.MailURL, c.MailFrom, c.Listen = true, "file:"+mails, "bees@example.jp", "127.0.0.1:0"
	}))
	tracer := mocktracer.Start()
	defer tracer.Stop()
	var log lockedBuffer
	previous := slog.Default()
	slog.SetDefault(observe.NewLogger(&log, "debug", "json"))
	defer slog.SetDefault(previous)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.App.Run(ctx, func(net.Addr) {}); err != nil {
			t.Error(err)
		}
	})

	personal := []string{"haru", "pass-123", "wrong-secret", testsite.Address, "Firefox", "mika", "mitsubachi-2026",
		"my secret hive", "秘密の巣箱", "4711234", "hive.jpg", "203.0.113.77"}
	post := func(path string, body map[string]any, header ...string) map[string]any {
		_, answer, _ := s.Try(t, testsite.Visitor, "POST", path, body, header...)
		return answer
	}
	signUp := map[string]any{"handle": "mika", "email": "mika@example.jp", "password": "mitsubachi-2026"}
	post("/v1/auth/sign-up", signUp)
	post("/v1/auth/sign-up", signUp) // taken
	for _, password := range []string{"wrong-secret", "haru-pass-123"} {
		post("/v1/auth/sign-in", map[string]any{"login": "haru", "password": password})
	}
	tokens := post("/v1/auth/sign-in", map[string]any{"login": "mika@example.jp", "password": "mitsubachi-2026"})
	access, _ := tokens["accessToken"].(string)
	refresh, _ := tokens["refreshToken"].(string)
	if access == "" || refresh == "" {
		t.Fatalf("sign in: %v", tokens)
	}
	personal = append(personal, access, refresh)
	bearer := []string{"Authorization", "Bearer " + access, "Cookie", "qa_id=4711234",
		"X-Forwarded-For", "203.0.113.77"}
	post("/v1/auth/refresh", map[string]any{"refreshToken": refresh})
	post("/v1/auth/refresh", map[string]any{"refreshToken": refresh + "x"})
	post("/v1/auth/forgot", map[string]any{"login": "haru"})
	post("/v1/auth/reset", map[string]any{"login": "haru", "code": "4711234", "newPassword": "another-pass-123"})
	post("/v1/questions", map[string]any{"title": "Where is my secret hive?", "content": "秘密の巣箱", "categoryId": 1},
		bearer...)
	post("/v1/questions", map[string]any{"title": "秘密の巣箱", "content": 1, "mika": "haru"}, bearer...)
	for _, path := range []string{"/v1/users/haru", "/v1/users/mika@example.jp", "/v1/search?q=my+secret+hive",
		"/user/haru", "/v1/questions?limit=my+secret+hive", "/v1/me", "/v1/tags?prefix=秘密の巣箱", "/秘密の巣箱"} {
		s.Send(t, testsite.Visitor, "GET", path, nil, bearer...)
	}
	s.Send(t, testsite.Visitor, "PATCH", "/v1/me",
		map[string]any{"handle": "haru", "email": "haru@example.jp"}, bearer...)
	s.SendRaw(t, testsite.Visitor, "POST", "/v1/media", strings.NewReader("--x\r\n"+
		"Content-Disposition: form-data; name=\"file\"; filename=\"hive.jpg\"\r\n\r\nno picture\r\n--x--\r\n"),
		append(bearer, "Content-Type", "multipart/form-data; boundary=x")...)
	s.Request(t, "GET", "/v1/me", testsite.Visitor, "Authorization", "Bearer "+access+"x")
	_, answer, _ := s.Try(t, testsite.Visitor, "POST", "/v1/events/tickets", nil, bearer...)
	ticket, _ := answer["ticket"].(string)
	if ticket == "" {
		t.Fatalf("ticket: %v", answer)
	}
	personal = append(personal, ticket)
	testsite.OpenStream(t, s, "?mine=true&ticket="+ticket, "").Stop()
	s.Request(t, "GET", "/v1/events?mine=true&ticket="+ticket, testsite.Visitor) // used
	waitFor(t, func() bool { return strings.Contains(log.String(), `"kind":`) }) // a mail was sent
	cancel()
	running.Wait()

	var spans strings.Builder
	list := tracer.FinishedSpans()
	for _, span := range list {
		fmt.Fprintln(&spans, span.OperationName(), span.Tags())
	}
	if len(list) < 100 || strings.Count(log.String(), "\n") < 25 {
		t.Errorf("only %d spans and %d lines", len(list), strings.Count(log.String(), "\n"))
	}
	for what, text := range map[string]string{"log": log.String(), "spans": spans.String()} {
		for line := range strings.Lines(text) {
			for _, p := range personal {
				if strings.Contains(line, p) {
					t.Errorf("the %s: %q in %.600s", what, p, line)
				}
			}
		}
	}
}

// lockedBuffer is a buffer for several goroutines.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
