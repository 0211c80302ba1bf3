package mail

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
)

func TestWhatFollowsFromEvents(t *testing.T) {
	param := func(name string, v any) events.Param { return events.Param{Name: name, Value: v} }
	level := func(from, to int) []events.Param {
		return []events.Param{param("userid", 5), param("handle", "aki"), param("level", to), param("oldlevel", from)}
	}
	for _, c := range []struct {
		event string
		actor int
		param []events.Param
		want  string
	}{
		{"u_register", 7, []events.Param{param("email", "a@b.example"), param("level", 0)}, "[{welcome 7} {registered 7}]"},
		{"u_register", 0, nil, "[]"},
		{"u_level", 1, level(0, 10), "[{approved 5}]"},
		{"u_level", 1, level(0, 120), "[{approved 5}]"},
		{"u_level", 1, level(10, 20), "[]"},
		{"u_level", 1, level(20, 0), "[]"},
		{"u_level", 1, []events.Param{param("userid", "5"), param("level", "10"), param("oldlevel", "0")}, "[{approved 5}]"},
		{"u_confirm_code", 0, []events.Param{param("userid", 5)}, "[{confirm 5}]"},
		{"u_reset_code", 0, []events.Param{param("userid", 5)}, "[{reset 5}]"},
		{"u_reset_code", 3, nil, "[]"},
		{"u_export", 0, []events.Param{param("userid", 5), param("exportid", 2)}, "[{export 5}]"},
		{"u_login", 5, nil, "[]"},
		{"q_post", 5, []events.Param{param("postid", 5)}, "[]"},
	} {
		if got := shown(following(event(c.event, c.actor, c.param...))); got != c.want {
			t.Errorf("%s %v: %s, expected %s", c.event, c.param, got, c.want)
		}
	}
}

// shown returns mails by their kinds and the users they go to.
func shown(list []queued) string {
	short := []string{}
	for _, q := range list {
		short = append(short, fmt.Sprintf("{%s %d}", q.kind, q.userID))
	}
	return fmt.Sprint(short)
}

// aboutOf holds what mails are about in tests, by their kinds.
var aboutOf = func() map[string]about {
	all := map[string]about{}
	for kind := range postKinds {
		all[kind] = about{Post: 9, Flags: 3}
	}
	all[kindFollowedQuestion], all[kindFollowedAnswer] = about{Post: 9}, about{Post: 10}
	for kind := range digestKinds {
		all[kind] = about{Digest: &digest{Mine: []int{10}, Questions: []int{9}, Unanswered: []int{9}}}
	}
	all["feedback"] = about{Text: "蜂蜜はどこ？", Feedback: &feedbackFrom{Name: "花子", Email: "hanako@example.jp", Previous: "/ask", Browser: "Firefox", IP: "192.0.2.7"}}
	for kind := range messageKinds {
		all[kind] = about{Message: 4, By: 6}
	}
	for kind := range engagementKinds {
		all[kind] = about{Post: 9, Number: 50, Step: 2, To: addressMark("aki@example.com")}
	}
	all["inquiry_reply"] = about{Text: "蜂蜜はどこ？", Feedback: &feedbackFrom{Name: "花子", Email: "aki@example.com"}}
	return all
}()

// addMessage stores the message of which mails tell, from the user 6 to the user 5.
func addMessage(t *testing.T, db *database.DB) {
	t.Helper()
	addUser(t, db, 6, "haru", "haru@example.com", "")
	mustExec(t, db, `INSERT INTO {messages} (messageid, type, fromuserid, touserid, content, format, created)
		VALUES (4, 'PUBLIC', 6, 5, 'はじめまして、spamword', '', '2026-01-02 03:04:05')`)
}

// written composes a mail of the kind to user 5.
func written(t *testing.T, m *Module, kind string) (received, error) {
	t.Helper()
	msg, err := m.compose(t.Context(), &row{queued: queued{kind: kind, userID: 5, about: aboutOf[kind]}, id: 9, seq: 8, created: 1700000000})
	if err != nil {
		return received{}, err
	}
	var raw strings.Builder
	if _, err := msg.WriteTo(&raw); err != nil {
		t.Fatal(err)
	}
	mail, err := decode([]byte(raw.String()))
	if err != nil {
		t.Fatal(err)
	}
	return mail, nil
}

