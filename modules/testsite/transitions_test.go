package testsite

import (
	"encoding/json"
	"errors"
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

// TestFormsOfCategories checks what the old site's forms for categories are translated to, with menus of each level
// and without.
func TestFormsOfCategories(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ fields, method, path, body string }{
		"new": {`"dosavecategory": "1", "edit": "", "name": "Care", "content": "", "parent": "2", "position": "3"`,
			"POST", "", `{"title": "Care", "description": "", "parentId": 2, "position": 3}`},
		"renamed": {`"dosavecategory": "1", "edit": "8", "name": "Care", "slug": "care", "content": "x", "position": "1",
			"parent": "", "setparent": "0"`, "PATCH", "/8",
			`{"title": "Care", "slug": "care", "description": "x", "position": 1}`},
		"moved": {`"dosavecategory": "1", "edit": "8", "name": "Care", "slug": "care", "parent_1": "2", "parent_2": "5",
			"setparent": "1"`, "PATCH", "/8", `{"title": "Care", "slug": "care", "parentId": 5}`},
		"moved to the top": {`"dosavecategory": "1", "edit": "8", "name": "Care", "slug": "care", "parent_1": "",
			"setparent": "1"`, "PATCH", "/8", `{"title": "Care", "slug": "care", "parentId": 0}`},
		"deleted":      {`"dosavecategory": "1", "dodelete": "1", "edit": "8", "reassign_1": "2"`, "DELETE", "/8?moveTo=2", ""},
		"deleted away": {`"dosavecategory": "1", "dodelete": "1", "edit": "8", "reassign_0": ""`, "DELETE", "/8?moveTo=none", ""},
		"emptied":      {`"dosetmissing": "1", "edit": "8", "reassign_0": "2"`, "POST", "/8/move-posts", `{"moveTo": 2}`},
		"no category":  {`"dosetmissing": "1", "edit": "", "reassign_0": "2"`, "POST", "/0/move-posts", `{"moveTo": 2}`},
	} {
		t.Run(name, func(t *testing.T) {
			var tr Transition
			if err := json.Unmarshal(fmt.Appendf(nil, `{"action": {"request": {"method": "POST",
				"path": "/admin/categories", "fields": {%s}}}}`, c.fields), &tr); err != nil {
				t.Fatal(err)
			}
			calls := tr.Calls()
			if len(calls) != 1 || calls[0].Method != c.method || calls[0].Path != "/v1/admin/categories"+c.path {
				t.Fatalf("the requests are %+v", calls)
			}
			var want, got any
			if c.body != "" {
				text, err := json.Marshal(calls[0].Body)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(json.Unmarshal([]byte(c.body), &want), json.Unmarshal(text, &got)); err != nil {
					t.Fatal(err)
				}
			}
			Same(t, "body", got, want)
		})
	}
}
