package modules_test

import (
	"context"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/modules/testsite"
)

// agent is a stand-in for the Datadog agent: it collects what is sent to its DogStatsD.
type agent struct {
	address string
	mu      sync.Mutex
	lines   []string
}

func newAgent(t *testing.T) *agent {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	a := &agent{address: c.LocalAddr().String()}
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			n, _, err := c.ReadFrom(buffer)
			if err != nil {
				return
			}
			a.mu.Lock()
			a.lines = append(a.lines, strings.Split(strings.TrimSpace(string(buffer[:n])), "\n")...)
			a.mu.Unlock()
		}
	}()
	return a
}

// metrics returns the names of the tags of all metrics that arrived, by the metrics' names, and all text.
func (a *agent) metrics() (tags map[string][]string, all string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	tags = map[string][]string{}
	for _, line := range a.lines {
		name, _, _ := strings.Cut(line, ":")
		_, list, _ := strings.Cut(line, "|#")
		list, _, _ = strings.Cut(list, "|")
		tags[name] = nil
		for tag := range strings.SplitSeq(list, ",") {
			if tag, _, ok := strings.Cut(tag, ":"); ok {
				tags[name] = append(tags[name], tag)
			}
		}
	}
	return tags, strings.Join(a.lines, "\n")
}

// TestMetrics checks that a busy server sends every metric that is defined, with the tags that are defined,
// and that none of them has anything personal in it. It is not parallel, because the client that sends metrics
// belongs to the whole process.
func TestMetrics(t *testing.T) {
	a := newAgent(t)
	stop, err := observe.SendMetrics(a.address)
	if err != nil {
		t.Fatal(err)
	}
	// The clock passes the hour at which the rankings are due once the server has planned them.
	const early = 10 * time.Minute
	begun, hour := time.Now(), time.Now().Truncate(time.Hour)
	var passed atomic.Int64
	clock := testsite.Clock(func() time.Time {
		return hour.Add(time.Since(begun) - early + time.Duration(passed.Load()))
	})
	s := testsite.New(t, testsite.GenuineTokens(), clock, testsite.Config(func(c *config.Config) {
		c.DatadogEnabled, c.RateLimit, c.RefusedLimit, c.Listen = true, "12-M", "100-M", "127.0.0.1:0"
		c.DatabaseConns = 1
	}))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		err := s.App.Run(ctx, func(net.Addr) {
			observe.StartDuration.Observe(observe.SinceStart(), "server")
		})
		if err != nil {
			t.Error(err)
		}
	})
	for _, password := range []string{"haru-pass-123", "wrong-secret"} {
		s.Try(t, testsite.Visitor, "POST", "/v1/auth/sign-in", map[string]any{"login": "haru", "password": password})
	}
	s.Request(t, "GET", "/v1/users/haru?", testsite.Visitor, "Cookie", "qa_id=4711")
	s.SendRaw(t, testsite.Visitor, "POST", "/v1/media", strings.NewReader("--x\r\n"+
		"Content-Disposition: form-data; name=\"file\"; filename=\"hive.jpg\"\r\n\r\nno picture\r\n--x--\r\n"),
		"Content-Type", "multipart/form-data; boundary=x")
	for range 12 {
		s.Request(t, "GET", "/v1/search?q=secret-hive", testsite.Visitor)
	}
	want := map[string][]string{}
	for _, m := range observe.Metrics() {
		want[m.Name] = m.Tags
	}
	before := s.App.DB.Pool().Stats()
	only, err := s.App.DB.Pool().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { only.Close() })
	if err := s.App.DB.Ping(t.Context()); err != nil { // has to wait
		t.Fatal(err)
	}
	modules.SampleOnce(s.App, t.Context(), before)
	for s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_schedules} WHERE name = 'rankings' AND planned > 0") == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	passed.Store(int64(early))
	// Jobs that are due at the first start may come before the rankings.
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if got, _ := a.metrics(); len(got) >= len(want) {
			break
		}
	}
	cancel()
	running.Wait()
	if err := stop(); err != nil {
		t.Error(err)
	}
	got, all := a.metrics()
	for name, tags := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s was not sent", name)
		} else if !slices.Equal(got[name], tags) {
			t.Errorf("%s has the tags %v, want %v", name, got[name], tags)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is sent and not defined", name)
		}
	}
	for _, personal := range []string{"haru", "198.51.100.77", "4711", "hive", "wrong-secret", "Mozilla"} {
		if strings.Contains(all, personal) {
			t.Errorf("a metric has %q in it", personal)
		}
	}
}
