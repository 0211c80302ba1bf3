package modules_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// walls are the modules that each module may import; all may import the kernel. The linter depguard has the
// same rules.
var walls = map[string]string{
	"kernel": "", "site": "", "auth": "site", "media": "site auth", "mail": "site auth", "hooks": "auth", "console": "", "personal": "site auth", "moderation": "site auth qa", "qa": "site auth media", "community": "site auth qa", "ranking": "site auth qa", "demo": "qa site media",
}

func TestWalls(t *testing.T) {
	t.Parallel()
	const root = "38qa.net/backend/"
	const testsite = root + "modules/testsite"
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}: {{join .Imports " "}}`,
		root+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if pkg == testsite {
			continue // tests of all modules use it, and it uses the whole application
		}
		if slices.Contains(strings.Fields(imports), testsite) {
			t.Errorf("%s imports %s, which is for tests only", pkg, testsite)
		}
		room, inModule := strings.CutPrefix(pkg, root+"modules/")
		if !inModule {
			continue // commands, the configuration and the application may import everything below them
		}
		room, _, _ = strings.Cut(room, "/")
		allowed, known := walls[room]
		if !known {
			t.Errorf("%s: a module without a rule; add it to walls", pkg)
		}
		for imported := range strings.FieldsSeq(imports) {
			other, ours := strings.CutPrefix(imported, root)
			if !ours {
				continue
			}
			other, isModule := strings.CutPrefix(other, "modules/")
			other, _, _ = strings.Cut(other, "/")
			if !isModule ||
				other != room && other != "kernel" && !strings.Contains(" "+allowed+" ", " "+other+" ") {
				t.Errorf("%s may not import %s", pkg, imported)
			}
			checked++
		}
	}
	if checked < 15 {
		t.Errorf("only %d imports seen", checked)
	}
}
