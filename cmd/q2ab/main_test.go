package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asProgram is the variable of the environment that makes the test binary run as the program itself.
const asProgram = "Q2AB_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestChoose checks that the name by which the program is started decides which program it is, then its first
// argument, and nothing else.
func TestChoose(t *testing.T) {
	for _, c := range []struct{ commandLine, want, args string }{
		{"/server", "server", ""},
		{"/server --no-demo", "server", "--no-demo"},
		{"./admin jobs run recount", "admin", "jobs run recount"},
		{"lambda", "lambda", ""},
		{"/var/task/lambda handler", "lambda", "handler"},
		{`admin.exe doctor`, "admin", "doctor"},
		{"/lambda server", "lambda", "server"},
		{"/server admin", "server", "admin"},
		{"/q2ab server --no-demo", "server", "--no-demo"},
		{"q2ab admin jobs", "admin", "jobs"},
		{"q2ab lambda", "lambda", ""},
		{"app server", "server", ""},
		{"/q2ab", "", ""},
		{"/server/q2ab", "", ""},
		{"/servers", "", ""},
		{"/SERVER", "", ""},
		{"q2ab serve", "", "serve"},
		{"q2ab --no-demo server", "", "--no-demo server"},
		{"", "", ""},
	} {
		t.Run(c.commandLine, func(t *testing.T) {
			chosen := ""
			fakes := map[string]program{}
			for name := range programs {
				fakes[name] = func([]string) int { chosen = name; return 0 }
			}
			run, args := choose(strings.Fields(c.commandLine), fakes)
			if run != nil {
				run(args)
			}
			if chosen != c.want || strings.Join(args, " ") != c.args {
				t.Errorf("%q with the arguments %q, not %q with %q", chosen, args, c.want, c.args)
			}
		})
	}
}

// command returns the program, started through a link with the given name, on an embedded database of its
// own.
func command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	link := filepath.Join(dir, name)
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, link, args...)
	cmd.Env = append(
		slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "DATABASE_URL=") }),
		asProgram+"=1", "DATA_DIR="+filepath.Join(dir, "data"), "LISTEN=127.0.0.1:0", "DRAIN_DELAY=0s")
	return cmd
}

// TestNames starts the program by each of its names and checks by its output and exit status which program it
// has become.
func TestNames(t *testing.T) {
	for _, c := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"admin", nil, 0, "usage: admin COMMAND"},
		{"q2ab", []string{"admin"}, 0, "usage: admin COMMAND"},
		{"admin", []string{"server"}, 1, `there is no command "server"`},
		{"server", []string{"--help"}, 0, "-no-demo"},
		{"server", []string{"--demo"}, 2, "flag provided but not defined"},
		{"lambda", nil, 1, "not started"}, // there are no tables, and it does not make any
		{"q2ab", []string{"lambda"}, 1, "not started"},
		{"q2ab", nil, 2, "usage: q2ab server"},
		{"q2ab", []string{"--help"}, 0, "usage: q2ab server"},
		{"q2ab", []string{"serve"}, 2, `there is no program "serve"`},
		{"worker", nil, 2, "usage: q2ab server"},
	} {
		t.Run(strings.Join(append([]string{c.name}, c.args...), " "), func(t *testing.T) {
			t.Parallel()
			out, err := command(t, c.name, c.args...).CombinedOutput()
			status := 0
			var failed *exec.ExitError
			if errors.As(err, &failed) {
				status = failed.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if status != c.status || !strings.Contains(string(out), c.says) {
				t.Errorf("exit status %d, not %d:\n%s", status, c.status, out)
			}
		})
	}
}

// TestServes checks that the program, started as the server, serves and ends in order at SIGTERM.
func TestServes(t *testing.T) {
	for _, line := range []string{"server --no-demo", "q2ab server --no-demo"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			words := strings.Fields(line)
			cmd := command(t, words[0], words[1:]...)
			errs, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			serves, said := false, bytes.Buffer{}
			for lines := bufio.NewScanner(errs); lines.Scan(); {
				said.WriteString(lines.Text() + "\n")
				if strings.Contains(lines.Text(), "API reference:") {
					serves = true
					_ = cmd.Process.Signal(syscall.SIGTERM)
				}
			}
			if err := cmd.Wait(); err != nil || !serves {
				t.Errorf("serves: %t, then %v:\n%s", serves, err, &said)
			}
		})
	}
}

// TestPictureWorker checks that the variable Q2AB_PICTURES makes the program a worker for pictures, under the
// name q2ab, which by itself is no program.
func TestPictureWorker(t *testing.T) {
	cmd := command(t, "q2ab")
	cmd.Env = append(cmd.Env, "Q2AB_PICTURES=1") // as workshop.Variable
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("no worker: %v\n%s", err, out)
	}
}
