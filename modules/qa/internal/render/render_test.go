package render

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"

	addresses "38qa.net/backend/modules/qa/internal/hostile"
)

// hostile are texts of the kinds that are in OWASP's list for the evasion of filters, written anew for this
// test.
var hostile = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=//evil.example/x.js></SCRIPT>`, `<scr<script>ipt>alert(1)</scr</script>ipt>`,
	`<img src=x onerror=alert(1)>`, `<img src="javascript:alert(1)">`, `<img src=JaVaScRiPt:alert(1)>`, "<img src=`javascript:alert(1)`>",
	`<img """><script>alert(1)</script>">`, `<img src=&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)>`,
	`<img src="jav&#x09;ascript:alert(1);">`, "<img src=\"jav\tascript:alert(1)\">", "<img src=\"jav\nascript:alert(1)\">", "<img src=\" \x0e javascript:alert(1)\">",
	`<a href="javascript:alert(1)">x</a>`, `<a href="&#x6A;avascript:alert(1)">x</a>`, `<a href="data:text/html,<script>alert(1)</script>">x</a>`,
	`<a href="vbscript:msgbox(1)">x</a>`, `<a href="  javascript:alert(1)">x</a>`, "<a href=\"java\x00script:alert(1)\">x</a>", `<a onmouseover="alert(1)">x</a>`,
	`<a href="https://x" onclick=alert(1) style="background:url(javascript:alert(1))">x</a>`, `<body onload=alert(1)>`, `<svg onload=alert(1)>`,
	`<svg><script>alert(1)</script></svg>`, `<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>`, `<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>`,
	`<iframe src="javascript:alert(1)"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>"></iframe>`, `<object data="javascript:alert(1)"></object>`,
	`<embed src="data:image/svg+xml;base64,PHN2Zz4=">`, `<form action="javascript:alert(1)"><input type=submit></form>`, `<button formaction=javascript:alert(1)>x</button>`,
	`<input autofocus onfocus=alert(1)>`, `<details open ontoggle=alert(1)>`, `<video src=x onerror=alert(1)>`, `<audio src onloadstart=alert(1)>`,
	`<meta http-equiv="refresh" content="0;url=javascript:alert(1)">`, `<link rel=stylesheet href="javascript:alert(1)">`, `<base href="javascript:alert(1)//">`,
	`<style>@import 'javascript:alert(1)';</style>`, `<style>li{list-style-image:url("javascript:alert(1)")}</style><ul><li>x`, `<div style="width:expression(alert(1))">`,
	`<div style="background-image:url(javascript:alert(1))">`, `<xss style="behavior:url(x.htc)">`, `<!--[if gte IE 4]><script>alert(1)</script><![endif]-->`,
	`<![CDATA[<script>alert(1)</script>]]>`, `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<template><script>alert(1)</script></template>`,
	`<textarea></textarea><script>alert(1)</script>`, `<title><img src=x onerror=alert(1)></title>`, `<plaintext><script>alert(1)`, `<img src=x:alert(alt) onerror=eval(src) alt=1>`,
	`<table background="javascript:alert(1)">`, `<td background="javascript:alert(1)">`, `<marquee onstart=alert(1)>`, `<isindex action=javascript:alert(1) type=image>`,
	`<img src="x` + "\u2028" + `" onerror="alert(1)">`, `<a href="//evil.example" target=_blank rel=opener>x</a>`, `<p onclick` + "\x0b" + `=alert(1)>`,
	"[x](javascript:alert(1))", "![x](javascript:alert(1))", "<javascript:alert(1)>", "[x]: javascript:alert(1)\n[x]", "`<script>alert(1)</script>`", "[a](data:text/html;base64,PHNjcmlwdD4=)",
	`<p title="a'b" class="x&quot; onmouseover=&quot;alert(1)">`, `<img srcset="x 1x, javascript:alert(1) 2x" src=y>`, `<a href="https://ok.example/?a=1&amp;b=2" ping="https://evil.example">x</a>`,
	`<img src="/image/1" srcset="x 1x, javascript:alert(1) 2x" sizes="1px" loading=eager decoding=sync data-blurhash="x" referrerpolicy=unsafe-url fetchpriority=high onload=alert(1)>`,
	`<img src="?qa=blob&amp;qa_blobid=1" alt="x&quot; onerror=&quot;alert(1)" title='" srcset="x' width="1&quot; onload=&quot;alert(1)" height=1%>`,
	`<img src="?qa=image&amp;qa_blobid=1&quot;onerror=&quot;alert(1)&amp;qa_size=&quot;onerror=&quot;alert(1)">`, `<img src="/v1/media/1" src="javascript:alert(1)">`,
	`<img src=javascript:alert(1) src=/v1/media/1>`, `<img src="javascript:/v1/media/1">`, `<img src="javascript://site.example/v1/media/1%0aalert(1)">`,
	`<a href="javascript://site.example/image/1%0aalert(1)">x</a>`, `<p loading=lazy data-blurhash=x srcset=x referrerpolicy=no-referrer>x</p>`, `<image src="/v1/media/1" srcset=x>`,
	`<img src="/v1/media/1" style="width:10px;onload:10px;height:expression(alert(1));background:url(javascript:alert(1))">`, `<img src=x style="srcset: 10px; width: 5px&quot; onload=&quot;x">`,
	`<picture><source srcset="https://evil.example/x 1w" media=all><img src="/v1/media/1"></picture>`, "![x](/v1/media/1 \"a\" onerror=alert(1))", "![\" srcset=\"x](/v1/media/1 '\" data-blurhash=\"x')",
}

