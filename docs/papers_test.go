// Package docs holds the papers of the repository, and tests of what the papers refer to.
package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the folder of the repository.
const root = ".."

// papers returns the paths of all Markdown files of the repository, from its root.
func papers(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "*.md").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Fields(string(out))
	if len(all) < 10 {
		t.Fatalf("only %v", all)
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	noMark  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	program = regexp.MustCompile(`go (?:run|test|vet|generate)(?: -\S+)* (\./[\w./-]+)`)
	target  = regexp.MustCompile("(?m)(?:^|`|\\$ )(?:[A-Z_]+=\\S+ )?make ([a-z][a-z-]*)")
	script  = regexp.MustCompile(`(?:^|[\s\x60"(])(\.ci/[\w.-]+|(?:deploy|tools)/[\w./-]+)`)
	targets = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
)

// anchors returns the names by which the headings of a paper can be linked to.
func anchors(paper string) map[string]bool {
	names := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(paper, -1) {
		name := strings.ToLower(strings.TrimSpace(noMark.ReplaceAllString(h[1], "")))
		names[strings.ReplaceAll(name, " ", "-")] = true
	}
	return names
}

// TestLinks checks that each relative link of a paper leads to a file or folder that exists, and to a heading
// in it if the link names one.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, path := range papers(t) {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			for _, l := range link.FindAllStringSubmatch(read(t, path), -1) {
				to, anchor, _ := strings.Cut(l[1], "#")
				if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
					continue
				}
				file := filepath.Join(filepath.Dir(path), to)
				if to == "" {
					file = path
				}
				if _, err := os.Stat(filepath.Join(root, file)); err != nil {
					t.Errorf("%s leads nowhere", l[1])
					continue
				}
				if anchor != "" && strings.HasSuffix(file, ".md") && !anchors(read(t, file))[anchor] {
					t.Errorf("%s: there is no such heading", l[1])
				}
			}
		})
	}
}

// TestCommands checks that the programs, scripts and targets of make that papers name exist.
func TestCommands(t *testing.T) {
	t.Parallel()
	made := map[string]bool{}
	for _, m := range targets.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		made[m[1]] = true
	}
	for _, path := range papers(t) {
		if path == "CHANGELOG.md" {
			continue // it also names what does not exist any more
		}
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			text := read(t, path)
			for _, m := range target.FindAllStringSubmatch(text, -1) {
				if !made[m[1]] {
					t.Errorf("make %s: there is no such target", m[1])
				}
			}
			for _, pattern := range []*regexp.Regexp{program, script} {
				for _, m := range pattern.FindAllStringSubmatch(text, -1) {
					name := strings.TrimRight(strings.TrimSuffix(m[1], "/..."), "/.")
					if _, err := os.Stat(filepath.Join(root, name)); name != "" && err != nil {
						t.Errorf("%s is not there", m[1])
					}
				}
			}
		})
	}
}
