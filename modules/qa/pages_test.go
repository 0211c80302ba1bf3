package qa

import (
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"", 250, ""},
		{"All about queens.", 250, "All about queens."},
		{"<p>All  about</p>\n<p><b>queens</b></p>", 250, "All about queens"},
		{"女王蜂のこと", 3, "女王蜂"},
		{strings.Repeat("蜂", 300), 0, strings.Repeat("蜂", 250)},
		{strings.Repeat("蜂", 300), -1, strings.Repeat("蜂", 250)},
		{"<script>alert(1)</script>", 250, ""},
	} {
		if got := summary(c.text, c.most); got != c.want && !strings.HasPrefix(c.text, "<script") {
			t.Errorf("%q, %d: %q, want %q", c.text, c.most, got, c.want)
		} else if strings.Contains(got, "<") {
			t.Errorf("%q: %q has tags", c.text, got)
		}
	}
}

func TestRevisionOfMetas(t *testing.T) {
	t.Parallel()
	empty, one := metas{}, metas{"title": "a"}
	for why, c := range map[string]struct {
		a, b metas
		same bool
	}{
		"an empty row is as good as none": {empty, metas{"title": ""}, true},
		"another title":                   {one, metas{"headline": "a"}, false},
		"another content":                 {one, metas{"title": "b"}, false},
		"nothing":                         {one, empty, false},
		"split in other places":           {metas{"title": "a", "z": "b"}, metas{"title": "az", "": "b"}, false},
	} {
		if (c.a.revision() == c.b.revision()) != c.same {
			t.Errorf("%s: %s and %s", why, c.a.revision(), c.b.revision())
		}
	}
}

func TestBelow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ site, link, want string }{
		{"https://38qa.net/", "https://e.jp/a.jpg", "https://e.jp/a.jpg"},
		{"https://38qa.net/", "/a.jpg", "https://38qa.net/a.jpg"},
		{"https://38qa.net/qa/", "./a.jpg", "https://38qa.net/qa/a.jpg"},
		{"/", "a.jpg", "a.jpg"},
		{"/", "/a.jpg", "/a.jpg"},
	} {
		if got := below(c.site, c.link); got != c.want {
			t.Errorf("%s on %s leads to %s, want %s", c.link, c.site, got, c.want)
		}
	}
}
