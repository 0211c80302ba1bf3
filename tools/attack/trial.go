package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// trial is one run of the attack.
type trial struct {
	settings
	site    community
	address string
	tokens  []string
	number  atomic.Int64 // of the last question that a writer asked
	// reads and writes collect the latencies of readers and writers while one body is sent.
	reads, writes beside
}

// beside collects the latencies of ordinary requests, those of the readers or those of the writers,
// while the attackers send one of the request bodies.
type beside struct {
	mu   sync.Mutex
	took latencies
}

func (b *beside) add(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.took = append(b.took, d)
}

// next returns the latencies measured so far and starts an empty collection.
func (b *beside) next() latencies {
	b.mu.Lock()
	defer b.mu.Unlock()
	took := b.took
	b.took = nil
	return took
}

// report holds the results of the measurement.
type report struct {
	idle, attacked latencies
	beside         latencies // of readers, with writers only
	writingAlone   latencies // with readers only
	writing        latencies
	failed         int
}

// latencies holds the latencies of one kind of request.
type latencies []time.Duration

// percentile returns the latency that p percent of the requests did not exceed.
func (l latencies) percentile(p int) time.Duration {
	if len(l) == 0 {
		return 0
	}
	slices.Sort(l)
	return l[(len(l)-1)*p/100]
}

func (r report) slowdown() float64 {
	return float64(r.attacked.percentile(99)) / float64(max(1, r.idle.percentile(99)))
}

// judge returns an error if the server did not reach the required results.
func (r report) judge() error {
	var err error
	if s := r.slowdown(); s > mostSlowdown {
		err = errors.Join(err, fmt.Errorf("readers' p99 grew %.1f times, not at most %d", s, mostSlowdown))
	}
	if w := r.writing.percentile(100); w > mostWriting || len(r.writing) == 0 {
		err = errors.Join(err, fmt.Errorf("%d writes, the slowest took %v, not at most %v",
			len(r.writing), w, mostWriting))
	}
	if r.failed > 0 {
		err = errors.Join(err, fmt.Errorf("%d requests failed", r.failed))
	}
	return err
}

// client returns an HTTP client that shares its connections with no other.
func client() *http.Client { return &http.Client{Timeout: time.Minute, Transport: &http.Transport{}} }

// send sends a request and reads the response to its end.
func (t *trial) send(
	ctx context.Context, c *http.Client, b body, token string, into any,
) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, b.method, "http://"+t.address+b.path, bytes.NewReader(b.text))
	if err != nil {
		return 0, err
	}
	if len(b.text) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if into != nil {
		return res.StatusCode, json.NewDecoder(res.Body).Decode(into)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// signUp creates an account for each writer.
func (t *trial) signUp(ctx context.Context) error {
	for i := range t.writers {
		text := fmt.Sprintf(`{"handle":"attack%d","email":"attack%d@example.com","password":"a long password"}`,
			i, i)
		var out struct {
			AccessToken string `json:"accessToken"`
		}
		status, err := t.send(ctx, client(),
			body{method: "POST", path: "/v1/auth/sign-up", text: []byte(text)}, "", &out)
		if err != nil || out.AccessToken == "" {
			return fmt.Errorf("sign-up: %d %w", status, err)
		}
		t.tokens = append(t.tokens, out.AccessToken)
	}
	return nil
}

// many runs n clients at the same time, waits until all have returned, and joins their results.
func many(n int, one func(i int) (latencies, int)) (all latencies, failed int) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			took, wrong := one(i)
			mu.Lock()
			defer mu.Unlock()
			all, failed = append(all, took...), failed+wrong
		})
	}
	wait.Wait()
	return all, failed
}

// read requests lists, threads and search results until the context ends.
func (t *trial) read(until context.Context) (latencies, int) {
	return many(t.readers, func(reader int) (took latencies, failed int) {
		c := client()
		for i := reader; until.Err() == nil; i++ {
			path := []string{"/v1/questions?limit=20",
				fmt.Sprintf("/v1/questions/%d", t.site.questions[i%len(t.site.questions)]),
				"/v1/search?q=water"}[i%3]
			start := time.Now()
			if status, err := t.send(context.WithoutCancel(until), c, body{method: "GET", path: path},
				"", nil); err != nil || status != http.StatusOK {
				failed++
			}
			lasted := time.Since(start)
			took = append(took, lasted)
			t.reads.add(lasted)
		}
		return took, failed
	})
}

