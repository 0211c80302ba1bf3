package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// result is what was measured of one side, server or floor, under one workload.
type result struct {
	latencies []time.Duration
	errors    int
	took      time.Duration
}

func (r *result) rate() float64 {
	if r.took == 0 {
		return 0
	}
	return float64(len(r.latencies)) / r.took.Seconds()
}

// percentile returns the latency that p percent of the requests did not exceed, in milliseconds.
func (r *result) percentile(p int) float64 {
	if len(r.latencies) == 0 {
		return 0
	}
	slices.Sort(r.latencies)
	return float64(r.latencies[(len(r.latencies)-1)*p/100].Microseconds()) / 1000
}

func (r *result) add(more result) {
	r.latencies = append(r.latencies, more.latencies...)
	r.errors += more.errors
	r.took += more.took
}

// sliceOfLoad is how long one side is loaded before the other has its turn. It is short, so that
// other activity of the machine affects both sides alike.
const sliceOfLoad = 500 * time.Millisecond

// comparison holds the results of both sides; first is the server's first pass, in which each
// request was sent once.
type comparison struct{ server, floor, first result }

// compare sends each request once to both addresses, so that both have cached what they cache, and
// then loads the two in turn.
func compare(ctx context.Context, s settings, w workload, server, floor string) (c comparison, err error) {
	if c.first, err = load(ctx, server, s.connections, eachOnce(w, s.connections)); err != nil {
		return c, err
	}
	if _, err = load(ctx, floor, s.connections, eachOnce(w, s.connections)); err != nil {
		return c, err
	}
	for turn := range max(1, int(s.duration/sliceOfLoad)) {
		for _, side := range []struct {
			address string
			result  *result
		}{{server, &c.server}, {floor, &c.floor}} {
			one, err := load(ctx, side.address, s.connections, atRandom(w, uint64(turn)))
			if err != nil {
				return c, err
			}
			side.result.add(one)
		}
	}
	return c, nil
}

// requests returns for each connection a function that returns the next request, or false if there is
// none.
type requests func(connection int) func() (request, bool)

// eachOnce distributes the requests among the connections, so that each is sent once.
func eachOnce(w workload, connections int) requests {
	return func(connection int) func() (request, bool) {
		next := connection
		return func() (request, bool) {
			i := next
			next += connections
			if i >= len(w.requests) {
				return request{}, false
			}
			return w.requests[i], true
		}
	}
}

// atRandom returns random requests for the time of one slice of load. The same seed gives the same
// requests.
func atRandom(w workload, seed uint64) requests {
	until := time.Now().Add(sliceOfLoad)
	return func(connection int) func() (request, bool) {
		r := rand.New(rand.NewPCG(seed, uint64(connection)))
		return func() (request, bool) {
			return w.requests[r.IntN(len(w.requests))], time.Now().Before(until)
		}
	}
}

// load sends requests over the given number of connections. On each, the next request is sent as
// soon as the response to the previous one has arrived.
func load(ctx context.Context, address string, connections int, source requests) (result, error) {
	parts := make([]result, connections)
	failures := make([]error, connections)
	start := time.Now()
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() { parts[i], failures[i] = loadConnection(ctx, address, source(i)) })
	}
	wg.Wait()
	var all result
	for _, part := range parts {
		all.add(part)
	}
	all.took = time.Since(start)
	return all, errors.Join(failures...)
}

// loadConnection sends requests over a connection of its own. It speaks plain HTTP/1.1 itself,
// because net/http's client would take as much of the processor as the servers that it measures.
func loadConnection(ctx context.Context, address string, next func() (request, bool)) (out result, err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return out, err
	}
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 32<<10)
	for r, more := next(); more && ctx.Err() == nil; r, more = next() {
		start := time.Now()
		ok, err := get(conn, in, address, r)
		if err != nil {
			return out, fmt.Errorf("GET %s: %w", r.path, err)
		}
		if !ok {
			out.errors++
			continue
		}
		out.latencies = append(out.latencies, time.Since(start))
	}
	return out, nil
}

// get sends one request and reads the whole response. ok reports whether it has the status 200 and a
// body.
func get(conn io.Writer, in *bufio.Reader, address string, r request) (ok bool, err error) {
	_, err = fmt.Fprintf(conn,
		"GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: application/json\r\n%s\r\n", r.path,
		address, userAgent, r.header)
	if err != nil {
		return false, err
	}
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		return false, err
	}
	length, err := io.Copy(io.Discard, response.Body)
	return response.StatusCode == http.StatusOK && length > 0, errors.Join(err, response.Body.Close())
}
