package testsite

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Emulator is a child process that takes the place of one of Amazon's services.
type Emulator struct {
	URL string
	// Kill ends the process before the test ends.
	Kill func()
}

// StartEmulator starts a program in a folder and waits until it prints the address on which it listens. The
// program is killed when the test ends; if the test failed, the last lines of its output are shown.
func StartEmulator(t *testing.T, dir string, command ...string) *Emulator {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(command[0], command[1:]...)
	child.Dir, child.Stdout, child.Stderr = dir, write, write
	err = child.Start()
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	var words tail
	address, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		found := false
		for lines := bufio.NewReader(read); ; {
			line, err := lines.ReadString('\n')
			words.add(line)
			if url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(line); url != "" && !found {
				found = true
				address <- url
			}
			if err != nil {
				return
			}
		}
	}()
	kill := sync.OnceFunc(func() {
		child.Process.Kill()
		child.Wait()
		<-ended
		read.Close()
	})
	t.Cleanup(func() {
		kill()
		if t.Failed() {
			t.Logf("the last that %s said:\n%s", filepath.Base(command[0]), words.String())
		}
	})
	select {
	case url := <-address:
		return &Emulator{URL: url, Kill: kill}
	case <-ended:
		t.Fatalf("%s ended at once", command[0])
	case <-time.After(time.Minute):
		t.Fatalf("%s does not listen", command[0])
	}
	return nil
}

// tail keeps the last lines of a program's output.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (l *tail) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines[max(0, len(l.lines)-39):], line)
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "")
}
