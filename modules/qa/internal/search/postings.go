package search

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// place is where in a thread a word was found. It decides how much the find counts.
type place uint8

const (
	inTitle place = iota
	inQuestion
	inAnswer
	inComment // also in closing notes
	inTag
)

// posting is one find of a word: a post that has it, and where.
type posting struct {
	question, post uint32
	place          place
	count          uint8 // how often the content has the word; 1 for titles and tags
}

// kind returns the type of the post in which the word was found: Q, A or C.
func (p posting) kind() string {
	switch p.place {
	case inAnswer:
		return "A"
	case inComment:
		return "C"
	}
	return "Q"
}

// indexedWord is a word of a query with its counts in the index at this moment.
type indexedWord struct {
	id                     int
	titles, contents, tags int // how many posts have it in their title, content and tags
}

// wordPostings holds all finds of a word, and the word's counts when they were read. Finds in places
// where the word is so common that searches ignore it are left out.
type wordPostings struct {
	indexedWord
	read time.Time
	list []posting
}

// These constants bound the postings that are kept in memory, in bytes and in time.
const (
	postingsBytes = 48 << 20
	// postingsAge bounds how long an edit that leaves no trace in the database (see postings) can stay
	// unseen.
	postingsAge = time.Minute
	// maxEdited is the number of edited posts from which all postings are dropped, which is then
	// simpler than to find the words concerned.
	maxEdited = 500
)

// postings is a cache of the index's entries for the words that are searched for, since reading these
// entries takes most of the time of a search.
//
// Each search checks the cached entries against the database, whoever has written to it: a word whose
// counts have changed is read again, and so are all words of posts that have been edited since (Q2A
// stores the time of an edit in posts.updated). Only a "silent" edit, whose time Q2A does not store,
// goes unseen if it changes no count either, for a minute at most.
type postings struct {
	cache *otter.Cache[int, *wordPostings]
	mu    sync.Mutex
	// edited is the newest value of posts.updated that forgetEdited has looked at, as text.
	edited string
}

func newPostings() *postings {
	return &postings{cache: otter.Must(&otter.Options[int, *wordPostings]{
		MaximumWeight: postingsBytes,
		Weigher:       func(_ int, w *wordPostings) uint32 { return uint32(min(12*len(w.list)+100, 1<<30)) },
	})}
}

// postingsOf returns the postings of the words, in the order of the words. edited is the newest value
// of posts.updated in the database.
func (x *Index) postingsOf(
	ctx context.Context, words []indexedWord, edited string,
) ([]*wordPostings, error) {
	if err := x.forgetEdited(ctx, edited); err != nil {
		return nil, err
	}
	lists := make([]*wordPostings, len(words))
	missing := map[int]int{} // place in lists, by word id
	for i, w := range words {
		kept, ok := x.postings.cache.GetIfPresent(w.id)
		if ok && kept.indexedWord == w && time.Since(kept.read) < postingsAge {
			lists[i] = kept
			continue
		}
		lists[i] = &wordPostings{indexedWord: w, read: time.Now()}
		missing[w.id] = i
	}
	if len(missing) == 0 {
		return lists, nil
	}
	read := slices.Collect(maps.Values(missing))
	if err := x.readStored(ctx, lists, missing); err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		if err := x.readPostings(ctx, lists, missing); err != nil {
			return nil, err
		}
	}
	for _, i := range read {
		x.postings.cache.Set(lists[i].id, lists[i])
	}
	return lists, nil
}

// postingsQuery returns the statement that reads postings that meet a condition, in this order: of titles,
// contents and tags.
func postingsQuery(condition string) string {
	return `
		SELECT wordid, postid, postid, 0, 1 FROM {titlewords} WHERE ` + condition + `
		UNION ALL
		SELECT wordid, questionid, postid, CASE type WHEN 'Q' THEN 1 WHEN 'A' THEN 2 ELSE 3 END, count
			FROM {contentwords} WHERE ` + condition + `
		UNION ALL
		SELECT wordid, postid, postid, 4, 1 FROM {tagwords} WHERE ` + condition
}

