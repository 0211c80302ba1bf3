package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// signInsAMinute is how many people sign in while others read. Each sign-in costs a bcrypt check,
// which takes about 50 ms of a processor.
const signInsAMinute = 1000

// benchSignIns measures the reads of the given workload alternately with and without people who sign
// in at the same time.
func benchSignIns(ctx context.Context, s settings, w workload, address string, n int) error {
	account := map[string]string{
		"handle": "bench-signin", "email": "bench-signin@example.com",
		"password": "a password of the bench",
	}
	if _, err := post(ctx, address, "/v1/auth/sign-up", account, 0); err != nil { // 422 the second time
		return err
	}
	var alone, beside, signIns result
	next := 0
	for turn := range max(2, int(s.duration/sliceOfLoad)) {
		one, err := load(ctx, address, s.connections, atRandom(w, uint64(turn)))
		if err != nil {
			return err
		}
		alone.add(one)
		stop, done := make(chan struct{}), make(chan result)
		go func() { done <- signInAll(ctx, address, account, &next, stop) }()
		one, err = load(ctx, address, s.connections, atRandom(w, uint64(turn)))
		close(stop)
		signIns.add(<-done)
		if err != nil {
			return err
		}
		beside.add(one)
	}
	fmt.Printf("\nReads (%s, %d questions) alone: %.0f/s, p50 %.1f ms, p99 %.1f ms; beside %d sign-ins a minute: %.0f/s, p50 %.1f ms, p99 %.1f ms (p99 %.2f of alone). "+
		"Sign-ins: %d, p50 %.0f ms, p99 %.0f ms, errors %d.\n", w.name, n, alone.rate(),
		alone.percentile(50), alone.percentile(99), signInsAMinute, beside.rate(),
		beside.percentile(50), beside.percentile(99), beside.percentile(99)/alone.percentile(99),
		len(signIns.latencies), signIns.percentile(50), signIns.percentile(99), signIns.errors)
	return nil
}

// signInAll sends a sign-in at each tick until stop is closed, without waiting for the responses to
// earlier ones.
func signInAll(
	ctx context.Context, address string, account map[string]string, next *int, stop <-chan struct{},
) (all result) {
	tick := time.NewTicker(time.Minute / signInsAMinute)
	defer tick.Stop()
	var mu sync.Mutex
	var wait sync.WaitGroup
	for {
		select {
		case <-stop:
			wait.Wait()
			return all
		case <-tick.C:
			*next++
			from := *next
			wait.Go(func() {
				start := time.Now()
				status, err := post(ctx, address, "/v1/auth/sign-in",
					map[string]string{"login": account["handle"], "password": account["password"]}, from)
				mu.Lock()
				defer mu.Unlock()
				if err != nil || status != http.StatusOK {
					all.errors++
					return
				}
				all.latencies = append(all.latencies, time.Since(start))
			})
		}
	}
}

// post sends JSON with a client address made from the client number, because the site limits the
// sign-ins from one address.
func post(ctx context.Context, address, path string, body any, client int) (status int, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+path, bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", client>>16&255, client>>8&255, client&255))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}
