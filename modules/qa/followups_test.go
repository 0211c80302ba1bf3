package qa_test

import (
	"fmt"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// followed holds what a response says about follow-ups: what the post follows from, which questions follow
// from the post, and what the caller may do with it.
type followed struct {
	Follows   *struct{ ID, QuestionID int }
	FollowUps []struct{ ID int }
	Can       map[string]bool
}

// followUpsOf returns the ids of the questions that the thread of a question names as following from the
// question itself, and the ids in the question's list of follow-ups.
func followUpsOf(t *testing.T, s *testsite.Site, question, user int) (thread, listed []int) {
	t.Helper()
	thread, listed = []int{}, []int{}
	path := fmt.Sprintf("/v1/questions/%d", question)
	for _, f := range testsite.GetAs[followed](t, s, path+"?include=answers,comments", user).FollowUps {
		thread = append(thread, f.ID)
	}
	body := testsite.GetAs[testsite.List[struct{ ID int }]](t, s, path+"/follow-ups", user)
	for _, f := range body.Items {
		listed = append(listed, f.ID)
	}
	if body.Total == nil || *body.Total != len(listed) {
		t.Errorf("question %d: a total of %v for %d follow-ups", question, body.Total, len(listed))
	}
	return thread, listed
}

// becomesComment turns an answer into a comment on its question.
func becomesComment(t *testing.T, s *testsite.Site, answer int) {
	t.Helper()
	s.Do(t, testsite.Superbee, "POST", fmt.Sprintf("/v1/answers/%d/comment", answer), object{})
}

// TestFollowUpsOfAnswersThatBecomeComments checks that questions which follow from an answer are shown below
// the answer's new parent when the answer becomes a comment, since Q2A makes them children of that parent.
func TestFollowUpsOfAnswersThatBecomeComments(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		t.Run("shown below the question", func(t *testing.T) { // 31 follows from answer 22 to question 1
			becomesComment(t, s, 22)
			for _, user := range []int{0, 16, 3} {
				thread, listed := followUpsOf(t, s, 1, user)
				testsite.Same(t, fmt.Sprint("thread for user ", user), thread, []int{31})
				testsite.Same(t, fmt.Sprint("list for user ", user), listed, []int{31})
			}
			follows := testsite.Get[followed](t, s, "/v1/questions/31").Follows
			if follows == nil || follows.ID != 1 || follows.QuestionID != 1 {
				t.Errorf("question 31 follows %v", follows)
			}
		})
		t.Run("hidden ones below what is visible are not shown", func(t *testing.T) {
			s.Hide(t, 31)
			for _, user := range []int{0, 3} {
				thread, listed := followUpsOf(t, s, 1, user)
				testsite.Same(t, fmt.Sprint("thread for user ", user), thread, []int{})
				testsite.Same(t, fmt.Sprint("list for user ", user), listed, []int{})
			}
		})
		t.Run("a chain", func(t *testing.T) {
			first := s.Ask(t, testsite.Haru, "The first of a chain of questions", 0)
			second := s.Ask(t, testsite.Haru, "The second of a chain of questions",
				s.Answer(t, testsite.Lurker, first))
			answer := s.Answer(t, testsite.Lurker, second)
			third := s.Ask(t, testsite.Haru, "The third of a chain of questions", answer)
			becomesComment(t, s, answer)
			_, listed := followUpsOf(t, s, second, testsite.Visitor)
			testsite.Same(t, "of the second", listed, []int{third})
			_, listed = followUpsOf(t, s, first, testsite.Visitor)
			testsite.Same(t, "of the first", listed, []int{second})
		})
		t.Run("to another answer", func(t *testing.T) {
			question := s.Ask(t, testsite.Haru, "A question with two answers to it", 0)
			stays, goes := s.Answer(t, testsite.Lurker, question), s.Answer(t, testsite.Aki, question)
			next := s.Ask(t, testsite.Haru, "What follows from the other answer", goes)
			s.Do(t, testsite.Superbee, "POST", fmt.Sprintf("/v1/answers/%d/comment", goes),
				object{"parentId": stays, "content": "Now a comment on the other."})
			thread, listed := followUpsOf(t, s, question, testsite.Visitor)
			testsite.Same(t, "of the question itself", thread, []int{})
			testsite.Same(t, "of the thread", listed, []int{next})
			ofAnswer := testsite.Get[followed](t, s, fmt.Sprintf("/v1/answers/%d", stays)).FollowUps
			if len(ofAnswer) != 1 || ofAnswer[0].ID != next {
				t.Errorf("of the answer: %v", ofAnswer)
			}
		})
		t.Run("the question cannot be deleted before them", func(t *testing.T) { testDeletionBelow(t, s) })
	})
}

func testDeletionBelow(t *testing.T, s *testsite.Site) {
	question := s.Ask(t, testsite.Haru, "A question that is deleted in the end", 0)
	answer := s.Answer(t, testsite.Lurker, question)
	next := s.Ask(t, testsite.Haru, "What follows from what is deleted", answer)
	becomesComment(t, s, answer)
	for _, id := range []int{answer, question, next} {
		s.Hide(t, id)
	}
	s.Do(t, testsite.ModKenji, "DELETE", fmt.Sprintf("/v1/comments/%d", answer), nil)
	path := fmt.Sprintf("/v1/questions/%d", question)
	if testsite.GetAs[followed](t, s, path+"?include=permissions", testsite.ModKenji).Can["delete"] {
		t.Error("the moderator is told that it can be deleted")
	}
	if status, body, _ := s.Try(t, testsite.ModKenji, "DELETE", path, nil); body["code"] != "has_replies" {
		t.Errorf("deleting it: %d %v", status, body)
	}
	s.Do(t, testsite.ModKenji, "DELETE", fmt.Sprintf("/v1/questions/%d", next), nil)
	s.Do(t, testsite.ModKenji, "DELETE", path, nil)
	status := s.Request(t, http.MethodGet, path, testsite.ModKenji).StatusCode
	if status != http.StatusNotFound {
		t.Errorf("after the deletion: %d", status)
	}
}
