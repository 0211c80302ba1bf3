package main

import (
	"context"
	"net"
	"sync"
	"time"
)

// mode is what a proxy does with connections.
type mode int

const (
	// pass passes everything on.
	pass mode = iota
	// hang keeps connections open, and passes nothing on.
	hang
	// refuse closes all connections.
	refuse
)

// proxy stands between the servers and something that they depend on.
type proxy struct {
	listener net.Listener

	mu      sync.Mutex
	changed *sync.Cond
	target  string
	mode    mode
	delay   time.Duration
	open    map[net.Conn]bool
}

// newProxy returns a proxy for an address; "" means that nothing is there, so that connections are closed.
func newProxy(target string) (*proxy, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, target: target, open: map[net.Conn]bool{}}
	p.changed = sync.NewCond(&p.mu)
	go p.accept()
	return p, nil
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// set changes what the proxy does. Connections that are open are closed if it refuses.
func (p *proxy) set(m mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = m
	if m == refuse {
		p.closeAll()
	}
	p.changed.Broadcast()
}

// slow delays what passes in either direction.
func (p *proxy) slow(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

// turnTo lets later connections lead to another address, and closes those that are open.
func (p *proxy) turnTo(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
	p.closeAll()
}

func (p *proxy) closeAll() {
	for c := range p.open {
		_ = c.Close()
	}
	clear(p.open)
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.set(refuse)
}

func (p *proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.serve(c)
	}
}

func (p *proxy) serve(client net.Conn) {
	if !p.add(client) {
		return
	}
	target, ok := p.wait()
	if !ok || target == "" {
		p.drop(client)
		return
	}
	server, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.Background(), "tcp", target)
	if err != nil || !p.add(server) {
		p.drop(client)
		return
	}
	go p.copy(server, client)
	p.copy(client, server)
}

// add notes an open connection, unless connections are refused.
func (p *proxy) add(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mode == refuse {
		_ = c.Close()
		return false
	}
	p.open[c] = true
	return true
}

func (p *proxy) drop(list ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range list {
		_ = c.Close()
		delete(p.open, c)
	}
}

// wait waits while the proxy hangs. It returns the target, and false if connections are refused.
func (p *proxy) wait() (target string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.mode == hang {
		p.changed.Wait()
	}
	return p.target, p.mode != refuse
}

// copy passes on what comes from one side, until either side closes.
func (p *proxy) copy(to, from net.Conn) {
	defer p.drop(to, from)
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if _, ok := p.wait(); !ok {
				return
			}
			p.mu.Lock()
			delay := p.delay
			p.mu.Unlock()
			time.Sleep(delay)
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
