//go:build !linux

package workshop

import "os/exec"

// startNicely starts a process. Other systems than Linux give priorities to whole processes, and the server keeps its own.
func startNicely(cmd *exec.Cmd) error { return cmd.Start() }
