package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// buildServer compiles cmd/server as it is released, without symbol tables.
func buildServer(ctx context.Context, folder string) (string, error) {
	server := filepath.Join(folder, "server")
	out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", server, "38qa.net/backend/cmd/server").CombinedOutput() //nolint:gosec // fixed arguments
	if err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return server, nil
}

// serverEnvironment is all that the server is told.
func serverEnvironment(folder, databaseURL string) []string {
	return []string{"DATABASE_URL=" + databaseURL, "TABLE_PREFIX=" + tablePrefix, "RATE_LIMIT=off", "LOG_LEVEL=warn", "DATA_DIR=" + folder,
		"TRUSTED_PROXIES=127.0.0.1/32", "SIGNIN_ATTEMPTS=1000000"} // people sign in from many addresses into one account
}

// process is a server that was started here.
type process struct {
	cmd     *exec.Cmd
	address string
	ready   time.Duration // from its start to the first 200 of /readyz
}

// start runs a program with LISTEN on a free port and waits until it is ready.
func start(ctx context.Context, program string, environment []string) (*process, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, program), address: address}
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LISTEN=" + address}, environment...)
	var said strings.Builder
	p.cmd.Stderr = &said
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for time.Since(begin) < 20*time.Second {
		if isReady(ctx, address) {
			p.ready = time.Since(begin)
			return p, nil
		}
		time.Sleep(time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("%s is not ready after 20 s", filepath.Base(program)), p.stop(), errors.New(said.String()))
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func isReady(ctx context.Context, address string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// stop ends the process and waits for it.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil // by the signal, or because of it
	}
	return err
}

// residentKiB is the memory that the process holds, where /proc tells.
func (p *process) residentKiB() string { return p.memory("VmRSS:") }

// memory is a line of what /proc tells of the process's memory.
func (p *process) memory(line string) string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return "unknown"
	}
	for l := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(l, line); ok {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// coldStarts is how often the start is measured.
const coldStarts = 10

// benchStart prints how long the server takes from exec to ready, and what memory it holds when it has nothing to do.
func benchStart(ctx context.Context, server, folder, databaseURL string, n int) error {
	var times []time.Duration
	for range coldStarts {
		p, err := start(ctx, server, serverEnvironment(folder, databaseURL))
		if err != nil {
			return err
		}
		times = append(times, p.ready)
		if err := p.stop(); err != nil {
			return err
		}
	}
	slices.Sort(times)
	p, err := start(ctx, server, serverEnvironment(folder, databaseURL))
	if err != nil {
		return err
	}
	time.Sleep(5 * time.Second)
	fmt.Printf("\nWith %d questions: from exec to ready %d ms (median of %d; %d to %d ms); memory after 5 s of idleness %s.\n", n,
		times[coldStarts/2].Milliseconds(), coldStarts, times[0].Milliseconds(), times[coldStarts-1].Milliseconds(), p.residentKiB())
	return p.stop()
}
