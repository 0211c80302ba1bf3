package qa

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa/internal/words"
)

// relatedTag is a tag that often stands together with another one.
type relatedTag struct {
	Tag
	Together int `json:"together,omitempty" doc:"How many questions have both; absent where only the old site's plugin says that they belong together"`
}

type relatedTagsInput struct {
	Tag   string `path:"tag" maxLength:"80" doc:"The tag, in any case of letters"`
	Limit int    `query:"limit" minimum:"1" maximum:"20" default:"5" doc:"How many"`
}

type relatedTagsOutput struct{ Body web.List[relatedTag] }

// relatedKept is how many related tags are stored of each tag.
const relatedKept = 20

// titleSimilar is the title under which the old site's plugin stores the words of related tags.
const titleSimilar = "similar_tag_words"

func (m *Module) registerRelatedTags(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "list-related-tags", Method: http.MethodGet, Path: "/v1/tags/{tag}/related",
		Tags:    []string{"Tags"},
		Summary: "Tags that stand together with a tag on the most questions",
		Description: "As the job related-tags counted them last. Of tags that it has not seen yet, those " +
			"that the old site's plugin has stored.",
		Errors: []int{http.StatusNotFound},
	}, m.listRelatedTags)
}

func (m *Module) listRelatedTags(ctx context.Context, in *relatedTagsInput) (*relatedTagsOutput, error) {
	word, count, err := m.tagWord(ctx, in.Tag)
	if err != nil {
		return nil, err
	}
	if count == 0 {
		return nil, problem.NotFound()
	}
	out := &relatedTagsOutput{Body: web.List[relatedTag]{Items: []relatedTag{}}}
	favorite, args := favoriteTag(ctx, "w.wordid")
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var r relatedTag
		var favorite sql.NullBool
		if err := rows.Scan(&r.Tag.Tag, &r.QuestionCount, &r.Together, &favorite); err != nil {
			return err
		}
		r.IsFavorite = known(favorite)
		out.Body.Items = append(out.Body.Items, r)
		return nil
	}, `SELECT w.word, w.tagcount, r.together, `+favorite+`
		FROM {q2ab_related_tags} r
		JOIN {words} w ON w.wordid = r.relatedid
		WHERE r.wordid = ? AND w.tagcount > 0
		ORDER BY r.together DESC, r.relatedid
		LIMIT ?`, append(args, word, in.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list related tags: %w", err)
	}
	if len(out.Body.Items) == 0 {
		out.Body.Items, err = m.similarTags(ctx, words.Lower(words.WithoutAstral(in.Tag)), in.Limit)
	}
	return out, err
}

// similarTags returns the tags that the old site's plugin has stored as related to the tag, in its order,
// as far as there are such tags.
func (m *Module) similarTags(ctx context.Context, tag string, limit int) ([]relatedTag, error) {
	similar := []relatedTag{}
	var list string
	found, err := m.db.Get(ctx, []any{&list}, "SELECT content FROM {tagmetas} WHERE tag = ? AND "+
		m.db.Exact("tag")+" AND title = '"+titleSimilar+"'", tag, tag)
	if err != nil {
		return nil, fmt.Errorf("read the plugin's related tags: %w", err)
	}
	names := tagList(list)
	if names = names[:min(relatedKept, len(names))]; !found || len(names) == 0 {
		return similar, nil
	}
	counts := map[string]int{}
	favorites := map[string]*bool{}
	favorite, args := favoriteTag(ctx, "wordid")
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var word string
		var count int
		var favorite sql.NullBool
		err := rows.Scan(&word, &count, &favorite)
		counts[word], favorites[word] = count, known(favorite)
		return err
	}, "SELECT word, tagcount, "+favorite+" FROM {words} WHERE word IN ? AND tagcount > 0", append(args, names)...)
	if err != nil {
		return nil, fmt.Errorf("look up the plugin's related tags: %w", err)
	}
	for _, name := range names {
		if counts[name] > 0 {
			similar = append(similar, relatedTag{
				Tag: Tag{Tag: name, QuestionCount: counts[name], IsFavorite: favorites[name]},
			})
		}
	}
	return similar[:min(limit, len(similar))], nil
}

