//go:build !linux

package workshop

import (
	"os/exec"
	"time"
)

// startNicely starts a process. Other systems than Linux give priorities to whole processes, and the server keeps its own.
func startNicely(cmd *exec.Cmd) error { return cmd.Start() }

// started is when this process began, about.
var started = time.Now()

// worked is how long this process has been there, for want of something better.
func worked() time.Duration { return time.Since(started) }
