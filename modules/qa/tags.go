package qa

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site/option"
)

// Tag is a tag with its number of visible questions.
type Tag struct {
	Tag           string `json:"tag"`
	QuestionCount int    `json:"questionCount" doc:"Visible questions with it"`
	IsFavorite    *bool  `json:"isFavorite,omitempty" doc:"Whether the caller follows it; absent for anonymous callers"`
	RecentCount   int    `json:"recentCount,omitempty" doc:"Those of them that are not older than since, in lists with that"`
}

// tagDetail is a tag with its description.
type tagDetail struct {
	Tag
	Description string `json:"description,omitempty" doc:"As it is stored: it may have HTML"`
	TagTexts
}

type tagsInput struct {
	web.Page
	Sort   string `query:"sort" enum:"popular,name" default:"popular" doc:"Most questions first, or by name"`
	Prefix string `query:"prefix" maxLength:"80" doc:"Only tags that begin so, in any case of letters; for completion"`
	Since  string `query:"since" maxLength:"40" doc:"Only tags of questions that are not older than this time (RFC 3339), which is rounded down to the hour; the most of such questions first, at most 1000 tags"`
}

type tagsOutput struct{ Body web.List[Tag] }

type tagInput struct {
	Tag string `path:"tag" maxLength:"80" doc:"The tag, in any case of letters"`
}

type tagOutput struct {
	ETag string `header:"ETag"`
	Body tagDetail
}

func (m *Module) registerTags(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "list-tags", Method: http.MethodGet, Path: "/v1/tags", Tags: []string{"Tags"},
		Summary: "Tags, the most used first or by name", Description: "With prefix: completion while typing.",
	}, m.listTags)
	web.Register(api, huma.Operation{
		OperationID: "get-tag", Method: http.MethodGet, Path: "/v1/tags/{tag}", Tags: []string{"Tags"},
		Summary: "One tag with its description", Errors: []int{http.StatusNotFound},
	}, m.getTagPage)
	m.registerTagPages(api)
	m.registerRelatedTags(api)
}

// tagWordQuery returns a query for the word id of a tag. The query takes the tag, in lower case, twice:
// it is compared by the column's collation, so that the index is used, and then exactly, since "café"
// and "cafe" are two tags.
func (m *Module) tagWordQuery() string {
	return "SELECT wordid FROM {words} WHERE word = ? AND " + m.db.Exact("word") + " ORDER BY wordid LIMIT 1"
}

// tagPosition is a place in the list of tags, kept in a cursor.
type tagPosition struct {
	Count int    `json:"c"`
	ID    int    `json:"id"`
	Word  string `json:"w"`
}

// Valid reports whether a tag can be at this place.
func (p *tagPosition) Valid() bool {
	return p.Word != "" && p.Count >= 1 &&
		web.ValidCount(p.Count) && web.ValidID(p.ID) && web.ValidText(p.Word)
}

func (m *Module) listTags(ctx context.Context, in *tagsInput) (*tagsOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	if in.Since != "" {
		return m.popularTags(ctx, in)
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	size := in.Size(o.Int(option.PageSizeTags))
	where, args := "tagcount > 0", []any{}
	if in.Prefix != "" {
		condition, arg := m.db.StartsWith("word", words.WithoutAstral(in.Prefix))
		where += " AND " + condition
		args = append(args, arg)
	}
	by := "tagcount DESC, wordid DESC"
	if in.Sort == "name" {
		by = "word, wordid"
	}
	if in.Cursor != "" {
		var at tagPosition
		if err := web.DecodeCursor("tags:"+in.Sort, in.Cursor, &at); err != nil {
			return nil, err
		}
		if in.Sort == "name" {
			where += " AND (word > ? OR word = ? AND wordid > ?)"
			args = append(args, at.Word, at.Word, at.ID)
		} else {
			where += " AND tagcount <= ? AND (tagcount < ? OR wordid < ?)"
			args = append(args, at.Count, at.Count, at.ID)
		}
	}
	out := &tagsOutput{Body: web.List[Tag]{Items: []Tag{}}}
	favorite, favoriteArgs := favoriteTag(ctx, "wordid")
	var last tagPosition
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var at tagPosition
		var favorite sql.NullBool
		if err := rows.Scan(&at.ID, &at.Word, &at.Count, &favorite); err != nil {
			return err
		}
		if len(out.Body.Items) == size {
			out.Body.NextCursor = web.EncodeCursor("tags:"+in.Sort, &last)
			return nil
		}
		last = at
		out.Body.Items = append(out.Body.Items,
			Tag{Tag: at.Word, QuestionCount: at.Count, IsFavorite: known(favorite)})
		return nil
	}, `SELECT wordid, word, tagcount, `+favorite+`
		FROM {words}
		WHERE `+where+`
		ORDER BY `+by+`
		LIMIT ? OFFSET ?`, append(append(favoriteArgs, args...), size+1, in.Offset(size))...)
	if err != nil {
		return nil, fmt.Errorf("list tags: %w", err)
	}
	if in.Prefix == "" {
		total := o.Int(option.CacheTagcount)
		out.Body.Total = &total
	}
	return out, nil
}

