package qa

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestViewBatches checks that views which come while others of the same question are written are written
// together, in order, each once, and that views of another question do not wait for them.
func TestViewBatches(t *testing.T) {
	var mu sync.Mutex
	var written []string
	goOn := make(chan error)
	v := newViewBatches(func(_ context.Context, question int, addresses [][]byte) error {
		mu.Lock()
		written = append(written, fmt.Sprintf("%d %s", question, addresses))
		mu.Unlock()
		if question == 1 {
			return <-goOn
		}
		return nil
	})
	answers := make(chan error, 10)
	add := func(question int, address string) {
		go func() { answers <- v.add(t.Context(), question, []byte(address)) }()
	}
	waiting := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			v.mu.Lock()
			b, writing := v.questions[1]
			there := writing && (n == 0 || b != nil && len(b.addresses) == n)
			v.mu.Unlock()
			if there {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d do not wait", n)
			}
		}
	}
	add(1, "a")
	waiting(0)
	for i, address := range []string{"b", "b", "c", "a"} {
		add(1, address)
		if i != 1 {
			waiting(max(i, 1))
		} else {
			// An address is not added twice in a row, so there is nothing to wait for.
			time.Sleep(10 * time.Millisecond)
		}
	}
	if err := v.add(t.Context(), 2, []byte("z")); err != nil {
		t.Fatal(err)
	}
	goOn <- nil
	if err := <-answers; err != nil {
		t.Error(err)
	}
	waiting(0)
	broken := errors.New("the database is away")
	goOn <- broken
	for range 4 {
		if err := <-answers; !errors.Is(err, broken) {
			t.Errorf("one of those that were written together got %v", err)
		}
	}
	if got, want := fmt.Sprint(written), "[1 [a] 2 [z] 1 [b c a]]"; got != want {
		t.Errorf("written %s, want %s", got, want)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		v.mu.Lock()
		left := len(v.questions)
		v.mu.Unlock()
		if left == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d questions are kept", left)
		}
	}
}

// TestViewBatchesEnd checks that wait returns only when the views of requests that have given up are stored
// as well.
func TestViewBatchesEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		written := 0
		v := newViewBatches(func(_ context.Context, _ int, addresses [][]byte) error {
			time.Sleep(time.Second)
			written += len(addresses)
			return nil
		})
		impatient, stop := context.WithTimeout(t.Context(), time.Millisecond)
		defer stop()
		go func() { _ = v.add(t.Context(), 1, []byte("a")) }()
		synctest.Wait()
		if err := v.add(impatient, 1, []byte("b")); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		time.Sleep(time.Second)
		synctest.Wait() // the first request is over, and nobody waits for the second view
		v.wait()
		if written != 2 {
			t.Errorf("%d of 2 views are written", written)
		}
	})
}
