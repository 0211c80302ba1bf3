package qa

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/qa/internal/render"
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site"
)

// recordedStrings holds results of Q2A's own functions (testdata/oracle/reads/strings.json).
type recordedStrings struct {
	Tags []struct {
		In     string
		Spaced []string `json:"space_separated"`
		Commas []string `json:"comma_separated"`
	}
	HTML []struct {
		In      string
		Storage string                           `json:"sanitize_for_storage"`
		Text    string                           `json:"text_of_html"`
		Posted  struct{ Format, Content string } `json:"wysiwyg_read_post"`
	}
}

func recorded(tb testing.TB) recordedStrings {
	tb.Helper()
	text, err := os.ReadFile("../../testdata/oracle/reads/strings.json")
	if err != nil {
		tb.Fatal(err)
	}
	var r recordedStrings
	if err := json.Unmarshal(text, &r); err != nil {
		tb.Fatal(err)
	}
	if len(r.HTML) < 40 || len(r.Tags) < 10 {
		tb.Fatalf("only %d HTML texts and %d tag strings are recorded", len(r.HTML), len(r.Tags))
	}
	return r
}

func TestOracleHTMLForStorage(t *testing.T) {
	r := render.New()
	for _, c := range recorded(t).HTML {
		if got := r.ForStorage(c.In, render.Options{}); got != c.Storage {
			t.Errorf("%q\nis stored as %q\nby Q2A as    %q", c.In, got, c.Storage)
		}
		if got := r.ForStorage(c.Storage, render.Options{}); got != c.Storage {
			t.Errorf("%q is cleaned again, to %q", c.Storage, got)
		}
	}
}

// TestOracleHTMLAsPosted checks that posted HTML is stored in the form that the old site's editor gives it,
// which is plain text where that says as much.
func TestOracleHTMLAsPosted(t *testing.T) {
	m := &Module{renderer: render.New()}
	for _, c := range recorded(t).HTML {
		if strings.Contains(c.In, " id=") {
			// The recorded process had met the id in another text before, and dropped it as the second one of
			// the same page.
			c.Posted.Content = c.Storage
		}
		stored, _ := m.converted(render.Options{}, c.In, "html")
		if stored.text != c.Posted.Content || stored.format != c.Posted.Format {
			t.Errorf("%q\nis stored as %q %q\nby Q2A as    %q %q", c.In, stored.format, stored.text,
				c.Posted.Format, c.Posted.Content)
		}
	}
}

func TestOracleTextOfHTML(t *testing.T) {
	for _, c := range recorded(t).HTML {
		if got := TextOf(c.In, "html"); got != c.Text {
			t.Errorf("text of %q: %q, Q2A: %q", c.In, got, c.Text)
		}
	}
}

func TestOracleTags(t *testing.T) {
	for _, c := range recorded(t).Tags {
		for separator, want := range map[string][]string{"0": c.Spaced, "1": c.Commas} {
			o := site.NewOptions(map[string]string{"tag_separator_comma": separator})
			if got := tagsOf(o, []string{c.In}); !slices.Equal(got, want) {
				t.Errorf("tags of %q with tag_separator_comma %s: %q, Q2A: %q", c.In, separator, got, want)
			}
		}
	}
}

func FuzzTags(f *testing.F) {
	for _, c := range recorded(f).Tags {
		f.Add(c.In, false)
		f.Add(c.In, true)
	}
	f.Fuzz(func(t *testing.T, text string, commas bool) {
		separator := map[bool]string{true: "1"}[commas]
		o := site.NewOptions(map[string]string{"tag_separator_comma": separator})
		tags := tagsOf(o, []string{text})
		for i, tag := range tags {
			if tag == "" || strings.ContainsAny(tag, ",/") || words.Lower(tag) != tag ||
				slices.Contains(tags[:i], tag) {
				t.Errorf("%q has the tag %q", text, tag)
			}
		}
		// Stored tags have to be read as the same tags again, or every edit would change them.
		if again := tagsOf(o, tagList(strings.Join(tags, ","))); fmt.Sprint(again) != fmt.Sprint(tags) {
			t.Errorf("%q gives %q, and these %q", text, tags, again)
		}
	})
}

func FuzzStored(f *testing.F) {
	for _, c := range recorded(f).HTML {
		f.Add(c.In)
	}
	m := &Module{renderer: render.New()}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []string{"plain", "html", "markdown"} {
			stored, wrong := m.converted(render.Options{}, text, format)
			if wrong != nil {
				continue
			}
			content, kept := stored.text, stored.format
			if kept != "" && kept != "html" || kept == "html" && format == "plain" {
				t.Fatalf("%q is kept as %q", text, kept)
			}
			if words.WithoutAstral(content) != content {
				t.Errorf("%q keeps characters that the tables cannot hold", text)
			}
			if kept == "html" {
				if again := m.renderer.ForStorage(content, render.Options{}); again != content {
					t.Errorf("%q is stored as %q, and that as %q", text, content, again)
				}
			}
		}
	})
}
