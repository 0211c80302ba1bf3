package qa

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/database"
)

// maxWordCount is the largest number of appearances of a word within one post that the index stores.
const maxWordCount = 255

// These are the four tables of the word index. indexTable holds their names, and indexColumn the
// columns of the table of words that count their rows.
const (
	titleRows = iota
	contentRows
	tagWordRows
	tagRows
	indexTables
)

var (
	indexTable  = [indexTables]string{"titlewords", "contentwords", "tagwords", "posttags"}
	indexColumn = [indexTables]string{"titlecount", "contentcount", "tagwordcount", "tagcount"}
)

// isIndexed reports whether the words of a post belong in the index; get returns the posts around it by
// their ids. The index holds visible questions, visible answers and comments if all posts above them
// are visible, and the note that says why a visible question is closed.
func isIndexed(p *post, get func(id int) *post) bool {
	if p == nil || !p.visible() {
		return false
	}
	parent := get(p.parentID)
	if p.kind == KindQuestion {
		return true
	}
	if parent == nil || !parent.visible() {
		return false
	}
	switch p.kind {
	case KindAnswer:
		return parent.kind == KindQuestion
	case KindNote:
		return parent.kind == KindQuestion && parent.closedByID == p.id
	}
	if parent.kind == KindAnswer {
		question := get(parent.parentID)
		return question != nil && question.kind == KindQuestion && question.visible()
	}
	return parent.kind == KindQuestion
}

// sameWords reports whether the index holds the same for two states of a post.
func sameWords(a, b *post) bool {
	return a.kind == b.kind && a.title == b.title && a.content == b.content && a.format == b.format &&
		a.tags == b.tags && a.created == b.created
}

// toIndex returns stale, the posts whose rows of the index have to be read, and fresh, the posts that
// are to have rows after the action. A post may be in both.
func (c *change) toIndex() (stale, fresh []*post) {
	for _, p := range c.posts() {
		before := c.was(p.id)
		was, is := isIndexed(before, c.was), !c.gone(p) && isIndexed(p, c.now)
		switch {
		case was && is && sameWords(before, p):
		case was && is:
			stale, fresh = append(stale, p), append(fresh, p)
		case was:
			stale = append(stale, p)
		case is:
			if before != nil {
				stale = append(stale, p) // it should have no rows
			}
			fresh = append(fresh, p)
		}
	}
	return stale, fresh
}

// indexRow identifies a row of one of the four tables.
type indexRow struct {
	table, post, word int
}

// entries are rows of the index with the values of their other columns.
type entries map[indexRow]entry

type entry struct {
	rows     int    // how many equal rows there are: one, unless something went wrong
	count    int    // in contentwords how often the word appears, in posttags the Unix time of the post
	kind     string // in contentwords the type of the post
	question int    // in contentwords the id of the question
}

// index brings the word index up to date: it deletes rows that are no longer right, adds those that are
// missing, and updates the words' counts.
func (c *change) index() error {
	stale, fresh := c.toIndex()
	if len(stale)+len(fresh) == 0 {
		return nil
	}
	have, err := c.indexedRows(stale)
	if err != nil {
		return err
	}
	want, err := c.wantedRows(fresh, func(*post) int { return c.thread.question.id })
	if err != nil {
		return err
	}
	return c.replaceRows(have, want)
}

// replaceRows replaces the rows that the index has for some posts by those that it is to have, and
// updates the words' counts.
func (c *change) replaceRows(have, want entries) error {
	counts := map[int]*[indexTables]int{}
	count := func(row indexRow, n int) {
		if counts[row.word] == nil {
			counts[row.word] = &[indexTables]int{}
		}
		counts[row.word][row.table] += n
	}
	var add, drop []indexRow
	for row, e := range have {
		if w, ok := want[row]; !ok || w != e {
			drop = append(drop, row)
			count(row, -e.rows)
		}
	}
	for row, w := range want {
		if e, ok := have[row]; !ok || w != e {
			add = append(add, row)
			count(row, 1)
		}
	}
	if err := c.dropRows(drop, have, want); err != nil {
		return err
	}
	if err := c.countWords(counts); err != nil {
		return err
	}
	return c.addRows(add, want)
}

