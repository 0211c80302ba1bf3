package site_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
	"38qa.net/backend/modules/testsite"
)

// TestOptionsAreAtMostASecondOld checks that an option which the old site changes is heeded within a second.
func TestOptionsAreAtMostASecondOld(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		if n := len(testsite.Get[testsite.List[testsite.Question]](t, s, "/v1/questions").Items); n != 20 {
			t.Fatalf("%d questions", n)
		}
		if _, err := s.App.DB.Exec(context.Background(),
			"UPDATE {options} SET content = '7' WHERE title = 'page_size_qs'"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond)
		if n := len(testsite.Get[testsite.List[testsite.Question]](t, s, "/v1/questions").Items); n != 7 {
			t.Errorf("%d questions a second after the option was changed", n)
		}
	})
}

// TestOptionsAreSet checks that requests follow the stored options once the old values are forgotten.
func TestOptionsAreSet(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("DELETE FROM {options} WHERE title = 'page_size_qs'"))
		shown := func() int {
			t.Helper()
			return len(testsite.Get[testsite.List[testsite.Question]](t, s, "/v1/questions").Items)
		}
		for _, size := range []string{"7", "3"} { // the first makes the row, the second replaces it
			inTransaction(t, s, func(ctx context.Context, tx *database.DB) error {
				return site.Set(ctx, tx, map[option.Key]string{
					option.PageSizeQs: size, option.PageSizeTags: "5",
				})
			})
			inTransaction(t, s, func(ctx context.Context, tx *database.DB) error {
				return site.Set(ctx, tx, nil)
			})
			s.App.Site.Forget()
			if got := shown(); fmt.Sprint(got) != size {
				t.Errorf("%d questions on a page of %s", got, size)
			}
		}
		if n := s.Scalar(t,
			"SELECT COUNT(*) FROM {options} WHERE title = 'page_size_tags' AND content = '5'"); n != 1 {
			t.Errorf("%d rows of the other option", n)
		}
	})
}
