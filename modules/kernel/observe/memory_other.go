//go:build !linux

package observe

// unmapProgram does nothing where there is no way to do it.
func unmapProgram() error { return nil }
