package site_test

import (
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestOracleTransitions replays the recorded changes of options, and checks that all tables change as Q2A's did.
func TestOracleTransitions(t *testing.T) {
	t.Parallel()
	testsite.Replay(t, "site", 1)
}
