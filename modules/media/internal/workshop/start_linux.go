package workshop

import (
	"os/exec"
	"runtime"
	"syscall"
)

// niceness leaves workers about a tenth of a busy processor, and all of an idle one.
const niceness = 10

// startNicely starts a process with a low priority. A process has that of the thread that started it, and all its threads too; only the thread can be
// given it, and never gets its own back. So it is one that ends afterwards: goroutines that end locked take their threads with them.
func startNicely(cmd *exec.Cmd) (err error) {
	started := make(chan struct{})
	go func() {
		defer close(started)
		runtime.LockOSThread()
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness) // where that is forbidden it works all the same
		err = cmd.Start()
	}()
	<-started
	return err
}
