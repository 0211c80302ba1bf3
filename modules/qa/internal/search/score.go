package search

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"sync"
)

// scored is a question with its score. It is small because one search can find tens of thousands of
// questions.
type scored struct {
	score float64
	id    uint32
}

// ahead reports whether a comes before b. Scores that differ by no more than rounding count as equal,
// since they may have been added up in another order; then the greater id comes first.
func (a scored) ahead(b scored) bool {
	if d := a.score - b.score; d > 1e-9 || d < -1e-9 {
		return d > 0
	}
	return a.id > b.id
}

// Results are the questions that a search has found. They are not sorted, because hardly anybody looks
// further than the first page.
type Results struct {
	questions []scored
	lists     []*wordPostings
	authors   map[uint32][]float64
	query     Query
}

// Total returns how many questions were found.
func (r *Results) Total() int { return len(r.questions) }

// IDs returns the ids of the questions that were found, in no order.
func (r *Results) IDs() []int {
	ids := make([]int, len(r.questions))
	for i, q := range r.questions {
		ids[i] = int(q.id)
	}
	return ids
}

// Only returns those results whose ids are in the set.
func (r *Results) Only(ids map[int]bool) *Results {
	some := *r
	some.questions = nil
	for _, q := range r.questions {
		if ids[int(q.id)] {
			some.questions = append(some.questions, q)
		}
	}
	return &some
}

// board adds up scores by the id of the question. Boards are pooled and used again, since allocating
// one takes longer than a search.
type board struct {
	scores []float64
	found  []bool
	ids    []uint32
}

var boards = sync.Pool{New: func() any { return &board{} }}

// grow makes room for the ids up to the highest.
func (b *board) grow(highest uint32) {
	if int(highest) >= len(b.scores) {
		size := int(highest) + int(highest)/8 + 1024
		b.scores, b.found = make([]float64, size), make([]bool, size)
	}
}

func (b *board) add(id uint32, score float64) {
	if !b.found[id] {
		b.found[id] = true
		b.ids = append(b.ids, id)
	}
	b.scores[id] += score
}

// clear empties the board. It takes time only for the ids that have scores.
func (b *board) clear() {
	for _, id := range b.ids {
		b.scores[id], b.found[id] = 0, false
	}
	b.ids = b.ids[:0]
}

// Score finds questions and scores them as Q2A does. A word in the title counts ln(10000 / number of
// titles with it). A word in a content counts up to the same of the number of contents, more if it is
// repeated, half of it in an answer and a quarter in a comment. A word counts twice as much in a tag,
// and once as the author's handle. Hot questions get up to 2 ln(10000) more, and the id breaks ties.
func (x *Index) Score(ctx context.Context, q Query) (*Results, error) {
	q.Words = q.Words[:min(maxWords, len(q.Words))]
	found, span, edited, err := x.lookUp(ctx, q.Words)
	if err != nil {
		return nil, err
	}
	r := &Results{query: q}
	if r.lists, err = x.postingsOf(ctx, found, edited); err != nil {
		return nil, err
	}
	if r.authors, err = x.matchAuthors(ctx, q); err != nil {
		return nil, err
	}
	b := boards.Get().(*board)
	defer func() {
		b.clear()
		boards.Put(b)
	}()
	r.fill(b)
	hotness, err := x.candidateHotness(ctx, b.ids)
	if err != nil {
		return nil, err
	}
	r.questions = make([]scored, 0, len(b.ids))
	for _, id := range b.ids {
		if hot, visible := hotness(id); visible {
			score := b.scores[id] + span.bonus(hot) + math.Log(float64(id))/1e6
			r.questions = append(r.questions, scored{score, id})
		}
	}
	return r, nil
}

// fill adds up all finds on the board.
func (r *Results) fill(b *board) {
	highest := uint32(0)
	r.each(func(p posting, _ float64) { highest = max(highest, p.question) })
	for id := range r.authors {
		highest = max(highest, id)
	}
	b.grow(highest)
	r.each(func(p posting, score float64) { b.add(p.question, score) })
	for id, scores := range r.authors {
		for _, score := range scores {
			b.add(id, score)
		}
	}
}

// each calls find for each find of a word, with the score that it counts.
func (r *Results) each(find func(p posting, score float64)) {
	for _, l := range r.lists {
		weights := l.weights()
		for _, p := range l.list {
			if !r.query.TitlesOnly || p.place == inTitle {
				find(p, p.score(&weights))
			}
		}
	}
}

