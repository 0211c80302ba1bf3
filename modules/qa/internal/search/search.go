// Package search finds and scores questions over Q2A's word index, as Q2A's own search and its lists of
// related questions do. It reads the index, the hotness of questions and the handles of users, and
// returns ids: what may be shown of the questions, and to whom, is its callers' concern.
//
// Score finds the questions for a text, and Alike those that are similar to a question. For Score,
// postings.go reads which posts have a word, storedpostings.go stores this for common words, score.go adds
// up the scores, and hotbonus.go has what is added to the scores of hot questions.
package search

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"38qa.net/backend/modules/kernel/database"
)

// ignoredFrom is the number of posts with a word from which Q2A ignores the word in searches and in
// lists of related questions (QA_IGNORED_WORDS_FREQ). The further a word is below it, the more it
// counts.
const ignoredFrom = 10000

// maxWords is how many words of one query are looked up; further words are ignored.
const maxWords = 100

// Index finds questions. It keeps what it has read of the word index for as long as that is up to date.
// New returns one.
type Index struct {
	db       *database.DB
	postings *postings
	hotness  atomic.Pointer[hotnessTable]
	// readingHotness lets one request read the table of hotness while the others that need it wait.
	readingHotness sync.Mutex
}

// New returns the index of the database.
func New(db *database.DB) *Index {
	return &Index{db: db, postings: newPostings()}
}

// Query says what a search looks for, and where.
type Query struct {
	// Words are the words to look for, each once, as Q2A splits texts into words.
	Words []string
	// TitlesOnly restricts the search to titles, as for questions similar to one that is being asked.
	TitlesOnly bool
	// Handle is the whole text, since it may be a user's handle; "" for none.
	Handle string
}

// Place is a place in the results of a search: that of the question with this score and id.
type Place struct {
	Score float64
	ID    int
}

// Hit is a question that a search has found.
type Hit struct {
	ID    int
	Score float64
	// MatchKind and MatchID identify the post of the thread that matches best; MatchKind is Q, A or C.
	MatchKind string
	MatchID   int
	best      float64 // the score of that post
}

// match records a find in a post if it is the best one of the question so far.
func (h *Hit) match(score float64, kind string, post int) {
	if rounded := math.Round(score*1000) / 1000; rounded > h.best {
		h.best, h.MatchKind, h.MatchID = rounded, kind, post
	}
}

// sortHits sorts the hits, the best first.
func sortHits(hits []Hit) {
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.ID, a.ID))
	})
}
