package observe

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// unmapProgram drops the mapped pages of the program's code and constants. It leaves alone mappings
// that are writable or that have pages that differ from the file, because those could not be read
// again from the file.
func unmapProgram() error {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	mappings, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return err
	}
	var from, to uint64
	for line := range strings.Lines(string(mappings)) {
		fields := strings.Fields(line)
		switch {
		case !strings.HasSuffix(fields[0], ":"): // FROM-TO PERMISSIONS OFFSET DEVICE INODE PATH
			from, to = 0, 0
			if len(fields) == 6 && fields[5] == program && !strings.Contains(fields[1], "w") {
				if from, to, err = mappingRange(fields[0]); err != nil {
					return err
				}
			}
		case fields[0] == "Anonymous:" && fields[1] == "0" && to > from:
			if _, _, failed := unix.Syscall(unix.SYS_MADVISE, uintptr(from), uintptr(to-from),
				unix.MADV_DONTNEED); failed != 0 {
				return failed
			}
		}
	}
	return nil
}

// mappingRange parses an address range written as FROM-TO.
func mappingRange(text string) (from, to uint64, err error) {
	low, high, _ := strings.Cut(text, "-")
	if from, err = strconv.ParseUint(low, 16, 64); err != nil {
		return 0, 0, err
	}
	to, err = strconv.ParseUint(high, 16, 64)
	return from, to, err
}
