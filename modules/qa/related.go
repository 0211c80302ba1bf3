package qa

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa/internal/search"
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// minScore returns the score from which a match counts. match is the value of a "match_…" option, from
// 1 (strict) to 5 (loose). The figures are Q2A's.
func minScore(match int) float64 { return 10 - 2*float64(match) }

// relatedItem is a question that is like another one or like a title, with a score for how much.
type relatedItem struct {
	QuestionItem
	Score float64 `json:"score" doc:"The greater the more alike"`
}

type relatedInput struct {
	ID    int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the question"`
	Limit int `query:"limit" minimum:"1" maximum:"50" doc:"How many; by default the site's page_size_related_qs"`
}

type relatedOutput struct{ Body web.List[relatedItem] }

type similarInput struct {
	Title string `query:"title" required:"true" minLength:"1" maxLength:"800" doc:"Title that somebody is about to ask under"`
}

// suggestedTagsOutput is a list of tags that fit a title.
type suggestedTagsOutput struct{ Body web.List[string] }

func (m *Module) registerRelated(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "list-related", Method: http.MethodGet, Path: "/v1/questions/{id}/related",
		Tags:    []string{"Questions"},
		Summary: "Questions like this one, by words of the title, tags and category",
		Description: "As Question2Answer's related questions; those below the site's threshold " +
			"(match_related_qs) are left out.",
		Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, m.listRelated)
	web.Register(api, huma.Operation{
		OperationID: "list-similar", Method: http.MethodGet, Path: "/v1/questions/similar",
		Tags:        []string{"Questions"},
		Summary:     "Questions with a similar title, to show before asking",
		Description: "As Question2Answer's check for duplicates on the ask page.",
	}, m.listSimilar)
	web.Register(api, huma.Operation{
		OperationID: "suggest-tags", Method: http.MethodGet, Path: "/v1/tags/suggested",
		Tags:    []string{"Tags"},
		Summary: "Tags of questions with a similar title",
	}, m.suggestTags)
}

// related returns up to limit questions that are like the one with the id, the most alike first, scored
// as Q2A does: each word that both titles have counts ln(10000 / number of titles with it), each common
// tag twice the same of its number of questions, and the same category once the same of its number of
// questions. The id breaks ties. Questions below the site's threshold (option match_related_qs) are
// left out.
func (m *Module) related(ctx context.Context, o *site.Options, id, limit int) ([]hit, error) {
	found, err := m.index.Alike(ctx, id, limit, minScore(o.Int(option.MatchRelatedQs)))
	if err != nil {
		return nil, fmt.Errorf("related questions: %w", err)
	}
	hits := hitsOf(found)
	if err := m.fetch(ctx, hits); err != nil {
		return nil, err
	}
	if err := m.illustrateHits(ctx, o, hits); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(hits, func(h hit) bool { return h.post == nil }), nil
}

func (m *Module) listRelated(ctx context.Context, in *relatedInput) (*relatedOutput, error) {
	o, _, err := m.open(ctx, in.ID, nil)
	if err != nil {
		return nil, err
	}
	tree, err := m.tree(ctx)
	if err != nil {
		return nil, err
	}
	limit := in.Limit
	if limit == 0 {
		limit = o.Int(option.PageSizeRelatedQs)
	}
	hits, err := m.related(ctx, o, in.ID, limit)
	if err != nil {
		return nil, err
	}
	return &relatedOutput{Body: web.List[relatedItem]{Items: m.relatedItems(o, tree, hits)}}, nil
}

func (m *Module) relatedItems(o *site.Options, tree *categoryTree, hits []hit) []relatedItem {
	items := make([]relatedItem, len(hits))
	for i, h := range hits {
		items[i] = relatedItem{m.item(o, tree, h.post), h.Score}
	}
	return items
}

// similarCount is how many similar questions Q2A looks at to suggest tags (QA_DB_RETRIEVE_ASK_TAG_QS).
const similarCount = 500

// similar returns up to count questions whose titles have words of the given title, the best first.
func (m *Module) similar(ctx context.Context, title string, count int) ([]hit, error) {
	found, err := m.index.Score(ctx, search.Query{
		Words: distinct(words.Split(words.WithoutAstral(title))), TitlesOnly: true,
	})
	if err != nil {
		return nil, fmt.Errorf("similar questions: %w", err)
	}
	return hitsOf(found.Best(nil, 0, count)), nil
}

func (m *Module) listSimilar(ctx context.Context, in *similarInput) (*relatedOutput, error) {
	o, tree, err := m.surroundings(ctx)
	if err != nil {
		return nil, err
	}
	hits, err := m.similar(ctx, in.Title, o.Int(option.PageSizeAskCheckQs))
	if err != nil {
		return nil, err
	}
	hits = slices.DeleteFunc(hits, func(h hit) bool {
		return h.Score < minScore(o.Int(option.MatchAskCheckQs))
	})
	if err := m.fetch(ctx, hits); err != nil {
		return nil, err
	}
	if err := m.illustrateHits(ctx, o, hits); err != nil {
		return nil, err
	}
	hits = slices.DeleteFunc(hits, func(h hit) bool { return h.post == nil })
	return &relatedOutput{Body: web.List[relatedItem]{Items: m.relatedItems(o, tree, hits)}}, nil
}

func (m *Module) suggestTags(ctx context.Context, in *similarInput) (*suggestedTagsOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	out := &suggestedTagsOutput{Body: web.List[string]{Items: []string{}}}
	if !o.UsingTags() || !o.Bool(option.DoExampleTags) {
		return out, nil
	}
	hits, err := m.similar(ctx, in.Title, similarCount)
	if err != nil {
		return nil, err
	}
	if err := m.fetch(ctx, hits); err != nil {
		return nil, err
	}
	minWeight := math.Exp(minScore(o.Int(option.MatchExampleTags)))
	out.Body.Items = exampleTags(hits, minWeight, o.Int(option.PageSizeAskTags))
	return out, nil
}

// exampleTags returns up to limit tags of the questions, the heaviest first. A tag's weight is the sum
// of the exponentials of its questions' scores; tags lighter than minWeight are left out.
func exampleTags(hits []hit, minWeight float64, limit int) []string {
	weights := map[string]float64{}
	var tags []string
	for _, h := range hits {
		if h.post == nil {
			continue
		}
		for _, tag := range tagList(h.post.tags) {
			if _, seen := weights[tag]; !seen {
				tags = append(tags, tag)
			}
			weights[tag] += math.Exp(h.Score)
		}
	}
	slices.SortStableFunc(tags, func(a, b string) int {
		switch {
		case weights[a] > weights[b]:
			return -1
		case weights[a] < weights[b]:
			return 1
		}
		return 0
	})
	tags = slices.DeleteFunc(tags, func(t string) bool { return weights[t] < minWeight })
	return append([]string{}, tags[:min(limit, len(tags))]...)
}
