package site

import "testing"

// TestReservedSlugs checks which addresses are Q2A's own: those of its pages, in any case of letters, and what PHP
// takes for a number.
func TestReservedSlugs(t *testing.T) {
	t.Parallel()
	for slug, want := range map[string]bool{
		"admin": true, "ADMIN": true, " tags ": true, "qa": true, "feed": true, "url": true, "install": true,
		"sitemap.xml": true, "": true, " ": true, "facebook-login": true, "12": true, "1.5": true, ".5": true, "5.": true, "-3": true, "1e5": true,
		"1E5": true, "1e": false, "0x1f": false, "１２": false, "12a": false, "1_000": false, "inf": false,
		"about": false, "administration": false, "guide": false, "蜂": false, "e5": false, ".": false, "user-s": false,
	} {
		if got := SlugReserved(slug); got != want {
			t.Errorf("%q: %v, want %v", slug, got, want)
		}
	}
}
