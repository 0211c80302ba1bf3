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
	// partingTime is how long a server that stops waits for clients that keep a connection open to use it once more, and be
	// told that it ends.
	partingTime = 2 * time.Second
)

// Run serves until the context ends, then stops gracefully: /readyz fails at once, requests are still accepted for
// DrainDelay, and those under way may finish within DrainTimeout. No connection that a client just sends a request on is
// closed under its hands, also without a delay. listening is called with the address once the server accepts connections.
func (s *Server) Run(ctx context.Context, listening func(net.Addr)) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.settings.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	idle := &idleConnections{open: map[net.Conn]bool{}}
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTime,
		// Of bodies limitArrival keeps the time. This is for what nobody waits for, and has to be longer than any request may
		// take: a client whose connection passes it counts as gone.
		ReadTimeout:    headerTime + max(s.settings.RequestTimeout, s.settings.BodyTimeout) + answerTime,
		WriteTimeout:   s.settings.RequestTimeout + answerTime,
		IdleTimeout:    75 * time.Second, // above the load balancer's 60 s, or it would meet closed connections
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

// shutDown ends a server that is draining: no new connections first, then those that are kept open, then all.
func (s *Server) shutDown(ctx context.Context, server *http.Server, listener net.Listener, idle *idleConnections) error {
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

// closeWhileDraining tells clients with each response that the connection ends, once the server is about to stop: also
// with those to requests that came before.
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

// idleConnections are the connections on which clients may send a request at any moment.
type idleConnections struct {
	mu   sync.Mutex
	open map[net.Conn]bool
}

// changed is told of every change of a connection.
func (i *idleConnections) changed(c net.Conn, state http.ConnState) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if state == http.StateIdle || state == http.StateNew {
		i.open[c] = true
	} else {
		delete(i.open, c)
	}
}

// wait returns when there have been none for a moment, in which a response that was on its way may have made another one
// idle, or when the context ends.
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
