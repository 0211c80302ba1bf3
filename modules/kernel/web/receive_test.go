package web

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

// TestTurns checks that received bodies are read unchanged, that no more of them are worked on at once than
// there are turns, and that a reader that has gone or waits for its client keeps no turn.
func TestTurns(t *testing.T) {
	all := make(turns, 2)
	content := []byte(strings.Repeat("0123456789", 10_000))
	body := func(from io.Reader) *received { return &received{ReadCloser: io.NopCloser(from), turns: all} }
	if err := iotest.TestReader(body(bytes.NewReader(content)), content); err != nil {
		t.Error(err)
	}

	abandoned := body(iotest.OneByteReader(bytes.NewReader(content)))
	if _, err := abandoned.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		t.Fatalf("%d are at work", len(all))
	}
	for range 2 {
		if err := abandoned.Close(); err != nil || len(all) != 0 {
			t.Fatalf("closed: %v, %d at work", err, len(all))
		}
	}

	waiting, send := io.Pipe() // a slow client
	slow := body(waiting)
	go func() { _, _ = slow.Read(make([]byte, 10)) }()
	time.Sleep(10 * time.Millisecond)
	if len(all) != 0 {
		t.Error("waiting for a client takes a turn")
	}
	send.Close()

	var working, most atomic.Int32
	var reading sync.WaitGroup
	for range 20 {
		reading.Go(func() {
			b := body(iotest.HalfReader(bytes.NewReader(content)))
			defer b.Close()
			var got bytes.Buffer
			for p := make([]byte, 5000); ; {
				n, err := b.Read(p)
				if err != nil {
					break
				}
				if now := working.Add(1); now > most.Load() {
					most.Store(now)
				}
				got.Write(p[:n])
				time.Sleep(100 * time.Microsecond)
				working.Add(-1)
			}
			if !bytes.Equal(got.Bytes(), content) {
				t.Errorf("%d bytes of %d", got.Len(), len(content))
			}
		})
	}
	reading.Wait()
	if most.Load() > 2 || len(all) != 0 {
		t.Errorf("%d at once, %d at work afterwards", most.Load(), len(all))
	}
}
