package admin

import (
	"bytes"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestCategories checks that the command lists, moves and merges categories, says what it cannot do, and is
// named in the log of changes.
func TestCategories(t *testing.T) {
	s := testsite.New(t)
	run := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if err := changeCategories(t.Context(), s.App.QA, args, &out); err != nil {
			return err.Error()
		}
		return out.String()
	}
	for _, c := range []struct{ args, says string }{
		{"", "    9   Queen rearing (seiyo/queen-rearing): 5 questions\n"},
		{"move 18 1", ""}, {"list", "   18   その他 (nihon-mitsubachi/sonota): 0 questions\n"},
		{"move 1 8", "validation: parentId would make categories more than 4 levels deep"},
		{"move 2", "usage: admin categories"}, {"merge 2 x", "usage: admin categories"}, {"merge 99 1", "not_found"},
		{"merge 18 8", ""}, {"merge 14 8", "`admin jobs run categories`"},
	} {
		if got := run(strings.Fields(c.args)...); !strings.Contains(got, c.says) || c.says == "" && got != "" {
			t.Errorf("categories %s: %s", c.args, got)
		}
	}
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_audit} WHERE action LIKE 'admin categories m%' AND byuserid = 0"); n != 3 {
		t.Errorf("%d entries in the log of changes", n)
	}
}
