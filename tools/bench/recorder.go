package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
)

// recorder is a proxy between a MySQL client and its server. It records the text of each statement.
// The text includes the arguments, because the backend's connections put them into it.
type recorder struct {
	url      string // of the database, through the recorder
	upstream string
	listener net.Listener

	mu         sync.Mutex
	statements []string
	conns      []net.Conn
}

func newRecorder(ctx context.Context, databaseURL string) (*recorder, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return nil, errors.New("--database-url is not a URL")
	}
	rec := &recorder{upstream: u.Host}
	if u.Port() == "" {
		rec.upstream = net.JoinHostPort(u.Hostname(), "3306")
	}
	if rec.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	u.Host = rec.listener.Addr().String()
	rec.url = u.String()
	go rec.serve(ctx)
	return rec, nil
}

func (rec *recorder) serve(ctx context.Context) {
	for {
		client, err := rec.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := new(net.Dialer).DialContext(ctx, "tcp", rec.upstream)
		if err != nil {
			_ = client.Close()
			continue
		}
		rec.mu.Lock()
		rec.conns = append(rec.conns, client, server)
		rec.mu.Unlock()
		go func() { _, _ = io.Copy(client, server) }()
		go func() {
			_ = rec.relay(server, client)
			_ = server.Close()
		}()
	}
}

// relay forwards the client's packets. A packet consists of three bytes of length, one byte of
// sequence number, and the payload, whose first byte is the command if the sequence number is 0.
func (rec *recorder) relay(server io.Writer, client io.Reader) error {
	const query = 3
	for {
		header := make([]byte, 4)
		if _, err := io.ReadFull(client, header); err != nil {
			return err
		}
		packet := make([]byte, 4+(int(header[0])|int(header[1])<<8|int(header[2])<<16))
		copy(packet, header)
		if _, err := io.ReadFull(client, packet[4:]); err != nil {
			return err
		}
		if header[3] == 0 && len(packet) > 5 && packet[4] == query {
			rec.mu.Lock()
			rec.statements = append(rec.statements, string(packet[5:]))
			rec.mu.Unlock()
		}
		if _, err := server.Write(packet); err != nil {
			return err
		}
	}
}

// during returns the statements that fn causes, without those that read what the server keeps in
// memory between requests.
func (rec *recorder) during(fn func() error) ([]string, error) {
	rec.take()
	err := fn()
	var own []string
	for _, s := range rec.take() {
		if !strings.Contains(s, " FROM "+tablePrefix+"options") &&
			!strings.Contains(s, " FROM "+tablePrefix+"categories") {
			own = append(own, s)
		}
	}
	return own, err
}

func (rec *recorder) take() []string {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	s := rec.statements
	rec.statements = nil
	return s
}

func (rec *recorder) close() error {
	err := rec.listener.Close()
	rec.mu.Lock()
	defer rec.mu.Unlock()
	for _, c := range rec.conns {
		_ = c.Close()
	}
	if err != nil {
		return fmt.Errorf("close the recorder: %w", err)
	}
	return nil
}
