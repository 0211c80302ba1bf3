package main

import (
	"fmt"
	"io"
	"time"

	"38qa.net/backend/tools/internal/process"
)

// report prints the results as a table in Markdown.
func (t *trial) report(out io.Writer) {
	megabytes := float64(t.s.files) * float64(t.s.bytes) / 1e6
	row := func(what, format string, args ...any) {
		fmt.Fprintf(out, "| %s | %s |\n", what, fmt.Sprintf(format, args...))
	}
	speed := func(took time.Duration) string {
		return fmt.Sprintf("%.1f s, %.1f MB/s", took.Seconds(), megabytes/took.Seconds())
	}
	fmt.Fprint(out, "\n| | |\n| --- | --- |\n")
	row("files", "%d, %.0f MB; %d of them in the old site's folder", t.s.files, megabytes, t.inFolder())
	row("copying, with verification", "%s", speed(t.copied))
	row("purging, with verification and copies for the old site", "%s", speed(t.purged))
	for i, k := range t.kills {
		row(fmt.Sprintf("kill %d, %s", i+1, k.stage),
			"after %d files; seconds lost: %.1f, of which %.1f until the run was taken over; %d files stored without a record, %d unfinished",
			k.done, k.goneOn.Seconds(), k.takenOver.Seconds(), k.unrecorded, k.leftovers)
	}
	for _, p := range t.reader.phases {
		row("reads "+p.name, "%d images, p50 %s, p99 %s; %d thumbnails; %d wrong", len(p.took),
			milliseconds(p.percentile(50)), milliseconds(p.percentile(99)), p.thumbnails, p.wrong)
	}
	row("most memory of the command", "%d MB", t.peak>>10)
	row("most memory of the server", "%d MB", process.MemoryKiB(t.server.cmd.Process.Pid, process.Peak)>>10)
	row("lost or damaged", "%d", t.lost)
	row("copied twice", "%d", t.twice)
	row("unfinished files left in the store", "%d", t.leftovers)
	fmt.Fprintln(out)
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }

func (t *trial) inFolder() (n int) {
	for i := range t.files {
		if t.files[i].inFolder {
			n++
		}
	}
	return n
}
