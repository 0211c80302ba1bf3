// Package datadog has no program: what is for Datadog is in files, and the test holds them against the
// metrics that the server sends.
package datadog

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/observe"
)

// everywhere are the tags that the agent or the environment adds to every metric.
var everywhere = []string{"env", "service", "version"}

// TestFiguresAreSent checks that the dashboard, the monitors and the objectives use no metric and no tag that
// the server does not send, and that every metric is shown on the dashboard.
func TestFiguresAreSent(t *testing.T) {
	t.Parallel()
	sent := map[string]observe.Metric{}
	for _, m := range observe.Metrics() {
		sent[m.Name] = m
	}
	metric := regexp.MustCompile(`(q2ab\.[a-z_.]*[a-z])\{([^}]*)\}(?: by \{([^}]*)\})?`)
	names := regexp.MustCompile(`q2ab\.[a-z_.]*[a-z]`)
	shown := map[string]bool{}
	for _, file := range []string{"dashboard.json", "monitors.json", "main.tf"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(content)
		if strings.HasSuffix(file, ".json") && !json.Valid(content) {
			t.Errorf("%s is no JSON", file)
		}
		// What Terraform fills in has braces of its own.
		text = strings.NewReplacer("${env}", "*", "${service}", "*", "${local.scope}", "env:*,service:*").Replace(text)
		for _, name := range names.FindAllString(text, -1) {
			if _, ok := sent[name]; !ok {
				t.Errorf("%s names %s, which is not sent", file, name)
			}
			shown[name] = shown[name] || file == "dashboard.json"
		}
		for _, use := range metric.FindAllStringSubmatch(text, -1) {
			tags := strings.Split(use[3], ",")
			for _, filter := range strings.Split(use[2], ",") {
				if tag, _, ok := strings.Cut(strings.TrimPrefix(filter, "!"), ":"); ok {
					tags = append(tags, tag)
				} else if !slices.Contains([]string{"$env", "$service"}, filter) {
					t.Errorf("%s: the filter %q of %s is not understood", file, filter, use[1])
				}
			}
			for _, tag := range tags {
				if tag != "" && !slices.Contains(everywhere, tag) && !slices.Contains(sent[use[1]].Tags, tag) {
					t.Errorf("%s: %s has no tag %s", file, use[1], tag)
				}
			}
		}
	}
	for name := range sent {
		if !shown[name] {
			t.Errorf("%s is on no dashboard", name)
		}
	}
}
