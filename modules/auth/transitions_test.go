package auth_test

import (
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestOracleTransitionsOfAccounts replays what was recorded of Q2A's writes of accounts.
func TestOracleTransitionsOfAccounts(t *testing.T) {
	t.Parallel()
	testsite.Replay(t, "auth", 30)
}