var (
	allowedScheme = regexp.MustCompile(`^(?i:https?:|mailto:|tel:|/|\?|#|\.|[^:]*$|[^:/?#]*[/?#])`)
	shownElements = func() map[string]bool {
		shown := map[string]bool{}
		for name := range strings.FieldsSeq("a abbr acronym area article aside b bdi bdo blockquote br " +
			"caption cite code col colgroup dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hgroup " +
			"hr i img ins li map mark meter ol p pre progress q rp rt ruby s samp section small span strike " +
			"strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr") {
			shown[name] = true
		}
		return shown
	}()
)

// hostileTexts returns the hostile texts, and texts with hostile addresses in links, images and quotations.
func hostileTexts() []string {
	texts := slices.Clone(hostile)
	for _, address := range addresses.Addresses {
		texts = append(texts, `<a href="`+address+`">x</a><img src=`+address+`><q cite='`+address+`'>x</q>`,
			"[x]("+address+") <"+address+">")
	}
	return texts
}

func TestHostileTextsComeOutHarmless(t *testing.T) {
	r := New()
	for _, format := range []string{"html", "markdown", "", "unknown"} {
		for _, text := range hostileTexts() {
			for _, o := range []Options{
				{},
				{
					LinkURLs: true, NewWindow: true, SiteURL: "https://site.example/",
					BlockedWords: "x", Censor: func(s string) string { return s },
				},
				{SiteURL: "https://site.example/", Pictures: picture},
			} {
				checkHarmless(t, format, text, r.HTML(text, format, o))
			}
		}
	}
}

func checkHarmless(t *testing.T, format, text, out string) {
	t.Helper()
	var open []string
	tokens := nethtml.NewTokenizer(strings.NewReader(out))
	for {
		switch tokens.Next() {
		case nethtml.ErrorToken:
			if len(open) > 0 {
				t.Errorf("%s %q: %q are open at the end of %q", format, text, open, out)
			}
			return
		case nethtml.EndTagToken:
			name := tokens.Token().Data
			if len(open) == 0 || open[len(open)-1] != name {
				t.Fatalf("%s %q: </%s> where %q are open in %q", format, text, name, open, out)
			}
			open = open[:len(open)-1]
		case nethtml.CommentToken, nethtml.DoctypeToken:
			t.Errorf("%s %q: comment in %q", format, text, out)
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			tag := tokens.Token()
			if !shownElements[tag.Data] {
				t.Errorf("%s %q: <%s> in %q", format, text, tag.Data, out)
			}
			if !strings.Contains(" area br col hr img wbr ", " "+tag.Data+" ") {
				open = append(open, tag.Data)
			}
			rel := ""
			for _, a := range tag.Attr {
				name := strings.ToLower(a.Key)
				if strings.HasPrefix(name, "on") || name == "ping" || name == "background" ||
					name == "formaction" {
					t.Errorf("%s %q: attribute %s in %q", format, text, name, out)
				}
				if (name == "href" || name == "src" || name == "cite") &&
					!allowedScheme.MatchString(strings.TrimSpace(a.Val)) {
					t.Errorf("%s %q: address %q", format, text, a.Val)
				}
				checkName(t, text, tag.Data, a)
				if name == "style" && (strings.ContainsAny(a.Val, "(\\") || tag.Data == "img") {
					t.Errorf("%s %q: style %q", format, text, a.Val)
				}
				if name == "rel" {
					rel = a.Val
				}
				want, ours := imageAttributes[name]
				if strings.HasPrefix(name, "data-") && !ours ||
					ours && (tag.Data != "img" || !want.MatchString(a.Val)) {
					t.Errorf("%s %q: attribute %s of <%s> in %q", format, text, name, tag.Data, out)
				}
			}
			checkImage(t, text, tag)
			if tag.Data == "a" && rel != "nofollow ugc noopener" {
				t.Errorf("%s %q: link with rel %q", format, text, rel)
			}
		}
	}
}

