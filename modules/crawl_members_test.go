package modules_test

import (
	"fmt"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// keepSecrets fills a site with what members keep for themselves, or share with some only: messages, also in
// a group, drafts and a notice.
func keepSecrets(t *testing.T, site *testsite.Site) *secrets {
	t.Helper()
	s := &secrets{Site: site, seers: map[string][]int{}, ids: map[string]int{}, open: []int{1, 27, 139}}
	if _, err := site.App.People.EnablePlugin(t.Context(), "messages"); err != nil {
		t.Fatal(err)
	}
	site.Exec(t, site.App.DB.InsertIgnore()+` {userfavorites} (userid, entitytype, entityid, nouserevents)
		VALUES (16, 'U', 17, 0), (17, 'U', 16, 0), (16, 'U', 18, 0), (18, 'U', 16, 0)`)
	content := func(name string, seers ...int) object {
		s.seers["secret-"+name] = seers
		return object{"content": "Text of secret-" + name}
	}
	s.Do(t, crawlAsker, "POST", "/v1/me/messages/lurker",
		content("message", crawlAsker, crawlAnswerer))
	s.Do(t, crawlAnswerer, "POST", "/v1/me/messages/haru", content("reply", crawlAsker, crawlAnswerer))
	group := s.Do(t, crawlAsker, "POST", "/v1/me/groups", object{"handles": []string{"lurker", "o'brien"}})
	messages := fmt.Sprintf("/v1/me/groups/%d/messages", group)
	s.Do(t, crawlAnswerer, "POST", messages, content("group-message", crawlAsker, crawlAnswerer, testsite.OBrien))
	s.more = append(s.more, messages)
	for path, name := range map[string]string{
		"question/0": "question-draft", "answer/27": "answer-draft", "comment/139": "comment-draft",
	} {
		path = "/v1/me/drafts/" + path
		s.Do(t, crawlAsker, "PUT", path, content(name, crawlAsker))
		s.more = append(s.more, path)
	}
	notice := content("notice", crawlAsker, testsite.Superbee) // whom the log of changes shows it
	notice["to"] = "haru"
	s.Do(t, testsite.AdminHana, "POST", "/v1/admin/notices", notice)
	s.Do(t, crawlAsker, "PUT", "/v1/me/mutes/newbie2", nil)
	return s
}

// TestWhatMembersKeepComesOutNowhere asks every operation that reads, and checks that no response holds what
// members keep for themselves or share with others than the caller, whoever that is.
func TestWhatMembersKeepComesOutNowhere(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := keepSecrets(t, testsite.New(t, db))
		for name, user := range map[string]int{
			"a visitor":             testsite.Visitor,
			"a stranger":            crawlFollower,
			"a blocked member":      crawlBlocked,
			"the sender":            crawlAsker,
			"the recipient":         crawlAnswerer,
			"another in the group":  testsite.OBrien,
			"who is muted":          crawlNewcomer,
			"a moderator":           crawlMod,
			"a super administrator": testsite.Superbee,
		} {
			t.Run("to "+name, func(t *testing.T) {
				s.crawl(t, user)
				for _, path := range []string{"/v1/me/mutes", "/v1/users/newbie2", "/v1/users", "/v1/activity"} {
					text := testsite.Text(t, s.Request(t, "GET", path, user))
					tells := strings.Contains(text, `"isMuted":true`) ||
						path == "/v1/me/mutes" && strings.Contains(text, "newbie2")
					if tells && user != crawlAsker {
						t.Errorf("GET %s tells who is muted: %s", path, text)
					}
					if !tells && user == crawlAsker && strings.HasSuffix(path, "newbie2") {
						t.Errorf("GET %s does not tell who is muted: %s", path, text)
					}
				}
			})
		}
	})
}