// TestTexts writes all kinds in both languages.
func TestTexts(t *testing.T) {
	p := onSQLite(t)
	db := p.open(t, nil)
	addUser(t, db, 5, "あき O'Neil", "aki@example.com", "c0de1234")
	addMessage(t, db)
	addFollowed(t, db)
	set(t, db, "site_title", "質問の広場 & Co", "register_notify_admin", "1", "confirm_user_emails", "0",
		"q2a_statics_emails", "b@example.com, aki@example.com",
		"qa_ask_help_answer_to_address", "aki@example.com", "mailing_subject", "News of 質問の広場 & Co", "mailing_body", "お知らせ: 花子さん")
	mustExec(t, db, "UPDATE {posts} SET created = FROM_UNIXTIME(?) WHERE postid = 9", time.Now().Add(-30*time.Hour).Unix())
	addPost(t, db, 20, "Q", 0, 5, time.Now().Add(-40*time.Hour))
	addPost(t, db, 21, "A", 20, 6, time.Now().Add(-39*time.Hour))
	addPost(t, db, 22, "A", 20, 6, time.Now().Add(-38*time.Hour))
	mustExec(t, db, "UPDATE {posts} SET acount = 2 WHERE postid = 20")
	const handle = "あき O'Neil"
	const escaped = "%E3%81%82%E3%81%8D%20O%27Neil"
	for _, language := range []string{"en", "ja"} {
		set(t, db, "site_language", map[string]string{"en": "", "ja": "ja"}[language])
		for name := range kinds {
			level := 0
			if name == "approved" {
				level = 10
			}
			flags := 0
			if _, ofPlugin := origins[name]; ofPlugin {
				flags = auth.FlagEmailConfirmed
			}
			mustExec(t, db, "UPDATE {users} SET level = ?, flags = ? WHERE userid = 5", level, flags)
			m := p.module(t, Settings{URL: "smtp://127.0.0.1:1"})
			mail, err := written(t, m, name)
			if err != nil {
				t.Errorf("%s %s: %v", language, name, err)
				continue
			}
			for _, want := range map[string][]string{
				"welcome":          {"https://qa.example/confirm?c=c0de1234&u=", "c0de1234", handle, "https://qa.example/user/" + escaped},
				"registered":       {handle, "https://qa.example/user/" + escaped},
				"approved":         {handle, "https://qa.example/user/" + escaped},
				"confirm":          {handle, "https://qa.example/confirm?c=c0de1234&u=%E3%81%82%E3%81%8D+O%27Neil\n", "c0de1234"},
				"reset":            {handle, "https://qa.example/reset?c=c0de1234&e=aki%40example.com\n", "c0de1234"},
				"q_posted":         {"花子", "> 巣箱の大きさ\n>\n> 二行の\n> spamword <b>\n", "https://qa.example/7/slug?show=9\n"},
				"q_answered":       {handle, "花子", "巣箱の大きさ", "> 二行の\n> ******** <b>\n", "https://qa.example/7/slug?show=9\n"},
				"q_commented":      {handle, "花子", "> 二行の\n> ******** <b>\n", "https://qa.example/7/slug?show=9\n"},
				"a_commented":      {handle, "花子", "> 二行の\n> ******** <b>\n", "> その回答\n", "https://qa.example/7/slug?show=9\n"},
				"c_commented":      {handle, "花子", "> 二行の\n> ******** <b>\n", "https://qa.example/7/slug?show=9\n"},
				"a_selected":       {handle, "花子", "> 二行の\n> ******** <b>\n", "https://qa.example/7/slug?show=9\n"},
				"moderate":         {"花子", "> spamword <b>\n", "https://qa.example/7/slug?show=9\n", "https://qa.example/admin/moderate\n"},
				"remoderate":       {"花子", "> spamword <b>\n", "https://qa.example/7/slug?show=9\n", "https://qa.example/admin/moderate\n"},
				"flagged":          {"花子", "3 ", "> spamword <b>\n", "https://qa.example/admin/flagged\n"},
				"step_question":    {handle, "50", "https://qa.example/ask\n"},
				"step_answer":      {handle, "50", "https://qa.example/unanswered\n"},
				"round_question":   {handle, "50", "巣箱の大きさ", "https://qa.example/7/slug?show=9\n"},
				"round_answer":     {handle, "50", "巣箱の大きさ", "https://qa.example/7/slug?show=9\n"},
				"again_post":       {handle, "巣箱の大きさ", "https://qa.example/7/slug?show=9\n"},
				"only_question":    {handle, "https://qa.example/ask\n"},
				"only_answer":      {handle, "https://qa.example/unanswered\n"},
				"no_answer":        {handle, "巣箱の大きさ", "https://qa.example/7/slug?show=9\n"},
				"comment_reminder": {handle, "\n巣箱の大きさ\n\n> 二行の ******** <b>\n\nhttps://qa.example/7/slug?show=22\n\n", "https://qa.example/7/slug?show=21\n"},
				"inquiry_reply":    {handle, "> 蜂蜜はどこ？\n", "https://qa.example/ask\n"},
				"help_answer":      {"\n巣箱の大きさ\n\nhttps://qa.example/7/slug?show=9\n"},
				"statistics":       {"\n> ", ": 2\n", ",2,"},
				"mailing":          {"お知らせ: 花子さん\n"}, "mailing_test": {"お知らせ: 花子さん\n"},
				"feedback": {"> 蜂蜜はどこ？\n", "花子", "hanako@example.jp", "/ask", "Firefox", "192.0.2.7"},

				kindFollowedQuestion: {handle, "花子", "巣箱の大きさ", "> 二行の\n> ******** <b>\n", "蜂蜜", "https://qa.example/7/slug?show=9\n"},
				kindFollowedAnswer:   {handle, "花子", "巣箱の大きさ", "> 二行の\n> ******** <b>\n", "https://qa.example/7/slug?show=10\n"},
				kindDigestDaily:      {handle, "* 巣箱の大きさ\n  あき O'Neil", "https://qa.example/7/slug?show=9\n", "https://qa.example/7/slug?show=10\n"},
				kindDigestWeekly:     {handle, "* 巣箱の大きさ\n  あき O'Neil", "https://qa.example/7/slug?show=9\n", "https://qa.example/7/slug?show=10\n"},

				"private_message": {handle, "haru", "> はじめまして、spamword\n", "https://qa.example/message/haru\n"},
				"wall_post":       {handle, "haru", "> はじめまして、********\n", "https://qa.example/user/" + escaped + "#wall\n"},
			}[name] {
				if !strings.Contains(mail.body, want) {
					t.Errorf("%s %s has no %q:\n%s", language, name, want, mail.body)
				}
			}
			if !strings.HasSuffix(mail.body, "\n-- \n質問の広場 & Co\nhttps://qa.example/\n") || strings.Contains(mail.body, "\n\n\n") || strings.Contains(mail.body, "<no value>") {
				t.Errorf("%s %s:\n%s", language, name, mail.body)
			}
			if !strings.Contains(mail.subject, "質問の広場 & Co") {
				t.Errorf("%s %s: subject %q", language, name, mail.subject)
			}
			to := "<aki@example.com>"
			if kinds[name].toSite {
				to = "<staff@qa.example>"
			}
			for header, want := range map[string]string{"To": to, "Auto-Submitted": "auto-generated", "User-Agent": "", "X-Mailer": ""} {
				if got := mail.header.Get(header); got != want {
					t.Errorf("%s %s: %s %q, expected %q", language, name, header, got, want)
				}
			}
			if id := mail.header.Get("Message-Id"); !regexp.MustCompile(`^<q2ab\.1700000000\.8\.9\.[0-9a-f]{16}@qa\.example>$`).MatchString(id) {
				t.Errorf("%s %s: Message-Id %q", language, name, id)
			}
			if from, err := mail.header.AddressList("From"); err != nil || len(from) != 1 || from[0].Name != "質問の広場 & Co" || from[0].Address != "hello@qa.example" {
				t.Errorf("%s %s: from %v %v", language, name, from, err)
			}
			if _, err := mail.header.Date(); err != nil {
				t.Errorf("%s %s: %v", language, name, err)
			}
			checkHTML(t, name, mail)
			if japanese := strings.Contains(mail.body, "様") || strings.Contains(mail.body, "さん") || strings.Contains(mail.body, "お問い合わせ"); japanese != (language == "ja") && mailingKinds[name].own == nil {
				t.Errorf("%s %s is in the other language:\n%s", language, name, mail.body)
			}
		}
	}
}

