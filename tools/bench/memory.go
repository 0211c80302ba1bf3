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
	// idleKiB is the memory that the server may hold when it was started without any settings and has nothing
	// to do.
	idleKiB = 45 << 10
	// idleAfter is when that is looked at: after the jobs of the first start.
	idleAfter = 20 * time.Second
)

// benchMemory measures the memory of a fresh start on the embedded database, with the demonstration, and
// fails if it is too much.
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
	fmt.Printf("\nThe embedded default after %v: %d kB of memory, %d kB at its peak.\n", idleAfter, idle, peak)
	if idle > idleKiB {
		return fmt.Errorf("idle memory is %d kB, at most %d kB are wanted", idle, idleKiB)
	}
	return nil
}
