//go:build !linux

package observe

// unmapProgram does nothing on operating systems other than Linux.
func unmapProgram() error { return nil }
