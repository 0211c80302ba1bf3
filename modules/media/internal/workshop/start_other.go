//go:build !linux

package workshop

import (
	"os/exec"
	"time"
)

// startNicely starts a process with the priority of this one. Systems other than Linux give
// priorities to whole processes only, and the server must keep its own.
func startNicely(cmd *exec.Cmd) error { return cmd.Start() }

// started is approximately when this process began.
var started = time.Now()

// worked returns how long this process has existed, in place of the processor time that it has
// used, which it cannot find out here.
func worked() time.Duration { return time.Since(started) }
