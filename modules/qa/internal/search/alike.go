package search

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
)

// trait is a property that questions can have in common: a word of the title, a tag, or the category.
type trait struct {
	kind traitKind
	// id is the id of the word or of the category.
	id int
}

type traitKind uint8

const (
	titleWord traitKind = iota
	tagged
	inCategory
)

// knownTrait is a trait of the question for which similar questions are searched.
type knownTrait struct {
	trait
	// count is the number of questions that have the trait.
	count int
	// weight is what the trait adds to the score of a question that has it.
	weight float64
}

const (
	// rareTrait is the number of questions up to which all questions that have a trait are read in the
	// same statement as the traits.
	rareTrait = 200
	// traitBatch is approximately how many rows are read before the search checks again whether it
	// needs more.
	traitBatch = 1500
	// fewOpen is the number of candidate questions up to which it is cheaper to look up the remaining
	// traits for the candidates alone than to continue with all questions.
	fewOpen = 400
	// idBonus is greater than ln(id) / 1,000,000, which the id of a question adds to its score.
	idBonus = 3e-5
)

// likeness is a search for questions that are similar to one question.
type likeness struct {
	index *Index
	id    int // id of the question
	limit int
	least float64 // the lowest score of a question that is found
	// traits are the traits of the question that have not been looked up yet, the rarest first.
	traits []knownTrait
	// scores are the scores of other questions, by their ids, from the traits looked up so far.
	scores map[int]float64
}

// Alike returns the questions that are most similar to the question with the given id: at most limit,
// the best first, all with a score of at least least.
//
// Adding up the scores of all questions that share any trait with it would mean reading tens of
// thousands of rows because of the most common words, which add next to nothing to a score. So the
// search begins with the rarest traits, and stops when the remaining ones cannot bring another question
// among the best. The remaining traits are then looked up only for the questions whose place they can
// still decide.
func (x *Index) Alike(ctx context.Context, id, limit int, least float64) ([]Hit, error) {
	if limit <= 0 {
		return nil, nil
	}
	l := &likeness{index: x, id: id, limit: limit, least: least, scores: map[int]float64{}}
	if err := l.begin(ctx); err != nil {
		return nil, err
	}
	for len(l.traits) > 0 && (l.unread()+idBonus >= l.bar() || len(l.open()) > fewOpen) {
		if err := l.readOn(ctx); err != nil {
			return nil, err
		}
	}
	if err := l.complete(ctx); err != nil {
		return nil, err
	}
	var hits []Hit
	for post, score := range l.scores {
		if score += math.Log(float64(post)) / 1e6; score >= least {
			hits = append(hits, Hit{ID: post, Score: score})
		}
	}
	sortHits(hits)
	return hits[:min(limit, len(hits))], nil
}

// unread returns the most that the traits not looked up yet can add to one score.
func (l *likeness) unread() float64 {
	sum := 0.0
	for _, t := range l.traits {
		sum += t.weight
	}
	return sum
}

// bar returns a score that each of the best questions will reach in the end. It is valid because scores
// only grow.
func (l *likeness) bar() float64 {
	if len(l.scores) < l.limit {
		return l.least
	}
	all := make([]float64, 0, len(l.scores))
	for _, score := range l.scores {
		all = append(all, score)
	}
	slices.Sort(all)
	return max(l.least, all[len(all)-l.limit])
}

// open returns the ids of the questions that may still turn out to be among the best.
func (l *likeness) open() (ids []int) {
	least := l.bar() - l.unread() - idBonus
	for post, score := range l.scores {
		if score >= least {
			ids = append(ids, post)
		}
	}
	return ids
}

// traitQuery reads two kinds of rows: the traits of a question with the number of questions that have
// them, if that is within bounds; and the questions that have one of its rare traits. The columns are
// the trait's kind and id, the number, and the id of the question that has it; the number is 0 in rows
// of questions, and the id is 0 in rows of traits.
const traitQuery = `
	SELECT 0, w.wordid, w.titlecount, 0
		FROM {titlewords} s JOIN {words} w ON w.wordid = s.wordid
		WHERE s.postid = ? AND w.titlecount BETWEEN 1 AND ?
	UNION ALL SELECT 1, w.wordid, w.tagcount, 0
		FROM {posttags} s JOIN {words} w ON w.wordid = s.wordid
		WHERE s.postid = ? AND w.tagcount BETWEEN 1 AND ?
	UNION ALL SELECT 2, c.categoryid, c.qcount, 0
		FROM {posts} s JOIN {categories} c ON c.categoryid = s.categoryid
		WHERE s.postid = ? AND c.qcount BETWEEN 1 AND ?
	UNION ALL SELECT 0, w.wordid, 0, t.postid
		FROM {titlewords} s JOIN {words} w ON w.wordid = s.wordid JOIN {titlewords} t ON t.wordid = w.wordid
		WHERE s.postid = ? AND w.titlecount BETWEEN 1 AND ?
	UNION ALL SELECT 1, w.wordid, 0, t.postid
		FROM {posttags} s JOIN {words} w ON w.wordid = s.wordid JOIN {posttags} t ON t.wordid = w.wordid
		WHERE s.postid = ? AND w.tagcount BETWEEN 1 AND ?
	UNION ALL SELECT 2, c.categoryid, 0, p.postid
		FROM {posts} s JOIN {categories} c ON c.categoryid = s.categoryid
			JOIN {posts} p ON p.categoryid = c.categoryid AND p.type = 'Q'
		WHERE s.postid = ? AND c.qcount BETWEEN 1 AND ?`