// checkHTML checks that a mail's HTML says what its plain text says, and loads nothing.
func checkHTML(t *testing.T, name string, mail received) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(mail.html))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	links := map[string]bool{}
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode && n.Parent.Data != "style" && n.Parent.Data != "title":
			text.WriteString(n.Data)
		case n.Type == html.ElementNode:
			for _, a := range n.Attr {
				if a.Key == "href" {
					links[a.Val] = true
				}
				if a.Key == "src" || strings.Contains(a.Val, "url(") {
					t.Errorf("%s loads %s", name, a.Val)
				}
			}
		}
	}
	squeezed := func(s string) string { return strings.Join(strings.Fields(s), "") }
	all := squeezed(text.String())
	body, _, _ := strings.Cut(mail.body, "\n-- \n")
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		for _, mark := range []string{">", headingMark, itemMark} {
			line = strings.TrimPrefix(line, mark)
		}
		if links[line] { // with a title for its text
			continue
		}
		if want := squeezed(line); !strings.Contains(all, want) {
			t.Errorf("%s: the HTML has no %q:\n%s", name, want, mail.html)
		}
		if strings.HasPrefix(line, "https://") && !links[line] && len(links) > 0 {
			if decoded, err := url.PathUnescape(line); err != nil || !links[decoded] && !links[line] {
				t.Errorf("%s: the HTML does not link to %s: %v", name, line, links)
			}
		}
	}
}