// RelatedTagsJob returns the job that counts which tags stand together.
func (m *Module) RelatedTagsJob() jobs.Job {
	return jobs.Job{
		Name:     "related-tags",
		Summary:  "counts which tags stand together on questions, for the pages of tags",
		Schedule: "20 4 * * *", AtStart: true,
		Steps: []jobs.Step{{Name: "tags", Count: m.countTags, Batch: m.relateTags}},
	}
}

func (m *Module) countTags(ctx context.Context) (n int, err error) {
	_, err = m.db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {words} WHERE tagcount > 0")
	return n, err
}

// These bound a batch of the job: how many tags it looks at, and about how many questions these have.
const (
	tagsAtOnce      = 500
	questionsAtOnce = 20_000
)

// relateTags stores the related tags of the next tags, and deletes those of words that are no tags any
// more.
func (m *Module) relateTags(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	tags, more, err := m.nextTags(ctx, after)
	if err != nil {
		return 0, err
	}
	if w.Done = len(tags); w.DryRun {
		if more {
			next = tags[len(tags)-1]
		}
		return next, nil
	}
	var related map[int][]togetherness
	if len(tags) > 0 {
		if related, err = m.together(ctx, tags); err != nil {
			return 0, err
		}
	}
	until, args := "", []any{after}
	if more {
		next = tags[len(tags)-1]
		until, args = " AND wordid <= ?", append(args, next)
	}
	return next, w.Tx(ctx, func(tx *database.DB) error {
		if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_related_tags} WHERE wordid > ?"+until, args...); err != nil {
			return fmt.Errorf("delete related tags: %w", err)
		}
		for some := range slices.Chunk(tags, 50) {
			var values []any
			for _, tag := range some {
				for _, r := range related[tag] {
					values = append(values, tag, r.tag, r.questions)
				}
			}
			if len(values) == 0 {
				continue
			}
			_, err := tx.Exec(ctx, `INSERT INTO {q2ab_related_tags} (wordid, relatedid, together)
				VALUES (?, ?, ?)`+strings.Repeat(", (?, ?, ?)", len(values)/3-1), values...)
			if err != nil {
				return fmt.Errorf("store related tags: %w", err)
			}
		}
		return nil
	})
}

// nextTags returns the ids of the next words that are tags, as many as a batch takes, and whether there
// may be more.
func (m *Module) nextTags(ctx context.Context, after int) (tags []int, more bool, err error) {
	questions, seen := 0, 0
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var word, count int
		if err := rows.Scan(&word, &count); err != nil {
			return err
		}
		seen++
		if questions += count; questions <= questionsAtOnce || len(tags) == 0 {
			tags = append(tags, word)
		}
		return nil
	}, "SELECT wordid, tagcount FROM {words} WHERE wordid > ? AND tagcount > 0 ORDER BY wordid LIMIT ?",
		after, tagsAtOnce)
	if err != nil {
		return nil, false, fmt.Errorf("read tags: %w", err)
	}
	return tags, seen == tagsAtOnce || len(tags) < seen, nil
}

// togetherness is a tag, by the id of its word, and how many questions have it besides another tag.
type togetherness struct{ tag, questions int }

// together returns the tags that stand together with each of the tags on the most questions, and of
// those that are equal in that the older ones.
func (m *Module) together(ctx context.Context, tags []int) (map[int][]togetherness, error) {
	related := map[int][]togetherness{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var tag int
		var r togetherness
		err := rows.Scan(&tag, &r.tag, &r.questions)
		related[tag] = append(related[tag], r)
		return err
	}, `SELECT a.wordid, b.wordid, COUNT(*)
		FROM {posttags} a
		JOIN {posttags} b ON b.postid = a.postid AND b.wordid <> a.wordid
		WHERE a.wordid IN ?
		GROUP BY a.wordid, b.wordid`, tags)
	if err != nil {
		return nil, fmt.Errorf("count which tags stand together: %w", err)
	}
	for tag, list := range related {
		slices.SortFunc(list, func(x, y togetherness) int {
			return cmp.Or(cmp.Compare(y.questions, x.questions), cmp.Compare(x.tag, y.tag))
		})
		related[tag] = list[:min(relatedKept, len(list))]
	}
	return related, nil
}
