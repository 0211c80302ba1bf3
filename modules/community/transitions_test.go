package community_test

import (
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestOracleTransitionsOfMembers replays the recorded actions of Q2A by which members follow and talk to each
// other.
func TestOracleTransitionsOfMembers(t *testing.T) {
	t.Parallel()
	testsite.Replay(t, "community", 12)
}
