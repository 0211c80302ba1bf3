package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// workers is how many processes share the job.
const workers = 3

// attack runs the worker processes and kills and pauses them.
type attack struct {
	s        *settings
	t        *target
	random   *rand.Rand
	children []*child
	kills    int
	pauses   int
	failures []string
}

// child is a worker process. It stops when its standard input ends, which also happens when this
// program dies.
type child struct {
	cmd   *exec.Cmd
	input io.Closer
}

func newAttack(s *settings, t *target) *attack {
	return &attack{s: s, t: t, random: rand.New(rand.NewPCG(s.seed, 1))}
}

// run attacks the processes until the requested number of due times is done.
func (a *attack) run(ctx context.Context) error {
	defer a.stopAll()
	for range workers {
		if err := a.start(ctx, len(a.children)); err != nil {
			return err
		}
	}
	said := time.Now()
	next := time.Now().Add(a.pause())
	for {
		p, err := a.t.progress(ctx)
		if err != nil {
			return err
		}
		if p.done >= a.s.times {
			return nil
		}
		if time.Since(said) > 5*time.Second {
			said = time.Now()
			fmt.Printf("%4d of %d done, %d waiting, %d killed, %d paused, %d runs taken over, %d late writes refused\n",
				p.done, a.s.times, p.waiting, a.kills, a.pauses, p.takenOver, p.refused)
		}
		if time.Now().After(next) {
			if err := a.strike(ctx); err != nil {
				return err
			}
			next = time.Now().Add(a.pause())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// pause returns how long to wait before the next attack.
func (a *attack) pause() time.Duration {
	return a.s.every/2 + time.Duration(a.random.Int64N(int64(a.s.every)))
}

// strike either kills a random process, or pauses the process that holds the run for longer than its
// lease.
func (a *attack) strike(ctx context.Context) error {
	if a.random.IntN(2) == 0 {
		i := a.random.IntN(workers)
		a.kills++
		a.children[i].stop(syscall.SIGKILL)
		return a.start(ctx, i)
	}
	var victim *child
	for range 200 { // between two runs there is no holder
		holder, err := a.t.holder(ctx)
		if err != nil {
			return err
		}
		if victim = a.named(holder); victim != nil {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	if victim == nil {
		return nil
	}
	a.pauses++
	if err := victim.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(lease + lease/2 + time.Duration(a.random.Int64N(int64(lease))))
	return victim.cmd.Process.Signal(syscall.SIGCONT)
}

// named returns the process with a holder's name, or nil if no living process has it.
func (a *attack) named(holder string) *child {
	_, pid, _ := strings.Cut(holder, "/")
	for _, c := range a.children {
		if strconv.Itoa(c.cmd.Process.Pid) == pid {
			return c
		}
	}
	return nil
}

func (a *attack) start(ctx context.Context, i int) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	args := []string{workerCommand}
	if a.s.withoutFence {
		args = append(args, "--"+withoutFence)
	}
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // this program
	cmd.Env = append(os.Environ(), databaseVariable+"="+a.t.url)
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if i == len(a.children) {
		a.children = append(a.children, nil)
	}
	a.children[i] = &child{cmd, input}
	return nil
}

func (c *child) stop(signal syscall.Signal) {
	_ = c.cmd.Process.Signal(signal) // it may be gone
	_ = c.cmd.Wait()                 // that it was killed is no news
	_ = c.input.Close()
}

// stopAll stops the processes as a deployment does, and checks that each stops within seconds.
func (a *attack) stopAll() {
	for _, c := range a.children {
		start := time.Now()
		timer := time.AfterFunc(20*time.Second, func() { _ = c.cmd.Process.Kill() })
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		err := c.cmd.Wait()
		timer.Stop()
		_ = c.input.Close()
		if took := time.Since(start); took > 5*time.Second {
			a.failures = append(a.failures, fmt.Sprintf("a process took %v to stop", took))
		}
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			a.failures = append(a.failures, "a process that was told to stop ended with "+err.Error())
		}
	}
}

// report prints what was done. It returns an error if processes were paused often enough and yet no
// late write was refused.
func (a *attack) report(ctx context.Context, took time.Duration) error {
	p, err := a.t.progress(ctx)
	if err == nil {
		fmt.Printf("%d due times done in %v: %d processes killed, %d paused for longer than the lease, %d runs taken over, %d effects, %d late writes refused\n",
			p.done, took.Round(time.Second), a.kills, a.pauses, p.takenOver, p.effects, p.refused)
	}
	if err == nil && a.pauses >= enoughPauses && p.refused == 0 && !a.s.withoutFence {
		return fmt.Errorf("%d holders were paused and no late write was refused: nothing is proved", a.pauses)
	}
	return err
}

// enoughPauses is the number of pauses after which at least one late write must have been tried and
// refused.
const enoughPauses = 5
