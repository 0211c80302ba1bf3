package modules_test

import (
	"fmt"
	"net/http"
	"testing"
)

// followed is what questions tell of what follows from them, and what they follow from.
type followed struct {
	Follows   *struct{ ID, QuestionID int }
	FollowUps []struct{ ID int }
	Can       map[string]bool
}

// followUpsOf are the ids that the thread of a question names as following from itself, and those of its list.
func followUpsOf(t *testing.T, s *testSite, question, user int) (thread, listed []int) {
	t.Helper()
	thread, listed = []int{}, []int{}
	for _, f := range getAs[followed](t, s, fmt.Sprintf("/v1/questions/%d?include=answers,comments", question), user).FollowUps {
		thread = append(thread, f.ID)
	}
	body := getAs[list[struct{ ID int }]](t, s, fmt.Sprintf("/v1/questions/%d/follow-ups", question), user)
	for _, f := range body.Items {
		listed = append(listed, f.ID)
	}
	if body.Total == nil || *body.Total != len(listed) {
		t.Errorf("question %d: a total of %v for %d follow-ups", question, body.Total, len(listed))
	}
	return thread, listed
}

// asked writes a question, which follows from an answer unless that is 0.
func (r *replayer) asked(t *testing.T, user int, title string, answer int) int {
	t.Helper()
	body := object{"title": title, "content": "What is to be found out about: " + title}
	if answer != 0 {
		body["followsAnswerId"] = answer
	}
	return r.done(t, user, "POST", "/v1/questions", body)
}

func (r *replayer) answered(t *testing.T, user, question int) int {
	t.Helper()
	return r.done(t, user, "POST", fmt.Sprintf("/v1/questions/%d/answers", question), object{"content": fmt.Sprintf("An answer to question %d by user %d.", question, user)})
}

// becomesComment turns an answer into a comment on its question.
func (r *replayer) becomesComment(t *testing.T, answer int) {
	t.Helper()
	r.done(t, superUser, "POST", fmt.Sprintf("/v1/answers/%d/comment", answer), object{})
}

func (r *replayer) hide(t *testing.T, post int) {
	t.Helper()
	r.done(t, 3, "PUT", fmt.Sprintf("/v1/posts/%d/visibility", post), object{"hidden": true})
}

// TestFollowUpsOfAnswersThatBecomeComments: Q2A makes them children of the question, and shows them there.
func TestFollowUpsOfAnswersThatBecomeComments(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, fresh func(t *testing.T) string) {
		r := &replayer{testSite: openSite(t, fresh(t), nil)}
		t.Run("shown below the question", func(t *testing.T) { // 31 follows from answer 22 to question 1
			r.becomesComment(t, 22)
			for _, user := range []int{0, 16, 3} {
				thread, listed := followUpsOf(t, r.testSite, 1, user)
				same(t, fmt.Sprint("thread for user ", user), thread, []int{31})
				same(t, fmt.Sprint("list for user ", user), listed, []int{31})
			}
			follows := get[followed](t, r.testSite, "/v1/questions/31").Follows
			if follows == nil || follows.ID != 1 || follows.QuestionID != 1 {
				t.Errorf("question 31 follows %v", follows)
			}
		})
		t.Run("hidden ones below what is visible are not shown", func(t *testing.T) {
			r.hide(t, 31)
			for _, user := range []int{0, 3} {
				thread, listed := followUpsOf(t, r.testSite, 1, user)
				same(t, fmt.Sprint("thread for user ", user), thread, []int{})
				same(t, fmt.Sprint("list for user ", user), listed, []int{})
			}
		})
		t.Run("a chain", func(t *testing.T) {
			first := r.asked(t, 16, "The first of a chain of questions", 0)
			second := r.asked(t, 16, "The second of a chain of questions", r.answered(t, 17, first))
			answer := r.answered(t, 17, second)
			third := r.asked(t, 16, "The third of a chain of questions", answer)
			r.becomesComment(t, answer)
			_, listed := followUpsOf(t, r.testSite, second, 0)
			same(t, "of the second", listed, []int{third})
			_, listed = followUpsOf(t, r.testSite, first, 0)
			same(t, "of the first", listed, []int{second})
		})
		t.Run("to another answer", func(t *testing.T) {
			question := r.asked(t, 16, "A question with two answers to it", 0)
			stays, goes := r.answered(t, 17, question), r.answered(t, 13, question)
			next := r.asked(t, 16, "What follows from the other answer", goes)
			r.done(t, superUser, "POST", fmt.Sprintf("/v1/answers/%d/comment", goes), object{"parentId": stays, "content": "Now a comment on the other."})
			thread, listed := followUpsOf(t, r.testSite, question, 0)
			same(t, "of the question itself", thread, []int{})
			same(t, "of the thread", listed, []int{next})
			ofAnswer := get[followed](t, r.testSite, fmt.Sprintf("/v1/answers/%d", stays)).FollowUps
			if len(ofAnswer) != 1 || ofAnswer[0].ID != next {
				t.Errorf("of the answer: %v", ofAnswer)
			}
		})
		t.Run("the question cannot be deleted before them", func(t *testing.T) { testDeletionBelow(t, r) })
	})
}

func testDeletionBelow(t *testing.T, r *replayer) {
	question := r.asked(t, 16, "A question that is deleted in the end", 0)
	answer := r.answered(t, 17, question)
	next := r.asked(t, 16, "What follows from what is deleted", answer)
	r.becomesComment(t, answer)
	for _, id := range []int{answer, question, next} {
		r.hide(t, id)
	}
	r.done(t, 3, "DELETE", fmt.Sprintf("/v1/comments/%d", answer), nil)
	path := fmt.Sprintf("/v1/questions/%d", question)
	if getAs[followed](t, r.testSite, path+"?include=permissions", 3).Can["delete"] {
		t.Error("the moderator is told that it can be deleted")
	}
	if status, body, _ := r.answerOf(t, call{"DELETE", path, nil}, 3); body["code"] != "has_replies" {
		t.Errorf("deleting it: %d %v", status, body)
	}
	r.done(t, 3, "DELETE", fmt.Sprintf("/v1/questions/%d", next), nil)
	r.done(t, 3, "DELETE", path, nil)
	if status := r.request(t, http.MethodGet, path, 3).StatusCode; status != http.StatusNotFound {
		t.Errorf("after the deletion: %d", status)
	}
}
