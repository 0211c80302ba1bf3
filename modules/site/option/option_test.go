package option

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestAllIsSorted(t *testing.T) {
	keys := slices.Collect(All())
	if len(keys) < 250 || !slices.IsSortedFunc(keys, Compare) {
		t.Errorf("%d options, not sorted by name: %v", len(keys), keys)
	}
}

// TestVariablesAreNamedAfterTheirOptions checks that each variable has the name of its option: PermitPostQ
// that of permit_post_q.
func TestVariablesAreNamedAfterTheirOptions(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "keys.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	specs := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		specs++
		literal := spec.Values[0].(*ast.CallExpr).Args[0].(*ast.BasicLit)
		name, err := strconv.Unquote(literal.Value)
		if got, want := spec.Names[0].Name, variable(name); err != nil || got != want {
			t.Errorf("the variable of %s is %s, want %s", name, got, want)
		}
		return false
	})
	if specs < 200 {
		t.Errorf("only %d variables seen", specs)
	}
}

// variable returns the name of an option's variable.
func variable(option string) string {
	initialisms := map[string]string{"blobid": "BlobID", "html": "HTML", "ip": "IP", "ips": "IPs",
		"smtp": "SMTP", "url": "URL", "urls": "URLs", "xml": "XML"}
	name := ""
	for word := range strings.FieldsFuncSeq(option, func(r rune) bool { return r == '_' || r == '-' }) {
		if initialisms[word] != "" {
			name += initialisms[word]
		} else {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return name
}

func TestOf(t *testing.T) {
	if Of("permit_post_q") != PermitPostQ || PermitPostQ.Points() != Of("permit_post_q_points") {
		t.Error("a name leads to another option")
	}
	for name, call := range map[string]func(){
		"a typo":           func() { Of("permit_post_qs") },
		"no name":          func() { Of("") },
		"not a permission": func() { SiteTitle.Points() },
		"defined twice":    func() { define("site_title", "") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
}
