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

// indexWord is a row of the table of words.
type indexWord struct {
	id   int
	word string
}

// newWordsError ends a transaction that needs words which have no rows yet. withWords then makes these
// rows and runs the transaction again.
type newWordsError struct{ words []string }

func (e *newWordsError) Error() string { return fmt.Sprintf("%d words without rows", len(e.words)) }

// maxWord is how many characters of a word a row holds. A longer word is cut, and is then never found
// again, as in Q2A, which looks for the whole word.
const maxWord = 80

// wordsPerQuery is how many words one statement reads or writes at most.
const wordsPerQuery = 1000

// lookUp reads the rows of the words. It compares by the column's collation, so for "café" it also
// returns the row of "cafe".
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

// missingOf returns the words of the list for which found has no row with exactly that word.
func missingOf(list []string, found []indexWord) []string {
	have := make(map[string]bool, len(found))
	for _, w := range found {
		have[w.word] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(w string) bool { return have[w] })
}

// ensureWords makes rows for the words that have none, in a short transaction of its own.
//
// The words have no unique key, so Q2A locks the whole table (LOCK TABLES) while it looks for words and
// inserts them. A transaction that has the table open for writing and Q2A's lock wait for each other,
// so each sees what the other has written; and the processes of this backend take turns among themselves.
// This backend does not use LOCK TABLES itself: it would pin a connection of RDS Proxy, and on MySQL
// many sessions that ask for the lock at once keep each other from ever getting it.
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
			_, err := tx.Exec(ctx, "INSERT INTO {words} (word) VALUES (?)"+
				strings.Repeat(", (?)", len(part)-1), args...)
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

// cut returns the text, or its first characters if it is longer than that many.
func cut(text string, characters int) string {
	if r := []rune(text); len(r) > characters {
		return string(r[:characters])
	}
	return text
}

// withWords runs a transaction. If the transaction ends because words have no rows (newWordsError),
// withWords makes these rows and runs it again, up to three times.
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
