package observe

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestUnmapProgram checks that unmapProgram lowers the number of mapped pages of the program, and that the
// program goes on after that.
func TestUnmapProgram(t *testing.T) {
	before := programPages(t)
	if err := unmapProgram(); err != nil {
		t.Fatal(err)
	}
	if after := programPages(t); after >= before {
		t.Errorf("%d kB of the program are mapped, before %d kB", after, before)
	}
}

// programPages returns how much of the program's code and constants is in memory, in kB.
func programPages(t *testing.T) (kB uint64) {
	t.Helper()
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	mappings, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	ours := false
	for line := range strings.Lines(string(mappings)) {
		fields := strings.Fields(line)
		if !strings.HasSuffix(fields[0], ":") {
			ours = len(fields) == 6 && fields[5] == program && !strings.Contains(fields[1], "w")
		}
		if ours && fields[0] == "Rss:" {
			n, err := strconv.ParseUint(fields[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			kB += n
		}
	}
	return kB
}
