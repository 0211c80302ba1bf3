package qa

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// place is where in a thread a word was found; it decides what the find counts.
type place uint8

const (
	inTitle place = iota
	inQuestion
	inAnswer
	inComment // and closing notes
	inTag
)

// posting is one find of a word.
type posting struct {
	question, post uint32
	place          place
	count          uint8 // how often, in contents
}

// kind is the type of the post that was found.
func (p posting) kind() string {
	switch p.place {
	case inAnswer:
		return "A"
	case inComment:
		return "C"
	}
	return "Q"
}

// indexedWord is a word of a query as the index has it at this moment.
type indexedWord struct {
	id                     int
	titles, contents, tags int // posts with it in their titles, contents and tags
}

// wordPostings are all finds of a word in places where it is not ignored, and the counts under which they were read.
type wordPostings struct {
	indexedWord
	read time.Time
	list []posting
}

// Bounds of the postings that are kept in memory.
const (
	postingsBytes = 48 << 20
	// postingsAge bounds how long an edit that leaves no trace (see postings) can go unseen.
	postingsAge = time.Minute
	// maxEdited is the number of edited posts from which it is simpler to forget all postings.
	maxEdited = 500
)

// postings keeps the index's entries of the words that are searched for, since reading them takes most of a search's time.
// What is kept is checked on each search against the database, whoever wrote to it: a word whose counts have changed is
// read anew, and so are all words of posts that were edited since (Q2A marks edits in posts.updated). Only an edit that
// Q2A does not mark (a "silent" one) and that changes no count goes unseen, for a minute at most.
type postings struct {
	cache *otter.Cache[int, *wordPostings]
	mu    sync.Mutex
	// edited is the newest posts.updated that has been looked at.
	edited string
}

func newPostings() *postings {
	return &postings{cache: otter.Must(&otter.Options[int, *wordPostings]{
		MaximumWeight: postingsBytes,
		Weigher:       func(_ int, w *wordPostings) uint32 { return uint32(min(12*len(w.list)+100, 1<<30)) },
	})}
}

// of returns the postings of the words, in their order.
func (m *Module) postingsOf(ctx context.Context, words []indexedWord, edited string) ([]*wordPostings, error) {
	if err := m.forgetEdited(ctx, edited); err != nil {
		return nil, err
	}
	lists := make([]*wordPostings, len(words))
	missing := map[int]int{} // place in lists, by word id
	for i, w := range words {
		if kept, ok := m.postings.cache.GetIfPresent(w.id); ok && kept.indexedWord == w && time.Since(kept.read) < postingsAge {
			lists[i] = kept
			continue
		}
		lists[i] = &wordPostings{indexedWord: w, read: time.Now()}
		missing[w.id] = i
	}
	if len(missing) == 0 {
		return lists, nil
	}
	if err := m.readPostings(ctx, lists, missing); err != nil {
		return nil, err
	}
	for _, i := range missing {
		m.postings.cache.Set(lists[i].id, lists[i])
	}
	return lists, nil
}

// readPostings reads the missing lists in one statement.
func (m *Module) readPostings(ctx context.Context, lists []*wordPostings, missing map[int]int) error {
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
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var word int
		var p posting
		if err := rows.Scan(&word, &p.question, &p.post, &p.place, &p.count); err != nil {
			return err
		}
		list := lists[missing[word]]
		list.list = append(list.list, p)
		return nil
	}, "SELECT wordid, postid, postid, 0, 1 FROM {titlewords} WHERE wordid IN ? UNION ALL "+
		"SELECT wordid, questionid, postid, CASE type WHEN 'Q' THEN 1 WHEN 'A' THEN 2 ELSE 3 END, count FROM {contentwords} WHERE wordid IN ? UNION ALL "+
		"SELECT wordid, postid, postid, 4, 1 FROM {tagwords} WHERE wordid IN ?", append(titles, none...), append(contents, none...), append(tags, none...))
	if err != nil {
		return fmt.Errorf("read the word index: %w", err)
	}
	return nil
}

// forgetEdited drops the postings of all words of posts that were edited since it last looked; edited is the newest
// posts.updated now.
func (m *Module) forgetEdited(ctx context.Context, edited string) error {
	p := m.postings
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
	// The second that was looked at last is looked at again: more may have happened in it.
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var word int
		err := rows.Scan(&word)
		p.cache.Invalidate(word)
		changed++
		return err
	}, "SELECT w.wordid FROM (SELECT postid FROM {posts} WHERE updated >= ? LIMIT ?) e JOIN {contentwords} w ON w.postid = e.postid UNION "+
		"SELECT w.wordid FROM (SELECT postid FROM {posts} WHERE updated >= ? LIMIT ?) e JOIN {titlewords} w ON w.postid = e.postid UNION "+
		"SELECT w.wordid FROM (SELECT postid FROM {posts} WHERE updated >= ? LIMIT ?) e JOIN {tagwords} w ON w.postid = e.postid",
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

// weights are what a find of the word counts in each place: up to ln(10000 / number of posts with it there).
func (w *wordPostings) weights() (weights [5]float64) {
	log := func(posts int) float64 {
		if posts <= 0 || posts >= ignoredFrom {
			return 0
		}
		return math.Log(ignoredFrom / float64(posts))
	}
	content := log(w.contents)
	return [5]float64{inTitle: log(w.titles), inQuestion: content, inAnswer: content / 2, inComment: content / 4, inTag: 2 * log(w.tags)}
}

// score is what a find counts, given the word's weights: repetitions in a content count more, up to double.
func (p posting) score(weights *[5]float64) float64 {
	s := weights[p.place]
	if p.place != inTitle && p.place != inTag {
		s *= 1 - 1/(1+float64(p.count))
	}
	return s
}

// hotnessAge is how old the hotness may be by which many candidates are sorted out; what is shown has the present one.
const hotnessAge = 10 * time.Second

// hotnessTable is the hotness of all visible questions at one moment, by id; NaN for ids of other posts.
type hotnessTable struct {
	byID []float64
	read time.Time
}

// of is the hotness of a question, if the table has it.
func (t *hotnessTable) of(id uint32) (hotness float64, known bool) {
	if int(id) >= len(t.byID) || math.IsNaN(t.byID[id]) {
		return 0, false
	}
	return t.byID[id], true
}

// allHotness returns the hotness of all questions, read from its index at most ten seconds ago.
func (m *Module) allHotness(ctx context.Context) (*hotnessTable, error) {
	if t := m.hotness.Load(); t != nil && time.Since(t.read) < hotnessAge {
		return t, nil
	}
	m.readingHotness.Lock()
	defer m.readingHotness.Unlock()
	if t := m.hotness.Load(); t != nil && time.Since(t.read) < hotnessAge {
		return t, nil
	}
	t := &hotnessTable{read: time.Now()}
	err := m.readHotness(ctx, func(id uint32, hot float64) {
		for int(id) >= len(t.byID) {
			t.byID = append(t.byID, math.NaN())
		}
		t.byID[id] = hot
	}, "")
	if err != nil {
		return nil, err
	}
	m.hotness.Store(t)
	return t, nil
}
