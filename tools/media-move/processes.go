package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"38qa.net/backend/tools/internal/process"
)

// build compiles the server and the operators' tool in the same way as a release.
func (t *trial) build(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", t.scratch+"/", "38qa.net/backend/cmd/server", "38qa.net/backend/cmd/admin").CombinedOutput() //nolint:gosec // our own folder
	if err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// command returns the command that runs one of the two programs on the site. Its environment is set
// here and does not depend on this process's, except for AWS credentials, which buckets need.
func (t *trial) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(t.scratch, program), args...) //nolint:gosec // built by this program
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"),
		"DATABASE_URL=" + t.url, "TABLE_PREFIX=" + prefix, "LOG_LEVEL=warn", "RATE_LIMIT=off",
		"DATA_DIR=" + filepath.Join(t.scratch, "data"), "MEDIA_URL=" + t.storeURL,
		"BLOBS_DIR=" + t.blobs(), "UPLOADS_TO=database", "JOBS_POLL=0s"}
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "AWS_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	return cmd
}

// server is the site's server.
type server struct {
	cmd     *exec.Cmd
	address string
}

// startServer starts the server and waits until it is ready.
func (t *trial) startServer(ctx context.Context) (*server, error) {
	address, err := process.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	s := &server{t.command(ctx, "server"), address}
	s.cmd.Env = append(s.cmd.Env, "LISTEN="+s.address)
	said := &bytes.Buffer{}
	s.cmd.Stderr = said
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if process.AwaitReady(ctx, s.address, 20*time.Second) {
		return s, nil
	}
	return nil, errors.Join(errors.New("the server is not ready after 20 s"), s.stop(),
		errors.New(said.String()))
}

func (s *server) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may be gone
	err := s.cmd.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
		return nil // it was interrupted together with this program
	}
	return err
}

// admin is one process that runs `admin jobs run blobs-to-storage …`.
type admin struct {
	cmd  *exec.Cmd
	said lines
	// ended is closed when the process has ended; err is then its error.
	ended chan struct{}
	err   error
	// peak is the most memory that the process has held, in KiB.
	peak atomic.Int64
}

const jobName = "blobs-to-storage"

// startAdmin starts the command and prints its output.
func (t *trial) startAdmin(ctx context.Context, args ...string) (*admin, error) {
	args = append([]string{"jobs", "run", jobName}, args...)
	fmt.Println("  $ admin", strings.Join(args, " "))
	a := &admin{cmd: t.command(ctx, "admin", args...), ended: make(chan struct{})}
	a.cmd.Stdout, a.cmd.Stderr = &a.said, &a.said
	if err := a.cmd.Start(); err != nil {
		return nil, err
	}
	go a.watchMemory()
	go func() {
		a.err = a.cmd.Wait()
		close(a.ended)
	}()
	return a, nil
}

func (a *admin) hasEnded() bool {
	select {
	case <-a.ended:
		return true
	default:
		return false
	}
}

// kill ends the process without any warning.
func (a *admin) kill() {
	_ = a.cmd.Process.Kill() // it may have ended
	<-a.ended
}

// watchMemory records the peak of the process's memory while the process lives.
func (a *admin) watchMemory() {
	for {
		a.peak.Store(max(a.peak.Load(), process.MemoryKiB(a.cmd.Process.Pid, process.Peak)))
		select {
		case <-a.ended:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// lines prints the output of a process and remembers its last line.
type lines struct {
	rest []byte
	last string
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		l.last, l.rest = string(line), rest
		fmt.Println("    " + l.last)
	}
}
