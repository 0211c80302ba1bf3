package auth_test

import (
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestOracleTransitionsOfAccounts replays the recorded actions of Q2A that write accounts.
func TestOracleTransitionsOfAccounts(t *testing.T) {
	t.Parallel()
	testsite.Replay(t, "auth", 30)
}