// begin reads the traits of the question, and adds up the scores of the questions that share its rare
// traits.
func (l *likeness) begin(ctx context.Context) error {
	weights := map[trait]*knownTrait{}
	type find struct {
		trait
		post int
	}
	var finds []find
	err := l.index.db.Select(ctx, func(rows *sql.Rows) error {
		var t knownTrait
		var post int
		if err := rows.Scan(&t.kind, &t.id, &t.count, &post); err != nil {
			return err
		}
		if post != 0 {
			finds = append(finds, find{t.trait, post})
			return nil
		}
		if t.weight = math.Log(ignoredFrom / float64(t.count)); t.kind == tagged {
			t.weight *= 2
		}
		// Q2A's tables have no unique keys, so that they may hold a row twice; the trait then counts
		// twice. With a rare trait this needs no extra work, as the query finds its questions twice.
		if before := weights[t.trait]; before != nil && t.count > rareTrait {
			t.weight += before.weight
		}
		weights[t.trait] = &t
		return nil
	}, traitQuery, l.id, ignoredFrom-1, l.id, ignoredFrom-1, l.id, ignoredFrom-1,
		l.id, rareTrait, l.id, rareTrait, l.id, rareTrait)
	if err != nil {
		return err
	}
	for _, f := range finds {
		if t := weights[f.trait]; t != nil {
			l.add(f.post, t.weight)
		}
	}
	for _, t := range weights {
		if t.count > rareTrait {
			l.traits = append(l.traits, *t)
		}
	}
	slices.SortFunc(l.traits, func(a, b knownTrait) int {
		return cmp.Or(cmp.Compare(a.count, b.count), cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id))
	})
	return nil
}

func (l *likeness) add(post int, weight float64) {
	if post != l.id {
		l.scores[post] += weight
	}
}

// readOn looks up the next traits, the rarest first, for all questions.
func (l *likeness) readOn(ctx context.Context) error {
	n, rows := 0, 0
	for n < len(l.traits) && (n == 0 || rows+l.traits[n].count <= traitBatch) {
		rows += l.traits[n].count
		n++
	}
	next := l.traits[:n]
	l.traits = l.traits[n:]
	return l.lookUp(ctx, next, nil)
}

// complete looks up the remaining traits for the questions that may still be among the best.
func (l *likeness) complete(ctx context.Context) error {
	if len(l.traits) == 0 {
		return nil
	}
	open := l.open()
	if len(open) == 0 {
		return nil
	}
	return l.lookUp(ctx, l.traits, open)
}

// lookUp adds the weights of traits to the scores of the questions that have them: of all questions if
// among is nil, or of the questions with the ids among.
func (l *likeness) lookUp(ctx context.Context, traits []knownTrait, among []int) error {
	ids := [3][]int{{0}, {0}, {0}} // 0 is no row's id and keeps the lists from being empty
	weights := map[trait]float64{}
	for _, t := range traits {
		ids[t.kind] = append(ids[t.kind], t.id)
		weights[t.trait] = t.weight
	}
	condition, args := "", []any{ids[titleWord], ids[tagged], ids[inCategory]}
	if among != nil {
		condition = " AND postid IN ?"
		args = []any{ids[titleWord], among, ids[tagged], among, ids[inCategory], among}
	}
	return l.index.db.Select(ctx, func(rows *sql.Rows) error {
		var t trait
		var post int
		err := rows.Scan(&t.kind, &t.id, &post)
		l.add(post, weights[t])
		return err
	}, "SELECT 0, wordid, postid FROM {titlewords} WHERE wordid IN ?"+condition+" UNION ALL "+
		"SELECT 1, wordid, postid FROM {posttags} WHERE wordid IN ?"+condition+" UNION ALL "+
		"SELECT 2, categoryid, postid FROM {posts} WHERE categoryid IN ?"+condition+" AND type = 'Q'",
		args...)
}
