package qa_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// permissionNamesInOrder are the keys of the field can, which tells a caller what the caller may do with a
// post.
var permissionNamesInOrder = []string{
	"answer", "comment", "edit", "changeCategoryAndTags", "changeTags", "selectAnswer", "voteUp", "voteDown", "flag",
	"unflag", "clearFlags", "close", "reopen", "approve", "hide", "reshow", "delete", "claim", "followUp",
}

// statePosts are the posts that are put into unusual states, with their types: question 1 by user 6, answer 3
// to it by user 9, and comment 2 on it by user 20. Answer 4 stays as it is.
var statePosts = map[int]string{1: "Q", 3: "A", 2: "C"}

// unusual holds the statements that put these posts into states which the recorded site does not have, by the
// name of the state.
var unusual = map[string][]string{
	"as they are":                         nil,
	"flagged by the moderator alone":      {flaggedBy(testsite.ModKenji), "UPDATE {posts} SET flagcount = 1 WHERE postid IN (1, 2, 3)"},
	"flagged by a member alone":           {flaggedBy(testsite.Lurker), "UPDATE {posts} SET flagcount = 1 WHERE postid IN (1, 2, 3)"},
	"flagged by both":                     {flaggedBy(testsite.ModKenji), flaggedBy(testsite.Lurker), "UPDATE {posts} SET flagcount = 2 WHERE postid IN (1, 2, 3)"},
	"counted flags without rows":          {"UPDATE {posts} SET flagcount = 1 WHERE postid IN (1, 2, 3)"},
	"flags without count":                 {flaggedBy(testsite.ModKenji)},
	"closed as a duplicate by another":    {"UPDATE {posts} SET closedbyid = 27, lastuserid = 3, updated = created, updatetype = 'C' WHERE postid = 1"},
	"closed as a duplicate by the author": {"UPDATE {posts} SET closedbyid = 27, lastuserid = 6, updated = created, updatetype = 'C' WHERE postid = 1"},
	"closed by the selection": {"UPDATE {posts} SET selchildid = 3 WHERE postid = 1",
		"REPLACE INTO {options} (title, content) VALUES ('do_close_on_select', '1')"},
	"hidden by flags":                           {state("_HIDDEN", "1, 2, 3"), "UPDATE {posts} SET lastuserid = NULL, flagcount = 3, updatetype = 'H', updated = created WHERE postid IN (1, 2, 3)"},
	"hidden by the author":                      {state("_HIDDEN", "1, 2, 3"), "UPDATE {posts} SET lastuserid = userid, updatetype = 'H', updated = created WHERE postid IN (1, 2, 3)"},
	"hidden by another":                         {state("_HIDDEN", "1, 2, 3"), "UPDATE {posts} SET lastuserid = 3, updatetype = 'H', updated = created WHERE postid IN (1, 2, 3)"},
	"hidden and flagged by the moderator alone": {state("_HIDDEN", "1, 2, 3"), flaggedBy(testsite.ModKenji), "UPDATE {posts} SET flagcount = 1 WHERE postid IN (1, 2, 3)"},
	"below a hidden question":                   {state("_HIDDEN", "1")},
	"below a queued question":                   {state("_QUEUED", "1")},
	"queued":                                    {state("_QUEUED", "1, 2, 3")},
	"queued and flagged by the moderator alone": {state("_QUEUED", "1, 2, 3"), flaggedBy(testsite.ModKenji), "UPDATE {posts} SET flagcount = 1 WHERE postid IN (1, 2, 3)"},
	"queued replies":                            {state("_QUEUED", "2, 3")},
	"hidden replies":                            {state("_HIDDEN", "2, 3")},
	"anonymous":                                 {anonymous},
	"anonymous and queued":                      {anonymous, state("_QUEUED", "1, 2, 3")},
	"anonymous and hidden":                      {anonymous, state("_HIDDEN", "1, 2, 3")},
	"of a deleted account":                      {"UPDATE {posts} SET userid = NULL, cookieid = NULL WHERE postid IN (1, 2, 3)"},
	"selected and hidden":                       {"UPDATE {posts} SET selchildid = 3 WHERE postid = 1", state("_HIDDEN", "3")},
	"everything switched off": {`UPDATE {options} SET content = '0'
		WHERE title IN ('flagging_of_posts', 'voting_on_qs', 'voting_on_as', 'voting_on_cs', 'comment_on_qs',
			'comment_on_as', 'allow_close_questions', 'follow_on_as', 'allow_self_answer',
			'allow_multi_answers', 'allow_close_own_questions')`,
		"UPDATE {options} SET content = '' WHERE title = 'tags_or_categories'"},
	"everybody may do everything": {"UPDATE {options} SET content = '150' WHERE title LIKE 'permit%' AND title NOT LIKE '%points'"},
}