// indexedRows reads the rows that the index has for the posts.
func (c *change) indexedRows(posts []*post) (entries, error) {
	have := entries{}
	if len(posts) == 0 {
		return have, nil
	}
	ids := make([]int, len(posts))
	for i, p := range posts {
		ids[i] = p.id
	}
	err := c.Tx.Select(c.Ctx, func(rows *sql.Rows) error {
		var row indexRow
		var e entry
		if err := rows.Scan(&row.table, &row.post, &row.word, &e.count, &e.kind, &e.question); err != nil {
			return err
		}
		e.rows = have[row].rows + 1
		have[row] = e
		return nil
	}, `SELECT 0, postid, wordid, 0, '', 0
		FROM {titlewords}
		WHERE postid IN ?
		UNION ALL SELECT 1, postid, wordid, count, type, questionid
		FROM {contentwords}
		WHERE postid IN ?
		UNION ALL SELECT 2, postid, wordid, 0, '', 0
		FROM {tagwords}
		WHERE postid IN ?
		UNION ALL SELECT 3, postid, wordid, UNIX_TIMESTAMP(postcreated), '', 0
		FROM {posttags}
		WHERE postid IN ?`,
		ids, ids, ids, ids)
	if err != nil {
		return nil, fmt.Errorf("read the index: %w", err)
	}
	return have, nil
}

// wantedRows returns the rows that the index is to have for the posts; questionOf returns the id of a
// post's question.
func (c *change) wantedRows(posts []*post, questionOf func(*post) int) (entries, error) {
	want := entries{}
	if len(posts) == 0 {
		return want, nil
	}
	split := make([]IndexedWords, len(posts))
	var all []string
	for i, p := range posts {
		split[i] = p.indexWords()
		all = append(all, split[i].All...)
	}
	ids, err := c.wordIDs(distinct(all))
	if err != nil {
		return nil, err
	}
	for i, p := range posts {
		put := func(table int, word string, count, question int, kind string) {
			if id, ok := ids[word]; ok { // a word too long for its row has none
				want[indexRow{table, p.id, id}] = entry{1, count, kind, question}
			}
		}
		for _, w := range split[i].Title {
			put(titleRows, w, 0, 0, "")
		}
		for w, n := range split[i].Content {
			put(contentRows, w, min(n, maxWordCount), questionOf(p), string(p.kind))
		}
		for _, w := range split[i].TagWords {
			put(tagWordRows, w, 0, 0, "")
		}
		for _, w := range split[i].Tags {
			put(tagRows, w, int(p.created), 0, "")
		}
	}
	return want, nil
}

// indexWords splits a post into the words of the index.
func (p *post) indexWords() IndexedWords {
	if p.kind == KindQuestion {
		return IndexWords(p.title, TextOf(p.content, p.format), tagList(p.tags))
	}
	return IndexWords("", TextOf(p.content, p.format), nil)
}

// wordIDs returns the ids of words. If some words have no rows yet, the error is a newWordsError, and
// the transaction has to begin again after the rows were made.
func (c *change) wordIDs(list []string) (map[string]int, error) {
	if missing := missingOf(list, c.words); len(missing) > 0 {
		found, err := lookUp(c.Ctx, c.Tx, missing)
		if err != nil {
			return nil, err
		}
		c.words = append(c.words, found...)
	}
	lost := missingOf(list, c.words)
	lost = slices.DeleteFunc(lost, func(w string) bool { return cut(w, maxWord) != w && c.retried })
	ids := make(map[string]int, len(c.words))
	if len(lost) > 0 {
		if !c.dry {
			return nil, &newWordsError{lost}
		}
		for i, w := range lost {
			ids[w] = -1 - i
		}
	}
	for _, w := range c.words {
		ids[w.word] = w.id
	}
	return ids, nil
}

// expect looks up the words of a post that is about to be written. It is called before anything is
// written: if rows of words are missing, only the reads so far have to be repeated.
func (c *change) expect(p *post) error {
	if p.visible() {
		_, err := c.wordIDs(p.indexWords().All)
		return err
	}
	return nil
}

// dropRows deletes rows of the index. If a post keeps no row in a table, all its rows there are deleted
// at once.
func (c *change) dropRows(rows []indexRow, have, want entries) error {
	type place struct{ table, post int }
	kept := map[place]bool{}
	for row := range have {
		if _, ok := want[row]; ok {
			kept[place{row.table, row.post}] = true
		}
	}
	whole, single := map[int][]int{}, map[place][]int{}
	for _, row := range rows {
		at := place{row.table, row.post}
		if kept[at] {
			single[at] = append(single[at], row.word)
		} else if !slices.Contains(whole[row.table], row.post) {
			whole[row.table] = append(whole[row.table], row.post)
		}
	}
	for table, posts := range whole {
		if _, err := c.Tx.Exec(c.Ctx,
			"DELETE FROM {"+indexTable[table]+"} WHERE postid IN ?", posts); err != nil {
			return fmt.Errorf("delete from the index: %w", err)
		}
	}
	for at, wordIDs := range single {
		if _, err := c.Tx.Exec(c.Ctx,
			"DELETE FROM {"+indexTable[at.table]+"} WHERE postid = ? AND wordid IN ?",
			at.post, wordIDs); err != nil {
			return fmt.Errorf("delete from the index: %w", err)
		}
	}
	return nil
}

