package testsite

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestRecordingsSayWhatIsSpecial checks that the API requests that a recording names are made in place of the
// recorded action, or before it.
func TestRecordingsSayWhatIsSpecial(t *testing.T) {
	t.Parallel()
	const voted = `{"action": {"request": {"method": "POST", "path": "index.php",
		"fields": {"qa_operation": "vote", "postid": 7, "vote": 1}}%s}}`
	for name, c := range map[string]struct {
		api, module string
		calls       []Call
		before      int
	}{
		"nothing": {"", "qa", []Call{{"PUT", "/v1/posts/7/vote", map[string]any{"value": 1}}}, 0},
		"another request": {`, "api": {"calls": [{"method": "DELETE", "path": "/v1/me",
			"body": {"password": "x"}}]}`, "auth", []Call{{"DELETE", "/v1/me", map[string]any{"password": "x"}}}, 0},
		"a request before": {`, "api": {"before": [{"actor_userid": 3, "earlier": 90, "method": "PUT",
			"path": "/v1/posts/7/flag"}]}`, "qa", []Call{{"PUT", "/v1/posts/7/vote", map[string]any{"value": 1}}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var tr Transition
			if err := json.Unmarshal(fmt.Appendf(nil, voted, c.api), &tr); err != nil {
				t.Fatal(err)
			}
			Same(t, "calls", tr.Calls(), c.calls)
			Same(t, "module", tr.module(), c.module)
			before := tr.Action.API.Before
			if len(before) != c.before {
				t.Fatalf("before it: %+v", before)
			}
			if c.before > 0 && (before[0].ActorID != ModKenji || before[0].Earlier != 90) {
				t.Errorf("before it: %+v", before)
			}
		})
	}
}