// anonymous is the statement that makes the posts those of the visitor who wrote question 186, by that
// visitor's cookie.
const anonymous = `UPDATE {posts} SET userid = NULL, cookieid = '11324905831065051617'
	WHERE postid IN (1, 2, 3)`

func state(suffix, ids string) string {
	types := map[string]string{
		"_HIDDEN": "CASE postid WHEN 1 THEN 'Q_HIDDEN' WHEN 3 THEN 'A_HIDDEN' ELSE 'C_HIDDEN' END",
		"_QUEUED": "CASE postid WHEN 1 THEN 'Q_QUEUED' WHEN 3 THEN 'A_QUEUED' ELSE 'C_QUEUED' END",
	}
	return "UPDATE {posts} SET type = " + types[suffix] + " WHERE postid IN (" + ids + ")"
}

func flaggedBy(user int) string {
	return fmt.Sprintf(`REPLACE INTO {uservotes} (postid, userid, vote, flag)
		VALUES (1, %[1]d, 0, 1), (2, %[1]d, 0, 1), (3, %[1]d, 0, 1)`, user)
}

// viewer is a caller who reads the thread and tries the writes.
type viewer struct {
	name, cookie string
	user         int
}

var stateViewers = []viewer{
	{"nobody", "", testsite.Visitor},
	{"the browser that wrote it", "11324905831065051617", testsite.Visitor},
	{"a member from that browser", "11324905831065051617", testsite.Lurker},
	{"the asker", "", testsite.Taro},
	{"the answerer", "", testsite.Jose},
	{"the commenter", "", testsite.Nihonmitsubachi},
	{"an unconfirmed member", "", testsite.NewbieUnconf},
	{"an editor", "", testsite.EditorYuki},
	{"the moderator", "", testsite.ModKenji},
	{"the administrator", "", testsite.AdminHana},
	{"a blocked member", "", testsite.Spammer99},
}

// stateSite opens a site on whose database the statements have been executed.
func stateSite(t *testing.T, statements []string) *testsite.Site {
	t.Helper()
	return testsite.New(t, testsite.After(statements...))
}

// canOf returns what the viewer may do with the posts of question 1, by the id of the post. Posts that the
// viewer does not see are absent.
func canOf(t *testing.T, s *testsite.Site, v viewer) map[int]map[string]bool {
	t.Helper()
	res := s.Send(t, v.user, "GET", "/v1/questions/1?include=answers,comments,permissions", nil,
		testsite.AsBrowser(v.cookie)...)
	all := map[int]map[string]bool{}
	if res.StatusCode != http.StatusOK {
		return all
	}
	thread := testsite.Decode[threadBody](t, res)
	all[1] = thread.Can
	for _, list := range append([][]post{thread.Answers, thread.Comments}, commentsOf(thread.Answers)...) {
		for _, p := range list {
			all[p.ID] = p.Can
		}
	}
	return all
}

