package observe

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"
)

// startTime is how long the process is given for what it does at its start only.
const startTime = 3 * time.Second

// ReleaseStart gives back, a few seconds after the start, the memory that only starting took: garbage, and
// the pages of the program that were touched once, which are the greater part. The kernel keeps those in its
// page cache and maps them again when they are needed; until then they do not count as memory that this
// process uses.
func ReleaseStart(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(startTime):
	}
	debug.FreeOSMemory()
	if err := unmapProgram(); err != nil {
		slog.DebugContext(ctx, "the pages of the program stay mapped", "error", err)
	}
}
