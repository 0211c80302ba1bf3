package qa

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/database"
)

// indexWord is a row of words.
type indexWord struct {
	id   int
	word string
}

// newWordsError ends a transaction that needs words which have no rows yet: they are made before it runs again.
type newWordsError struct{ words []string }

func (e *newWordsError) Error() string { return fmt.Sprintf("%d words without rows", len(e.words)) }

// maxWord is how many characters of a word a row holds. Like Q2A, which looks for the whole word, we never find a longer one
// again.
const maxWord = 80

// wordsPerQuery bounds the words in one statement.
const wordsPerQuery = 1000

// lookUp reads the rows of words, by the column's collation: of "café" also that of "cafe".
func lookUp(ctx context.Context, db *database.DB, list []string) ([]indexWord, error) {
	var found []indexWord
	for part := range slices.Chunk(list, wordsPerQuery) {
		err := db.Select(ctx, func(rows *sql.Rows) error {
			var w indexWord
			err := rows.Scan(&w.id, &w.word)
			found = append(found, w)
			return err
		}, "SELECT wordid, word FROM {words} WHERE word IN ?", part)
		if err != nil {
			return nil, fmt.Errorf("look up words: %w", err)
		}
	}
	return found, nil
}

// missingOf are the words of the list that no row holds exactly.
func missingOf(list []string, found []indexWord) []string {
	have := make(map[string]bool, len(found))
	for _, w := range found {
		have[w.word] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(w string) bool { return have[w] })
}

// ensureWords makes rows for the words that have none, in a short transaction of its own.
//
// The words have no unique key: Q2A locks the table (LOCK TABLES) while it looks and inserts. A transaction that has the table
// open for writing and Q2A's lock wait for each other, so that each sees what the other has done; and tasks of this backend take
// turns. LOCK TABLES itself would pin a connection of RDS Proxy, and on MySQL many of them at once keep each other from ever
// getting it.
func (m *Module) ensureWords(ctx context.Context, list []string) error {
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		if err := tx.Alone(ctx, "words"); err != nil {
			return err
		}
		if err := lockWordsFirst(ctx, tx); err != nil {
			return err
		}
		found, err := lookUp(ctx, tx, list)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(missingOf(list, found), wordsPerQuery) {
			args := make([]any, len(part))
			for i, w := range part {
				args[i] = cut(w, maxWord)
			}
			_, err := tx.Exec(ctx, "INSERT INTO {words} (word) VALUES (?)"+strings.Repeat(", (?)", len(part)-1), args...)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("new words: %w", err)
	}
	return nil
}

// cut is the text's first characters.
func cut(text string, characters int) string {
	if r := []rune(text); len(r) > characters {
		return string(r[:characters])
	}
	return text
}

// withWords runs a transaction and, where it meets words without rows, makes those and runs it again.
func (m *Module) withWords(ctx context.Context, run func(retried bool) error) error {
	for attempt := 0; ; attempt++ {
		err := run(attempt > 0)
		var missing *newWordsError
		if attempt == 3 || !errors.As(err, &missing) {
			return err
		}
		if err := m.ensureWords(ctx, missing.words); err != nil {
			return err
		}
	}
}
