package limit

import (
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// opened returns a limiter that is closed when the test ends.
func opened(t *testing.T, rate, redisURL string) *Limiter {
	t.Helper()
	l, err := New(rate, redisURL, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// take counts a request, and fails the test if the limiter does not count it.
func take(t *testing.T, l *Limiter, key string) State {
	t.Helper()
	state, ok := l.Take(t.Context(), key)
	if !ok {
		t.Fatalf("the request of %s is not counted", key)
	}
	return state
}

// checkRate checks that limiters of two requests a minute refuse a client's third one. The two limiters may
// be the same, or of two processes that count together.
func checkRate(t *testing.T, one, other *Limiter) {
	t.Helper()
	first := take(t, one, "a")
	if first.Limit != 2 || first.Remaining != 1 || first.Refused || first.Window != time.Minute {
		t.Errorf("first request: %+v", first)
	}
	if first.Reset < time.Second || first.Reset > time.Minute || first.Reset%time.Second != 0 {
		t.Errorf("the window ends in %v", first.Reset)
	}
	for range 3 {
		if state, ok := other.Peek(t.Context(), "a"); !ok || state.Remaining != 1 || state.Refused {
			t.Errorf("looking at the count: %+v, %v", state, ok)
		}
	}
	if second := take(t, other, "a"); second.Remaining != 0 || second.Refused {
		t.Errorf("second request: %+v", second)
	}
	if third := take(t, one, "a"); third.Remaining != 0 || !third.Refused {
		t.Errorf("third request of two: %+v", third)
	}
	if another := take(t, one, "b"); another.Remaining != 1 || another.Refused {
		t.Errorf("another client: %+v", another)
	}
}

// TestRate checks that a client is refused after its requests of a minute, and that no other client is.
func TestRate(t *testing.T) {
	t.Parallel()
	l := opened(t, "2-M", "")
	checkRate(t, l, l)
}

// TestProcessesCountTogether checks that with a Redis server all processes count the same requests.
func TestProcessesCountTogether(t *testing.T) {
	t.Parallel()
	address := "redis://" + miniredis.RunT(t).Addr()
	one, other := opened(t, "2-M", address), opened(t, "2-M", address)
	for _, l := range []*Limiter{one, other} {
		waitUntilCounted(t, l)
	}
	checkRate(t, one, other)
}

// waitUntilCounted waits until the limiter is connected to Redis.
func waitUntilCounted(t *testing.T, l *Limiter) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if _, ok := l.Peek(t.Context(), "nobody"); ok {
			return
		}
	}
	t.Fatal("no request is counted")
}

// TestWithoutRedisRequestsPass checks that no request is refused while the Redis server cannot be reached, at
// the start or later, and that the rate holds while it can.
func TestWithoutRedisRequestsPass(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	address := server.Addr()
	server.Close()
	l := opened(t, "1-M", "redis://"+address)
	for range 3 {
		if state, ok := l.Take(t.Context(), "a"); ok {
			t.Fatalf("counted without a counter: %+v", state)
		}
	}
	if err := server.StartAddr(address); err != nil {
		t.Fatal(err)
	}
	waitUntilCounted(t, l)
	if take(t, l, "a").Refused || !take(t, l, "a").Refused {
		t.Error("the rate does not hold once Redis answers")
	}
	server.Close()
	if state, ok := l.Take(t.Context(), "a"); ok {
		t.Errorf("counted without a counter: %+v", state)
	}
}

// silentRedis is a proxy to a Redis server that can fall silent: it then takes what is sent and answers
// nothing, as a server does that hangs.
type silentRedis struct {
	address string
	silent  atomic.Bool
	// asked counts the commands' bytes that came while it was silent.
	asked atomic.Int64
}

func newSilentRedis(t *testing.T) *silentRedis {
	t.Helper()
	server := miniredis.RunT(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	r := &silentRedis{address: "redis://" + listener.Addr().String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server.Addr())
			if err != nil {
				_ = client.Close()
				return
			}
			go func() { _, _ = io.Copy(client, upstream) }()
			go r.pass(client, upstream)
		}
	}()
	return r
}

