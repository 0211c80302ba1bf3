package observe

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"
)

// startTime is how long after its start the process is assumed to be done with what it does only
// once.
const startTime = 3 * time.Second

// ReleaseStart gives back, a few seconds after the start, memory that was needed only for starting:
// garbage and, which is the greater part, the pages of the program that were used once. The kernel
// keeps those in its page cache and maps them again when they are needed; until then they do not
// count as memory of this process. ReleaseStart returns when it is done or when the context ends.
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
