package qa

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa/internal/search"
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

type searchInput struct {
	web.Page
	QuestionFilters
	Q       string   `query:"q" required:"true" minLength:"1" maxLength:"500" doc:"What to look for, in any language; also a user's handle"`
	Include []string `query:"include" enum:"excerpt" doc:"excerpt: the part of the best match around the words, with their places"`
}

// searchItem is a question that a search has found, with its score and the post that matches best.
type searchItem struct {
	QuestionItem
	Score float64 `json:"score" doc:"The greater the better; comparable within one search only"`
	Match postRef `json:"match" doc:"The part of the thread that matches best"`
}

type searchOutput struct{ Body web.List[searchItem] }

func (m *Module) registerSearch(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "search-questions", Method: http.MethodGet, Path: "/v1/search", Tags: []string{"Search"},
		Summary: "Search questions by their words, answers, comments, tags and authors",
		Description: "Finds what Question2Answer's own search finds, in the same order: over its word " +
			"index, in English and Japanese. Words that occur in 10,000 posts or more are ignored.",
	}, m.search)
}

// searchPosition is a place in the results of a search, kept in a cursor.
type searchPosition struct {
	Score float64 `json:"s"`
	ID    int     `json:"id"`
}

// Valid reports whether a question can be at this place. The score needs no check, because numbers in
// JSON are always finite.
func (p *searchPosition) Valid() bool { return web.ValidID(p.ID) }

func (m *Module) search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	o, tree, err := m.surroundings(ctx)
	if err != nil {
		return nil, err
	}
	var after *search.Place
	if in.Cursor != "" {
		// Scores change with each vote, so the next page has the questions that are below this place
		// now.
		position := searchPosition{}
		if err := web.DecodeCursor("search", in.Cursor, &position); err != nil {
			return nil, err
		}
		after = &search.Place{Score: position.Score, ID: position.ID}
	}
	found, err := m.find(ctx, in.Q)
	if err != nil {
		return nil, err
	}
	if found, err = m.filtered(ctx, o, tree, found, &in.QuestionFilters); err != nil {
		return nil, err
	}
	total := found.Total()
	size := in.Size(o.Int(option.PageSizeSearch))
	hits := hitsOf(found.Best(after, in.Offset(size), size+1))
	out := &searchOutput{Body: web.List[searchItem]{Items: []searchItem{}, Total: &total}}
	if len(hits) > size {
		hits = hits[:size]
		out.Body.NextCursor = web.EncodeCursor("search", &searchPosition{hits[size-1].Score, hits[size-1].ID})
	}
	if err := m.fetch(ctx, hits); err != nil {
		return nil, err
	}
	if err := m.illustrateHits(ctx, o, hits); err != nil {
		return nil, err
	}
	var excerpts map[int]*excerpt
	if slices.Contains(in.Include, "excerpt") {
		matches := make(map[int]*post, len(hits))
		for _, h := range hits {
			if h.post != nil {
				matches[h.MatchID] = h.post
			}
		}
		if excerpts, err = m.excerpts(ctx, o, matches, distinct(words.Split(in.Q))); err != nil {
			return nil, err
		}
	}
	for _, h := range hits {
		if h.post != nil {
			item := m.searchItem(o, tree, h)
			item.Excerpt = excerpts[h.MatchID]
			out.Body.Items = append(out.Body.Items, item)
		}
	}
	return out, nil
}

// filteredAtOnce is how many of the found questions are filtered by one statement.
const filteredAtOnce = 5000

// filtered returns those of the found questions that meet the filters.
func (m *Module) filtered(
	ctx context.Context, o *site.Options, tree *categoryTree, found *search.Results, in *QuestionFilters,
) (*search.Results, error) {
	if *in == (QuestionFilters{}) {
		return found, nil
	}
	f, err := m.filter(o, tree, in)
	if err != nil {
		return nil, err
	}
	if in.Tag != "" {
		word, _, err := m.tagWord(ctx, in.Tag)
		if err != nil {
			return nil, err
		}
		f.addTag(word)
	}
	kept := map[int]bool{}
	for ids := range slices.Chunk(found.IDs(), filteredAtOnce) {
		err := m.db.Select(ctx, func(rows *sql.Rows) error {
			var id int
			err := rows.Scan(&id)
			kept[id] = true
			return err
		}, "SELECT p.postid FROM {posts} p WHERE p.postid IN ? AND "+f.condition(), append([]any{ids}, f.args...)...)
		if err != nil {
			return nil, fmt.Errorf("filter what was found: %w", err)
		}
	}
	return found.Only(kept), nil
}

func (m *Module) searchItem(o *site.Options, tree *categoryTree, h hit) searchItem {
	return searchItem{
		QuestionItem: m.item(o, tree, h.post), Score: h.Score,
		Match: m.ref(o, &post{id: h.MatchID, kind: Kind(h.MatchKind)}, h.post),
	}
}

// hit is a question that a search has found. post is nil until fetch reads it, and for questions that
// are not visible any more.
type hit struct {
	search.Hit
	post *post
}

func hitsOf(found []search.Hit) []hit {
	hits := make([]hit, len(found))
	for i, f := range found {
		hits[i].Hit = f
	}
	return hits
}

// find finds and scores questions for the text that somebody typed.
func (m *Module) find(ctx context.Context, typed string) (*search.Results, error) {
	typed = words.WithoutAstral(typed)
	found, err := m.index.Score(ctx, search.Query{
		Words: distinct(words.Split(typed)), Handle: strings.TrimSpace(typed),
	})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

// fetch reads the questions of the hits in one statement.
func (m *Module) fetch(ctx context.Context, hits []hit) error {
	if len(hits) == 0 {
		return nil
	}
	ids := make([]int, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	posts, err := m.questionsByID(ctx, ids)
	if err != nil {
		return err
	}
	found := byID(posts)
	for i := range hits {
		hits[i].post = found[hits[i].ID]
	}
	return nil
}
