package qa_test

import (
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestOldAddresses(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for path, want := range map[string]string{
			"/1/any-slug": "/v1/questions/1?include=answers,comments",
			"/389/冬越し中の給餌は必要ですか？": "/v1/questions/389?include=answers,comments",
			"/?qa=389/slug":                         "/v1/questions/389?include=answers,comments",
			"/index.php?qa=user/aki":                "/v1/users/aki",
			"/user/Bee%20Keeper":                    "/v1/users/Bee%20Keeper",
			"/tag/queen":                            "/v1/questions?tag=queen",
			"/tag/%E5%88%86%E8%9C%82":               "/v1/questions?tag=%E5%88%86%E8%9C%82",
			"/questions/nihon-mitsubachi/kanri":     "/v1/questions?category=nihon-mitsubachi%2Fkanri",
			"/nihon-mitsubachi/kanri":               "/v1/activity?kind=home&category=2",
			"/nihon-mitsubachi/kanri/subako/jubako": "/v1/activity?kind=home&category=4",
			"/guide":                                "/v1/pages/guide",
			"/hot":                                  "/v1/questions?sort=hot",
			"/":                                     "/docs",
		} {
			t.Run(path, func(t *testing.T) {
				res := s.Request(t, http.MethodGet, path, testsite.Visitor)
				if got := res.Header.Get("Location"); res.StatusCode != http.StatusFound || got != want {
					t.Errorf("GET %s: %s to %q, want %q", path, res.Status, got, want)
					return
				}
				if want != "/docs" &&
					s.Request(t, http.MethodGet, want, testsite.Visitor).StatusCode != http.StatusOK {
					t.Errorf("%s leads to %s, which does not answer", path, want)
				}
			})
		}
		for _, path := range []string{"/3/an-answer", "/99999/nothing", "/nowhere", "/nowhere/at/all"} {
			res := s.Request(t, http.MethodGet, path, testsite.Visitor)
			if res.StatusCode != http.StatusNotFound {
				t.Errorf("GET %s: %s", path, res.Status)
			}
		}
	})
}
