package q2ahtml

import (
	"slices"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"

	"38qa.net/backend/modules/qa/internal/hostile"
)

// TestClean checks how HTML that editors and people write is stored. The cases are not in the recording, but
// the expected results are what Question2Answer was seen to store.
func TestClean(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"quotes do not protect a tag's end": {`<p title="a>b">x`, `<p>b"&gt;x</p>`},
		"a tag without an end is text":      {`x <b y`, `x &lt;b y`},
		"a name goes up to what is none":    {`<b:x>y</b><o:p>z</o:p>`, `<b>y</b>z`},
		"controls of ASCII":                 {"a\x00b\x08<p\x0b>c\x1f", `ab<p>c</p>`},
		"entities of HTML 5": {
			`&hellip;&colon;&apos;&#0065;&#X41;&#x80;`,
			`&hellip;&amp;colon;&apos;&#65;&#x41;&amp;#x80;`,
		},
		"the last of two values": {
			`<p title=a lang=ja title="b">x</p>`,
			`<p title="b" lang="ja">x</p>`,
		},
		"ids once": {
			`<b id=a>x</b><i id=a>y</i><u id="a b">z</u>`,
			`<b id="a">x</b><i>y</i><u>z</u>`,
		},
		"text in a quotation": {
			`<blockquote>q<b>r</b></blockquote>`,
			`<blockquote><div>q<b>r</b></div></blockquote>`,
		},
		"text after a paragraph of a quotation": {
			`<blockquote><p>q</p>r</blockquote>`,
			`<blockquote><p>q</p><div>r</div></blockquote>`,
		},
		"inline element in a quotation": {
			`<blockquote><b>q</b></blockquote>`,
			`<blockquote><div><b>q</b></div></blockquote>`,
		},
		"small in preformatted text": {
			`<pre>a<small>b</small></pre>`,
			`<pre>a</pre><small>b</small>`,
		},
		"block in an insertion": {
			`<ins><p>a</p></ins><p><ins>b<div>c</div></ins></p>`,
			`<ins><p>a</p></ins><p><ins>bc</ins></p>`,
		},
		"image without an address": {`<img>`, `<img src="src" alt="image">`},
		"outdated attributes":      {`<td width=5 nowrap bgcolor=#fff>x`, `x`},
		"outdated attributes in a table": {`<table width=50%><tr><td width=5 nowrap bgcolor="#fff">x`,
			`<table style="width: 50%;"><tr><td style="width: 5px; white-space: nowrap; background-color: #fff;">x</td></tr></table>`},
		"sources of an image": {`<img alt="" src="a.png" srcset="b.png 2x, javascript:x 3x">`,
			`<img alt="" src="a.png" srcset="b.png 2x, denied:javascript:x 3x">`},
		"styles": {`<b style="background:url(&quot;x.png&quot;);width:expres/**/sion(1)">x</b>`,
			`<b style="background:url(&quot;denied:x.png&quot;);width:expres */sion(1)">x</b>`},
		"Word": {`<p class=MsoNormal align=center style='text-align:center'><span lang=EN-US style='font-family:"MS Gothic"'>x<o:p></o:p></span></p>`,
			`<p class="MsoNormal" style="text-align:center; text-align: center;"><span lang="EN-US" style="font-family:&quot;MS Gothic&quot;">x</span></p>`},
		"Google's documents": {`<b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr"><span>x</span></p></b>`,
			`<b style="font-weight:normal;" id="docs-internal-guid-1"><span>x</span></b>`},
		"the bar of a browser's editor": {`a<div>b</div><div><br></div>c`, `a<div>b</div><div><br></div>c`},
	} {
		t.Run(name, func(t *testing.T) {
			got := Clean(c.in, nil)
			if got != c.want {
				t.Errorf("%q\nis stored as %q\nwant         %q", c.in, got, c.want)
			}
			checkSound(t, got)
		})
	}
}

// TestCleanIsStricter checks the cases in which Clean is stricter than Question2Answer.
func TestCleanIsStricter(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"buttons":      {`<button form=f formaction="javascript:x">x</button>`, `x`},
		"style sheets": {`<link rel=stylesheet href="http://e.jp/x.css">x`, `x`},
		"refresh":      {`<meta http-equiv=refresh content="0;url=http://e.jp">x`, `x`},
		"nothing but a scheme": {
			`<a href="javascript:">x</a>`,
			`<a rel="nofollow" href="denied:javascript:">x</a>`,
		},
		"noscript":          {`<noscript><p title="</noscript>">x</noscript>`, `<p>"&gt;x</p>`},
		"text before a tag": {"<3\n<b>x</b>", "&lt;3\n<b>x</b>"},
		"markup in a name":  {`<p data-<img=1 data-a"b=2 data-ok=3>x</p>`, `<p data-ok="3">x</p>`},
		"what a second look finds": {
			`<blockquote><pre><sub>x</sub></pre></blockquote>`,
			`<blockquote><pre></pre><div><sub>x</sub></div></blockquote>`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Clean(c.in, nil)
			if got != c.want {
				t.Errorf("%q\nis stored as %q\nwant         %q", c.in, got, c.want)
			}
			checkSound(t, got)
		})
	}
}