// pass hands on what the client sends, and drops it while the server is silent.
func (r *silentRedis) pass(client, upstream net.Conn) {
	defer client.Close()
	defer upstream.Close()
	b := make([]byte, 1<<12)
	for {
		n, err := client.Read(b)
		if err != nil {
			return
		}
		if r.silent.Load() {
			r.asked.Add(1)
			continue
		}
		if _, err := upstream.Write(b[:n]); err != nil {
			return
		}
	}
}

// TestSilentRedisHoldsUpOneRequest checks that while Redis hangs, only the first request waits for it: the
// others do not ask it at all. When it answers again, requests are counted again.
func TestSilentRedisHoldsUpOneRequest(t *testing.T) {
	t.Parallel()
	r := newSilentRedis(t)
	l := opened(t, "2-M", r.address)
	waitUntilCounted(t, l)
	r.silent.Store(true)
	if _, ok := l.Take(t.Context(), "a"); ok {
		t.Fatal("counted by a server that does not answer")
	}
	const requests = 1000
	for range requests {
		if _, ok := l.Take(t.Context(), "a"); ok {
			t.Fatal("counted by a server that does not answer")
		}
	}
	if asked := r.asked.Load(); asked > requests/10 {
		t.Errorf("a server that does not answer was asked %d times in %d requests", asked, requests)
	}
	r.silent.Store(false)
	waitUntilCounted(t, l)
	if take(t, l, "b").Remaining != 1 {
		t.Error("the requests are not counted anew")
	}
}

// TestNoRate checks that New returns a nil Limiter where no rate is set, and that a nil Limiter counts and
// refuses nothing.
func TestNoRate(t *testing.T) {
	t.Parallel()
	for _, rate := range []string{"", "off"} {
		l := opened(t, rate, "redis://nowhere")
		if l != nil {
			t.Errorf("a limiter for %q", rate)
		}
		if state, ok := l.Take(t.Context(), "a"); ok || state.Refused {
			t.Errorf("%q counts: %+v", rate, state)
		}
	}
}

// TestSettingsThatAreNotUnderstood checks that the error for a rate or an address that is not understood
// names the setting, and not the address, which may hold a password.
func TestSettingsThatAreNotUnderstood(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, rate, redis, setting string }{
		{"a rate without a period", "100", "", "RATE_LIMIT"},
		{"an unknown period", "100-X", "", "RATE_LIMIT"},
		{"no number", "many-M", "", "RATE_LIMIT"},
		{"an address of something else", "100-M", "http://:secret@localhost", "REDIS_URL"},
		{"no address", "100-M", "secret", "REDIS_URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l, err := New(c.rate, c.redis, false)
			if err == nil {
				t.Fatalf("taken: %+v", l)
			}
			if !strings.Contains(err.Error(), c.setting) || strings.Contains(err.Error(), "secret") {
				t.Errorf("the error is %q", err)
			}
		})
	}
}

// TestClientKey checks that each IPv4 address counts as one client, and each IPv6 network of 64 bits as well.
func TestClientKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, address, key string }{
		{"IPv4", "192.0.2.7", "192.0.2.7"},
		{"IPv4 written as IPv6", "::ffff:192.0.2.7", "192.0.2.7"},
		{"IPv6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"another host of that network", "2001:db8:1:2::1", "2001:db8:1:2::/64"},
		{"the next network", "2001:db8:1:3::1", "2001:db8:1:3::/64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if key := ClientKey(netip.MustParseAddr(c.address)); key != c.key {
				t.Errorf("%s is %s, want %s", c.address, key, c.key)
			}
		})
	}
	if key := ClientKey(netip.Addr{}); key != "invalid IP" {
		t.Errorf("an address that is not known is %q", key)
	}
}
