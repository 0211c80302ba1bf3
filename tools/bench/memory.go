package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"38qa.net/backend/tools/internal/process"
)

const (
	// idleKiB is how much memory, in KiB, the server may hold when it was started without any
	// settings and has nothing to do.
	idleKiB = 45 << 10
	// idleAfter is how long after the start the memory is measured, when the jobs of the first start
	// are done.
	idleAfter = 20 * time.Second
)

// benchMemory measures the server's memory after a fresh start on the embedded database with the
// demonstration, and returns an error if it is more than idleKiB.
func benchMemory(ctx context.Context, folder, server string) (err error) {
	p, err := start(ctx, server, []string{"DATA_DIR=" + filepath.Join(folder, "embedded"), "LOG_LEVEL=warn"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(idleAfter):
	}
	pid := p.cmd.Process.Pid
	idle, peak := process.MemoryKiB(pid, process.Resident), process.MemoryKiB(pid, process.Peak)
	fmt.Printf("\nThe embedded default after %v: %d kB of memory, %d kB at its peak.\n", idleAfter,
		idle, peak)
	if idle > idleKiB {
		return fmt.Errorf("idle memory is %d kB, at most %d kB are wanted", idle, idleKiB)
	}
	return nil
}