// getTag returns a tag with the number of its followers, without the texts of its page.
func (m *Module) getTag(ctx context.Context, in *tagInput) (*tagOutput, error) {
	out := &tagOutput{}
	tag := words.Lower(words.WithoutAstral(in.Tag))
	var isFavorite sql.NullBool
	favorite, args := favoriteTag(ctx, "w.wordid")
	b := &out.Body
	found, err := m.db.Get(ctx, []any{&b.Tag.Tag, &b.QuestionCount, &b.FollowerCount, &isFavorite},
		`SELECT w.word, w.tagcount,
				(SELECT COUNT(*) FROM {userfavorites} f WHERE f.entitytype = 'T' AND f.entityid = w.wordid),
				`+favorite+`
			FROM {words} w
			WHERE w.word = ? AND `+m.db.Exact("w.word")+` AND w.tagcount > 0`,
		append(args, tag, tag)...)
	if err != nil {
		return nil, fmt.Errorf("read tag: %w", err)
	}
	if !found {
		return nil, problem.NotFound()
	}
	b.IsFavorite = known(isFavorite)
	return out, nil
}

// tagPage reads one page of the newest questions with a tag by the index of tags, and returns it with
// the cursor of the next page. The query takes all entries that are at least as new as the last one of
// the page, so that questions of the same second are all sorted by their ids.
func (m *Module) tagPage(
	ctx context.Context, f *questionFilter, in *questionsInput, size int,
) ([]*post, string, error) {
	ord := orders["recent"]
	tag := words.Lower(words.WithoutAstral(in.Tag))
	word := "wordid = (" + m.tagWordQuery() + ")"
	bound, args := "", []any{}
	if in.Cursor != "" {
		at, values, err := ord.decode("tag", in.Cursor)
		if err != nil {
			return nil, "", err
		}
		bound = " AND postcreated <= ? AND (postcreated < ? OR postid < ?)"
		args = []any{values[0], values[0], at.ID}
	}
	skip := in.Offset(size)
	var queryArgs []any
	queryArgs = append(append(queryArgs, tag, tag), args...)
	queryArgs = append(append(queryArgs, tag, tag), args...)
	queryArgs = append(queryArgs, skip+size, size+1, skip)
	posts, err := m.selectMine(ctx, `(SELECT postid, postcreated
			FROM {posttags}
			WHERE `+word+bound+` AND postcreated >= COALESCE((
				SELECT postcreated
				FROM {posttags}
				WHERE `+word+bound+`
				ORDER BY postcreated DESC
				LIMIT 1 OFFSET ?), '1000-01-01')
			ORDER BY postcreated DESC, postid DESC
			LIMIT ? OFFSET ?) y
		JOIN {posts} p ON p.postid = y.postid`, queryArgs,
		" WHERE p.type = 'Q' ORDER BY y.postcreated DESC, p.postid DESC")
	if err != nil {
		return nil, "", fmt.Errorf("list questions of a tag: %w", err)
	}
	f.total = nil
	posts, next := ord.cut("tag", posts, size)
	return posts, next, nil
}

// sortedTagPage reads one page of the questions with a tag in an order other than the newest first, or
// with further filters. total is about how many visible questions the site has.
//
// No index has both tags and the figures to sort by. The questions of a rare tag are therefore all read
// and sorted. For a common tag it is enough to look through the first questions of the whole site in
// that order.
func (m *Module) sortedTagPage(ctx context.Context, f *questionFilter, in *questionsInput, total, size int) (
	[]*post, string, error,
) {
	f.total = nil
	word, count, err := m.tagWord(ctx, in.Tag)
	if err != nil || word == 0 {
		return nil, "", err
	}
	ord, wanted := orders[in.Sort], in.Offset(size)+size+1
	// among is how many of the site's first questions in the order of the list are searched for those with
	// the tag: one and a half times what would do if the tag's questions were spread evenly.
	if among := 3 * wanted * total / max(1, 2*count); len(f.parts) == 1 && among < count {
		posts, err := m.taggedAmong(ctx, f, ord, in, word, among, size)
		if err != nil {
			return nil, "", err
		}
		if len(posts) > size {
			posts, next := ord.cut(f.list, posts, size)
			return posts, next, nil
		}
	}
	f.addTag(word)
	f.unordered = true
	return m.questionPage(ctx, f, ord, in.Page, size)
}

// tagWord returns the id of the tag's word and how many questions have the tag. The id is 0 if there is no
// such tag.
func (m *Module) tagWord(ctx context.Context, tag string) (word, count int, err error) {
	tag = words.Lower(words.WithoutAstral(tag))
	query := "SELECT wordid, tagcount FROM {words} WHERE wordid = (" + m.tagWordQuery() + ")"
	if _, err := m.db.Get(ctx, []any{&word, &count}, query, tag, tag); err != nil {
		return 0, 0, fmt.Errorf("look up a tag: %w", err)
	}
	return word, count, nil
}

func (f *questionFilter) addTag(word int) {
	f.add("p.postid IN (SELECT postid FROM {posttags} WHERE wordid = ?)", word)
}

// taggedAmong reads the questions with a tag among the next questions of the order, of which it looks
// at as many as among says. If it returns more than size questions, these begin with the whole page;
// otherwise the page may need questions that come later in the order.
func (m *Module) taggedAmong(ctx context.Context, f *questionFilter, ord order, in *questionsInput,
	word, among, size int,
) ([]*post, error) {
	var at position
	var values []any
	if in.Cursor != "" {
		var err error
		if at, values, err = ord.decode(f.list, in.Cursor); err != nil {
			return nil, err
		}
	}
	ids, args := ord.idQuery(f.condition(), f.args, at, values, among, 0)
	from := `(` + ids + `) y
		JOIN {posttags} t ON t.postid = y.postid AND t.wordid = ?
		JOIN {posts} p ON p.postid = y.postid`
	posts, err := m.selectMine(ctx, from, append(args, word), " ORDER BY "+ord.by("p.")+" LIMIT ? OFFSET ?",
		size+1, in.Offset(size))
	if err != nil {
		return nil, fmt.Errorf("list questions of a common tag: %w", err)
	}
	return posts, nil
}
