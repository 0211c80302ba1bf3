package web

import (
	"context"
	"testing"
)

// TestMatchOrNew checks which requests may write a resource that there may not be yet.
func TestMatchOrNew(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		match, noneMatch, revision string
		ok                         bool
	}{
		{"", "", "", true},
		{"", "", "a", true},
		{"*", "", "", false},
		{"*", "", "a", true},
		{`"a.1"`, "", "a", true},
		{`"b.1", W/"a.2"`, "", "a", true},
		{`"b.1"`, "", "a", false},
		{`"a.1"`, "", "", false},
		{"", "*", "", true},
		{"", " * ", "a", false},
		{`"a.1"`, "*", "a", false},
	} {
		ctx := context.Background()
		if c.match != "" {
			ctx = context.WithValue(ctx, matchKey{}, c.match)
		}
		if c.noneMatch != "" {
			ctx = context.WithValue(ctx, noneMatchKey{}, c.noneMatch)
		}
		if err := CheckMatchOrNew(ctx, c.revision); (err == nil) != c.ok {
			t.Errorf("If-Match %q, If-None-Match %q, revision %q: %v", c.match, c.noneMatch, c.revision, err)
		}
	}
}
