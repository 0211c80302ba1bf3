package option

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/problem"
)

var update = flag.Bool("update", false, "write the table of options in docs/administration.md anew")

// TestOptionsAreDocumented checks that docs/administration.md lists the options as they are described here.
// With the flag -update it writes the list.
func TestOptionsAreDocumented(t *testing.T) {
	t.Parallel()
	const path = "../../../docs/administration.md"
	paper, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- options -->\n", "<!-- end of options -->\n"
	before, rest, ok := strings.Cut(string(paper), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the paper has no place for the options")
	}
	want := table()
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if old != want {
		t.Error("docs/administration.md is old: go test ./modules/site/option -run Documented -update")
	}
}

// table returns the options as a table of Markdown.
func table() string {
	var b strings.Builder
	b.WriteString("| option | group | values | default | what it does |\n| --- | --- | --- | --- | --- |\n")
	cell := strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;")
	for _, d := range Definitions() {
		values := string(d.Kind)
		switch d.Kind {
		case Number:
			values = fmt.Sprintf("%d–%d", d.Min, d.Max)
		case OneOf, Permission:
			values = strings.ReplaceAll(Names(d.Choices), `"`, "`")
		}
		standard := fmt.Sprint(d.Value(d.Key.Default()))
		switch v := d.Value(d.Key.Default()).(type) {
		case nil:
			standard = ""
		case []string:
			standard = strings.Join(v, " ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", d.Key, d.Group, values, cell.Replace(standard),
			cell.Replace(d.Text.In(problem.English)))
	}
	return b.String()
}
