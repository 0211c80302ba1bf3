package workshop

import (
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
)

const (
	// Variable tells a program that it is to be a worker; see Work.
	Variable = "Q2AB_PICTURES"
	// mostWork is how much of a processor's time one order may take: the largest picture takes some seconds. How long that is by the clock
	// depends on what else the machine has to do.
	mostWork = 30 * time.Second
	// memory is what a worker tries to keep within, in bytes; a picture at the limits takes about half of it.
	memory = 512 << 20
)

// Workshop does orders, some at once. The zero Workshop is not useful.
type Workshop struct {
	// program is run as a worker; "" works in this process.
	program string
	// places has one worker for each order at once; those that are nil have not started yet.
	places chan *worker
}

// New is a workshop for so many orders at once. The program has to call Work at its start, as this one does if it is os.Executable's; without one
// the work is done in this process.
func New(program string, atOnce int) *Workshop {
	w := &Workshop{program: program, places: make(chan *worker, atOnce)}
	for range atOnce {
		w.places <- nil
	}
	return w
}

// Do makes what is ordered, once it is its turn. Its errors are those of package picture, or the context's.
func (w *Workshop) Do(ctx context.Context, o Order) (Made, error) {
	var at *worker
	select {
	case at = <-w.places:
	case <-ctx.Done():
		return Made{}, ctx.Err()
	}
	defer func() { w.places <- at }()
	if w.program == "" {
		return do(o)
	}
	var m Made
	var failure error
	for range 2 { // a worker may have been killed for what others did
		if at == nil {
			var err error
			if at, err = hire(w.program); err != nil {
				slog.WarnContext(ctx, "pictures are worked on in this process", "error", err)
				return do(o)
			}
		}
		var a answer
		if a, failure = at.do(ctx, o); failure == nil {
			return a.Made, a.Wrong.err()
		}
		at.end()
		at = nil
		if ctx.Err() != nil {
			return m, ctx.Err()
		}
		slog.WarnContext(ctx, "a worker on pictures ended", "error", failure)
	}
	return m, died(failure)
}

// Close ends the workers; orders under way are finished first.
func (w *Workshop) Close() {
	for range cap(w.places) {
		if at := <-w.places; at != nil {
			at.end()
		}
	}
	for range cap(w.places) {
		w.places <- nil
	}
}

// worker is a process that does one order after the other.
type worker struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	orders *gob.Encoder
	made   *gob.Decoder
	ended  sync.Once
}

func hire(program string) (*worker, error) {
	cmd := exec.Command(program) //nolint:noctx // this program itself, which outlives requests
	cmd.Env = []string{Variable + "=1", fmt.Sprintf("GOMEMLIMIT=%d", memory)}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := startNicely(cmd); err != nil {
		return nil, err
	}
	return &worker{cmd: cmd, in: in, orders: gob.NewEncoder(in), made: gob.NewDecoder(out)}, nil
}

// do sends an order and waits for what is made. After an error the worker is of no use any more.
func (w *worker) do(ctx context.Context, o Order) (a answer, err error) {
	done := context.AfterFunc(ctx, w.end)
	if err = w.orders.Encode(o); err == nil {
		err = w.made.Decode(&a)
	}
	if !done() && err != nil {
		err = context.Cause(ctx)
	}
	return a, err
}

// end ends the process at once.
func (w *worker) end() {
	w.ended.Do(func() {
		_ = w.cmd.Process.Kill() // it may have ended by itself
		_ = w.in.Close()
		_ = w.cmd.Wait() // killed is what it is to be
	})
}

// Work makes this process a worker if it was started as one, and tells whether it was: then it has ended its work, and the program is to end. Programs
// call it first of all.
func Work() bool {
	if os.Getenv(Variable) == "" {
		return false
	}
	// Who started it says when it is to end, by closing its input: signals are for that process, and may reach the whole group.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM)
	serve(os.Stdin, os.Stdout)
	return true
}

// watch ends the process if it works for too long from now on, until it is told to stop.
func watch() (stop func()) {
	begin, done := worked(), make(chan struct{})
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if worked()-begin > mostWork {
					fmt.Fprintln(os.Stderr, "a picture takes too long")
					os.Exit(1)
				}
			}
		}
	}()
	return func() { close(done) }
}

// serve does orders until there are no more.
func serve(in io.Reader, out io.Writer) {
	orders, answers := gob.NewDecoder(in), gob.NewEncoder(out)
	for {
		var o Order
		if err := orders.Decode(&o); err != nil {
			return // the end, or nobody who could be told
		}
		var a answer
		var err error
		stop := watch()
		a.Made, err = do(o)
		stop()
		a.Wrong = wrongOf(err)
		if err := answers.Encode(a); err != nil {
			return
		}
		o, a = Order{}, answer{}
		debug.FreeOSMemory() // it may be long until the next one
	}
}
