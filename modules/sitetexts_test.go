package modules_test

import (
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestTextsOfTheSite checks that clients are given the texts that administrators have written, cleaned where they
// are HTML and as they are where they are not, and only where the site shows them.
func TestTextsOfTheSite(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	type body struct{ Texts map[string]string }
	hostile := `<p onclick="x()">Bees &amp; <b>honey</b></p><script>alert(1)</script><img src=x onerror=alert(1)>`
	values, switches := object{}, object{}
	html := []string{"custom_sidebar", "custom_sidepanel", "custom_header", "custom_footer", "custom_home_content",
		"custom_ask", "custom_answer", "custom_comment", "custom_register", "register_terms"}
	for _, name := range html {
		values[name] = hostile
	}
	plain := map[string]string{"homeHeading": "custom_home_heading", "homeDescription": "home_description",
		"extraFieldPrompt": "extra_field_prompt", "extraFieldLabel": "extra_field_label"}
	for _, name := range plain {
		values[name] = "Bees & <b>honey</b>"
	}
	for _, name := range []string{"show_custom_sidebar", "show_custom_sidepanel", "show_custom_header",
		"show_custom_footer", "show_custom_home", "show_home_description", "show_custom_ask", "show_custom_answer",
		"show_custom_comment", "show_custom_register", "show_register_terms", "extra_field_active"} {
		switches[name] = true
	}
	change := func(options object) map[string]string {
		t.Helper()
		s.Do(t, testsite.AdminHana, "PATCH", "/v1/admin/options", object{"options": options})
		return testsite.Get[body](t, s, "/v1/site").Texts
	}
	change(values)
	texts := change(switches)
	if len(texts) != len(html)+len(plain) {
		t.Errorf("%d texts: %v", len(texts), texts)
	}
	for name, text := range texts {
		switch {
		case plain[name] != "":
			if text != "Bees & <b>honey</b>" {
				t.Errorf("%s is %q", name, text)
			}
		case !strings.Contains(text, "<b>honey</b>") || strings.Contains(text, "script") ||
			strings.Contains(text, "onerror") || strings.Contains(text, "onclick"):
			t.Errorf("%s is %q", name, text)
		}
	}
	for name := range switches {
		switches[name] = false
	}
	if texts := change(switches); len(texts) != 0 {
		t.Errorf("with all switched off: %v", texts)
	}
}

// TestTextsThatNobodySwitched checks that texts of a site whose switches are not stored are shown where Q2A
// shows them: beside, above and below pages.
func TestTextsThatNobodySwitched(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After("DELETE FROM {options} WHERE title LIKE 'show_custom_%'",
		`REPLACE INTO {options} (title, content)
			VALUES ('custom_sidebar', 'a'), ('custom_header', 'b'), ('custom_footer', ''), ('custom_ask', 'c')`))
	texts := testsite.Get[struct{ Texts map[string]string }](t, s, "/v1/site").Texts
	if texts["sidebarHtml"] == "" || texts["headerHtml"] == "" || texts["footerHtml"] != "" || texts["askHtml"] != "" {
		t.Errorf("%v", texts)
	}
}
