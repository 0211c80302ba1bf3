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
	// Variable is the environment variable that makes a program run as a worker; see [Work].
	Variable = "Q2AB_PICTURES"
	// mostWork is how much processor time one order may take; the largest picture takes some
	// seconds. Clock time would not do, since it depends on what else the machine is doing.
	mostWork = 30 * time.Second
	// memory is the memory limit of a worker, in bytes, which Go's garbage collector tries to
	// keep; the largest accepted picture takes about half of it.
	memory = 512 << 20
)

// Workshop carries out orders, several at once. The zero Workshop cannot be used; call [New].
type Workshop struct {
	// program is the program that is started as a worker. If it is "", orders are carried out in
	// this process.
	program string
	// places holds one worker for each order that can be carried out at once; nil stands for a
	// worker that has not been started yet.
	places chan *worker
}

// New returns a workshop that carries out at most atOnce orders at once. The program, which may
// be os.Executable's if this program does so, must call [Work] when it starts. If program is "",
// orders are carried out in this process.
func New(program string, atOnce int) *Workshop {
	w := &Workshop{program: program, places: make(chan *worker, atOnce)}
	for range atOnce {
		w.places <- nil
	}
	return w
}

// Do carries out an order as soon as a worker is free. If no worker can be started, it carries
// out the order in this process. Its errors are those of package picture, or the context's.
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
	for range 2 { // again, since a worker may have been killed through no fault of the picture
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

// Close stops the workers after they have finished the orders that they are working on.
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

// worker is a process that carries out one order after another.
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

// do sends an order to the worker and waits for the result. After an error the worker cannot be
// used any more.
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

// end kills the process at once.
func (w *worker) end() {
	w.ended.Do(func() {
		_ = w.cmd.Process.Kill() // it may have ended by itself
		_ = w.in.Close()
		_ = w.cmd.Wait() // it reports that the process was killed
	})
}

// Work turns this process into a worker if its environment says so. It returns when all orders
// have been carried out, and reports whether the process was a worker; if so, the program must
// exit. Programs must call it first of all.
func Work() bool {
	if os.Getenv(Variable) == "" {
		return false
	}
	// The process that started this one ends it by closing its input. Signals such as an
	// interrupt are meant for that process only, although they may reach the whole group.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM)
	serve(os.Stdin, os.Stdout)
	return true
}

// watch ends the process if it uses more than mostWork of processor time before stop is called.
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

// serve carries out orders until the input ends.
func serve(in io.Reader, out io.Writer) {
	orders, answers := gob.NewDecoder(in), gob.NewEncoder(out)
	for {
		var o Order
		if err := orders.Decode(&o); err != nil {
			return // the end of the input, or nobody to report the error to
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
		debug.FreeOSMemory() // the next order may come much later
	}
}