// readPostings reads the postings of the words that are missing in the cache into lists, in one
// statement. missing has the place in lists by the id of the word.
func (x *Index) readPostings(ctx context.Context, lists []*wordPostings, missing map[int]int) error {
	var titles, contents, tags []int
	for id, i := range missing {
		if lists[i].titles < ignoredFrom {
			titles = append(titles, id)
		}
		if lists[i].contents < ignoredFrom {
			contents = append(contents, id)
		}
		if lists[i].tags < ignoredFrom {
			tags = append(tags, id)
		}
	}
	none := []int{0} // no word has this id
	err := x.db.Select(ctx, func(rows *sql.Rows) error {
		var word int
		var p posting
		if err := rows.Scan(&word, &p.question, &p.post, &p.place, &p.count); err != nil {
			return err
		}
		list := lists[missing[word]]
		list.list = append(list.list, p)
		return nil
	}, postingsQuery("wordid IN ?"),
		append(titles, none...), append(contents, none...), append(tags, none...))
	if err != nil {
		return fmt.Errorf("read the word index: %w", err)
	}
	return nil
}

// forgetEdited drops the cached postings of all words of posts that have been edited since its last
// call. edited is the newest value of posts.updated in the database.
func (x *Index) forgetEdited(ctx context.Context, edited string) error {
	p := x.postings
	p.mu.Lock()
	defer p.mu.Unlock()
	if edited == p.edited {
		return nil
	}
	if p.edited == "" || edited < p.edited {
		p.cache.InvalidateAll()
		p.edited = edited
		return nil
	}
	changed := 0
	// Posts edited in the last second of the previous call are included: more may have been edited in
	// it since.
	err := x.db.Select(ctx, func(rows *sql.Rows) error {
		var word int
		err := rows.Scan(&word)
		p.cache.Invalidate(word)
		changed++
		return err
	}, `SELECT w.wordid
		FROM (SELECT postid FROM {posts} WHERE updated >= ? LIMIT ?) e
		JOIN {contentwords} w ON w.postid = e.postid
		UNION SELECT w.wordid
		FROM (SELECT postid FROM {posts} WHERE updated >= ? LIMIT ?) e
		JOIN {titlewords} w ON w.postid = e.postid
		UNION SELECT w.wordid
		FROM (SELECT postid FROM {posts} WHERE updated >= ? LIMIT ?) e
		JOIN {tagwords} w ON w.postid = e.postid`,
		p.edited, maxEdited, p.edited, maxEdited, p.edited, maxEdited)
	if err != nil {
		return fmt.Errorf("look for edited posts: %w", err)
	}
	if changed > 100*maxEdited {
		p.cache.InvalidateAll()
	}
	p.edited = edited
	return nil
}

// weights returns how much a find of the word counts in each place: in a title ln(10000 / number of
// posts with it there), in the content of a question the same, in that of an answer half and in that of
// a comment a quarter of it, in a tag twice the logarithm. It is 0 where the word is so common that
// searches ignore it.
func (w *wordPostings) weights() (weights [5]float64) {
	log := func(posts int) float64 {
		if posts <= 0 || posts >= ignoredFrom {
			return 0
		}
		return math.Log(ignoredFrom / float64(posts))
	}
	content := log(w.contents)
	return [5]float64{
		inTitle:    log(w.titles),
		inQuestion: content,
		inAnswer:   content / 2,
		inComment:  content / 4,
		inTag:      2 * log(w.tags),
	}
}

// score returns how much the find counts, given the weights of the word. In contents, a word that
// occurs more often counts more, up to twice as much as one that occurs once.
func (p posting) score(weights *[5]float64) float64 {
	s := weights[p.place]
	if p.place != inTitle && p.place != inTag {
		s *= 1 - 1/(1+float64(p.count))
	}
	return s
}