// TestPermissionsAndWritesAgreeInUnusualStates checks, for posts in any state, that a write is refused and
// publishes no event if can refuses it or the caller does not see the post, and that a write is done if can
// grants it. Each permission that is granted is tried in a third of the states, once in each.
func TestPermissionsAndWritesAgreeInUnusualStates(t *testing.T) {
	t.Parallel()
	refused, granted := 0, map[string]int{}
	for n, name := range slices.Sorted(maps.Keys(unusual)) {
		t.Run(name, func(t *testing.T) {
			s := stateSite(t, unusual[name])
			wanted := map[string]func(){}
			for _, v := range stateViewers {
				can := canOf(t, s, v)
				for id, kind := range statePosts {
					for i, permission := range permissionNamesInOrder {
						c, ok := attemptOf(permission, kind, id, 4)
						if !ok {
							continue
						}
						if can[id][permission] && permission == "followUp" && v.name == "a blocked member" {
							continue // Q2A's rule looks at the answer alone
						}
						if can[id][permission] {
							granted[permission]++
							if (i+id+n)%3 > 0 {
								continue // each try needs a site of its own
							}
							wanted[permission+" "+kind] = func() {
								tryGranted(t, unusual[name], v, permission, c)
							}
							continue
						}
						if i%4 != (id+v.user)%4 && permission != "clearFlags" && permission != "unflag" {
							continue // a quarter of them is enough
						}
						refused++
						before := eventCount(t, s)
						res := s.Send(t, v.user, c.method, c.path, c.body, testsite.AsBrowser(v.cookie)...)
						if eventCount(t, s) != before || res.StatusCode >= 500 {
							t.Errorf("%s may not %s %s %d, and does: %d %s", v.name, permission, kind, id,
								res.StatusCode, testsite.Text(t, res))
						}
					}
				}
			}
			for _, key := range slices.Sorted(maps.Keys(wanted)) {
				wanted[key]()
			}
		})
	}
	if refused < 2500 {
		t.Errorf("only %d refused writes", refused)
	}
	for _, permission := range permissionNamesInOrder {
		if granted[permission] == 0 {
			t.Errorf("nobody is ever granted %s", permission)
		}
	}
}

func tryGranted(t *testing.T, state []string, v viewer, permission string, c call) {
	t.Helper()
	s := stateSite(t, state)
	res := s.Send(t, v.user, c.method, c.path, c.body, testsite.AsBrowser(v.cookie)...)
	body := testsite.Text(t, res)
	if res.StatusCode == http.StatusOK && (permission == "voteUp" || permission == "voteDown") {
		return // the same vote again changes nothing
	}
	if res.StatusCode >= 300 || eventCount(t, s) == 0 {
		t.Errorf("%s may %s, but %s %s: %d %s, %d events", v.name, permission, c.method, c.path,
			res.StatusCode, body, eventCount(t, s))
	}
}

// TestOwnFlagIsNotClearedByModerators checks that a moderator cannot clear the flags of a post while the only
// flag is the moderator's own, as on the old site, but can once another user has flagged the post as well.
func TestOwnFlagIsNotClearedByModerators(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		flags := func() int {
			return testsite.GetAs[struct{ FlagCount int }](t, s, "/v1/answers/3", testsite.ModKenji).FlagCount
		}
		s.Do(t, testsite.ModKenji, "PUT", "/v1/posts/3/flag", nil)
		status, body, _ := s.Try(t, testsite.ModKenji, "DELETE", "/v1/posts/3/flags", nil)
		if status != http.StatusConflict || body["code"] != "own_flag_only" || flags() != 1 {
			t.Errorf("clearing one's own flag: %d %v, %d flags", status, body["code"], flags())
		}
		s.Do(t, testsite.Lurker, "PUT", "/v1/posts/3/flag", nil)
		if s.Do(t, testsite.ModKenji, "DELETE", "/v1/posts/3/flags", nil); flags() != 0 {
			t.Errorf("clearing one's own and another: %d flags", flags())
		}
	})
}
