package testsite

import (
	"fmt"
	"maps"
	"testing"
)

// Ask writes a question and returns its id. The question follows up the given answer, or none if answer is 0.
func (s *Site) Ask(t testing.TB, user int, title string, answer int) int {
	t.Helper()
	body := map[string]any{"title": title, "content": "What is to be found out about: " + title}
	if answer != 0 {
		body["followsAnswerId"] = answer
	}
	return s.Do(t, user, "POST", "/v1/questions", body)
}

// Answer writes an answer and returns its id.
func (s *Site) Answer(t testing.TB, user, question int) int {
	t.Helper()
	body := map[string]any{"content": fmt.Sprintf("An answer to question %d by user %d.", question, user)}
	return s.Do(t, user, "POST", fmt.Sprintf("/v1/questions/%d/answers", question), body)
}

// Hide hides a post, as a moderator.
func (s *Site) Hide(t testing.TB, post int) {
	t.Helper()
	s.Do(t, ModKenji, "PUT", fmt.Sprintf("/v1/posts/%d/visibility", post), map[string]any{"hidden": true})
}

// PointWeights returns the recorded site's weights of points in the form that the API takes, with the given
// ones in place of the recorded ones.
func PointWeights(others map[string]any) map[string]any {
	weights := map[string]any{"base": 100, "multiple": 10,
		"postQuestion": 2, "selectAnswer": 3, "postAnswer": 4, "bestAnswer": 30,
		"questionVotedUp": 1, "questionVotedDown": 1, "questionMaxGain": 10, "questionMaxLoss": 3,
		"answerVotedUp": 2, "answerVotedDown": 2, "answerMaxGain": 20, "answerMaxLoss": 5,
		"commentVotedUp": 1, "commentVotedDown": 1, "commentMaxGain": 10, "commentMaxLoss": 3,
		"voteQuestionUp": 1, "voteQuestionDown": 1, "voteAnswerUp": 1, "voteAnswerDown": 1}
	maps.Copy(weights, others)
	return weights
}
