package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
	entity "github.com/emersion/go-message/mail"
	"golang.org/x/net/html"
)

// hostileTexts are what people might write to break mails, by what they try.
var hostileTexts = map[string]string{
	"line breaks":        "hive\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>",
	"lone line feed":     "hive\nBcc: victim@example.com",
	"lone return":        "hive\rBcc: victim@example.com",
	"odd line breaks":    "hive\u0085Bcc: a\u2028Bcc: b\u2029Bcc: c\vBcc: d\fBcc: e\x00Bcc: f",
	"folded":             "hive\r\n Bcc: victim@example.com",
	"right to left":      "\u202egnp.exe\u202c \u200f\u05d0\u05d1 العربية",
	"emoji":              "🐝👨\u200d👩\u200d👧\u200d👦🇯🇵 \U0001f3fd",
	"combining":          "e" + strings.Repeat("\u0301", 200),
	"thousand letters":   strings.Repeat("a", 1000),
	"thousand words":     strings.Repeat("honey ", 1000),
	"thousand kanji":     strings.Repeat("蜂", 1000),
	"thousand emoji":     strings.Repeat("🐝", 1000),
	"HTML":               `<img src="https://evil.example/x.png" onerror=alert(1)><style>@import "https://evil.example/x.css";body{background:url(https://evil.example/y)}</style>`,
	"script":             `</title></style></p><script src=//evil.example/x.js></script><iframe src="data:text/html,x"></iframe>`,
	"attribute":          `" onmouseover="alert(1)" style="background:url(//evil.example)`,
	"link":               "https://evil.example/\"onclick=\"alert(1)",
	"only a script link": "javascript:alert(1)",
	"encoded word":       "=?UTF-8?B?QmNjOiB2aWN0aW1AZXhhbXBsZS5jb20=?= =?UTF-8?Q?=0D=0ABcc:_victim=40example.com?=",
	"dots of SMTP":       "hive\r\n.\r\nMAIL FROM:<evil@example.com>",
	"from at a line":     "From evil@example.com\n>From x",
	"boundary":           "--boundary\r\nContent-Type: text/html\r\n\r\n<b>x",
	"address":            `"victim" <victim@example.com>, other@example.com`,
	"template":           "{{.Code}} {{template \"x\"}} ${7*7}",
	"signature":          "hive\n-- \nnot the end",
	"not UTF-8":          "hive\xff\xfe\xc3",
	"empty":              "",
	"spaces":             " \t\u3000\u00a0 ",
}

// expectedHeaders are the fields that mails have, and nothing else.
var expectedHeaders = []string{"Auto-Submitted", "Content-Type", "Date", "From", "In-Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post",
	"Message-Id", "Mime-Version", "References", "Reply-To", "Subject", "To"}

// TestHostileTexts puts hostile texts wherever a mail has texts of people, in each kind and language, and reads
// the mails with two parsers.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	p := onSQLite(t)
	for name, text := range hostileTexts {
		db := p.open(t, nil)
		for _, language := range []string{"en", "ja"} {
			for _, q := range []string{"DELETE FROM {users}", "DELETE FROM {posts}", "DELETE FROM {messages}"} {
				mustExec(t, db, q)
			}
			valid := strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", " "), "?") // as the database holds it
			short := string([]rune(valid)[:min(len([]rune(valid)), 20)])
			set(t, db, "site_language", language, "site_title", valid, "custom_welcome", valid, "show_custom_welcome", "1", "register_notify_admin", "1", "from_email", "hello@qa.example")
			m := moduleOn(t, db, Settings{URL: "smtp://127.0.0.1:1", Post: func(context.Context, int, bool) (*Post, error) {
				return &Post{Author: text, Title: text, Text: text, Parent: text, Address: "https://qa.example/7/x", QuestionID: 7, Visible: true}, nil
			}})
			addUser(t, db, 5, short, "aki@example.com", "c0de1234")
			addUser(t, db, 6, short, "haru@example.com", "c0de1234")
			mustExec(t, db, "UPDATE {users} SET level = 10")
			mustExec(t, db, "INSERT INTO {messages} (messageid, type, fromuserid, touserid, content, format, created) VALUES (9, 'PRIVATE', 6, 5, ?, '', '2026-01-02 03:04:05')", valid)
			mustExec(t, db, "INSERT INTO {posts} (postid, type, userid, created, notify) VALUES (8, 'Q', 5, '2026-01-02 03:04:05', '@')")
			seen := 0
			for kindName, k := range kinds {
				r := &row{queued: queued{kind: kindName, userID: 5}, id: 1, seq: 2, created: 3}
				if k.aboutMessage {
					r.about.Message, r.about.By = 9, 6
				}
				if k.aboutPost {
					r.about.Post, r.about.Flags = 7, 3
					if !k.toSite {
						r.postID = 8
					}
				}
				if kindName == "feedback" {
					r.about = about{Text: text, Feedback: &feedbackFrom{Name: text, Email: text, Previous: text, Browser: text, IP: text}}
				}
				msg, err := m.compose(t.Context(), r)
				if g := gone(""); err != nil && errors.As(err, &g) {
					continue
				}
				if err != nil {
					t.Fatalf("%s, %s.%s: %v", name, kindName, language, err)
				}
				var raw bytes.Buffer
				if _, err := msg.WriteTo(&raw); err != nil {
					t.Fatalf("%s, %s.%s: %v", name, kindName, language, err)
				}
				seen++
				for _, fault := range faultsOf(raw.Bytes(), k.toSite) {
					t.Errorf("%s, %s.%s: %s", name, kindName, language, fault)
				}
			}
			if seen < 10 {
				t.Errorf("%s in %s: only %d mails", name, language, seen)
			}
		}
		db.Close()
	}
}

