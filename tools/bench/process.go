package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"38qa.net/backend/tools/internal/process"
)

// buildServer compiles cmd/server in the same way as a release, without symbol tables, and returns
// the path of the program.
func buildServer(ctx context.Context, folder string) (string, error) {
	server := filepath.Join(folder, "server")
	out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", server, "38qa.net/backend/cmd/server").CombinedOutput() //nolint:gosec // fixed arguments
	if err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return server, nil
}

// serverEnvironment returns the environment variables for the server.
func serverEnvironment(folder, databaseURL string) []string {
	return []string{"DATABASE_URL=" + databaseURL, "TABLE_PREFIX=" + tablePrefix, "RATE_LIMIT=off",
		"LOG_LEVEL=warn", "DATA_DIR=" + folder,
		// Sign-ins come from many addresses, for one account.
		"TRUSTED_PROXIES=127.0.0.1/32", "SIGNIN_ATTEMPTS=1000000"}
}

// server is a server process that this program started.
type server struct {
	cmd     *exec.Cmd
	address string
	ready   time.Duration // from its start to the first 200 of /readyz
}

// start runs a program with LISTEN on a free port and waits until it is ready.
func start(ctx context.Context, program string, environment []string) (*server, error) {
	address, err := process.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	p := &server{cmd: exec.CommandContext(ctx, program), address: address}
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"),
		"LISTEN=" + address}, environment...)
	var said strings.Builder
	p.cmd.Stderr = &said
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if process.AwaitReady(ctx, address, 20*time.Second) {
		p.ready = time.Since(begin)
		return p, nil
	}
	return nil, errors.Join(fmt.Errorf("%s is not ready after 20 s", filepath.Base(program)), p.stop(),
		errors.New(said.String()))
}

// stop ends the process and waits for it.
func (p *server) stop() error { return process.Stop(p.cmd) }

// memory returns the process's memory as text; what is process.Resident or process.Peak.
func (p *server) memory(what string) string {
	if kib := process.MemoryKiB(p.cmd.Process.Pid, what); kib > 0 {
		return fmt.Sprintf("%d kB", kib)
	}
	return "unknown"
}

// coldStarts is how often the start is measured.
const coldStarts = 10

// benchStart prints how long the server takes from exec until it is ready, and how much memory it
// holds when it has nothing to do.
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
	fmt.Printf("\nWith %d questions: from exec to ready %d ms (median of %d; %d to %d ms); memory after 5 s of idleness %s.\n",
		n, times[coldStarts/2].Milliseconds(), coldStarts, times[0].Milliseconds(),
		times[coldStarts-1].Milliseconds(), p.memory(process.Resident))
	return p.stop()
}
