package site_test

import (
	"context"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// TestOptionsAreAtMostASecondOld: the old site's administration page changes an option, and this backend
// follows.
func TestOptionsAreAtMostASecondOld(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		if n := len(testsite.Get[testsite.List[testsite.Question]](t, s, "/v1/questions").Items); n != 20 {
			t.Fatalf("%d questions", n)
		}
		if _, err := s.App.DB.Exec(context.Background(), "UPDATE {options} SET content = '7' WHERE title = 'page_size_qs'"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond)
		if n := len(testsite.Get[testsite.List[testsite.Question]](t, s, "/v1/questions").Items); n != 7 {
			t.Errorf("%d questions a second after the option was changed", n)
		}
	})
}
