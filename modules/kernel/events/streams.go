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

// StreamSettings are the settings of the streams of server-sent events of this process; see package
// config.
type StreamSettings struct {
	// Off refuses all streams, where responses cannot stay open.
	Off bool
	// Limit bounds the number of streams at once, and PerClient those from one client's address; 0
	// means no limit.
	Limit, PerClient int
	// May, if set, returns an error for callers that may not know what happens on the site.
	May func(context.Context) error
	// Still, if set, removes from events that are sent late what is not public any more: it clears
	// Public for what has been hidden since, and removes from the other Topics what must not be sent
	// any more. Without it, events are sent as they were written.
	Still func(ctx context.Context, before []*Topics) error
	// Holder returns who may have the stream of what concerns the caller, or an error if the caller may
	// have none. Without it nobody may.
	Holder func(context.Context) (Holder, error)
	// MayHold returns which of those who have such streams may still have them.
	MayHold func(context.Context, []Holder) (map[Holder]bool, error)
}

// Streams are the streams of server-sent events that this process serves.
type Streams struct {
	follower *Follower
	settings StreamSettings
	// heartbeat, patience and recheck are the constants of these names; tests change them.
	heartbeat, patience, recheck time.Duration

	mu      sync.Mutex
	count   int
	clients map[string]int
	holders holders
	// servers holds the HTTP servers whose clients have streams, each with a channel that is closed
	// when the server stops.
	servers map[*http.Server]chan struct{}
}

var typePublicEvent = reflect.TypeFor[PublicEvent]()

// NewStreams returns streams of the events that the Follower follows.
func NewStreams(f *Follower, s StreamSettings) *Streams {
	return &Streams{
		follower: f, settings: s, heartbeat: heartbeat, patience: patience, recheck: recheck,
		clients: map[string]int{}, servers: map[*http.Server]chan struct{}{},
	}
}

// retryStream is the number of seconds after which a refused client may try again.
const retryStream = 15

// Open returns how many streams are open.
func (st *Streams) Open() int {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.count
}

// enter counts a stream for the request's client until leave is called, or returns the problem of a
// limit that is reached. Calling leave again has no effect.
func (st *Streams) enter(ctx context.Context) (leave func(), err error) {
	key := ""
	if ip := web.ClientOf(ctx).IP; ip.IsValid() {
		key = limit.ClientKey(ip)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.settings.Limit > 0 && st.count >= st.settings.Limit {
		e := problem.New(problem.CodeUnavailable)
		e.RetryAfter = retryStream
		return nil, e
	}
	if st.settings.PerClient > 0 && key != "" && st.clients[key] >= st.settings.PerClient {
		e := problem.New(codeTooManyStreams, st.settings.PerClient)
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

// stopping returns a channel that is closed when the request's HTTP server begins to stop. The
// server waits for all requests to end, so streams have to end then.
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

// connectionKey is the key under which a request's context has the context of its connection.
type connectionKey struct{}

// Routes lets streams outlast the server's time limit for requests. It stores the request's context
// as it is before the server limits its time, so that a stream ends when its client goes away and
// not before.
func (*Streams) Routes(e *echo.Echo) {
	e.Pre(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if r := c.Request(); r.URL.Path == Path {
				c.SetRequest(r.WithContext(context.WithValue(r.Context(), connectionKey{}, r.Context())))
			}
			return next(c)
		}
	})
}

// connection returns the context that ends with the request's connection, or ctx itself if Routes
// was not used.
func connection(ctx context.Context) context.Context {
	if outer, ok := ctx.Value(connectionKey{}).(context.Context); ok {
		return outer
	}
	return ctx
}
