package qa

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/qa/internal/render"
)

func TestConverted(t *testing.T) {
	m := &Module{renderer: render.New()}
	for name, c := range map[string]struct{ text, format, code string }{
		"Markdown that takes long":    {strings.Repeat("[a](", 12_000), "markdown", "too_complex"},
		"Markdown that becomes long":  {strings.Repeat("&", maxRaw), "markdown", "too_long"},
		"HTML with tags that fit not": {strings.Repeat("<b>", 8_000) + strings.Repeat("</i>", 6_000), "html", ""},
		"ordinary Markdown":           {"Some *text*.", "markdown", ""},
		"ordinary HTML":               {"<p>Some <b>text</b>.</p>", "html", ""},
		"plain text":                  {strings.Repeat("[a](", 12_000), "plain", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, wrong := m.converted(render.Options{}, c.text, c.format)
			code := ""
			if wrong != nil {
				code = wrong.Code.String()
			}
			if code != c.code {
				t.Errorf("%q, not %q", code, c.code)
			}
		})
	}
}

// TestRawLength checks that the documented maximum length of a content as it is sent, which is checked before
// anything is done with the content, is the length that the code knows.
func TestRawLength(t *testing.T) {
	field, _ := reflect.TypeFor[Writing]().FieldByName("Content")
	if got := field.Tag.Get("maxLength"); got != strconv.Itoa(maxRaw) {
		t.Errorf("%s, not %d", got, maxRaw)
	}
}

// TestTurnsOfConversions checks that tiny and plain texts need no turn to be converted, that ordinary texts
// do not wait for those that take long, and that a request which waits for a turn may give up.
func TestTurnsOfConversions(t *testing.T) {
	m := &Module{lightTurns: limit.NewTurns(), heavyTurns: limit.NewTurns()}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	take := func(ctx context.Context, text, format string) error {
		_, err := m.turn(ctx, &Writing{Content: &text, Format: format})
		return err
	}
	heavy, light := strings.Repeat("a_b ", 4_000), strings.Repeat("a b ", 1_000)
	for range max(1, runtime.GOMAXPROCS(0)/2) { // all turns there are
		if err := take(t.Context(), heavy, "markdown"); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ text, format string }{
		"tiny":  {"*a*", "markdown"},
		"plain": {heavy, "plain"},
		"light": {light, "markdown"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := take(t.Context(), c.text, c.format); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("heavy", func(t *testing.T) {
		if err := take(gone, heavy, "markdown"); !errors.Is(err, context.Canceled) {
			t.Errorf("it does not wait: %v", err)
		}
	})
}

// TestNothingIsConvertedWithinTransactions checks that no function that works on a change converts a text,
// since others would have to wait for the locks of the change meanwhile.
func TestNothingIsConvertedWithinTransactions(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	converts := map[string]bool{"FromMarkdown": true, "ForStorage": true, "converted": true, "prepare": true}
	methods := 0
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			var body ast.Node
			switch f := n.(type) {
			case *ast.FuncDecl:
				if f.Recv == nil || !isChange(f.Recv.List[0].Type) {
					return true
				}
				body = f.Body
			case *ast.FuncLit:
				if len(f.Type.Params.List) == 0 || !isChange(f.Type.Params.List[0].Type) {
					return true
				}
				body = f.Body
			default:
				return true
			}
			methods++
			ast.Inspect(body, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && converts[s.Sel.Name] {
					t.Errorf("%s: %s is called within a transaction", name, s.Sel.Name)
				}
				return true
			})
			return true
		})
	}
	if methods < 50 {
		t.Errorf("only %d functions that work on a change were found", methods)
	}
}

// isChange reports whether the type is *change.
func isChange(e ast.Expr) bool {
	star, ok := e.(*ast.StarExpr)
	if !ok {
		return false
	}
	name, ok := star.X.(*ast.Ident)
	return ok && name.Name == "change"
}

func TestSameText(t *testing.T) {
	long := strings.Repeat("some words and others ", 400)
	for name, c := range map[string]struct {
		a, b string
		want bool
	}{
		"equal":                           {"a b", "a b", true},
		"other spaces and marks":          {"a, b!", " A  b", true},
		"one longer":                      {"a b", "a b c", false},
		"differ late":                     {long + "x", long + "y", false},
		"long and equal but for marks":    {long + "x", long + "x!", true},
		"words cut differently":           {strings.Repeat("a ", 249) + "abcdef", strings.Repeat("a  ", 249) + "abcdef", true},
		"an apostrophe at the cut":        {strings.Repeat("a", 498) + "'b c", strings.Repeat("a", 498) + "b c", true},
		"Japanese":                        {strings.Repeat("日本語", 300), strings.Repeat("日本 語", 300), true},
		"nothing and marks":               {"", "!?", true},
		"nothing and a word":              {"", "a", false},
		"many spaces before the one text": {strings.Repeat(" ", 2000) + "a b c d", "a b c d", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sameText(c.a, c.b); got != c.want {
				t.Errorf("%v", got)
			}
		})
	}
}
