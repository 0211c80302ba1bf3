package qa_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// TestNewWordsBesideTheOldSite checks that each new word gets one row if the old site and this server meet it
// at the same moment.
func TestNewWordsBesideTheOldSite(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_DATABASE_URL") == "" {
		t.Skip("needs a MySQL or MariaDB server: set TEST_DATABASE_URL (.ci/run starts one)")
	}
	s := testsite.New(t, testsite.Server)
	ctx := context.Background()
	for round := range 5 {
		word := fmt.Sprintf("neologism%d", round)
		old, err := s.App.DB.Pool().Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		run := func(query string, args ...any) {
			t.Helper()
			if _, err := old.ExecContext(ctx, query, args...); err != nil {
				t.Fatalf("%s: %v", query, err)
			}
		}
		locked, ended := make(chan struct{}), make(chan struct{})
		go func() { // as qa_db_word_mapto_ids_add does
			defer close(ended)
			run("LOCK TABLES qa_words WRITE")
			close(locked)
			var n int
			if err := old.QueryRowContext(ctx,
				"SELECT COUNT(*) FROM qa_words WHERE word = ?", word).Scan(&n); err != nil {
				t.Error(err)
			}
			time.Sleep(300 * time.Millisecond) // now everybody below is on the way
			if n == 0 {
				run("INSERT INTO qa_words (word) VALUES (?)", word)
			}
			run("UNLOCK TABLES")
		}()
		if round%2 == 0 {
			<-locked
		}
		var wait sync.WaitGroup
		for i := range 6 {
			wait.Go(func() {
				content := fmt.Sprintf("Whoever meets the %s first makes its row, %d of %d.", word, i, round)
				body := map[string]any{"content": content}
				status, answer, _ := s.Try(t, 13+i, "POST", "/v1/questions/1/answers", body)
				if status != http.StatusCreated {
					t.Errorf("answer: %d %v", status, answer)
				}
			})
		}
		wait.Wait()
		<-ended
		if err := old.Close(); err != nil {
			t.Error(err)
		}
		var rows, posts int
		if _, err := s.App.DB.Get(ctx, []any{&rows, &posts},
			"SELECT COUNT(*), SUM(contentcount) FROM {words} WHERE word = ?", word); err != nil ||
			rows != 1 || posts != 6 {
			t.Errorf("%s has %d rows and is counted in %d posts, %v", word, rows, posts, err)
		}
	}
}
