package qa

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site"
)

// ignoredFrom is the number of posts with a word from which Q2A's search and its related lists ignore the word
// (QA_IGNORED_WORDS_FREQ). Words score by how far they are below it.
const ignoredFrom = 10000

type searchInput struct {
	web.Page
	Q string `query:"q" required:"true" minLength:"1" maxLength:"500" doc:"What to look for, in any language; also a user's handle"`
}

// SearchItem is a question that was found.
type SearchItem struct {
	QuestionItem
	Score float64 `json:"score" doc:"The greater the better; comparable within one search only"`
	Match PostRef `json:"match" doc:"The part of the thread that matches best"`
}

type searchOutput struct{ Body web.List[SearchItem] }

func (m *Module) registerSearch(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "search", Method: http.MethodGet, Path: "/v1/search", Tags: []string{"Search"},
		Summary: "Search questions by their words, answers, comments, tags and authors",
		Description: "Finds what Question2Answer's own search finds, in the same order: over its word index, in English and Japanese. " +
			"Words that occur in 10,000 posts or more are ignored.",
	}, m.search)
}

// searchPlaces say where to look for the words of a query.
type searchPlaces struct {
	words []string
	// titlesOnly looks at titles only, as for similar questions.
	titlesOnly bool
	// handle is the whole query, which may be a user's handle.
	handle string
}

// hit is a question that was found.
type hit struct {
	id    int
	score float64
	// matchKind and matchID are the post that matches best.
	matchKind string
	matchID   int
	best      float64
	post      *post
}

// match adds a find to the hit.
func (h *hit) match(score float64, kind string, post int) {
	h.score += score
	if rounded := math.Round(score*1000) / 1000; rounded > h.best {
		h.best, h.matchKind, h.matchID = rounded, kind, post
	}
}

// exactUpTo is the number of candidates up to which the present hotness of each is read at once.
const exactUpTo = 500

// hotnessSpan are the lowest and the highest hotness of all questions.
type hotnessSpan struct{ lowest, highest float64 }

// bonus is what hotness adds to a score: up to 2 ln(10000) for the hottest question.
func (s hotnessSpan) bonus(hotness float64) float64 {
	if s.highest <= s.lowest {
		return 0
	}
	return 2 * math.Log(ignoredFrom) * (hotness - s.lowest) / (s.highest - s.lowest)
}

// score finds questions, the best first, as Q2A scores them:
// a word in the title counts ln(10000 / number of titles with it); one in a content up to that, more for repetitions, half
// for answers and a quarter for comments; one in a tag or as the author's handle twice and once that. Hot questions get up
// to 2 ln(10000) more, and the id breaks ties.
func (m *Module) score(ctx context.Context, q searchPlaces) ([]hit, error) {
	found, span, edited, err := m.lookUp(ctx, q.words)
	if err != nil {
		return nil, err
	}
	lists, err := m.postingsOf(ctx, found, edited)
	if err != nil {
		return nil, err
	}
	byID := map[int]*hit{}
	at := func(question int) *hit {
		h := byID[question]
		if h == nil {
			h = &hit{id: question, best: math.Inf(-1)}
			byID[question] = h
		}
		return h
	}
	for _, l := range lists {
		weights := l.weights()
		for _, p := range l.list {
			if q.titlesOnly && p.place != inTitle {
				continue
			}
			at(int(p.question)).match(p.score(&weights), p.kind(), int(p.post))
		}
	}
	if err := m.matchAuthors(ctx, q, at); err != nil {
		return nil, err
	}
	return m.rank(ctx, byID, span)
}

// lookUp finds the words of a query in the index, with the span of hotness and the time of the newest edit.
func (m *Module) lookUp(ctx context.Context, list []string) (found []indexedWord, span hotnessSpan, edited string, err error) {
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var id sql.NullInt64
		var titles, contents, tags sql.NullInt64
		if err := rows.Scan(&span.lowest, &span.highest, &edited, &id, &titles, &contents, &tags); err != nil {
			return err
		}
		if id.Valid {
			found = append(found, indexedWord{int(id.Int64), int(titles.Int64), int(contents.Int64), int(tags.Int64)})
		}
		return nil
	}, "SELECT r.lowest, r.highest, r.edited, w.wordid, w.titlecount, w.contentcount, w.tagwordcount FROM (SELECT "+
		"(SELECT COALESCE(MIN(hotness), 0) + 0e0 FROM {posts} WHERE type = 'Q') AS lowest, (SELECT COALESCE(MAX(hotness), 0) + 0e0 FROM {posts} WHERE type = 'Q') AS highest, "+
		"(SELECT COALESCE(MAX(updated), '1970-01-01 00:00:00') FROM {posts}) AS edited) r LEFT JOIN {words} w ON w.word IN ? ORDER BY w.wordid", atLeastOne(list))
	if err != nil {
		err = fmt.Errorf("look up words: %w", err)
	}
	return found, span, edited, err
}

// atLeastOne is a list for IN, which must not be empty; no word and no handle is "".
func atLeastOne(list []string) []string {
	if len(list) == 0 {
		return []string{""}
	}
	return list
}