// imageAttributes are the attributes that only the renderer sets, and only on images, with the values that it
// sets in these tests.
var imageAttributes = map[string]*regexp.Regexp{
	"srcset":         regexp.MustCompile(`^(https://cdn\.example|/files)/\S+ [0-9]+w(, (https://cdn\.example|/files)/\S+ [0-9]+w)*$`),
	"sizes":          regexp.MustCompile(`^\(max-width: 40rem\) 100vw, 40rem$`),
	"loading":        regexp.MustCompile(`^lazy$`),
	"decoding":       regexp.MustCompile(`^async$`),
	"data-blurhash":  regexp.MustCompile(`^LE"<'>&j\[$`),
	"referrerpolicy": regexp.MustCompile(`^no-referrer$`),
	"fetchpriority":  regexp.MustCompile(`^never$`),
	"crossorigin":    regexp.MustCompile(`^never$`),
}

// checkImage checks that an image has each attribute once, has those that all images have, and does not tell
// other hosts on which page it stands.
func checkImage(t *testing.T, text string, tag nethtml.Token) {
	t.Helper()
	if tag.Data != "img" {
		return
	}
	given := map[string]string{}
	for _, a := range tag.Attr {
		if _, twice := given[a.Key]; twice {
			t.Errorf("%q: attribute %s twice in %s", text, a.Key, tag)
		}
		given[a.Key] = a.Val
	}
	ours := strings.HasPrefix(given["src"], "/v1/media/") || strings.HasPrefix(given["src"], "/files/") ||
		strings.HasPrefix(given["src"], "https://cdn.example/")
	if given["loading"] == "" || given["decoding"] == "" || !ours && given["referrerpolicy"] == "" {
		t.Errorf("%q: image without what all have: %s", text, tag)
	}
}

func FuzzHTML(f *testing.F) {
	for _, text := range hostileTexts() {
		f.Add(text)
	}
	r := New()
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []string{"html", "markdown", ""} {
			checkHarmless(t, format, text, r.HTML(text, format, Options{LinkURLs: true}))
			checkHarmless(t, format, text, r.HTML(text, format, Options{LinkURLs: true, Pictures: picture}))
		}
	})
}

func TestRendering(t *testing.T) {
	r := New()
	o := Options{SiteURL: "https://site.example/", LinkURLs: true}
	for _, c := range []struct{ format, in, want string }{
		{"", "a < b\nc", "a &lt; b<br>\nc"},
		{"", "see https://x.example/?a=1&b=2.", `see <a href="https://x.example/?a=1&amp;b=2" rel="nofollow ugc noopener">https://x.example/?a=1&amp;b=2</a>.`},
		{"html", `<p>蜂 <b>箱</b></p>`, `<p>蜂 <b>箱</b></p>`},
		{"html", `<img src="?qa=image&amp;qa_blobid=12&amp;qa_size=600" alt="a">`, `<img src="/v1/media/12?size=600" alt="a" loading="lazy" decoding="async">`},
		{"html", `<img src="./?qa=blob&amp;qa_blobid=12">`, `<img src="/v1/media/12" loading="lazy" decoding="async">`},
		{"html", `<img src="https://site.example/?qa=blob&amp;qa_blobid=17765946983181832608">`, `<img src="/v1/media/17765946983181832608" loading="lazy" decoding="async">`},
		{"html", `<img src="https://other.example/?qa=blob&amp;qa_blobid=12">`, `<img src="https://other.example/?qa=blob&amp;qa_blobid=12" loading="lazy" decoding="async" referrerpolicy="no-referrer">`},
		{"html", `<a href="/?qa=blob&amp;qa_blobid=5">f</a>`, `<a href="/v1/media/5" rel="nofollow ugc noopener">f</a>`},
		{"html", `<pre><code class="language-go">x</code></pre>`, `<pre><code class="language-go">x</code></pre>`},
		{"markdown", "**bold** and `code`", "<p><strong>bold</strong> and <code>code</code></p>\n"},
	} {
		for range 2 { // the second time out of the cache
			if got := r.HTML(c.in, c.format, o); got != c.want {
				t.Errorf("%s %q:\n got %q\nwant %q", c.format, c.in, got, c.want)
			}
		}
	}
	censored := Options{BlockedWords: "b", Censor: func(s string) string {
		return strings.ReplaceAll(s, "bad", "***")
	}}
	got := r.HTML(`<p title="bad">bad &amp; <b>badge</b></p>`, "html", censored)
	if got != `<p title="bad">*** &amp; <b>***ge</b></p>` {
		t.Errorf("censored: %q", got)
	}
}
