package web

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

// running starts the server and returns its address, and a function that stops it and waits until it has
// ended.
func running(t *testing.T, s *Server) (address string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- s.Run(ctx, func(a net.Addr) { listening <- a.String() }) }()
	return <-listening, func() error {
		cancel()
		return <-ended
	}
}

// keptOpen is a connection that its client keeps open between requests.
type keptOpen struct {
	net.Conn
	read *bufio.Reader
}

func keepOpen(t *testing.T, address string) *keptOpen {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &keptOpen{conn, bufio.NewReader(conn)}
}

// get sends one request, and reports whether the response says that the connection ends with it.
func (k *keptOpen) get() (closes bool, err error) {
	if _, err := fmt.Fprint(k, "GET /fine HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return false, err
	}
	res, err := http.ReadResponse(k.read, nil)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	var body [4]byte
	if _, err := res.Body.Read(body[:]); string(body[:]) != "fine" {
		return false, fmt.Errorf("%s %q, %w", res.Status, body, err)
	}
	return res.Close, nil
}

// TestStopWithKeptConnections checks that a server that stops answers clients on connections that they keep
// open until it has told each that its connection ends, so that none is reset.
func TestStopWithKeptConnections(t *testing.T) {
	s := New(Settings{Listen: "127.0.0.1:0", DrainTimeout: patient})
	s.Router().GET("/fine", func(c echo.Context) error { return c.String(http.StatusOK, "fine") })
	address, stop := running(t, s)
	const clients = 30
	var ready, done sync.WaitGroup
	var told atomic.Int32
	ready.Add(clients)
	for range clients {
		k := keepOpen(t, address)
		done.Go(func() {
			asked := sync.OnceFunc(ready.Done)
			defer asked()
			for {
				closes, err := k.get()
				asked()
				switch {
				case err != nil:
					t.Errorf("a client that was not told of the end: %v", err)
					return
				case closes:
					told.Add(1)
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	ready.Wait()
	if err := stop(); err != nil {
		t.Error(err)
	}
	done.Wait()
	if n := told.Load(); n != clients {
		t.Errorf("%d of %d clients were told", n, clients)
	}
}

// TestStopWithRequestUnderWay checks that a request that is under way when the server stops is answered, and
// that its response says that the connection ends.
func TestStopWithRequestUnderWay(t *testing.T) {
	s := New(Settings{Listen: "127.0.0.1:0", DrainTimeout: patient})
	entered, leave := make(chan struct{}), make(chan struct{})
	s.Router().GET("/fine", func(c echo.Context) error {
		close(entered)
		<-leave
		return c.String(http.StatusOK, "fine")
	})
	address, stop := running(t, s)
	ended := make(chan error, 1)
	go func() {
		<-entered
		ended <- stop()
	}()
	go func() {
		<-entered
		for !s.draining.Load() {
			time.Sleep(time.Millisecond)
		}
		close(leave)
	}()
	if closes, err := keepOpen(t, address).get(); err != nil || !closes {
		t.Errorf("closes: %v, %v", closes, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
