package mail_test

import (
	"bytes"
	"net/http"
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/testsite"
)

const publicURL = "https://api.example"

// postbox is a site with the mails that it has sent.
type postbox struct {
	*testsite.Site
	folder string
}

func newPostbox(t *testing.T, options ...testsite.Option) *postbox {
	t.Helper()
	p := &postbox{folder: t.TempDir()}
	p.Site = testsite.New(t, append(options, testsite.Config(func(c *config.Config) {
		c.MailURL, c.PublicURL = "file:"+p.folder, publicURL
	}))...)
	p.deliver(t)
	return p
}

// deliver sends what is due, and returns the mails since the last time.
func (p *postbox) deliver(t *testing.T) (mails []*netmail.Message) {
	t.Helper()
	p.consume(t)
	if err := p.App.Mail.SendDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(p.folder, "*.eml"))
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		mail, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		mails = append(mails, mail)
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	return mails
}

func (p *postbox) consume(t *testing.T) {
	t.Helper()
	if err := events.Consume(t.Context(), p.App.DB, "mail", p.App.Mail.Handle); err != nil {
		t.Fatal(err)
	}
}

// unsubscribeLink returns the path and query of the link in the header of the mail to an address.
func unsubscribeLink(t *testing.T, mails []*netmail.Message, to string) string {
	t.Helper()
	for _, m := range mails {
		if !strings.Contains(m.Header.Get("To"), to) {
			continue
		}
		link := strings.Trim(m.Header.Get("List-Unsubscribe"), "<>")
		rest, ours := strings.CutPrefix(link, publicURL)
		if !ours || m.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
			t.Fatalf("header %v", m.Header)
		}
		return rest
	}
	t.Fatalf("no mail to %s", to)
	return ""
}

// oneClick sends what a mail program sends when somebody presses its button.
func (p *postbox) oneClick(t *testing.T, method, link string) (status int, page string) {
	t.Helper()
	body := strings.NewReader("List-Unsubscribe=One-Click")
	res := p.SendRaw(t, testsite.Visitor, method, link, body, "Content-Type", "application/x-www-form-urlencoded", "Accept-Language", "ja")
	return res.StatusCode, testsite.Text(t, res)
}

// TestUnsubscribe checks that a link in a mail turns such mails off for members and for visitors, without
// signing in, also those that are queued already, and nothing else.
func TestUnsubscribe(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		p := newPostbox(t, db)
		comment := func(content string) {
			p.Do(t, testsite.Haru, "POST", "/v1/posts/14/comments", object{"content": content})
		}
		comment("What about heat, does that work too?")
		mails := p.deliver(t) // to the asker, keeper@, and to a visitor who commented, anon2@
		member, visitor := unsubscribeLink(t, mails, "keeper@example.org"), unsubscribeLink(t, mails, "anon2@example.com")
		if status, page := p.oneClick(t, http.MethodGet, member); status != http.StatusOK || !strings.Contains(page, `<form method="post">`) || !strings.Contains(page, "配信を停止する") {
			t.Errorf("the page of %s: %d %s", member, status, page)
		}
		comment("And cold, for that matter, in winter?")
		p.consume(t) // they are queued now
		for _, link := range []string{member, visitor, visitor} {
			if status, page := p.oneClick(t, http.MethodPost, link); status != http.StatusOK || !strings.Contains(page, "配信を停止しました。") {
				t.Errorf("%d %s", status, page)
			}
		}
		comment("Or smoke, from time to time?")
		if mails := p.deliver(t); len(mails) != 0 {
			t.Errorf("%d mails after all, to %s", len(mails), mails[0].Header.Get("To"))
		}
		if n := p.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE notify = 'anon2@example.com' AND parentid = 14"); n != 0 {
			t.Errorf("%d posts still ask", n)
		}
		if n := p.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE userid = 8 AND notify IS NOT NULL"); n == 0 {
			t.Error("the member's posts have lost their choice, which is the old site's too")
		}
		// Other mails go on.
		p.Do(t, testsite.Visitor, "POST", "/v1/auth/forgot", object{"login": "keeper@example.org"})
		if mails := p.deliver(t); len(mails) != 1 || mails[0].Header.Get("List-Unsubscribe") != "" {
			t.Errorf("%d mails about a forgotten password", len(mails))
		}
	})
}

// TestForgedUnsubscribeLinks checks that only links which the site has made turn anything off.
func TestForgedUnsubscribeLinks(t *testing.T) {
	t.Parallel()
	p := newPostbox(t, testsite.Present())
	p.Do(t, testsite.Haru, "POST", "/v1/posts/14/comments", object{"content": "What about heat, does that work too?"})
	link := unsubscribeLink(t, p.deliver(t), "keeper@example.org")
	_, token, _ := strings.Cut(link, "token=")
	for name, forged := range map[string]string{
		"none": "", "half": token[:len(token)/2], "another end": token[:len(token)-2] + "AA", "another start": "AAAA" + token[4:],
		"longer": token + "AA", "no base64": "!!!", "too long": strings.Repeat("A", 2000), "not signed": url.QueryEscape("eyJ1IjoxfQ"),
	} {
		t.Run(name, func(t *testing.T) {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				if status, page := p.oneClick(t, method, "/v1/unsubscribe?token="+forged); status != http.StatusNotFound && status != http.StatusBadRequest && status != http.StatusUnprocessableEntity {
					t.Errorf("%s: %d %s", method, status, page)
				}
			}
		})
	}
}
