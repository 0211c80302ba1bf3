package qa_test

import (
	"fmt"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// permissionNames are the recorded rules that are permissions in the API, with their names there. The other
// recorded rules are about buttons.
var permissionNames = map[string]string{
	"commentable": "comment", "editable": "edit", "retagcatable": "changeCategoryAndTags",
	"aselectable": "selectAnswer", "unflaggable": "unflag", "clearflaggable": "clearFlags",
	"closeable": "close", "reopenable": "reopen", "moderatable": "approve", "hideable": "hide", "reshowable": "reshow",
	"deleteable": "delete", "claimable": "claim", "followable": "followUp",
}

func TestPermissionsAsRecorded(t *testing.T) {
	t.Parallel()
	type permissions struct {
		Viewers map[string]map[string][]string
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		cookie := s.VisitorCookie(t)
		checked := 0
		for viewer, posts := range testsite.Recording[permissions](t, "permissions-posts").Viewers {
			user, known := testsite.People[viewer]
			header := []string{}
			if !known {
				header = []string{"Cookie", "qa_id=" + cookie}
			}
			all := map[int]map[string]bool{} // what the threads show, by post
			for _, id := range threadIDs(t) {
				res := s.Request(t, http.MethodGet,
					fmt.Sprintf("/v1/questions/%d?include=answers,comments,permissions", id), user, header...)
				if res.StatusCode != http.StatusOK {
					continue
				}
				thread := testsite.Decode[threadBody](t, res)
				all[id] = thread.Can
				for _, list := range append([][]post{thread.Answers, thread.Comments},
					commentsOf(thread.Answers)...) {
					for _, p := range list {
						all[p.ID] = p.Can
					}
				}
			}
			for id, wanted := range posts {
				var postID int
				fmt.Sscan(id, &postID)
				want := map[string]bool{}
				for _, w := range wanted {
					want[w] = true
				}
				can, seen := all[postID]
				if !want["viewable"] && seen {
					t.Errorf("%s sees post %s and should not", viewer, id)
				}
				if !seen {
					continue // hidden with what is above it, or not viewable itself
				}
				for recorded, name := range permissionNames {
					if can[name] != want[recorded] {
						t.Errorf("%s, post %s: %s is %v, Q2A says %v", viewer, id, name, can[name],
							want[recorded])
					}
					checked++
				}
			}
		}
		if checked < 40000 {
			t.Errorf("only %d permissions compared", checked)
		}
	})
}
