package qa_test

import (
	"fmt"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// unseen are characters that reverse the direction of text, are invisible in it, or are no text at all.
const unseen = "\u202e\u2066\u0000\u0007\u009b\ufffe"

// TestUnseenCharactersAreTakenOut checks that such characters are removed from the texts that users send, and
// that a title which consists of invisible characters alone is refused.
func TestUnseenCharactersAreTakenOut(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		hidden := func(text string) string { // puts unseen within and around the text
			half := len(text) / 2
			return unseen + text[:half] + unseen + text[half:] + unseen
		}
		do := func(t *testing.T, c call, actor int) map[string]any {
			t.Helper()
			status, body, _ := s.Try(t, actor, c.method, c.path, c.body)
			if status >= 300 {
				t.Fatalf("%s %s: %d %v", c.method, c.path, status, body)
			}
			return body
		}
		var question any
		t.Run("question", func(t *testing.T) {
			got := do(t, call{"POST", "/v1/questions", map[string]any{
				"title": hidden("Where is the queen now?"), "categoryId": 2,
				"content": hidden("She was here\nyesterday."), "tags": []string{hidden("queen")},
			}}, testsite.Haru)
			question = got["id"]
			if got["title"] != "Where is the queen now?" || fmt.Sprint(got["tags"]) != "[queen]" {
				t.Errorf("title %+q, tags %+q", got["title"], got["tags"])
			}
			html := fmt.Sprint(got["html"])
			if strings.ContainsAny(html, unseen) || !strings.Contains(html, "here<br>\nyesterday") {
				t.Errorf("content %+q", html)
			}
		})
		t.Run("edit", func(t *testing.T) {
			got := do(t, call{"PATCH", fmt.Sprintf("/v1/questions/%v", question), map[string]any{
				"title": hidden("Where is she now?"),
			}}, testsite.Haru)
			if got["title"] != "Where is she now?" {
				t.Errorf("title %+q", got["title"])
			}
		})
		t.Run("profile", func(t *testing.T) {
			got := do(t, call{"PATCH", "/v1/me", map[string]any{
				"handle": hidden("haru2"),
				"fields": map[string]any{
					"name": hidden("Haru"), "about": hidden("One\nTwo"), "website": hidden("https://e.jp/"),
				},
			}}, testsite.Haru)
			fields := got["fields"].(map[string]any)
			if handle := got["user"].(map[string]any)["handle"]; handle != "haru2" {
				t.Errorf("handle %+q", handle)
			}
			if fields["name"] != "Haru" || fields["about"] != "One\nTwo" ||
				fields["website"] != "https://e.jp/" {
				t.Errorf("fields %+q", fields)
			}
		})
		t.Run("note of a closure", func(t *testing.T) {
			do(t, call{"PUT", fmt.Sprintf("/v1/questions/%v/closure", question), map[string]any{
				"note": hidden("Asked before"),
			}}, testsite.EditorYuki)
			var note string
			if _, err := s.App.DB.Get(t.Context(), []any{&note},
				"SELECT content FROM {posts} WHERE type = 'NOTE' ORDER BY postid DESC LIMIT 1"); err != nil {
				t.Fatal(err)
			}
			if note != "Asked before" {
				t.Errorf("note %+q", note)
			}
		})
		t.Run("title of nothing to see", func(t *testing.T) {
			c := call{"POST", "/v1/questions", map[string]any{
				"title": strings.Repeat("\u200b\u3164", 20), "categoryId": 2,
				"content": "There is more to see here.",
			}}
			status, body, _ := s.Try(t, testsite.Haru, c.method, c.path, c.body)
			if status != 422 || body["code"] != "validation" {
				t.Errorf("%d %v", status, body)
			}
		})
	})
}
