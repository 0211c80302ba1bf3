// Package limit counts the requests of each client and refuses those over the configured rate.
package limit

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/memory"
	redisstore "github.com/ulule/limiter/v3/drivers/store/redis"
	redistrace "gopkg.in/DataDog/dd-trace-go.v1/contrib/redis/go-redis.v9"
)

// redisPatience is how long a request waits for Redis before it is let through uncounted. Those that
// follow do not wait: they pass until a try beside the requests has reached Redis again.
const redisPatience = 100 * time.Millisecond

// Limiter counts the requests of all clients against a rate. A nil Limiter lets every request pass.
type Limiter struct {
	rate   limiter.Rate
	local  *limiter.Limiter
	shared atomic.Pointer[limiter.Limiter]
	redis  *redis.Client
	closed chan struct{}
}

// State describes what a client may still do in the current window.
type State struct {
	Limit     int64
	Remaining int64
	// Reset is the time until the window ends.
	Reset time.Duration
	// Window is the length of a window.
	Window  time.Duration
	Refused bool
}

// New returns a limiter for a rate such as "100-M" (see the setting RATE_LIMIT), or nil if the rate
// is "" or "off". With a Redis URL all processes count together; while Redis cannot be reached,
// requests pass uncounted and the connection is tried again. trace puts the calls to Redis into the
// Datadog traces of their requests.
func New(rate, redisURL string, trace bool) (*Limiter, error) {
	if rate == "" || rate == "off" {
		return nil, nil
	}
	r, err := limiter.NewRateFromFormatted(rate)
	if err != nil {
		return nil, fmt.Errorf("RATE_LIMIT %q: %w", rate, err)
	}
	l := &Limiter{rate: r, closed: make(chan struct{})}
	if redisURL == "" {
		l.local = limiter.New(memory.NewStore(), r)
		return l, nil
	}
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL is not a redis:// address")
	}
	redis.SetLogger(redisLog{})
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout =
		redisPatience, redisPatience, redisPatience
	options.MaxRetries = -1
	l.redis = redis.NewClient(options)
	if trace {
		redistrace.WrapClient(l.redis)
	}
	go l.connect()
	return l, nil
}

// redisLog receives the Redis client's own messages and logs them at the level debug, because the
// limiter itself reports what matters.
type redisLog struct{}

// Printf writes one of the client's messages to the log.
func (redisLog) Printf(ctx context.Context, format string, v ...any) {
	slog.DebugContext(ctx, "redis", "message", fmt.Sprintf(format, v...))
}

// connect makes the store as soon as Redis can be reached, trying every two seconds: making the
// store loads its scripts into Redis and fails without a connection. Requests pass uncounted until then.
func (l *Limiter) connect() {
	warned := false
	for {
		store, err := redisstore.NewStoreWithOptions(l.redis,
			limiter.StoreOptions{Prefix: "q2ab:limit", MaxRetry: 1})
		if err == nil {
			l.shared.Store(limiter.New(store, l.rate))
			if warned {
				slog.Info("Redis answers; requests are counted")
			}
			return
		}
		if !warned {
			slog.Warn("Redis does not answer; requests pass without being counted until it does",
				"error", err)
			warned = true
		}
		select {
		case <-l.closed:
			return
		case <-time.After(2 * time.Second):
		}
	}
}

// Close closes the connection to Redis, if there is one.
func (l *Limiter) Close() error {
	if l == nil {
		return nil
	}
	close(l.closed)
	if l.redis == nil {
		return nil
	}
	return l.redis.Close()
}

// Take counts one request with the given key. If the counter cannot be reached, ok is false and the
// request should pass.
func (l *Limiter) Take(ctx context.Context, key string) (state State, ok bool) {
	return l.ask(ctx, key, (*limiter.Limiter).Get)
}

// Peek returns the same as Take without counting a request.
func (l *Limiter) Peek(ctx context.Context, key string) (state State, ok bool) {
	return l.ask(ctx, key, (*limiter.Limiter).Peek)
}

func (l *Limiter) ask(
	ctx context.Context, key string,
	of func(*limiter.Limiter, context.Context, string) (limiter.Context, error),
) (state State, ok bool) {
	if l == nil {
		return State{}, false
	}
	counter := l.local
	if l.redis != nil {
		if counter = l.shared.Load(); counter == nil {
			return State{}, false
		}
	}
	c, err := of(counter, ctx, key)
	if err != nil {
		// A request that its client gave up says nothing about Redis.
		if l.redis != nil && ctx.Err() == nil && l.shared.CompareAndSwap(counter, nil) {
			slog.WarnContext(ctx, "Redis failed; requests pass without being counted", "error", err.Error())
			go l.connect()
		}
		return State{}, false
	}
	return State{
		Limit: c.Limit, Remaining: c.Remaining, Refused: c.Reached, Window: l.rate.Period,
		Reset: max(time.Second,
			time.Duration(math.Ceil(time.Until(time.Unix(c.Reset, 0)).Seconds()))*time.Second),
	}, true
}

// ClientKey returns the key that identifies the client with an address: the address itself for IPv4,
// and its /64 network for IPv6, since one client usually has a whole network.
func ClientKey(ip netip.Addr) string {
	ip = ip.Unmap()
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
