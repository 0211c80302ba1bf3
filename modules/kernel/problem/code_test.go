package problem

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// TestCodesInLogs checks that a line of the log has the name of a code, and not an empty object.
func TestCodesInLogs(t *testing.T) {
	t.Parallel()
	var line bytes.Buffer
	slog.New(slog.NewJSONHandler(&line, nil)).Info("refused", "reason", CodeNotFound)
	if !strings.Contains(line.String(), `"reason":"not_found"`) {
		t.Error(line.String())
	}
}
