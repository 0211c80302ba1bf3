package mail_test

import (
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// TestEngagementOnASite asks the questions with which step mails come over REST, and checks that
// the mail arrives with a link by which its topic is turned off, and that no further one arrives then.
func TestEngagementOnASite(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		p := &postbox{folder: t.TempDir()}
		p.Site = testsite.New(t, db, testsite.Config(func(c *config.Config) {
			c.MailURL, c.PublicURL = "file:"+p.folder, publicURL
			c.MailKinds = map[string]string{"step_question": "auto"}
		}))
		var own int
		if _, err := p.App.DB.Get(t.Context(), []any{&own}, "SELECT COUNT(*) FROM {posts} WHERE userid = ? AND type = 'Q'",
			testsite.Haru); err != nil {
			t.Fatal(err)
		}
		for i, text := range []string{"あと一つ、^username さん", "もう一つ"} {
			n := string(rune('1' + i))
			if _, err := p.App.DB.Exec(t.Context(), "DELETE FROM {options} WHERE title IN (?, ?)",
				"q2a-stepmail-question-"+n, "q2a-stepmail-question-round-"+n); err != nil {
				t.Fatal(err)
			}
			if _, err := p.App.DB.Exec(t.Context(), "INSERT INTO {options} (title, content) VALUES (?, ?), (?, ?)",
				"q2a-stepmail-question-"+n, text, "q2a-stepmail-question-round-"+n, own+1+i); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.App.DB.Exec(t.Context(), "UPDATE {options} SET content = '' WHERE title = 'enabled_plugins'"); err != nil {
			t.Fatal(err)
		}
		p.App.Site.Forget()
		p.deliver(t)
		ask := func(title string) {
			t.Helper()
			p.Do(t, testsite.Haru, "POST", "/v1/questions", object{"title": title, "content": "It has been warm for days.", "categoryId": 1})
		}
		ask("When do the bees swarm this year?")
		var link string
		for _, mail := range p.deliver(t) {
			if strings.HasPrefix(toOf(t, mail), "haru") {
				link = strings.Trim(mail.Header.Get("List-Unsubscribe"), "<>")
			}
		}
		path, ok := strings.CutPrefix(link, publicURL)
		if !ok {
			t.Fatalf("there is no mail with a link: %q", link)
		}
		if res := p.Send(t, testsite.Visitor, "POST", path, nil); res.StatusCode != http.StatusOK {
			t.Fatalf("unsubscribe: %s", res.Status)
		}
		ask("How do I catch the swarm then?")
		for _, mail := range p.deliver(t) {
			if strings.HasPrefix(toOf(t, mail), "haru") {
				t.Errorf("a mail after the topic was turned off: %v", mail.Header)
			}
		}
	})
}
