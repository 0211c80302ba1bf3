package qa_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// driftCases are actions after which Q2A leaves counts that its own recalculation would repair. The file
// docs/migrating.md describes each.
var driftCases = map[string]func(t *testing.T, s *testsite.Site){
	"an answer with votes becomes a comment": func(t *testing.T, s *testsite.Site) {
		becomesComment(t, s, 3)
	},
	"a question with a tag of its own is shown again": func(t *testing.T, s *testsite.Site) {
		id := s.Do(t, testsite.Haru, "POST", "/v1/questions", object{
			"title": "A question with a new tag", "content": "To be hidden and shown.",
			"tags": []string{"brandnewtag"},
		})
		s.Hide(t, id)
		s.Do(t, testsite.ModKenji, "PUT", fmt.Sprintf("/v1/posts/%d/visibility", id), object{"hidden": false})
	},
	"a question that was queued by an edit is approved": func(t *testing.T, s *testsite.Site) {
		id := s.Do(t, testsite.Haru, "POST", "/v1/questions", object{
			"title": "A question with a new tag", "content": "To be edited.", "tags": []string{"brandnewtag"},
		})
		// This user's edits have to be approved.
		s.Alter(t, "UPDATE {users} SET level = 0, flags = 0 WHERE userid = 16")
		s.Do(t, testsite.Haru, "PATCH", fmt.Sprintf("/v1/questions/%d", id),
			object{"content": "Edited, and queued by that."})
		s.Alter(t, "UPDATE {users} SET level = 10, flags = 73 WHERE userid = 16") // as it was
		s.Do(t, testsite.ModKenji, "PUT", fmt.Sprintf("/v1/posts/%d/approval", id), object{"approved": true})
	},
	"a user is deleted": func(t *testing.T, s *testsite.Site) {
		s.Do(t, testsite.AdminHana, "DELETE", "/v1/users/haru", nil)
	},
	"an answer to a closed question is selected": func(t *testing.T, s *testsite.Site) {
		question, answer := closedWithAnswer(t, s)
		s.Do(t, testsite.Haru, "PUT", fmt.Sprintf("/v1/questions/%d/selected-answer", question),
			object{"answerId": answer})
	},
	"an answer to a closed question is unselected": func(t *testing.T, s *testsite.Site) {
		question, answer := closedWithAnswer(t, s)
		path := fmt.Sprintf("/v1/questions/%d/selected-answer", question)
		s.Do(t, testsite.Haru, "PUT", path, object{"answerId": answer})
		s.Do(t, testsite.Haru, "DELETE", path, nil)
	},
	"a comment with votes is deleted for good": func(t *testing.T, s *testsite.Site) {
		id := s.Do(t, testsite.Lurker, "POST", "/v1/posts/27/comments", object{
			"content": "A comment with votes, to be deleted.",
		})
		for voter, value := range map[int]int{testsite.Haru: 1, testsite.Aki: 1, testsite.Jose: -1} {
			s.Do(t, voter, "PUT", fmt.Sprintf("/v1/posts/%d/vote", id), object{"value": value})
		}
		s.Hide(t, id)
		s.Do(t, testsite.ModKenji, "DELETE", fmt.Sprintf("/v1/comments/%d", id), nil)
	},
	"the only answer to a hidden question is hidden": func(t *testing.T, s *testsite.Site) {
		question := s.Ask(t, testsite.Haru, "A question with one answer", 0)
		answer := s.Answer(t, testsite.Lurker, question)
		s.Do(t, testsite.Aki, "PUT", fmt.Sprintf("/v1/posts/%d/vote", answer), object{"value": 1})
		s.Hide(t, question)
		s.Hide(t, answer)
		s.Do(t, testsite.ModKenji, "PUT", fmt.Sprintf("/v1/posts/%d/visibility", question),
			object{"hidden": false})
	},
}

// closedWithAnswer makes a question by user 16, with an answer, and lets a moderator close the question.
func closedWithAnswer(t *testing.T, s *testsite.Site) (question, answer int) {
	t.Helper()
	question = s.Ask(t, testsite.Haru, "A question that is closed for a reason", 0)
	answer = s.Answer(t, testsite.Lurker, question)
	s.Do(t, testsite.ModKenji, "PUT", fmt.Sprintf("/v1/questions/%d/closure", question),
		object{"note": "Closed by a moderator."})
	return question, answer
}

// TestDriftOfQ2A checks that this backend's counts stay what a recount finds after actions that leave wrong
// counts on the old site.
func TestDriftOfQ2A(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		for name, act := range driftCases {
			t.Run(name, func(t *testing.T) {
				s := testsite.New(t, db)
				before := testsite.Recount(t, s.App, true) // the wrong counts of the recorded site
				act(t, s)
				after := slices.DeleteFunc(testsite.Recount(t, s.App, true), func(line string) bool {
					return strings.Contains(line, "cache_unselqcount")
				})
				before = slices.DeleteFunc(before, func(line string) bool {
					return strings.Contains(line, "cache_unselqcount")
				})
				if !slices.Equal(before, after) {
					t.Errorf("a recount finds %q, and found %q before", after, before)
				}
				if off := unselectedOff(t, s); off != 1 {
					t.Errorf("the count of questions without a selected answer is off by %d; it was by 1",
						off)
				}
			})
		}
	})
}

// unselectedOff returns by how much the site's count of questions without a selected answer is too low. On
// the recorded site it is too low by 1.
func unselectedOff(t *testing.T, s *testsite.Site) (off int) {
	t.Helper()
	if _, err := s.App.DB.Get(t.Context(), []any{&off}, `
		SELECT (SELECT COUNT(*) FROM {posts} WHERE type = 'Q' AND selchildid IS NULL AND closedbyid IS NULL) -
			(SELECT content + 0 FROM {options} WHERE title = 'cache_unselqcount')`); err != nil {
		t.Fatal(err)
	}
	return off
}

// TestDriftIsDocumented checks that docs/migrating.md, the guide for those who come from the old site, names
// each case by its test.
func TestDriftIsDocumented(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(testsite.Repository("docs", "migrating.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range driftCases {
		if !strings.Contains(string(guide), "`TestDriftOfQ2A/"+name+"`") {
			t.Errorf("docs/migrating.md does not name TestDriftOfQ2A/%s", name)
		}
	}
}
