package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-sql-driver/mysql"

	"38qa.net/backend/tools/internal/process"
)

// world is everything that runs: three servers behind a load balancer, and what they depend on, each behind
// a proxy.
type world struct {
	settings settings
	folder   string
	// primary is the database that is written to, replica the one that follows it.
	primary, replica *database
	database         *proxy
	redis            *proxy
	store            *proxy
	mail             *proxy
	agent            *proxy
	balancer         *balancer
	tasks            [3]*task
	idle             time.Duration // p99 when nothing happens
	// tokens are the members' access tokens, and since is when they were given.
	tokens  []string
	since   time.Time
	closers []func()
}

func newWorld(ctx context.Context, s settings) (_ *world, err error) {
	// Connections of this program's own that a dead database has closed are no news.
	if err := mysql.SetLogger(log.New(io.Discard, "", 0)); err != nil {
		return nil, err
	}
	w := &world{settings: s}
	if w.folder, err = os.MkdirTemp("", "q2ab-chaos"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.primary, err = newDatabase(ctx, filepath.Join(w.folder, "primary"), 1); err != nil {
		return nil, err
	}
	if err := w.primary.create(ctx); err != nil {
		return nil, err
	}
	if w.replica, err = w.primary.follower(ctx, filepath.Join(w.folder, "replica")); err != nil {
		return nil, err
	}
	redis := miniredis.NewMiniRedis()
	if err := redis.Start(); err != nil {
		return nil, err
	}
	w.closers = append(w.closers, redis.Close)
	for _, p := range []struct {
		to     **proxy
		target string
	}{{&w.database, w.primary.address}, {&w.redis, redis.Addr()}, {&w.store, ""}, {&w.mail, ""}, {&w.agent, ""}} {
		if *p.to, err = newProxy(p.target); err != nil {
			return nil, err
		}
		w.closers = append(w.closers, (*p.to).close)
	}
	if err := w.fill(ctx); err != nil {
		return nil, err
	}
	if w.balancer, err = newBalancer(ctx, w.folder); err != nil {
		return nil, err
	}
	for i := range w.tasks {
		if w.tasks[i], err = w.startTask(ctx, 2*i); err != nil {
			return nil, err
		}
	}
	return w, w.balancer.await(ctx, 3)
}

// fill makes the demonstration community, and lifts the limits of what one member may do in an hour.
func (w *world) fill(ctx context.Context) error {
	for _, args := range [][]string{{"init", "--demo"}, {"migrate"}} {
		cmd := exec.CommandContext(ctx, w.settings.admin, args...) //nolint:gosec // a program of ours
		cmd.Env = append(os.Environ(), "DATABASE_URL="+w.primary.url(), "DATA_DIR="+w.folder, "LOG_LEVEL=warn")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("admin %s: %w: %s", args[0], err, out)
		}
	}
	// Each member may do two writes at a time, so that a few members cannot write as fast as many can.
	for i := range memberCount {
		if _, err := w.primary.db.ExecContext(ctx, `INSERT INTO qa_users
			(created, createip, email, handle, level, passhash, loggedin, loginip, flags)
			SELECT created, createip, CONCAT(?, '@example.org'), ?, 0, passhash, loggedin, loginip, 1
			FROM qa_users
			WHERE handle = 'newcomer'`, memberName(i), memberName(i)); err != nil {
			return err
		}
	}
	_, err := w.primary.db.ExecContext(ctx, `INSERT INTO qa_options (title, content)
		VALUES ('max_rate_ip_cs', '1000000'), ('max_rate_user_cs', '1000000'),
			('max_rate_ip_qs', '1000000'), ('max_rate_user_qs', '1000000'),
			('max_rate_ip_votes', '1000000'),
			('max_rate_user_votes', '1000000'), ('max_rate_ip_logins', '1000000')
		ON DUPLICATE KEY UPDATE content = VALUES(content)`)
	if err == nil {
		_, err = w.primary.db.ExecContext(ctx,
			"UPDATE qa_options SET content = content + ? WHERE title = 'cache_uapprovecount'", memberCount)
	}
	return err
}

// drift returns how many counts the recalculation would repair.
func (w *world) drift(ctx context.Context) (int, error) {
	//nolint:gosec // a program of ours
	cmd := exec.CommandContext(ctx, w.settings.admin, "jobs", "run", "recount", "--dry-run")
	cmd.Env = append(os.Environ(), "DATABASE_URL=mysql://root@"+w.database.address()+"/q2a",
		"DATA_DIR="+w.folder, "LOG_LEVEL=warn")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	n := 0
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "stored ") && strings.Contains(line, "computed ") {
			n++
			fmt.Fprint(os.Stderr, line)
		}
	}
	if n == 0 && err != nil {
		return 0, fmt.Errorf("recount: %w: %s", err, out)
	}
	return n, nil
}

