package search

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// The postings of common words are stored packed, since the database takes long to collect them from
// the index: their rows are all over a table that has millions. A job stores them every night. A search
// that needs them reads one row for each word, reads anew what the index says of the posts that have
// changed since, and checks the result against the word's counts. Where it does not agree, or too much
// has changed, the index itself is read.

const (
	// storedFrom is the number of posts with a word from which its postings are stored.
	storedFrom = 200
	// storedAtOnce is how many words one batch stores.
	storedAtOnce = 50
	// maxChanged is the number of changed posts from which stored postings are not worth mending.
	maxChanged = 1000
	// editMargin is how long before the newest edit, at the time of storing, edits may have been made
	// whose transactions were not finished yet.
	editMargin = time.Minute
)

// isCommon reports whether a search may find the word's postings stored.
func (w *wordPostings) isCommon() bool { return max(w.titles, w.contents, w.tags) >= storedFrom }

// count returns how many postings the word has in places of the same kind, as its counts say: 0 where it
// is so common that searches ignore it.
func (w *wordPostings) count(p place) int {
	n := w.contents
	switch p {
	case inTitle:
		n = w.titles
	case inTag:
		n = w.tags
	}
	if n >= ignoredFrom {
		return 0
	}
	return n
}

// agrees reports whether the postings are as many as the word's counts say.
func (w *wordPostings) agrees(list []posting) bool {
	var titles, contents, tags int
	for _, p := range list {
		switch p.place {
		case inTitle:
			titles++
		case inTag:
			tags++
		default:
			contents++
		}
	}
	return titles == w.count(inTitle) && contents == w.count(inQuestion) && tags == w.count(inTag)
}

// state is how far the index has come.
type state struct {
	edited string // when a post was last edited, as text
	newest uint32 // id of the newest post
}

// readStored fills in the postings of the words that are stored, as far as they can be brought up to
// date, and removes those words from missing.
func (x *Index) readStored(ctx context.Context, lists []*wordPostings, missing map[int]int) error {
	var common []int
	for id, i := range missing {
		if lists[i].isCommon() {
			common = append(common, id)
		}
	}
	if len(common) == 0 {
		return nil
	}
	stored := map[int][]posting{}
	since := state{newest: math.MaxUint32} // the oldest of the words' states
	err := x.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var s state
		var packed []byte
		if err := rows.Scan(&id, &s.edited, &s.newest, &packed); err != nil {
			return err
		}
		since.newest = min(since.newest, s.newest)
		if since.edited == "" || s.edited < since.edited {
			since.edited = s.edited
		}
		var err error
		stored[id], err = unpack(packed)
		return err
	}, "SELECT wordid, edited, newest, postings FROM {q2ab_postings} WHERE wordid IN ?", common)
	if err != nil {
		return fmt.Errorf("read stored postings: %w", err)
	}
	if len(stored) == 0 {
		return nil
	}
	fresh, changed, err := x.changedSince(ctx, since, stored)
	if err != nil || len(changed) > maxChanged {
		return err
	}
	for id, list := range stored {
		w := lists[missing[id]]
		list = slices.DeleteFunc(list, func(p posting) bool { return changed[p.post] })
		for _, p := range fresh[id] {
			if w.count(p.place) > 0 { // the index has words of changed posts in all places
				list = append(list, p)
			}
		}
		if w.agrees(list) {
			w.list = list
			delete(missing, id)
		}
	}
	return nil
}

// changedSince returns the posts that were added or edited since the index was in the given state, and
// what the index says of them now for the words. If more than maxChanged posts have changed, it reads
// no postings.
func (x *Index) changedSince(
	ctx context.Context, since state, words map[int][]posting,
) (fresh map[int][]posting, changed map[uint32]bool, err error) {
	changed = map[uint32]bool{}
	err = x.db.Select(ctx, func(rows *sql.Rows) error {
		var id uint32
		err := rows.Scan(&id)
		changed[id] = true
		return err
	}, `SELECT * FROM (SELECT postid FROM {posts} WHERE postid > ? ORDER BY postid LIMIT ?) n
		UNION SELECT * FROM (SELECT postid FROM {posts} WHERE updated >= ? ORDER BY updated LIMIT ?) e`,
		since.newest, maxChanged+1, since.edited, maxChanged+1)
	if err != nil {
		return nil, nil, fmt.Errorf("look for changed posts: %w", err)
	}
	if len(changed) == 0 || len(changed) > maxChanged {
		return nil, changed, nil
	}
	posts, wanted := slices.Collect(maps.Keys(changed)), slices.Collect(maps.Keys(words))
	fresh = map[int][]posting{}
	// The plus keeps databases from going through all postings of the words instead of those of the posts.
	err = x.db.Select(ctx, func(rows *sql.Rows) error {
		var word int
		var p posting
		err := rows.Scan(&word, &p.question, &p.post, &p.place, &p.count)
		fresh[word] = append(fresh[word], p)
		return err
	}, postingsQuery("postid IN ? AND +wordid IN ?"), posts, wanted, posts, wanted, posts, wanted)
	if err != nil {
		return nil, nil, fmt.Errorf("read what the index says of changed posts: %w", err)
	}
	return fresh, changed, nil
}

