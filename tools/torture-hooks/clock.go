package main

import (
	"encoding/binary"
	"errors"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// speed is how many times as fast as ours the clock of the processes runs.
const speed = 20

// The environment variables that tell a process of the clock.
const (
	clockFileVariable  = "TORTURE_CLOCK"
	clockBeginVariable = "TORTURE_CLOCK_BEGIN"
)

// clock is the clock of all processes: it runs fast from a moment on, and jumps. How far it has jumped stands in
// a file.
type clock struct {
	file  string
	begin time.Time
	// last is by how many seconds it had jumped when the file was last read.
	last atomic.Int64
}

// newClock makes a clock that begins now.
func newClock(file string) (*clock, error) {
	c := &clock{file: file, begin: time.Now()}
	return c, c.jumpTo(0)
}

// inheritedClock returns the clock that the environment variables describe.
func inheritedClock() (*clock, error) {
	begin, err := strconv.ParseInt(os.Getenv(clockBeginVariable), 10, 64)
	if err != nil {
		return nil, errors.New(clockBeginVariable + " is no number")
	}
	return &clock{file: os.Getenv(clockFileVariable), begin: time.Unix(0, begin)}, nil
}

// environment tells a process of the clock.
func (c *clock) environment() []string {
	begin := strconv.FormatInt(c.begin.UnixNano(), 10)
	return []string{clockFileVariable + "=" + c.file, clockBeginVariable + "=" + begin}
}

// now is the time.
func (c *clock) now() time.Time {
	if text, err := os.ReadFile(c.file); err == nil && len(text) == 8 {
		c.last.Store(int64(binary.BigEndian.Uint64(text)))
	}
	return c.begin.Add(speed*time.Since(c.begin) + time.Duration(c.last.Load())*time.Second)
}

// jump sets the clock forward by so many seconds.
func (c *clock) jump(seconds int64) error {
	c.now()
	return c.jumpTo(c.last.Load() + seconds)
}

// jumpTo writes the file by renaming, so that nobody reads half of it.
func (c *clock) jumpTo(seconds int64) error {
	text := binary.BigEndian.AppendUint64(nil, uint64(seconds))
	if err := os.WriteFile(c.file+".new", text, 0o600); err != nil {
		return err
	}
	c.last.Store(seconds)
	return os.Rename(c.file+".new", c.file)
}
