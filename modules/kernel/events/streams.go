package events

import (
	"context"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// StreamSettings bound the streams of server-sent events of this process; see package config.
type StreamSettings struct {
	// Limit is the number of streams at once, PerClient that of one client's address; 0 is no limit.
	Limit, PerClient int
	// May, if set, refuses callers that may not know what happens on the site.
	May func(context.Context) error
	// Still, if set, finds out what everybody may know by now of what happened before: it clears Public of what has been
	// hidden since, and takes out of the rest what must not be told any more. Without it all is told as it was.
	Still func(ctx context.Context, before []*Topics) error
}

// Streams are the streams of server-sent events that this process serves.
type Streams struct {
	follower *Follower
	settings StreamSettings
	// heartbeat and patience are the constants, but for tests.
	heartbeat, patience time.Duration

	mu      sync.Mutex
	count   int
	clients map[string]int
	// servers are those whose clients have streams, each with what is closed when it stops.
	servers map[*http.Server]chan struct{}
}

var typePublicEvent = reflect.TypeFor[PublicEvent]()

// NewStreams returns streams of what the Follower follows.
func NewStreams(f *Follower, s StreamSettings) *Streams {
	return &Streams{follower: f, settings: s, heartbeat: heartbeat, patience: patience, clients: map[string]int{}, servers: map[*http.Server]chan struct{}{}}
}

// retryStream is after how many seconds a refused client may come again.
const retryStream = 15

// enter counts a stream of the request's client, until leave is called; that may happen more than once.
func (st *Streams) enter(ctx context.Context) (leave func(), err error) {
	key := ""
	if ip := web.ClientOf(ctx).IP; ip.IsValid() {
		key = limit.ClientKey(ip)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.settings.Limit > 0 && st.count >= st.settings.Limit {
		e := problem.New("unavailable")
		e.RetryAfter = retryStream
		return nil, e
	}
	if st.settings.PerClient > 0 && key != "" && st.clients[key] >= st.settings.PerClient {
		e := problem.New("too_many_streams", st.settings.PerClient)
		e.RetryAfter = retryStream
		return nil, e
	}
	st.count++
	st.clients[key]++
	return sync.OnceFunc(func() {
		st.mu.Lock()
		defer st.mu.Unlock()
		st.count--
		if st.clients[key]--; st.clients[key] == 0 {
			delete(st.clients, key)
		}
	}), nil
}

// stopping is closed when the HTTP server of the request begins to stop, which waits for all requests to end.
func (st *Streams) stopping(ctx context.Context) <-chan struct{} {
	server, ok := ctx.Value(http.ServerContextKey).(*http.Server)
	if !ok {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	c, ok := st.servers[server]
	if !ok {
		c = make(chan struct{})
		st.servers[server] = c
		server.RegisterOnShutdown(sync.OnceFunc(func() { close(c) }))
	}
	return c
}

// connectionKey is the context key of the context of a request's connection.
type connectionKey struct{}

// Routes lets streams outlast the longest time that a request may take: it keeps the request's context as it is before the
// server sets that time, so that a stream knows when its client goes away and nothing else.
func (*Streams) Routes(e *echo.Echo) {
	e.Pre(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if r := c.Request(); r.URL.Path == streamPath {
				c.SetRequest(r.WithContext(context.WithValue(r.Context(), connectionKey{}, r.Context())))
			}
			return next(c)
		}
	})
}

// connection is the context that ends with the connection of the request, or ctx itself without Routes.
func connection(ctx context.Context) context.Context {
	if outer, ok := ctx.Value(connectionKey{}).(context.Context); ok {
		return outer
	}
	return ctx
}
