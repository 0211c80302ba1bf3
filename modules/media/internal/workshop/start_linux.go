package workshop

import (
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// niceness is the priority of workers where they cannot be limited to idle processors. It gives
// them about a tenth of a busy processor.
const niceness = 10

// startNicely starts a process that runs only when no other process wants the processor. A new
// process has the priority of the thread that started it, and so have all its threads. A thread
// that has lowered its priority cannot raise it again, so the process is started from a thread
// that ends afterwards: a goroutine that ends while it is locked to its thread takes the thread
// with it.
//
// It uses the scheduler's idle policy, and not only a low priority, because the scheduler treats
// a processor that runs only such processes as free. So requests never queue behind other work
// while such a processor is busy with a picture.
func startNicely(cmd *exec.Cmd) (err error) {
	started := make(chan struct{})
	go func() {
		defer close(started)
		runtime.LockOSThread()
		if unix.SchedSetAttr(0, &unix.SchedAttr{
			Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE,
		}, 0) != nil {
			// If this is forbidden too, the process runs with normal priority.
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness)
		}
		err = cmd.Start()
	}()
	<-started
	return err
}

// worked returns how much processor time this process has used.
func worked() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
