package qa_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// longestContent is the most characters that a content may have as it is sent.
const longestContent = 48_000

// filled repeats a pattern to n bytes.
func filled(pattern string, n int) string { return strings.Repeat(pattern, n/len(pattern)) }

// worstContents are contents that once took seconds to convert or to clean, each with the code of its refusal
// if that is the same for all posts. The others are accepted, or refused for what is left of them.
var worstContents = map[string]struct{ format, text, code string }{
	"one character too many":         {"markdown", strings.Repeat("a", longestContent+1), "too_long"},
	"one character of HTML too many": {"html", strings.Repeat("あ", longestContent+1), "too_long"},
	"links without end":              {"markdown", filled("[a](", longestContent), "too_complex"},
	"links without end, 12,000":      {"markdown", filled("[a](", 12_000), "too_complex"},
	"links with brackets":            {"markdown", filled("[a]((", longestContent), "too_complex"},
	"quotes in quotes":               {"markdown", filled(">", longestContent), "too_complex"},
	"quotes in quotes, 4,000":        {"markdown", filled(">", 4_000), "too_complex"},
	"lists in a line":                {"markdown", filled("- ", longestContent), "too_complex"},
	"brackets in brackets":           {"markdown", filled("[", 24_000) + filled("]", 24_000), "too_complex"},
	"emphasis":                       {"markdown", filled("*a_", longestContent), "too_complex"},
	"code spans":                     {"markdown", filled("\\``\n", longestContent), "too_complex"},
	"tags without end":               {"markdown", filled("<a b", longestContent), "too_complex"},
	"definitions":                    {"markdown", filled("[a]: b (\n", longestContent), "too_complex"},
	"a table of many columns": {"markdown", filled("|", 4_000) + "\n" + filled("|-", 8_000) + "|\n" + filled("|\n", 20_000),
		"too_complex"},
	"a long address, referred to": {"markdown", "[a]: /" + filled("x", 24_000) + "\n\n" + filled("[a]\n\n", 20_000),
		"too_complex"},
	"Markdown that becomes long":      {"markdown", filled("&", longestContent), "too_long"},
	"open brackets":                   {"markdown", filled("[", longestContent), "too_long"},
	"open brackets that fit":          {"markdown", filled("[", 11_000), ""},
	"tags that fit not":               {"html", filled("<b>", longestContent/2) + filled("</i>", longestContent/2), ""},
	"tags in tags":                    {"html", filled("<b>a", longestContent), ""},
	"tables in tables":                {"html", filled("<table><tr><td>", longestContent), ""},
	"attributes":                      {"html", "<p " + filled("a=b ", 40_000) + ">a long text", ""},
	"entities":                        {"html", filled("&a;<b>", longestContent), ""},
	"comments without end":            {"html", filled("<!-- <b>", longestContent), ""},
	"links in links":                  {"html", filled(`<a href="x">`, longestContent), ""},
	"addresses in a style":            {"html", `<p style="` + filled("url(", 40_000) + `">a long text`, ""},
	"images in what is too deep":      {"html", "<time>" + filled("<b>", 300) + filled("<img>", 40_000), ""},
	"fonts with colours without end":  {"html", filled("<font color=a ", longestContent), ""},
	"forbidden within each other":     {"html", filled("<a><b>", longestContent), ""},
	"lists in lists":                  {"html", filled("<ul><li>", longestContent), ""},
	"plain text that would take long": {"plain", filled("[a](", 12_000), ""},
}

// TestWorstContents checks that each of these contents is accepted or refused for its field content, whoever
// sends it and for whichever post, and that refused ones change no row.
func TestWorstContents(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		options := map[string]string{"permit_post_q": "150", "permit_post_a": "150", "permit_post_c": "150"}
		for _, what := range []string{"qs", "as", "cs"} {
			options["max_rate_user_"+what], options["max_rate_ip_"+what] = "100000", "100000"
		}
		s.SetOptions(t, options)
		own := s.Do(t, testsite.Haru, http.MethodPost, "/v1/questions",
			map[string]any{"title": "A question to be edited", "content": "With a long text."})
		places := []struct {
			name, method, path string
			actor              int
		}{
			{"a visitor's question", http.MethodPost, "/v1/questions", testsite.Visitor},
			{"a visitor's answer", http.MethodPost, "/v1/questions/200/answers", testsite.Visitor},
			{"a member's comment", http.MethodPost, "/v1/posts/200/comments", testsite.Haru},
			{"a member's edit", http.MethodPatch, fmt.Sprintf("/v1/questions/%d", own), testsite.Haru},
		}
		for name, worst := range worstContents {
			t.Run(name, func(t *testing.T) {
				var before testsite.Snapshot
				if worst.code != "" {
					before = testsite.ReadTables(t, s.App.DB)
				}
				for _, p := range places {
					body := map[string]any{"content": worst.text, "format": worst.format}
					if strings.HasSuffix(p.path, "/questions") {
						body["title"] = "A question with a hostile text"
					}
					status, got, _ := s.Try(t, p.actor, p.method, p.path, body)
					taken := status == http.StatusCreated || status == http.StatusOK
					refused := status == http.StatusUnprocessableEntity &&
						strings.Contains(fmt.Sprint(got["errors"]), "code:"+worst.code) &&
						strings.Contains(fmt.Sprint(got["errors"]), "field:content")
					if !refused && (worst.code != "" || !taken) {
						t.Errorf("%s: %d %.300s", p.name, status, fmt.Sprint(got))
					}
				}
				if worst.code != "" {
					changed := testsite.Describe(nil, before.Diff(testsite.ReadTables(t, s.App.DB)))
					if len(changed) > 0 {
						t.Errorf("refused, and these rows changed: %q", changed)
					}
				}
			})
		}
	})
}

// TestHostileMarkdownOfThePast checks that Markdown which a plugin of the old site stored, before such texts
// were refused, is shown as plain text where it would take too long to convert.
func TestHostileMarkdownOfThePast(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for i, c := range []struct{ name, content, want string }{
			{"ordinary", "Some *text*", "<p>Some <em>text</em></p>"},
			{"links without end", filled("[a](", 12_000), filled("[a](", 12_000)},
			{"markup behind what takes long", filled("[a](", 11_952) + "<script>alert(1)</script>",
				filled("[a](", 11_952) + "&lt;script&gt;alert(1)&lt;/script&gt;"},
			{"quotes in quotes", filled(">", 12_000), filled("&gt;", 48_000)},
		} {
			t.Run(c.name, func(t *testing.T) {
				id := 95_000 + i
				s.Exec(t, `INSERT INTO {posts} (postid, type, created, format, title, content, hotness)
					VALUES (?, 'Q', '2026-12-01 00:00:00', 'markdown', 'Hostile', ?, 1e9)`, id, c.content)
				path := fmt.Sprintf("/v1/questions/%d", id)
				got := testsite.Decode[struct{ HTML string }](t,
					s.Request(t, http.MethodGet, path, testsite.Visitor))
				if strings.TrimSpace(got.HTML) != c.want {
					t.Errorf("%.200q, not %.200q", got.HTML, c.want)
				}
				for _, other := range []string{
					"/v1/questions?sort=hot", path + "/related", "/feed/questions.rss",
				} {
					res := s.Request(t, http.MethodGet, other, testsite.Visitor)
					if res.StatusCode >= http.StatusInternalServerError {
						t.Errorf("%s: %d", other, res.StatusCode)
					}
				}
			})
		}
	})
}
