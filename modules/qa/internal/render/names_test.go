package render

import (
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"
)

func TestNamesAreThePosts(t *testing.T) {
	r := New()
	for name, c := range map[string]struct{ in, want string }{
		"id": {`<p id="location">x</p>`, `<p id="user-content-location">x</p>`},
		"id of an image": {
			`<img src="x.png" id="body" name="cookie" alt="">`,
			`<img src="x.png" id="user-content-body" alt="" loading="lazy" decoding="async" referrerpolicy="no-referrer">`,
		},
		"id that is ours": {`<p id="user-content-a">x</p>`, `<p id="user-content-a">x</p>`},
		"id in Japanese":  {`<p id="巣箱">x</p>`, `<p id="user-content-巣箱">x</p>`},
		"id that is none": {`<p id="a&quot;b">x</p>`, `<p>x</p>`},
		"link within": {
			`<a href="#巣箱">x</a>`,
			`<a href="#user-content-巣箱" rel="nofollow ugc noopener">x</a>`,
		},
		"name of a link": {
			`<a name="top" id="top">x</a><a href="#top">y</a>`,
			`<a id="user-content-top" rel="nofollow ugc noopener">x</a><a href="#user-content-top" rel="nofollow ugc noopener">y</a>`,
		},
		"link to the top": {`<a href="#">x</a>`, `x`},
		"other page's part": {
			`<a href="https://e.jp/#a">x</a>`,
			`<a href="https://e.jp/#a" rel="nofollow ugc noopener">x</a>`,
		},
		"map": {
			`<img src="x.png" alt="" usemap="#m"><map name="m"><area alt="a" href="https://e.jp/"></map>`,
			`<img src="x.png" alt="" usemap="#user-content-m" loading="lazy" decoding="async" referrerpolicy="no-referrer"><map name="user-content-m"><area alt="a" href="https://e.jp/" rel="nofollow ugc noopener"></map>`,
		},
		"heads of columns": {
			`<table><tr><td headers="a b">x</td></tr></table>`,
			`<table><tr><td headers="user-content-a user-content-b">x</td></tr></table>`,
		},
		"language of code": {
			`<pre class="language-go"><code class="lang-c++ language-c#">x</code></pre>`,
			`<pre class="language-go"><code class="lang-c++ language-c#">x</code></pre>`,
		},
		"Prettify": {
			`<pre class="prettyprint linenums:3 lang-js">x</pre>`,
			`<pre class="prettyprint linenums:3 lang-js">x</pre>`,
		},
		"SyntaxHighlighter": {`<pre class="brush:php;">x</pre>`, `<pre class="brush:php;">x</pre>`},
		"marker":            {`<span class="marker">x</span>`, `<span class="marker">x</span>`},
		"some of classes": {
			`<code class="fixed language-go inset-0">x</code>`,
			`<code class="language-go">x</code>`,
		},
		"utilities": {
			`<span class="fixed inset-0 z-50">x</span><pre class="modal">y</pre>`,
			`<span>x</span><pre>y</pre>`,
		},
		"classes of others": {
			`<div class="language-go">x</div><p class="marker">y</p><table class="marker"><tr><td>z</td></tr></table>`,
			`<div>x</div><p>y</p><table><tr><td>z</td></tr></table>`,
		},
		"position": {
			`<div style="position:fixed;top:0;left:0;z-index:9;width:100%;height:100%">x</div>`,
			`<div>x</div>`,
		},
		"window": {
			`<a href="https://e.jp/" target="_top">x</a>`,
			`<a href="https://e.jp/" rel="nofollow ugc noopener">x</a>`,
		},
		"keys and roles": {
			`<p accesskey="s" tabindex="1" contenteditable="true" role="dialog" data-action="x" hidden>x</p>`,
			`<p>x</p>`,
		},
		"ends of others": {`</div></article>x<div>y`, `x<div>y</div>`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := r.HTML(c.in, "html", Options{}); got != c.want {
				t.Errorf("%s\nis shown as %s\nwant        %s", c.in, got, c.want)
			}
		})
	}
}

// TestNamesStayTheSame checks that HTML which is posted as it was shown is shown the same again.
func TestNamesStayTheSame(t *testing.T) {
	r := New()
	const in = `<p id="a">x</p><a href="#a">y</a><code class="language-go">z</code>`
	shown := r.HTML(in, "html", Options{})
	if again := r.HTML(r.ForStorage(shown, Options{}), "html", Options{}); again != shown {
		t.Errorf("%s is shown as %s when it comes again", shown, again)
	}
}

func TestMarkdownKeepsLanguages(t *testing.T) {
	const in = "```c++\nx\n```"
	if got := New().HTML(in, "markdown", Options{}); !strings.Contains(got, `class="language-c++"`) {
		t.Errorf("%q is shown as %q", in, got)
	}
}

func TestOnlyWebAddressesAreLinked(t *testing.T) {
	r := New()
	for text, linked := range map[string]bool{
		"see https://e.jp/x.": true, "https://bank.example@e.jp/": false, "http://e.jp/\u202egpj.exe": false,
		"https://e.jp\\@f.jp/": false,
		"javascript://e.jp/":   false, "https://日本語.jp/蜂": true, "http://": false,
	} {
		t.Run(text, func(t *testing.T) {
			if got := r.HTML(text, "", Options{LinkURLs: true}); strings.Contains(got, "<a ") != linked {
				t.Errorf("%q is shown as %q", text, got)
			}
		})
	}
}

// checkName checks that an attribute of shown HTML names nothing outside of the post, and no class of the
// page around it.
func checkName(t *testing.T, text, element string, a nethtml.Attribute) {
	t.Helper()
	switch a.Key {
	case "id", "name":
		if !strings.HasPrefix(a.Val, namePrefix) {
			t.Errorf("%q: <%s> with the %s %q", text, element, a.Key, a.Val)
		}
	case "class":
		for class := range strings.FieldsSeq(a.Val) {
			if !shownClasses.MatchString(class) {
				t.Errorf("%q: <%s> with the class %q", text, element, class)
			}
		}
	case "href", "usemap":
		name, ok := strings.CutPrefix(a.Val, "#")
		if ok && name != "" && !strings.HasPrefix(name, namePrefix) {
			t.Errorf("%q: <%s> leads to %q", text, element, a.Val)
		}
	case "target":
		if a.Val != "_blank" || element != "a" && element != "area" {
			t.Errorf("%q: <%s> opens in %q", text, element, a.Val)
		}
	case "accesskey", "tabindex", "contenteditable", "role", "hidden", "form", "ping", "background":
		t.Errorf("%q: <%s> with the attribute %s", text, element, a.Key)
	}
}
