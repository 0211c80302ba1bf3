package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// result is what one side did under one workload.
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

// percentile is a latency in milliseconds.
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

// slices of load are short and the two sides take turns, so that what else the machine does meets both alike.
const sliceOfLoad = 500 * time.Millisecond

// compare loads both addresses in turn, after one slice each to warm up.
func compare(ctx context.Context, s settings, w workload, a, b string) (ra, rb result, err error) {
	for turn := -1; turn < max(1, int(s.duration/sliceOfLoad)); turn++ {
		for _, side := range []struct {
			address string
			result  *result
		}{{a, &ra}, {b, &rb}} {
			one, err := load(ctx, side.address, w, s.connections, uint64(turn+1)) //nolint:gosec // not negative
			if err != nil {
				return ra, rb, err
			}
			if turn >= 0 {
				side.result.add(one)
			}
		}
	}
	return ra, rb, nil
}

// load sends requests over so many connections for one slice, on each the next one as soon as the answer is there.
func load(ctx context.Context, address string, w workload, connections int, seed uint64) (result, error) {
	parts := make([]result, connections)
	failures := make([]error, connections)
	start := time.Now()
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i))) //nolint:gosec // the same load each time
			parts[i], failures[i] = loadConnection(ctx, address, w, r, start.Add(sliceOfLoad))
		})
	}
	wg.Wait()
	var all result
	for i, part := range parts {
		if failures[i] != nil {
			return all, failures[i]
		}
		all.add(part)
	}
	all.took = time.Since(start)
	return all, nil
}

// loadConnection speaks plain HTTP/1.1 on a connection of its own: net/http's client would take as much of the
// processor as the servers that it measures.
func loadConnection(ctx context.Context, address string, w workload, r *rand.Rand, until time.Time) (out result, err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return out, err
	}
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 32<<10)
	for time.Now().Before(until) && ctx.Err() == nil {
		path := w.requests[r.IntN(len(w.requests))].path
		start := time.Now()
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: application/json\r\n\r\n", path, address, userAgent); err != nil {
			return out, err
		}
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			return out, fmt.Errorf("GET %s: %w", path, err)
		}
		length, err := io.Copy(io.Discard, response.Body)
		if err != nil {
			return out, fmt.Errorf("GET %s: %w", path, err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK || length == 0 {
			out.errors++
			continue
		}
		out.latencies = append(out.latencies, time.Since(start))
	}
	return out, nil
}
