package site_test

import (
	"context"
	"testing"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
	"38qa.net/backend/modules/testsite"
)

// inTransaction runs f in a transaction of the site's database, and fails the test if it returns an error.
func inTransaction(t *testing.T, s *testsite.Site, f func(ctx context.Context, tx *database.DB) error) {
	t.Helper()
	if err := s.App.DB.Tx(t.Context(), func(tx *database.DB) error {
		return f(t.Context(), tx)
	}); err != nil {
		t.Fatal(err)
	}
}

// TestCachedCounts checks that AddCounts adds to the cached counts among the options, also to a missing one,
// and that SetCount sets one to the result of a query.
func TestCachedCounts(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After(`REPLACE INTO {options} (title, content)
			VALUES ('cache_qcount', '40'), ('cache_acount', '7')`,
			"DELETE FROM {options} WHERE title = 'cache_ccount'"))
		content := func(name string) int {
			return s.Scalar(t, "SELECT CAST(content AS DECIMAL) FROM {options} WHERE title = ?", name)
		}
		inTransaction(t, s, func(ctx context.Context, tx *database.DB) error {
			return site.AddCounts(ctx, tx, map[option.Key]int{
				option.CacheQcount: 3, option.CacheAcount: -2, option.CacheCcount: 5, option.CacheTagcount: 0,
			})
		})
		inTransaction(t, s, func(ctx context.Context, tx *database.DB) error {
			return site.AddCounts(ctx, tx, nil)
		})
		for name, want := range map[string]int{"cache_qcount": 43, "cache_acount": 5, "cache_ccount": 5} {
			if got := content(name); got != want {
				t.Errorf("%s is %d, want %d", name, got, want)
			}
		}
		inTransaction(t, s, func(ctx context.Context, tx *database.DB) error {
			return site.SetCount(ctx, tx, option.CacheQcount,
				"SELECT COUNT(*) AS n FROM {posts} WHERE type = ? AND userid = ?", "Q", testsite.Taro)
		})
		if got, want := content("cache_qcount"), s.Scalar(t,
			"SELECT COUNT(*) FROM {posts} WHERE type = 'Q' AND userid = ?", testsite.Taro); got != want {
			t.Errorf("set to %d, and there are %d", got, want)
		}
	})
}
