// Package hostile holds inputs that try to get past sanitisers of HTML. Only tests use it.
package hostile

// Addresses are addresses with schemes that run scripts or the like, in disguises that browsers see
// through or that have fooled other sanitisers.
var Addresses = []string{
	"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)",
	"java\r\nscript:alert(1)", "java\x00script:alert(1)",
	"\x01javascript:alert(1)", " javascript:alert(1)", "\u00a0javascript:alert(1)",
	"\u3000javascript:alert(1)", "java\u200bscript:alert(1)", "java\u00adscript:alert(1)",
	"\ufeffjavascript:alert(1)", "\u202ejavascript:alert(1)", "java&#9;script:alert(1)",
	"java&#x0A;script:alert(1)", "java&#13script:alert(1)", "java&Tab;script:alert(1)",
	"java&NewLine;script:alert(1)", "javascript&colon;alert(1)", "javascript&#58;alert(1)",
	"javascript&#x3A;alert(1)", "javascript&#00000058;alert(1)",
	"javascript&#x000003A;alert(1)", "&#106;avascript:alert(1)", "&#x6A&#x61vascript:alert(1)",
	"javascript%3aalert(1)", "javascript:", "javascript:\nalert(1)",
	"javascript://e.jp/%0aalert(1)", "javascript&#0;:alert(1)", "&#1;javascript:alert(1)",
	"&#32;javascript:alert(1)", "\\javascript:alert(1)", "java\\0script:alert(1)",
	"vbscript:x", "livescript:x", "mocha:x", "data:text/html,x", "DATA:text/html;base64,eA==",
	"data\t:text/html,x", "blob:http://e.jp/x", "filesystem:http://e.jp/x",
	"view-source:javascript:x", "feed:javascript:alert(1)", "jar:javascript:x!x", "about:blank",
	"intent://x#Intent;end", "ms-its:x", "mhtml:x", "wyciwyg://x", "denied:javascript:x",
	"DENIED:javascript:x", "denied:\tjavascript:x", "http\t:javascript:x", "x-javascript:x",
	"javascript\u2028:alert(1)", "javascript\x7f:alert(1)", "javascript\u0085:alert(1)",
}
