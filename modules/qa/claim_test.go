package qa_test

import (
	"fmt"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestVisitorToken checks that a visitor whose browser keeps no cookie of the API is recognised by the token
// in the response: as the author, and as the one who may claim the post after signing in.
func TestVisitorToken(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		const header = "Visitor-Token"
		status, asked, received := s.Try(t, testsite.Visitor, "POST", "/v1/questions",
			map[string]any{"title": "Who am I without a cookie?", "content": "A page of another origin asks."})
		token := received.Get(header)
		if status != 201 || token == "" {
			t.Fatalf("ask: %d, token %q, %v", status, token, asked)
		}
		id := int(asked["id"].(float64))
		claim := fmt.Sprintf("/v1/posts/%d/owner", id)

		status, answer, received := s.Try(t, testsite.Visitor, "POST", "/v1/questions",
			map[string]any{"title": "And what else can I ask?", "content": "The same visitor."}, header, token)
		if status != 201 || received.Get(header) != token {
			t.Errorf("the second question: %d, token %q, want %q, %v", status, received.Get(header), token, answer)
		}
		for who, wrong := range map[string]string{"no token": "", "another token": token + "1", "no number": "x"} {
			if status, answer, _ := s.Try(t, testsite.Haru, "PUT", claim, nil, header, wrong); status != 403 {
				t.Errorf("claim with %s: %d %v", who, status, answer)
			}
		}
		status, claimed, received := s.Try(t, testsite.Haru, "PUT", claim, nil, header, token)
		if status != 200 || received.Get(header) != "" {
			t.Errorf("claim: %d %v, token %q", status, claimed, received.Get(header))
		}
		thread := testsite.Get[testsite.Question](t, s, fmt.Sprintf("/v1/questions/%d", id))
		if thread.Author.ID != testsite.Haru {
			t.Errorf("the author after the claim: %+v", thread.Author)
		}
	})
}
