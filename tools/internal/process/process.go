// Package process helps the programs in tools with the servers that they start: it finds addresses,
// waits until servers are ready, stops them, and reads their memory.
package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// FreeAddress returns an address on this machine on which nothing was listening a moment ago.
func FreeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// AwaitReady waits until a server responds to /readyz with the status 200, at most for the given
// time, and reports whether it did.
func AwaitReady(ctx context.Context, address string, most time.Duration) bool {
	for begin := time.Now(); time.Since(begin) < most && ctx.Err() == nil; time.Sleep(time.Millisecond) {
		if isReady(ctx, address) {
			return true
		}
	}
	return false
}

func isReady(ctx context.Context, address string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_ = res.Body.Close() // what it says does not matter
	return res.StatusCode == http.StatusOK
}

// The kinds of memory that MemoryKiB can read.
const (
	// Resident is the memory that a process holds.
	Resident = "VmRSS:"
	// Peak is the most memory that a process has held so far.
	Peak = "VmHWM:"
)

// Stop ends a started process with SIGTERM and waits for it.
func Stop(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil // by the signal, or because of it
	}
	return err
}

// MemoryKiB returns a process's memory in KiB, or 0 if /proc does not say. what is Resident or Peak.
func MemoryKiB(pid int, what string) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, what); ok {
			kib, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kib
		}
	}
	return 0
}
