package workshop

import (
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// niceness leaves workers about a tenth of a busy processor, where they cannot be told to take only idle ones.
const niceness = 10

// startNicely starts a process that runs when nobody else wants the processor. A process has the priority of the thread that started it, and all
// its threads too; only the thread can be given it, and never gets its own back. So it is one that ends afterwards: goroutines that end locked
// take their threads with them.
//
// It is the scheduler's class for idle time and not only a low priority, since it takes a processor that does nothing else for a free one: who reads
// the site never queues behind others while that one works on a picture.
func startNicely(cmd *exec.Cmd) (err error) {
	started := make(chan struct{})
	go func() {
		defer close(started)
		runtime.LockOSThread()
		if unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0) != nil {
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness) // where that is forbidden too it works all the same
		}
		err = cmd.Start()
	}()
	<-started
	return err
}

// worked is how much of the processors' time this process has had.
func worked() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
