package qa_test

import (
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestOracleTransitions replays what was recorded of Q2A's writes of posts.
func TestOracleTransitions(t *testing.T) {
	t.Parallel()
	testsite.Replay(t, "qa", 75)
}
