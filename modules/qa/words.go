package qa

import (
	"context"
	"database/sql"
	"database/sql/driver"
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

// ensureWords makes rows for the words that have none. The words have no unique key: on MySQL Q2A locks the table while it
// looks and inserts, and so do we, on a connection that is in no transaction (LOCK TABLES would end it), for these three
// statements only.
func (m *Module) ensureWords(ctx context.Context, list []string) (err error) {
	if m.db.Dialect() == database.SQLite {
		return m.db.Tx(ctx, func(tx *database.DB) error { return addWords(ctx, tx, list) })
	}
	conn, err := m.db.Pool().Conn(ctx)
	if err != nil {
		return fmt.Errorf("new words: %w", err)
	}
	table := m.db.Prefix() + "words"
	defer func() {
		// A connection that may still hold the lock must not go back among the others.
		if _, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), "UNLOCK TABLES"); unlockErr != nil || err != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		if closeErr := conn.Close(); closeErr != nil && !errors.Is(closeErr, sql.ErrConnDone) {
			err = errors.Join(err, closeErr)
		}
	}()
	if _, err := conn.ExecContext(ctx, "LOCK TABLES "+table+" WRITE"); err != nil {
		return fmt.Errorf("lock words: %w", err)
	}
	for part := range slices.Chunk(list, wordsPerQuery) {
		if err := addWordsOn(ctx, conn, table, part); err != nil {
			return err
		}
	}
	return nil
}

// addWordsOn makes the missing words' rows on a connection that has the table locked.
func addWordsOn(ctx context.Context, conn *sql.Conn, table string, list []string) (err error) {
	args := make([]any, len(list))
	for i, w := range list {
		args[i] = w
	}
	marks := "(?" + strings.Repeat(", ?", len(list)-1) + ")"
	rows, err := conn.QueryContext(ctx, "SELECT wordid, word FROM "+table+" WHERE word IN "+marks, args...)
	if err != nil {
		return fmt.Errorf("look up words: %w", err)
	}
	var found []indexWord
	for rows.Next() {
		var w indexWord
		if err := rows.Scan(&w.id, &w.word); err != nil {
			return errors.Join(fmt.Errorf("look up words: %w", err), rows.Close())
		}
		found = append(found, w)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("look up words: %w", err)
	}
	missing := missingOf(list, found)
	if len(missing) == 0 {
		return nil
	}
	args = args[:0]
	for _, w := range missing {
		args = append(args, cut(w, maxWord))
	}
	if _, err := conn.ExecContext(ctx, "INSERT IGNORE INTO "+table+" (word) VALUES (?)"+strings.Repeat(", (?)", len(missing)-1), args...); err != nil {
		return fmt.Errorf("add words: %w", err)
	}
	return nil
}

// addWords is addWordsOn for SQLite, whose writing transactions exclude each other.
func addWords(ctx context.Context, tx *database.DB, list []string) error {
	found, err := lookUp(ctx, tx, list)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(missingOf(list, found), wordsPerQuery) {
		args := make([]any, len(part))
		for i, w := range part {
			args[i] = cut(w, maxWord)
		}
		if _, err := tx.Exec(ctx, "INSERT INTO {words} (word) VALUES (?)"+strings.Repeat(", (?)", len(part)-1), args...); err != nil {
			return fmt.Errorf("add words: %w", err)
		}
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