// TestNotNeeded: what is true when the mail is sent decides.
func TestNotNeeded(t *testing.T) {
	p := onSQLite(t)
	db := p.open(t, nil)
	addUser(t, db, 5, "aki", "aki@example.com", "c0de1234")
	check := func(kind, want string) {
		t.Helper()
		_, err := written(t, p.module(t, Settings{URL: "smtp://127.0.0.1:1"}), kind)
		if g := gone(""); fmt.Sprint(err) != want || errors.As(err, &g) != (err != nil) {
			t.Errorf("%s: %v, expected %s", kind, err, want)
		}
	}
	check("confirm", "<nil>")
	check("registered", "option register_notify_admin is off")
	check("approved", "the user is not approved any more")
	mustExec(t, db, "UPDATE {users} SET flags = 5")
	check("confirm", "there is no code, or the address is confirmed")
	check("reset", "<nil>")
	mustExec(t, db, "UPDATE {users} SET flags = 4, emailcode = ''")
	check("confirm", "there is no code, or the address is confirmed")
	check("reset", "there is no code")
	check("welcome", "<nil>")
	for _, address := range []string{"", "aki", "two@example.com, more@example.com", "a@b.example\r\nBcc: c@d.example"} {
		mustExec(t, db, "UPDATE {users} SET email = ?", address)
		check("welcome", "there is no valid address")
	}
	set(t, db, "register_notify_admin", "1")
	check("registered", "<nil>")
	set(t, db, "feedback_email", "")
	check("registered", "there is no valid address")
	mustExec(t, db, "DELETE FROM {users}")
	for name := range kinds {
		check(name, "the user is gone")
	}
}

// TestWelcomeSaysWhatIsLeftToDo: the code only to those who have to confirm, the wait only where there is one.
func TestWelcomeSaysWhatIsLeftToDo(t *testing.T) {
	p := onSQLite(t)
	db := p.open(t, nil)
	addUser(t, db, 5, "aki", "aki@example.com", "c0de1234")
	set(t, db, "register_notify_admin", "1")
	for _, c := range []struct {
		flags, level              int
		moderate                  string
		code, userWaits, approves bool
	}{
		{0, 0, "0", true, false, false}, {1, 0, "0", false, false, false}, {1, 0, "1", false, true, true}, {0, 10, "1", true, false, false},
	} {
		mustExec(t, db, "UPDATE {users} SET flags = ?, level = ?", c.flags, c.level)
		set(t, db, "moderate_users", c.moderate)
		m := p.module(t, Settings{URL: "smtp://127.0.0.1:1"})
		welcome, err := written(t, m, "welcome")
		if err != nil {
			t.Fatal(err)
		}
		registered, err := written(t, m, "registered")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(welcome.body, "c0de1234") != c.code || strings.Contains(welcome.body, "moderator") != c.userWaits {
			t.Errorf("%+v:\n%s", c, welcome.body)
		}
		if strings.Contains(registered.body, "https://qa.example/admin/approve\n") != c.approves {
			t.Errorf("%+v:\n%s", c, registered.body)
		}
	}
}

// TestCustomWelcome checks that the site's own words of welcome are in the mail, if the site wants them.
func TestCustomWelcome(t *testing.T) {
	p := onSQLite(t)
	db := p.open(t, nil)
	addUser(t, db, 5, "aki", "aki@example.com", "c0de1234")
	for _, shown := range []string{"0", "1"} {
		set(t, db, "custom_welcome", "Have a look\nat <our> hives.", "show_custom_welcome", shown)
		mail, err := written(t, p.module(t, Settings{URL: "smtp://127.0.0.1:1"}), "welcome")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(mail.body, "\n\nHave a look\nat <our> hives.\n\n") != (shown == "1") {
			t.Errorf("show_custom_welcome %s:\n%s", shown, mail.body)
		}
	}
}

