package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	// headerTime is how long the header of a request may take to arrive.
	headerTime = 5 * time.Second
	// partingTime is how long a server that stops waits for clients with open connections to make
	// one more request, in whose response they learn that the connection ends.
	partingTime = 2 * time.Second
)

// Run serves until the context ends, then stops gracefully: /readyz fails at once, requests are
// still accepted for DrainDelay, and requests under way may finish within DrainTimeout. Even without
// a delay, Run avoids closing a connection on which a client is just sending a request. It calls
// listening with the address once the server accepts connections. It returns an error if it cannot
// listen or serve, or if requests had to be cut off.
func (s *Server) Run(ctx context.Context, listening func(net.Addr)) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.settings.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	idle := &idleConnections{open: map[net.Conn]bool{}}
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTime,
		// limitArrival enforces the time limit for bodies. This limit is for bodies that no handler
		// reads. It has to be longer than any request may take, because a client whose connection
		// passes it counts as gone.
		ReadTimeout:  headerTime + max(s.settings.RequestTimeout, s.settings.BodyTimeout) + answerTime,
		WriteTimeout: s.settings.RequestTimeout + answerTime,
		// This is above the load balancer's 60 s, which would otherwise use closed connections.
		IdleTimeout:    75 * time.Second,
		MaxHeaderBytes: 32 << 10,
		ErrorLog:       slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
		ConnState:      idle.changed,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	listening(listener.Addr())
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	slog.Info("stopping", "drain_delay", s.settings.DrainDelay, "drain_timeout", s.settings.DrainTimeout)
	select {
	case <-time.After(s.settings.DrainDelay):
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	}
	return s.shutDown(context.WithoutCancel(ctx), server, listener, idle)
}

// shutDown stops a server that is draining: it closes the listener, waits for open connections to
// become unused, and then waits for the remaining requests.
func (s *Server) shutDown(
	ctx context.Context, server *http.Server, listener net.Listener, idle *idleConnections,
) error {
	ctx, cancel := context.WithTimeout(ctx, s.settings.DrainTimeout)
	defer cancel()
	_ = listener.Close() // Serve returns
	parting, done := context.WithTimeout(ctx, partingTime)
	defer done()
	idle.wait(parting)
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests were cut off at shutdown: %w", err), server.Close())
	}
	return nil
}

// closeWhileDraining is a middleware that announces in each response that the connection ends, from
// when the server begins to stop. This includes the responses to requests that came before.
func (s *Server) closeWhileDraining(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		tell := func() {
			if s.draining.Load() {
				c.Response().Header().Set("Connection", "close")
			}
		}
		tell()
		c.Response().Before(tell)
		return next(c)
	}
}

// idleConnections tracks the connections on which a client may send a request at any moment.
type idleConnections struct {
	mu   sync.Mutex
	open map[net.Conn]bool
}

// changed records a connection's change of state. It is the server's ConnState.
func (i *idleConnections) changed(c net.Conn, state http.ConnState) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if state == http.StateIdle || state == http.StateNew {
		i.open[c] = true
	} else {
		delete(i.open, c)
	}
}

// wait returns when there have been no idle connections for about 30 ms, in which a response that
// was being sent may have made another connection idle, or when the context ends.
func (i *idleConnections) wait(ctx context.Context) {
	const pause, moments = 10 * time.Millisecond, 3
	for none := 0; none < moments && ctx.Err() == nil; {
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		i.mu.Lock()
		if none++; len(i.open) > 0 {
			none = 0
		}
		i.mu.Unlock()
	}
}
