package weblink

import (
	"net/url"
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	for text, want := range map[string]string{
		"https://e.jp/": "https://e.jp/", "http://e.jp/a?b=c&d#e": "http://e.jp/a?b=c&d#e",
		"HTTPS://E.JP":   "HTTPS://E.JP",
		" https://e.jp ": "https://e.jp", "e.jp": "http://e.jp", "www.e.jp/x": "http://www.e.jp/x",
		"e.jp:8080":              "http://e.jp:8080",
		"http://localhost:8080/": "http://localhost:8080/", "https://日本語.jp/蜂": "https://日本語.jp/蜂",
		"http://[2001:db8::1]/": "http://[2001:db8::1]/",
		"http://192.0.2.1/":     "http://192.0.2.1/", "http://a_b.e.jp/": "http://a_b.e.jp/",

		"": "", "none": "", "javascript:alert(1)": "", "javascript:alert(document.cookie)": "",
		"javascript://e.jp/%0aalert(1)": "",
		"JavaScript://e.jp/":            "", "java\tscript:alert(1.0)": "", "\x01javascript://e.jp": "",
		"data:text/html,x.y": "", "data://e.jp/x": "",
		"vbscript:x.y": "", "file:///etc/passwd.txt": "", "ftp://e.jp/": "", "mailto:a@e.jp": "",
		"tel:1.2": "", "blob:https://e.jp/x": "",
		"//e.jp/": "", "/x.html": "", "?x=e.jp": "", "#e.jp": "", "http:/e.jp": "", "http:e.jp": "",
		"http://": "", "http:///e.jp": "",
		"https://bank.example@e.jp/": "", "https://a:b@e.jp/": "", "http://e.jp/a b": "",
		"http://e.jp/\u202egpj.exe": "",
		"http://e.jp\\@f.jp":        "", "http://e.jp/\"onclick": "", "http://e.jp/<x>": "", "http://e.jp/\x00": "",
		"http://e\u200b.jp/": "",
		"http://e.jp:x/":     "", "http://%6a.jp/": "", "http://e.jp/%zz": "", "http://...": "",
		"http://e.jp,f.jp/": "",
		"https://e.jp/" + strings.Repeat("a", maxLength): "", "http://[::1": "", "http://(e.jp)/": "",
	} {
		t.Run(text, func(t *testing.T) {
			if got := Of(text); got != want {
				t.Errorf("leads to %q, want %q", got, want)
			}
		})
	}
}

func TestOnSite(t *testing.T) {
	for text, want := range map[string]string{
		"https://e.jp/": "https://e.jp/", "about.html": "about.html", "/x": "/x", "./x?y=z#w": "./x?y=z#w",
		"?qa=tags": "?qa=tags", "#top": "#top",
		"": "", "//e.jp/": "", "/\\e.jp": "", "javascript:x": "", "javascript://e.jp/": "",
		"mailto:a@e.jp": "", "https://a@e.jp/": "", "x\ny": "",
		"data:text/html,x": "", "java\tscript:x": "", "http:x": "",
	} {
		t.Run(text, func(t *testing.T) {
			if got := OnSite(text); got != want {
				t.Errorf("leads to %q, want %q", got, want)
			}
		})
	}
}

func FuzzOf(f *testing.F) {
	for _, text := range []string{
		"https://e.jp/", "e.jp", "javascript://e.jp/%0aalert(1)", "http://a@e.jp", "java\tscript:x.y",
		"//e.jp",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address := Of(text)
		if address == "" {
			return
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			t.Errorf("%q leads to %q", text, address)
		}
		if again := Of(address); again != address {
			t.Errorf("%q leads to %q, and that to %q", text, address, again)
		}
	})
}