// TestMailsBearTheirOwnCodes: each kind asks for the code that it is about, and for the address that it goes to.
func TestMailsBearTheirOwnCodes(t *testing.T) {
	p := onSQLite(t)
	addUser(t, p.open(t, nil), 5, "aki", "aki@example.com", "c0de1234")
	m := p.module(t, Settings{URL: "smtp://127.0.0.1:1", Code: func(_ context.Context, id int, address, purpose string) (string, error) {
		return fmt.Sprintf("for-%s-of-%d-at-%s", purpose, id, address), nil
	}})
	for kind, purpose := range map[string]string{"welcome": "confirm", "confirm": "confirm", "reset": "reset", "approved": "", "registered": ""} {
		set(t, m.db, "register_notify_admin", "1")
		mustExec(t, m.db, "UPDATE {users} SET level = ?", map[bool]int{true: 10}[kind == "approved"])
		mail, err := written(t, m, kind)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if code := "for-" + purpose + "-of-5-at-aki@example.com"; strings.Contains(mail.body, code) != (purpose != "") {
			t.Errorf("%s, with the code %q:\n%s", kind, code, mail.body)
		}
	}
}

// TestNobodyWritesHeaders: names cannot break out of their line.
func TestNobodyWritesHeaders(t *testing.T) {
	p := onSQLite(t)
	db := p.open(t, nil)
	addUser(t, db, 5, "a\r\nBcc: x@y", "aki@example.com", "c0de1234")
	set(t, db, "site_title", "Site\r\nX-Evil: 1\r\n\r\nbody", "register_notify_admin", "1")
	mail, err := written(t, p.module(t, Settings{URL: "smtp://127.0.0.1:1"}), "registered")
	if err != nil {
		t.Fatal(err)
	}
	if mail.subject != "Site X-Evil: 1 body: new user a Bcc: x@y" || mail.header.Get("Bcc") != "" || mail.header.Get("X-Evil") != "" {
		t.Errorf("%q %v", mail.subject, mail.header)
	}
}

func TestSender(t *testing.T) {
	p := onSQLite(t)
	db := p.open(t, nil)
	addUser(t, db, 5, "aki", "aki@example.com", "c0de1234")
	for _, c := range []struct{ setting, option, siteURL, want string }{
		{"", "hello@qa.example", "https://qa.example/", "hello@qa.example"},
		{"mail@38qa.example", "hello@qa.example", "https://qa.example/", "mail@38qa.example"},
		{"Someone <mail@38qa.example>", "", "https://qa.example/", "mail@38qa.example"},
		{"", "", "https://qa.example:8443/qa/", "no-reply@qa.example"},
		{"", "not an address", "https://質問.example/", "no-reply@xn--lzrx70k.example"},
		{"", "", "", "no-reply@localhost"},
		{"", "", "http://[::1]:8080/", "no-reply@localhost"},
	} {
		set(t, db, "from_email", c.option, "site_url", c.siteURL)
		mail, err := written(t, p.module(t, Settings{URL: "smtp://127.0.0.1:1", From: c.setting}), "confirm")
		if err != nil {
			t.Fatal(err)
		}
		from, err := mail.header.AddressList("From")
		if err != nil || len(from) != 1 || from[0].Address != c.want || from[0].Name != "Example Q&A" {
			t.Errorf("%+v: from %v %v", c, from, err)
		}
	}
}

// TestSiteWithoutAddress: mails of a site that does not know its own address have no links, but the code.
func TestSiteWithoutAddress(t *testing.T) {
	p := onSQLite(t)
	db := p.open(t, nil)
	addUser(t, db, 5, "aki", "aki@example.com", "c0de1234")
	for _, language := range []string{"", "ja"} {
		set(t, db, "site_url", "", "site_language", language)
		for _, name := range []string{"welcome", "confirm", "reset"} {
			mail, err := written(t, p.module(t, Settings{URL: "smtp://127.0.0.1:1"}), name)
			if err != nil || !strings.Contains(mail.body, "c0de1234") || strings.Contains(mail.body, "index.php") || strings.Contains(mail.body, "\n/") {
				t.Errorf("%s %q: %v\n%s", name, language, err, mail.body)
			}
		}
	}
}
