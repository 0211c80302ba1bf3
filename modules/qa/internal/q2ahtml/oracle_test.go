package q2ahtml

import (
	"encoding/json"
	"os"
	"testing"
)

// recordedCase is a fragment of HTML and what Question2Answer stores of it.
type recordedCase struct{ Input, Stored string }

func recordedCases(tb testing.TB) []recordedCase {
	tb.Helper()
	text, err := os.ReadFile("../../../../testdata/oracle/reads/html-balance.json")
	if err != nil {
		tb.Fatal(err)
	}
	var recorded struct{ Must, More []recordedCase }
	if err := json.Unmarshal(text, &recorded); err != nil {
		tb.Fatal(err)
	}
	if len(recorded.Must) < 75 || len(recorded.More) < 200 {
		tb.Fatalf("only %d and %d fragments are recorded", len(recorded.Must), len(recorded.More))
	}
	return append(recorded.Must, recorded.More...)
}

func TestOracleMisnestedHTML(t *testing.T) {
	for _, c := range recordedCases(t) {
		t.Run(c.Input, func(t *testing.T) {
			got := Clean(c.Input, nil)
			if got != c.Stored {
				t.Errorf("stored as %q, by Question2Answer as %q", got, c.Stored)
			}
			checkSound(t, got)
		})
	}
}
