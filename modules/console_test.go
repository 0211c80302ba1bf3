package modules_test

import (
	"strings"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// TestConsoleCanBeSwitchedOff checks that the console is there by default, with the hosts of pictures that the
// configuration names, and that CONSOLE=off leaves nothing of it.
func TestConsoleCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	on := testsite.New(t, testsite.Config(func(c *config.Config) { c.MediaCDN = "https://media.example.net/x" }))
	res := on.Request(t, "GET", "/console/jobs", testsite.Visitor)
	page := testsite.Text(t, res)
	if policy := res.Header.Get("Content-Security-Policy"); res.StatusCode != 200 ||
		!strings.Contains(policy, " https://media.example.net;") || !strings.Contains(page, `<div id="root">`) {
		t.Errorf("%s, policy %q: %.200s", res.Status, policy, page)
	}
	off := testsite.New(t, testsite.Config(func(c *config.Config) { c.Console = "off" }))
	for _, path := range []string{"/console", "/console/jobs"} {
		if res := off.Request(t, "GET", path, testsite.Visitor); res.StatusCode != 404 {
			t.Errorf("%s with CONSOLE=off: %s", path, res.Status)
		}
	}
}
