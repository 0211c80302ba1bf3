package modules_test

import (
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestLinksOfProfilesLeadToTheWeb: whatever stands in the field, the API gives no other link.
func TestLinksOfProfilesLeadToTheWeb(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		r := s
		for value, want := range map[string]string{
			"https://e.jp/x": "https://e.jp/x", "e.jp": "http://e.jp",
			"javascript:alert(document.cookie)": "", "JavaScript://e.jp/%0aalert(1)": "",
			"data:text/html,x.y": "", "https://bank.example@e.jp/": "", "nothing": "", "": "",
		} {
			t.Run(value, func(t *testing.T) {
				if status, body, _ := r.Try(t, testsite.Haru, "PATCH", "/v1/me", map[string]any{"fields": map[string]any{"website": value}}); status != 200 {
					t.Fatalf("%d %v", status, body)
				}
				_, body, _ := r.Try(t, testsite.Visitor, "GET", "/v1/users/haru", nil)
				for _, f := range body["fields"].([]any) {
					f := f.(map[string]any)
					if f["name"] != "website" {
						continue
					}
					url, _ := f["url"].(string)
					isLink, _ := f["isLink"].(bool)
					if f["value"] != value || url != want || isLink != (want != "") {
						t.Errorf("%v, want a link to %q", f, want)
					}
					return
				}
				t.Errorf("no website in %v", body)
			})
		}
	})
}

// TestPagesLeadToTheWebOrTheSite: links in the navigation that lead elsewhere are left out.
func TestPagesLeadToTheWebOrTheSite(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		type page struct{ Title, URL string }
		before := testsite.Get[testsite.List[page]](t, s, "/v1/pages").Items
		for i, address := range []string{"javascript:alert(1)", "javascript://e.jp/%0aalert(1)", "//e.jp/", "data:text/html,x", "https://a@e.jp/", "/tags", "https://e.jp/"} {
			if _, err := s.App.DB.Exec(t.Context(), "INSERT INTO {pages} (title, nav, position, flags, permit, tags) VALUES (?, 'F', ?, 1, 150, ?)", address, 100+i, address); err != nil {
				t.Fatal(err)
			}
		}
		testsite.Same(t, "links", testsite.Get[testsite.List[page]](t, s, "/v1/pages").Items[len(before):], []page{{"/tags", "/tags"}, {"https://e.jp/", "https://e.jp/"}})
	})
}