// Best returns up to count questions, the best first, after leaving out the first skip ones. If after
// is not nil, only the questions behind that place are considered. Each hit says which post of its
// thread matches best.
func (r *Results) Best(after *Place, skip, count int) []Hit {
	questions := r.questions
	if after != nil {
		at := scored{after.Score, uint32(after.ID)}
		questions = slices.DeleteFunc(slices.Clone(questions), func(q scored) bool { return !at.ahead(q) })
	}
	top := topOf(questions, skip+count)
	top = top[min(skip, len(top)):]
	hits := make([]Hit, len(top))
	place := make(map[uint32]*Hit, len(top))
	for i, q := range top {
		hits[i] = Hit{ID: int(q.id), Score: q.score, best: math.Inf(-1)}
		place[q.id] = &hits[i]
	}
	r.each(func(p posting, score float64) {
		if h := place[p.question]; h != nil {
			h.match(score, p.kind(), int(p.post))
		}
	})
	for id, scores := range r.authors {
		for _, score := range scores {
			if h := place[id]; h != nil {
				h.match(score, "Q", h.ID)
			}
		}
	}
	return hits
}

// sortAllFrom is the number of wanted questions from which it is cheaper to sort all questions than to
// keep a short sorted list of the best.
const sortAllFrom = 200

// topOf returns the best count questions, the best first.
func topOf(questions []scored, count int) []scored {
	order := func(a, b scored) int {
		if a.ahead(b) {
			return -1
		}
		return 1
	}
	if count >= sortAllFrom || count >= len(questions) {
		all := slices.Clone(questions)
		slices.SortFunc(all, order)
		return all[:min(count, len(all))]
	}
	top := make([]scored, 0, count+1)
	for _, q := range questions {
		if len(top) == count && !q.ahead(top[count-1]) {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, q, order)
		top = slices.Insert(top, at, q)
		top = top[:min(count, len(top))]
	}
	return top
}

// lookUp finds the words of a query in the index. It also returns the range of hotness and the time of
// the newest edit of any post, as text.
func (x *Index) lookUp(
	ctx context.Context, list []string,
) (found []indexedWord, span hotnessSpan, edited string, err error) {
	err = x.db.Select(ctx, func(rows *sql.Rows) error {
		var id sql.NullInt64
		var titles, contents, tags sql.NullInt64
		err := rows.Scan(&span.lowest, &span.highest, &edited, &id, &titles, &contents, &tags)
		if err != nil {
			return err
		}
		if id.Valid {
			found = append(found, indexedWord{
				int(id.Int64), int(titles.Int64), int(contents.Int64), int(tags.Int64),
			})
		}
		return nil
	}, `SELECT r.lowest, r.highest, r.edited, w.wordid, w.titlecount, w.contentcount, w.tagwordcount
		FROM (SELECT (SELECT COALESCE(MIN(hotness), 0) + 0e0 FROM {posts} WHERE type = 'Q') AS lowest,
			(SELECT COALESCE(MAX(hotness), 0) + 0e0 FROM {posts} WHERE type = 'Q') AS highest,
			(SELECT COALESCE(MAX(updated), '1970-01-01 00:00:00') FROM {posts}) AS edited) r
		LEFT JOIN {words} w ON w.word IN ?
		ORDER BY w.wordid`, atLeastOne(list))
	if err != nil {
		err = fmt.Errorf("look up words: %w", err)
	}
	return found, span, edited, err
}

// atLeastOne returns the list, or a list of "" if it is empty, since SQL's IN takes no empty list. No
// word and no handle is "".
func atLeastOne(list []string) []string {
	if len(list) == 0 {
		return []string{""}
	}
	return list
}

const byAuthor = `SELECT a.postid, LN(10000 / (n.qposts + 0e0))
	FROM {users} h
	CROSS JOIN {posts} a ON a.userid = h.userid AND a.type = 'Q'
	JOIN {userpoints} n ON n.userid = h.userid
	WHERE h.handle `

// matchAuthors scores the questions of users whose handle is one of the words or the whole query. It
// returns the scores by the id of the question; a handle that is both counts twice.
func (x *Index) matchAuthors(ctx context.Context, q Query) (map[uint32][]float64, error) {
	if q.TitlesOnly {
		return nil, nil //nolint:nilnil // nobody
	}
	authors := map[uint32][]float64{}
	err := x.db.Select(ctx, func(rows *sql.Rows) error {
		var question uint32
		var score sql.NullFloat64
		err := rows.Scan(&question, &score)
		authors[question] = append(authors[question], score.Float64)
		return err
	}, byAuthor+"IN ? UNION ALL "+byAuthor+"= ?", atLeastOne(q.Words), q.Handle)
	if err != nil {
		return nil, fmt.Errorf("match authors: %w", err)
	}
	return authors, nil
}
