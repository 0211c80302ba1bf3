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

// score finds questions, the best first, as Q2A scores them:
// a word in the title counts ln(10000 / number of titles with it); one in a content up to that, more for repetitions, half
// for answers and a quarter for comments; one in a tag or as the author's handle twice and once that. Hot questions get up
// to 2 ln(10000) more, and the id breaks ties.
func (m *Module) score(ctx context.Context, q searchPlaces) ([]hit, error) {
	query, args := m.scoreQuery(q)
	if query == "" {
		return nil, nil
	}
	byID := map[int]*hit{}
	var lowest, highest float64
	hotness := map[int]float64{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id, matchID int
		var kind string
		var score, hot float64
		if err := rows.Scan(&id, &kind, &matchID, &score, &hot, &lowest, &highest); err != nil {
			return err
		}
		h := byID[id]
		if h == nil {
			h = &hit{id: id, best: math.Inf(-1)}
			byID[id] = h
			hotness[id] = hot
		}
		h.score += score
		if rounded := math.Round(score*1000) / 1000; rounded > h.best {
			h.best, h.matchKind, h.matchID = rounded, kind, matchID
		}
		return nil
	}, query, args...)
	if err != nil {
		return nil, err
	}
	hits := make([]hit, 0, len(byID))
	for _, h := range byID {
		if highest > lowest {
			h.score += 2 * math.Log(ignoredFrom) * (hotness[h.id] - lowest) / (highest - lowest)
		}
		h.score += math.Log(float64(h.id)) / 1e6
		hits = append(hits, *h)
	}
	sortHits(hits)
	return hits, nil
}

// sortHits puts the best first.
func sortHits(hits []hit) {
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.id, a.id)) })
}

// scoreQuery selects every match: the question, the post that matches, and what it counts.
func (m *Module) scoreQuery(q searchPlaces) (string, []any) {
	var parts []string
	var args []any
	add := func(part string, a ...any) {
		parts = append(parts, part)
		args = append(args, a...)
	}
	if len(q.words) > 0 {
		add("SELECT t.postid AS questionid, 'Q' AS kind, t.postid AS matchid, LN(10000 / (w.titlecount + 0e0)) AS score "+
			"FROM {words} w JOIN {titlewords} t ON t.wordid = w.wordid WHERE w.word IN ? AND w.titlecount < 10000", q.words)
	}
	if len(q.words) > 0 && !q.titlesOnly {
		add("SELECT c.questionid, c.type, c.postid, (1 - 1 / (1e0 + c.count)) * LN(10000 / (w.contentcount + 0e0)) * "+
			"(CASE c.type WHEN 'Q' THEN 1e0 WHEN 'A' THEN 5e-1 ELSE 25e-2 END) "+
			"FROM {words} w JOIN {contentwords} c ON c.wordid = w.wordid WHERE w.word IN ? AND w.contentcount < 10000", q.words)
		add("SELECT g.postid, 'Q', g.postid, 2 * LN(10000 / (w.tagwordcount + 0e0)) "+
			"FROM {words} w JOIN {tagwords} g ON g.wordid = w.wordid WHERE w.word IN ? AND w.tagwordcount < 10000", q.words)
	}
	const byAuthor = "SELECT a.postid, 'Q', a.postid, LN(10000 / (n.qposts + 0e0)) FROM {users} h JOIN {posts} a ON a.userid = h.userid " +
		"AND a.type = 'Q' JOIN {userpoints} n ON n.userid = h.userid WHERE h.handle "
	if len(q.words) > 0 && !q.titlesOnly {
		add(byAuthor+"IN ?", q.words)
	}
	if q.handle != "" {
		add(byAuthor+"= ?", q.handle)
	}
	if len(parts) == 0 {
		return "", nil
	}
	return "SELECT x.questionid, x.kind, x.matchid, COALESCE(x.score, 0e0), p.hotness + 0e0, r.lowest, r.highest FROM (" + strings.Join(parts, " UNION ALL ") + ") x " +
		"JOIN {posts} p ON p.postid = x.questionid AND p.type = 'Q' " +
		"CROSS JOIN (SELECT MIN(hotness) + 0e0 AS lowest, MAX(hotness) + 0e0 AS highest FROM {posts} WHERE type = 'Q') r", args
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