// faultsOf returns what is wrong with a mail as it is sent.
func faultsOf(raw []byte, toSite bool) (faults []string) {
	fail := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for line := range bytes.Lines(raw) {
		if !bytes.HasSuffix(line, []byte("\r\n")) || bytes.ContainsAny(line[:len(line)-2], "\r\n\x00") || len(line) > 1000 {
			fail("a line of %d bytes: %.80q", len(line), line)
		}
	}
	first, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		fail("net/mail: %v", err)
		return faults
	}
	second, err := entity.CreateReader(bytes.NewReader(raw))
	if err != nil {
		fail("go-message: %v", err)
		return faults
	}
	to := "aki@example.com"
	if toSite {
		to = "staff@qa.example"
	}
	for name, values := range first.Header {
		if !slices.Contains(expectedHeaders, name) || len(values) != 1 {
			fail("header %s: %q", name, values)
		}
		if got := second.Header.Values(name); len(got) != 1 || unfold(got[0]) != unfold(values[0]) {
			fail("header %s differs: %q and %q", name, values, got)
		}
	}
	for _, name := range []string{"From", "To", "Reply-To"} {
		if first.Header.Get(name) == "" && name == "Reply-To" {
			continue
		}
		a, errA := first.Header.AddressList(name)
		b, errB := second.Header.AddressList(name)
		if errA != nil || errB != nil || len(a) != 1 || len(b) != 1 || a[0].Address != b[0].Address || a[0].Name != b[0].Name {
			fail("%s: %v (%v), %v (%v)", name, a, errA, b, errB)
			continue
		}
		if name == "To" && a[0].Address != to || name == "From" && a[0].Address != "hello@qa.example" {
			fail("%s: %s", name, a[0])
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(first.Header.Get("Subject"))
	other, otherErr := second.Header.Subject()
	if err != nil || otherErr != nil || subject != other || strings.ContainsAny(subject, "\r\n\x00\v\f\u0085\u2028\u2029") || strings.TrimSpace(subject) == "" {
		fail("subject: %q (%v), %q (%v)", subject, err, other, otherErr)
	}
	plain, page, err := partsOf(second)
	if err != nil || strings.TrimSpace(plain) == "" {
		fail("parts: %v, %d characters of text", err, len(plain))
	}
	return append(faults, faultsOfPage(page)...)
}

var fold = regexp.MustCompile(`\s+`)

func unfold(s string) string { return fold.ReplaceAllString(strings.TrimSpace(s), " ") }

// partsOf returns the plain text and the page of a mail, which must have nothing else.
func partsOf(r *entity.Reader) (plain, page string, err error) {
	for n := 0; ; n++ {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			if n != 2 {
				return plain, page, fmt.Errorf("%d parts", n)
			}
			return plain, page, nil
		}
		if err != nil && !message.IsUnknownCharset(err) {
			return plain, page, err
		}
		text, err := io.ReadAll(part.Body)
		if err != nil {
			return plain, page, err
		}
		inline, ok := part.Header.(*entity.InlineHeader)
		if !ok {
			return plain, page, fmt.Errorf("an attachment")
		}
		switch kind, _, _ := inline.ContentType(); kind {
		case "text/plain":
			plain = string(text)
		case "text/html":
			page = string(text)
		default:
			return plain, page, fmt.Errorf("a part of the type %s", kind)
		}
	}
}

// allowedElements are those of the layout, with the attributes that they may have.
var allowedElements = map[string]string{"html": "lang", "head": "", "meta": "charset name content", "title": "", "style": "", "body": "style", "div": "class style",
	"p": "class style", "a": "href style", "blockquote": "class style", "br": ""}

// faultsOfPage returns what a page has besides the layout: elements or attributes of others, and whatever is
// loaded from elsewhere. Pictures are not among the layout's elements.
func faultsOfPage(page string) (faults []string) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return []string{err.Error()}
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		attributes, ok := allowedElements[n.Data]
		if !ok {
			faults = append(faults, "element "+n.Data)
		}
		for _, a := range n.Attr {
			value := strings.ToLower(a.Val)
			switch {
			case !slices.Contains(strings.Fields(attributes), a.Key):
				faults = append(faults, "attribute "+a.Key+" of "+n.Data)
			case a.Key == "href" && !strings.HasPrefix(value, "https://") && !strings.HasPrefix(value, "http://"):
				faults = append(faults, "link "+value)
			case a.Key == "style" && (strings.Contains(value, "url(") || strings.Contains(value, "@import")):
				faults = append(faults, "style "+value)
			}
		}
		if n.Data == "style" && n.FirstChild != nil && (strings.Contains(n.FirstChild.Data, "url(") || strings.Contains(n.FirstChild.Data, "@import")) {
			faults = append(faults, "style sheet")
		}
	}
	return faults
}
