package mail

import (
	"strings"
	"testing"
)

// TestPreview checks that there is a page of every kind of mail in every language.
func TestPreview(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	err := Preview(func(name, page string) error {
		seen[name] = true
		if kind, _, _ := strings.Cut(name, "."); strings.Contains(page, "hives?") && !kinds[kind].aboutMessage {
			t.Errorf("%s shows a message: %s", name, page)
		}
		if !strings.Contains(page, "</html>") || strings.Contains(page, "<no value>") {
			t.Errorf("%s: %s", name, page)
		}
		return nil
	})
	if err != nil || len(seen) != 2*len(kinds) {
		t.Errorf("%d pages of %d kinds, %v", len(seen), len(kinds), err)
	}
}