// countWords changes the words' counts by the given differences, and finds out how many words became
// tags or are no longer tags. It locks the words in the order of their ids, before rows that refer to
// them are written.
func (c *change) countWords(counts map[int]*[indexTables]int) error {
	groups := map[[2]int][]int{} // by table and difference
	tags := false
	for id, n := range counts {
		for table, difference := range n {
			if difference != 0 {
				key := [2]int{table, difference}
				groups[key] = append(groups[key], id)
				tags = tags || table == tagRows
			}
		}
	}
	if len(groups) == 0 {
		return nil
	}
	if len(groups) > 1 || tags {
		if err := c.lockWords(counts); err != nil {
			return err
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(groups), func(a, b [2]int) int {
		return cmp.Or(a[0]-b[0], a[1]-b[1])
	}) {
		column, difference := indexColumn[key[0]], key[1]
		set, arg := column+" + ?", difference
		if difference < 0 { // the column is unsigned, and a wrong count must not cause an error
			set, arg = fmt.Sprintf("CASE WHEN %s < %d THEN 0 ELSE %s - ? END", column, -difference, column),
				-difference
		}
		slices.Sort(groups[key])
		if _, err := c.Tx.Exec(c.Ctx,
			"UPDATE {words} SET "+column+" = "+set+" WHERE wordid IN ?", arg, groups[key]); err != nil {
			return fmt.Errorf("count words: %w", err)
		}
	}
	return nil
}

func (c *change) lockWords(counts map[int]*[indexTables]int) error {
	tags := 0
	err := c.Tx.Select(c.Ctx, func(rows *sql.Rows) error {
		var id, tagged int
		if err := rows.Scan(&id, &tagged); err != nil {
			return err
		}
		switch after := tagged + counts[id][tagRows]; {
		case tagged == 0 && after > 0:
			tags++
		case tagged > 0 && after <= 0:
			tags--
		}
		return nil
	}, "SELECT wordid, tagcount FROM {words} WHERE wordid IN ? ORDER BY wordid"+c.Tx.ForUpdate(),
		slices.Sorted(maps.Keys(counts)))
	if err != nil {
		return fmt.Errorf("lock words: %w", err)
	}
	c.tags += tags
	return nil
}

// rowsPerInsert is the largest number of rows that one statement inserts.
const rowsPerInsert = 500

// addRows inserts rows into the index, in batches.
func (c *change) addRows(rows []indexRow, want entries) error {
	slices.SortFunc(rows, func(a, b indexRow) int {
		return cmp.Or(a.table-b.table, a.post-b.post, a.word-b.word)
	})
	for table := range indexTable {
		mine := slices.DeleteFunc(slices.Clone(rows), func(r indexRow) bool { return r.table != table })
		for part := range slices.Chunk(mine, rowsPerInsert) {
			var args []any
			columns, marks := "postid, wordid", "(?, ?)"
			for _, r := range part {
				args = append(args, r.post, r.word)
				switch table {
				case contentRows:
					columns, marks = "postid, wordid, count, type, questionid", "(?, ?, ?, ?, ?)"
					args = append(args, want[r].count, want[r].kind, want[r].question)
				case tagRows:
					columns, marks = "postid, wordid, postcreated", "(?, ?, FROM_UNIXTIME(?))"
					args = append(args, want[r].count)
				}
			}
			_, err := c.Tx.Exec(c.Ctx, "INSERT INTO {"+indexTable[table]+"} ("+columns+") VALUES "+
				marks+strings.Repeat(", "+marks, len(part)-1), args...)
			if database.MissingReference(err) {
				return &newWordsError{} // the old site deleted an unused word meanwhile
			}
			if err != nil {
				return errors.Join(fmt.Errorf("write the index"), err)
			}
		}
	}
	return nil
}

// taggedWords returns the ids of the words whose update streams a question with these tags belongs to.
// Like Q2A, it compares words by the column's collation. It looks up the words that the action has not
// looked up yet, since the question may not be indexed; words without rows have no streams.
func (c *change) taggedWords(tags []string) ([]int, error) {
	if missing := missingOf(tags, c.words); len(missing) > 0 {
		found, err := lookUp(c.Ctx, c.Tx, missing)
		if err != nil {
			return nil, err
		}
		c.words = append(c.words, found...)
	}
	var ids []int
	for _, w := range c.words {
		if slices.ContainsFunc(tags, func(tag string) bool {
			return database.CompareGeneralCI(tag, w.word) == 0
		}) && !slices.Contains(ids, w.id) {
			ids = append(ids, w.id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}