// write asks questions until the context ends, with a pause after each.
func (t *trial) write(until context.Context) (latencies, int) {
	return many(t.writers, func(writer int) (took latencies, failed int) {
		c := client()
		for until.Err() == nil {
			n := t.number.Add(1)
			text := fmt.Sprintf(`{"title":"What is number %d good for?","content":"Some *text* about number %d of writer %d, [with a link](https://example.com/%d).","format":"markdown"}`,
				n, n, writer, n)
			start := time.Now()
			status, err := t.send(context.WithoutCancel(until), c,
				body{method: "POST", path: "/v1/questions", text: []byte(text)}, t.tokens[writer], nil)
			lasted := time.Since(start)
			t.writes.add(lasted)
			if took = append(took, lasted); err != nil || status != http.StatusCreated {
				if failed++; failed == 1 {
					fmt.Fprintln(os.Stderr, "attack: a write failed:", status, err)
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		return took, failed
	})
}

// attack sends each body from all clients, as often as the settings say, and prints the results for
// each body.
func (t *trial) attack(ctx context.Context) (failed int, err error) {
	all, err := bodies(t.site.questions[0])
	if err != nil {
		return 0, err
	}
	all = slices.DeleteFunc(all, func(b body) bool { return !strings.HasPrefix(b.name, t.only) })
	if len(all) == 0 {
		return 0, fmt.Errorf("no body has a name that begins with %q", t.only)
	}
	t.reads.next() // what came before the first body
	t.writes.next()
	fmt.Println("| body | kB | statuses | p50 ms | slowest ms | readers' p99 ms | slowest write ms |\n| --- | ---: | --- | ---: | ---: | ---: | ---: |")
	for _, b := range all {
		var mu sync.Mutex
		statuses := map[int]int{}
		took, broken := many(t.clients, func(int) (took latencies, failed int) {
			c := client()
			for range t.times {
				start := time.Now()
				status, err := t.send(ctx, c, b, "", nil)
				took = append(took, time.Since(start))
				mu.Lock()
				statuses[status]++
				mu.Unlock()
				if err != nil || status >= http.StatusInternalServerError {
					failed++
				}
			}
			return took, failed
		})
		failed += broken
		said := ""
		for _, status := range slices.Sorted(maps.Keys(statuses)) {
			said += fmt.Sprintf("%d × %d ", statuses[status], status)
		}
		read, written := t.reads.next(), t.writes.next()
		fmt.Printf("| %s | %d | %s| %.1f | %.1f | %.1f | %.1f |\n", b.name, len(b.text)/1000, said,
			ms(took.percentile(50)), ms(took.percentile(100)),
			ms(read.percentile(99)), ms(written.percentile(100)))
	}
	return failed, ctx.Err()
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// run measures the readers alone, then readers and writers, and then both under attack.
func (t *trial) run(ctx context.Context) (r report, err error) {
	for _, d := range []time.Duration{2 * time.Second, t.idle} { // the first to warm up
		until, cancel := context.WithTimeout(ctx, d)
		r.idle, r.failed = t.read(until)
		cancel()
	}
	beside, stop := context.WithTimeout(ctx, t.idle)
	var wait sync.WaitGroup
	wait.Go(func() { r.beside, _ = t.read(beside) })
	r.writingAlone, _ = t.write(beside)
	wait.Wait()
	stop()
	until, cancel := context.WithCancel(ctx)
	var notRead, notWritten int
	wait.Go(func() { r.attacked, notRead = t.read(until) })
	wait.Go(func() { r.writing, notWritten = t.write(until) })
	failed, err := t.attack(ctx)
	cancel()
	wait.Wait()
	r.failed += failed + notRead + notWritten
	fmt.Printf("\nReaders alone: %d requests, p50 %.1f ms, p99 %.1f ms; under attack: %d, p50 %.1f ms, p99 %.1f ms (p99 %.2f of alone).\n"+
		"Readers beside writers, without the attack: %d requests, p50 %.1f ms, p99 %.1f ms.\n"+
		"Writers without the attack: %d requests, p50 %.1f ms, p99 %.1f ms, slowest %.1f ms.\n"+
		"Writers: %d requests, p50 %.1f ms, p99 %.1f ms, slowest %.1f ms. Failed: %d attacks, %d reads, %d writes.\n",
		len(r.idle), ms(r.idle.percentile(50)), ms(r.idle.percentile(99)), len(r.attacked),
		ms(r.attacked.percentile(50)), ms(r.attacked.percentile(99)), r.slowdown(),
		len(r.beside), ms(r.beside.percentile(50)), ms(r.beside.percentile(99)),
		len(r.writingAlone), ms(r.writingAlone.percentile(50)), ms(r.writingAlone.percentile(99)),
		ms(r.writingAlone.percentile(100)),
		len(r.writing), ms(r.writing.percentile(50)), ms(r.writing.percentile(99)),
		ms(r.writing.percentile(100)), failed, notRead, notWritten)
	return r, err
}