func (w *world) close() {
	for _, t := range w.tasks {
		if t != nil {
			_ = t.cmd.Process.Kill()
			_ = t.cmd.Wait()
		}
	}
	if w.balancer != nil {
		w.balancer.close()
	}
	for _, d := range []*database{w.primary, w.replica} {
		if d != nil {
			d.close()
		}
	}
	for _, closer := range w.closers {
		closer()
	}
	if w.settings.keep {
		fmt.Println("the logs are in", w.folder)
		return
	}
	_ = os.RemoveAll(w.folder)
}

// task is a server.
type task struct {
	slot int // of the balancer's
	cmd  *exec.Cmd
}

// startTask starts a server in a slot of the balancer, and waits until it is ready.
func (w *world) startTask(ctx context.Context, slot int) (*task, error) {
	address := w.balancer.slots[slot]
	output, err := os.OpenFile(filepath.Join(w.folder, "tasks.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	cmd := exec.CommandContext(ctx, w.settings.server) //nolint:gosec // a program of ours
	cmd.Stderr = output
	cmd.Env = append(os.Environ(), "LISTEN="+address, "DATA_DIR="+filepath.Join(w.folder, "data"),
		"DATABASE_URL=mysql://root@"+w.database.address()+"/q2a", "MIGRATE_ON_START=false",
		"TRUSTED_PROXIES=127.0.0.0/8", "RATE_LIMIT=1000000-M", "REFUSED_LIMIT=1000000-M",
		"REDIS_URL=redis://"+w.redis.address()+"/0", "MAIL_URL=smtp://"+w.mail.address()+"?tls=off",
		"MAIL_FROM=bees@example.jp", "DD_TRACE_AGENT_URL=http://"+w.agent.address(), "LOG_LEVEL=warn",
		"MEDIA_URL=s3://bees/site?region=us-east-1&path-style=true&endpoint=http://"+w.store.address(),
		"AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x",
		"DRAIN_DELAY=3s", "DRAIN_TIMEOUT=10s")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if !process.AwaitReady(ctx, address, 30*time.Second) {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, fmt.Errorf("the server on %s does not get ready; see %s", address, w.folder)
	}
	return &task{slot, cmd}, nil
}

// other returns the slot that stands beside another one, for the task that takes its place.
func other(slot int) int { return slot ^ 1 }

// update replaces each server by a new one, as ECS does: the new one is started first, and the old one is
// told to stop once the balancer sends requests to the new one.
func (w *world) update(ctx context.Context) error {
	for i, old := range w.tasks {
		fresh, err := w.startTask(ctx, other(old.slot))
		if err != nil {
			return err
		}
		w.tasks[i] = fresh
		if err := w.balancer.awaitUp(ctx, fresh.slot); err != nil {
			return err
		}
		if err := process.Stop(old.cmd); err != nil {
			return err
		}
	}
	return nil
}

// kill kills a server, and starts another one in its place.
func (w *world) kill(ctx context.Context, i int) error {
	old := w.tasks[i]
	if err := old.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	_ = old.cmd.Wait() // it was killed
	fresh, err := w.startTask(ctx, other(old.slot))
	if err != nil {
		return err
	}
	w.tasks[i] = fresh
	return w.balancer.awaitUp(ctx, fresh.slot)
}

// exhaust takes all connections that the database has left, for a while.
func (w *world) exhaust(ctx context.Context, d time.Duration) error {
	if _, err := w.primary.db.ExecContext(ctx, "SET GLOBAL max_connections = 20"); err != nil {
		return err
	}
	if err := w.primary.killConnections(ctx); err != nil {
		return err
	}
	hog, err := w.primary.open("hog", "")
	if err != nil {
		return err
	}
	defer hog.Close()
	for end := time.Now().Add(d); time.Now().Before(end) && ctx.Err() == nil; {
		if c, err := hog.Conn(ctx); err == nil {
			defer c.Close() // at the end: until then it is held
		} else {
			time.Sleep(20 * time.Millisecond)
		}
	}
	_, err = w.primary.db.ExecContext(ctx, "SET GLOBAL max_connections = 300")
	return err
}

// failOver makes the replica the primary, as a managed database does it: the old one takes no more writes,
// the new one catches up, and the address leads to it.
func (w *world) failOver(ctx context.Context) error {
	if _, err := w.primary.db.ExecContext(ctx, "SET GLOBAL read_only = 1"); err != nil {
		return err
	}
	if err := w.primary.killConnections(ctx); err != nil {
		return err
	}
	if err := w.replica.catchUp(ctx, w.primary); err != nil {
		return err
	}
	if err := w.primary.stop(syscall.SIGKILL); err != nil {
		return err
	}
	if err := w.replica.promote(ctx); err != nil {
		return err
	}
	w.primary, w.replica = w.replica, w.primary
	w.database.turnTo(w.primary.address)
	return nil
}
