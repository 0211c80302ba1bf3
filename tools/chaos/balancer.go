package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"38qa.net/backend/tools/internal/process"
)

// slots is how many addresses the balancer knows: two for each task, of which one is used at a time.
const slots = 6

// balancer is HAProxy, set up as an Application Load Balancer works: it checks the health of each task, sends
// requests to those that are healthy, and never sends a request again by itself.
type balancer struct {
	address string
	slots   [slots]string
	socket  string
	cmd     *exec.Cmd
}

func newBalancer(ctx context.Context, folder string) (*balancer, error) {
	b := &balancer{socket: filepath.Join(folder, "haproxy.sock")}
	var servers strings.Builder
	for i := range b.slots {
		address, err := process.FreeAddress(ctx)
		if err != nil {
			return nil, err
		}
		b.slots[i] = address
		fmt.Fprintf(&servers, "  server s%d %s check inter 500ms fall 2 rise 2\n", i, address)
	}
	var err error
	if b.address, err = process.FreeAddress(ctx); err != nil {
		return nil, err
	}
	text := `global
  stats socket ` + b.socket + ` mode 600 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 65s
  timeout server 65s
  retries 0
frontend all
  bind ` + b.address + `
  option forwardfor
  default_backend tasks
backend tasks
  balance roundrobin
  option httpchk GET /readyz
  http-check expect status 200
` + servers.String()
	file := filepath.Join(folder, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	b.cmd = exec.CommandContext(ctx, "haproxy", "-db", "-f", file) //nolint:gosec // a known program
	log, err := os.Create(filepath.Join(folder, "haproxy.log"))    //nolint:gosec // in our own folder
	if err != nil {
		return nil, err
	}
	defer log.Close()
	b.cmd.Stdout, b.cmd.Stderr = log, log
	return b, b.cmd.Start()
}

func (b *balancer) close() {
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
}

// up returns which slots the balancer sends requests to.
func (b *balancer) up(ctx context.Context) (map[int]bool, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", b.socket)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := fmt.Fprintln(c, "show servers state tasks"); err != nil {
		return nil, err
	}
	up := map[int]bool{}
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		var slot int
		if len(fields) < 6 {
			continue
		}
		if _, err := fmt.Sscanf(fields[3], "s%d", &slot); err == nil {
			up[slot] = fields[5] == "2" // running
		}
	}
	return up, lines.Err()
}

// await waits until as many tasks are up.
func (b *balancer) await(ctx context.Context, n int) error {
	return b.until(ctx, func(up map[int]bool) bool {
		count := 0
		for _, is := range up {
			if is {
				count++
			}
		}
		return count == n
	})
}

// awaitUp waits until the balancer sends requests to a slot.
func (b *balancer) awaitUp(ctx context.Context, slot int) error {
	return b.until(ctx, func(up map[int]bool) bool { return up[slot] })
}

func (b *balancer) until(ctx context.Context, is func(up map[int]bool) bool) error {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		if up, err := b.up(ctx); err == nil && is(up) {
			return nil
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return errors.New("the balancer does not see the tasks")
}