func TestCleanBoundsDepth(t *testing.T) {
	units := []string{"<b>", "<div>", "<ul><li>", "<blockquote>x", "<table><tr><td>", "<ins><b>"}
	for _, unit := range units {
		t.Run(unit, func(t *testing.T) {
			got := Clean(strings.Repeat(unit, 5*maxDepth), nil)
			checkSound(t, got)
			deepest, depth := 0, 0
			for tag := range strings.SplitSeq(got, "<") {
				switch {
				case strings.HasPrefix(tag, "/"):
					depth--
				case tag != "":
					depth++
				}
				deepest = max(deepest, depth)
			}
			if deepest < maxDepth-1 || deepest > maxDepth {
				t.Errorf("nested %d deep, want %d", deepest, maxDepth)
			}
		})
	}
}

func TestNoSchemeInDisguiseIsStored(t *testing.T) {
	for _, address := range hostile.Addresses {
		t.Run(address, func(t *testing.T) {
			for _, in := range []string{
				`<a href="%">x</a>`, `<a href='%'>x</a>`, `<a href=%>x</a>`, `<img src="%">`,
				`<q cite="%">x</q>`,
				`<img src="x" srcset="% 2x">`, `<img longdesc="%" usemap="%">`,
			} {
				checkSound(t, Clean(strings.ReplaceAll(in, "%", address), nil))
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	for _, c := range recordedCases(f) {
		f.Add(c.Input)
	}
	for _, address := range hostile.Addresses {
		f.Add(`<a href="` + address + `">x</a><img src=` + address + `>`)
	}
	f.Fuzz(func(t *testing.T, text string) { checkSound(t, Clean(strings.ToValidUTF8(text, "\ufffd"), nil)) })
}

// checkSound checks what holds for all HTML that is stored: cleaning it again does not change it; a parser of
// HTML 5 sees only elements that are kept, each closed in its place; and no address has a scheme that runs
// code.
func checkSound(t *testing.T, stored string) {
	t.Helper()
	if again := Clean(stored, nil); again != stored {
		t.Errorf("%q is cleaned again, to %q", stored, again)
	}
	var open []string
	for tokens := nethtml.NewTokenizer(strings.NewReader(stored)); ; {
		switch tokens.Next() {
		case nethtml.ErrorToken:
			if len(open) > 0 {
				t.Errorf("%q leaves %q open", stored, open)
			}
			return
		case nethtml.CommentToken, nethtml.DoctypeToken:
			t.Errorf("%q has what is neither text nor a tag", stored)
		case nethtml.EndTagToken:
			name := tokens.Token().Data
			if len(open) == 0 || open[len(open)-1] != name {
				t.Fatalf("%q closes %s where %q are open", stored, name, open)
			}
			open = open[:len(open)-1]
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			tag := tokens.Token()
			e := elements[tag.Data]
			if e == nil {
				t.Fatalf("%q has <%s>", stored, tag.Data)
			}
			if e.kind != void {
				open = append(open, tag.Data)
			}
			checkAttributes(t, stored, tag)
		}
	}
}

func checkAttributes(t *testing.T, stored string, tag nethtml.Token) {
	t.Helper()
	var names []string
	for _, a := range tag.Attr {
		if slices.Contains(names, a.Key) || strings.HasPrefix(a.Key, "on") || !stays(tag.Data, a.Key) {
			t.Errorf("%q: attribute %s of <%s>", stored, a.Key, tag.Data)
		}
		names = append(names, a.Key)
		if a.Key == "srcset" {
			for source := range strings.SplitSeq(a.Val, ",") {
				checkScheme(t, stored, source)
			}
		} else if addressAttributes[a.Key] {
			checkScheme(t, stored, a.Val)
		}
	}
}

// checkScheme checks the scheme of an address as browsers read it: without control characters and spaces
// before it, and without line breaks in it.
func checkScheme(t *testing.T, stored, address string) {
	t.Helper()
	address = strings.TrimLeftFunc(address, func(r rune) bool { return r <= ' ' })
	address = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(address)
	scheme, _, ok := strings.Cut(address, ":")
	scheme = strings.ToLower(scheme)
	if !ok || scheme == "" || strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789+-.") != "" {
		return // none
	}
	if scheme+":" != denied && !linkSchemes[scheme] {
		t.Errorf("%q has the scheme %s", stored, scheme)
	}
}