// CommonWords returns about how many words Store goes through.
func (x *Index) CommonWords(ctx context.Context) (n int, err error) {
	_, err = x.db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {words} WHERE "+commonWord,
		storedFrom, storedFrom, storedFrom)
	return n, err
}

const commonWord = "(contentcount >= ? OR titlecount >= ? OR tagwordcount >= ?)"

// Store stores the postings of the next common words behind the one with the id after, and removes
// what is stored of other words up to there. It writes in the transaction that write runs. It returns
// the id of the last word, or 0 if there are no more, and how many words it has looked at.
func (x *Index) Store(
	ctx context.Context, after int, write func(context.Context, func(tx *database.DB) error) error,
) (next, words int, err error) {
	now, err := x.state(ctx)
	if err != nil {
		return 0, 0, err
	}
	var lists []*wordPostings
	missing := map[int]int{}
	err = x.db.Select(ctx, func(rows *sql.Rows) error {
		w := &wordPostings{}
		err := rows.Scan(&w.id, &w.titles, &w.contents, &w.tags)
		missing[w.id] = len(lists)
		lists = append(lists, w)
		return err
	}, `SELECT wordid, titlecount, contentcount, tagwordcount
		FROM {words}
		WHERE wordid > ? AND `+commonWord+`
		ORDER BY wordid
		LIMIT ?`, after, storedFrom, storedFrom, storedFrom, storedAtOnce)
	if err != nil {
		return 0, 0, fmt.Errorf("read common words: %w", err)
	}
	if len(lists) > 0 {
		if err := x.readPostings(ctx, lists, missing); err != nil {
			return 0, 0, err
		}
	}
	last := math.MaxUint32
	if len(lists) == storedAtOnce {
		next = lists[len(lists)-1].id
		last = next
	}
	err = write(ctx, func(tx *database.DB) error { return replaceStored(ctx, tx, after, last, now, lists) })
	return next, len(lists), err
}

// replaceStored replaces what is stored of the words with ids above after, up to last.
func replaceStored(
	ctx context.Context, tx *database.DB, after, last int, now state, lists []*wordPostings,
) error {
	kept := []int{0} // no word has this id
	for _, w := range lists {
		if !w.agrees(w.list) {
			continue // the site's counts are off, or a post has just been written
		}
		kept = append(kept, w.id)
		_, err := tx.Exec(ctx, `INSERT INTO {q2ab_postings} (wordid, edited, newest, postings)
			VALUES (?, ?, ?, ?)`+
			tx.Overwrite("wordid", "edited", "newest", "postings"), w.id, now.edited, now.newest, pack(w.list))
		if err != nil {
			return fmt.Errorf("store postings: %w", err)
		}
	}
	_, err := tx.Exec(ctx, "DELETE FROM {q2ab_postings} WHERE wordid > ? AND wordid <= ? AND wordid NOT IN ?",
		after, last, kept)
	if err != nil {
		return fmt.Errorf("remove stored postings: %w", err)
	}
	return nil
}

// state returns how far the index has surely come: edits that may not be in it yet are newer.
func (x *Index) state(ctx context.Context) (state, error) {
	var s state
	var edited string
	_, err := x.db.Get(ctx, []any{&edited, &s.newest}, `
		SELECT COALESCE(MAX(updated), '1970-01-02 00:00:00'), COALESCE(MAX(postid), 0) FROM {posts}`)
	if err != nil {
		return s, fmt.Errorf("look for the newest post: %w", err)
	}
	at, err := time.Parse(time.DateTime, edited)
	if err != nil {
		return s, fmt.Errorf("look for the newest edit: %w", err)
	}
	s.edited = at.Add(-editMargin).Format(time.DateTime)
	return s, nil
}

// packedSize is the number of bytes of a packed posting: the ids of the question and of the post, the
// place and the count.
const packedSize = 10

func pack(list []posting) []byte {
	packed := make([]byte, 0, packedSize*len(list))
	for _, p := range list {
		packed = binary.LittleEndian.AppendUint32(packed, p.question)
		packed = binary.LittleEndian.AppendUint32(packed, p.post)
		packed = append(packed, byte(p.place), p.count)
	}
	return packed
}

func unpack(packed []byte) ([]posting, error) {
	if len(packed)%packedSize != 0 {
		return nil, errors.New("stored postings are not whole")
	}
	list := make([]posting, 0, len(packed)/packedSize)
	for p := range slices.Chunk(packed, packedSize) {
		list = append(list, posting{
			question: binary.LittleEndian.Uint32(p), post: binary.LittleEndian.Uint32(p[4:]),
			place: place(p[8]), count: p[9],
		})
		if list[len(list)-1].place > inTag {
			return nil, errors.New("stored postings have a place that there is not")
		}
	}
	return list, nil
}
