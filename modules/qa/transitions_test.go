package qa_test

import (
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestOracleTransitions checks, by replaying the recorded writes of posts, that they change the rows as Q2A
// did.
func TestOracleTransitions(t *testing.T) {
	t.Parallel()
	testsite.Replay(t, "qa", 77)
}