// matchAuthors adds the questions of users whose handle is one of the words or the whole query.
func (m *Module) matchAuthors(ctx context.Context, q searchPlaces, at func(question int) *hit) error {
	if q.titlesOnly {
		return nil
	}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var question int
		var score sql.NullFloat64
		if err := rows.Scan(&question, &score); err != nil {
			return err
		}
		at(question).match(score.Float64, "Q", question)
		return nil
	}, byAuthor+"IN ? UNION ALL "+byAuthor+"= ?", atLeastOne(q.words), q.handle)
	if err != nil {
		return fmt.Errorf("match authors: %w", err)
	}
	return nil
}

const byAuthor = "SELECT a.postid, LN(10000 / (n.qposts + 0e0)) FROM {users} h JOIN {posts} a ON a.userid = h.userid " +
	"AND a.type = 'Q' JOIN {userpoints} n ON n.userid = h.userid WHERE h.handle "

// rank adds the hotness and sorts; questions that are not visible are left out.
func (m *Module) rank(ctx context.Context, byID map[int]*hit, span hotnessSpan) ([]hit, error) {
	hotness, err := m.hotnessOf(ctx, byID)
	if err != nil {
		return nil, err
	}
	hits := make([]hit, 0, len(byID))
	for _, h := range byID {
		hot, visible := hotness[uint32(h.id)]
		if !visible {
			continue
		}
		h.score += span.bonus(hot) + math.Log(float64(h.id))/1e6
		hits = append(hits, *h)
	}
	sortHits(hits)
	return hits, nil
}

// hotnessOf reads the hotness of the candidates: the present one of few, for many one that is some seconds old.
func (m *Module) hotnessOf(ctx context.Context, byID map[int]*hit) (map[uint32]float64, error) {
	if len(byID) > exactUpTo {
		table, err := m.allHotness(ctx)
		if err != nil {
			return nil, err
		}
		return table.byID, nil
	}
	hotness := make(map[uint32]float64, len(byID))
	if len(byID) == 0 {
		return hotness, nil
	}
	ids := make([]int, 0, len(byID))
	for id := range byID {
		ids = append(ids, id)
	}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id uint32
		var hot sql.NullFloat64
		err := rows.Scan(&id, &hot)
		hotness[id] = hot.Float64
		return err
	}, "SELECT postid, hotness + 0e0 FROM {posts} WHERE postid IN ? AND type = 'Q'", ids)
	if err != nil {
		return nil, fmt.Errorf("read hotness: %w", err)
	}
	return hotness, nil
}

// sortHits puts the best first.
func sortHits(hits []hit) {
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.id, a.id)) })
}

// searchPosition is a place in the results.
type searchPosition struct {
	Score float64 `json:"s"`
	ID    int     `json:"id"`
}

func (m *Module) search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	hits, err := m.find(ctx, in.Q)
	if err != nil {
		return nil, err
	}
	total := len(hits)
	if in.Cursor != "" {
		var at searchPosition
		if err := web.DecodeCursor("search", in.Cursor, &at); err != nil {
			return nil, err
		}
		if math.IsNaN(at.Score) {
			return nil, problem.New("invalid_cursor")
		}
		// Scores change with each vote: those after the place are those below it now.
		hits = slices.DeleteFunc(hits, func(h hit) bool { return h.score > at.Score || h.score == at.Score && h.id >= at.ID })
	}
	size := in.Size(o.Int("page_size_search"))
	hits = hits[min(in.Offset(size), len(hits)):]
	out := &searchOutput{Body: web.List[SearchItem]{Items: []SearchItem{}, Total: &total}}
	if len(hits) > size {
		hits = hits[:size]
		out.Body.NextCursor = web.EncodeCursor("search", searchPosition{hits[size-1].score, hits[size-1].id})
	}
	if err := m.fetch(ctx, hits); err != nil {
		return nil, err
	}
	tree, err := m.tree(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range hits {
		if h.post != nil {
			out.Body.Items = append(out.Body.Items, m.searchItem(o, tree, h))
		}
	}
	return out, nil
}

func (m *Module) searchItem(o *site.Options, tree *categoryTree, h hit) SearchItem {
	return SearchItem{QuestionItem: m.item(o, tree, h.post), Score: h.score, Match: m.ref(o, &post{id: h.matchID, kind: h.matchKind}, h.post)}
}

// find scores questions for what somebody typed.
func (m *Module) find(ctx context.Context, typed string) ([]hit, error) {
	typed = words.WithoutAstral(typed)
	hits, err := m.score(ctx, searchPlaces{words: distinct(words.Split(typed)), handle: strings.TrimSpace(typed)})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return hits, nil
}

// maxWords bounds the words of one query that are looked up.
const maxWords = 100

func distinct(list []string) []string {
	once := distinctAll(list)
	return once[:min(maxWords, len(once))]
}

// fetch reads the questions of hits, in one statement.
func (m *Module) fetch(ctx context.Context, hits []hit) error {
	if len(hits) == 0 {
		return nil
	}
	ids := make([]int, len(hits))
	for i, h := range hits {
		ids[i] = h.id
	}
	posts, err := m.selectMine(ctx, "{posts} p", nil, " WHERE p.postid IN ? AND p.type = 'Q'", ids)
	if err != nil {
		return fmt.Errorf("read questions: %w", err)
	}
	byID := map[int]*post{}
	for _, p := range posts {
		byID[p.id] = p
	}
	for i := range hits {
		hits[i].post = byID[hits[i].id]
	}
	return nil
}
