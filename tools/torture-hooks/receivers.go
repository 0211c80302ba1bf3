package main

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// forbiddenHost is an address of this machine that the processes may not call. 127.0.0.1 they may.
const forbiddenHost = "127.0.0.2"

// receiver is a kind of receiver. Its name is the first part of its host's.
type receiver struct {
	name string
	// arrives reports whether all messages arrive in the end; else all are given up.
	arrives bool
	// reached reports whether requests come to it at all.
	reached bool
	respond func(w http.ResponseWriter, first bool)
}

func respond(status int) func(http.ResponseWriter, bool) {
	return func(w http.ResponseWriter, _ bool) { w.WriteHeader(status) }
}

// receivers are those of the attack. first tells them whether a message comes for the first time.
var receivers = []receiver{
	{name: "fast", arrives: true, reached: true, respond: respond(http.StatusNoContent)},
	{name: "fast-too", arrives: true, reached: true, respond: respond(http.StatusOK)},
	{name: "slow", arrives: true, reached: true, respond: func(http.ResponseWriter, bool) {
		time.Sleep(time.Duration(rand.Int64N(int64(40 * time.Millisecond))))
	}},
	{name: "shaky", arrives: true, reached: true, respond: func(w http.ResponseWriter, first bool) {
		if first && rand.IntN(3) == 0 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}},
	{name: "changing", arrives: true, reached: true, respond: func(w http.ResponseWriter, _ bool) {
		w.Header().Set("Connection", "close") // so that the name is looked up again
	}},
	{name: "failing", reached: true, respond: respond(http.StatusTeapot)},
	{name: "redirecting", reached: true, respond: func(w http.ResponseWriter, _ bool) {
		w.Header().Set("Location", trapAddress)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}},
	{name: "private", respond: respond(http.StatusOK)},
}

// trapAddress is the address of the listener that nobody may call.
var trapAddress string

// sink is what a receiver got.
type sink struct {
	receiver
	address string // of the webhook
	busy    atomic.Int32
	most    atomic.Int32 // requests at once

	mu sync.Mutex
	// posts are the ids of the posts in the order of first requests, and times how often each message came.
	posts []int
	times map[string]int
}

// ServeHTTP takes a message.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := s.busy.Add(1)
	defer s.busy.Add(-1)
	for old := s.most.Load(); n > old && !s.most.CompareAndSwap(old, n); old = s.most.Load() {
	}
	var message struct {
		Data struct{ PostID int }
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&message); err != nil {
		return // whoever sent it was killed
	}
	id := r.Header.Get("webhook-id")
	s.mu.Lock()
	s.times[id]++
	first := s.times[id] == 1
	if first {
		s.posts = append(s.posts, message.Data.PostID)
	}
	s.mu.Unlock()
	s.respond(w, first)
}

// requests returns how many requests came.
func (s *sink) requests() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, times := range s.times {
		n += times
	}
	return n
}

// listen starts receivers, and the trap, which counts connections; close ends them.
func listen(ctx context.Context, trapped *atomic.Int64) (sinks []*sink, stop func(), err error) {
	trap, err := new(net.ListenConfig).Listen(ctx, "tcp", forbiddenHost+":0")
	if err != nil {
		return nil, nil, err
	}
	go func() {
		for {
			c, err := trap.Accept()
			if err != nil {
				return
			}
			trapped.Add(1)
			c.Close()
		}
	}()
	trapAddress = "http://" + trap.Addr().String() + "/"
	_, port, _ := net.SplitHostPort(trap.Addr().String())
	var servers []*http.Server
	stop = func() {
		trap.Close()
		for _, s := range servers {
			s.Close()
		}
	}
	for _, r := range receivers {
		s := &sink{receiver: r, times: map[string]int{}}
		sinks = append(sinks, s)
		host := "127.0.0.1:0"
		if r.name == "changing" {
			host = "127.0.0.1:" + port // so that the trap is there when the name means its address
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", host)
		if err != nil {
			stop()
			return nil, nil, err
		}
		_, own, _ := net.SplitHostPort(l.Addr().String())
		if r.name == "private" {
			own = port
		}
		s.address = "http://" + r.name + ".receivers.example:" + own + "/"
		server := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
		servers = append(servers, server)
		go server.Serve(l) //nolint:errcheck // it ends with close
	}
	return sinks, stop, nil
}
