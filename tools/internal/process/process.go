// Package process has what the programs of tools need of the servers that they start: an address, whether they are ready, and their memory.
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

// FreeAddress is an address on this machine that nothing listened on a moment ago.
func FreeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// AwaitReady waits until a server answers /readyz with 200, at most for a time; it tells whether it did.
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

// What MemoryKiB tells of.
const (
	// Resident is the memory that a process holds.
	Resident = "VmRSS:"
	// Peak is the most that it has held.
	Peak = "VmHWM:"
)

// Stop ends a process that was started and waits for it.
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

// MemoryKiB is the memory of a process, where /proc tells; else 0.
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
