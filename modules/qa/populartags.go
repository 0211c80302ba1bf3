package qa

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/maypok86/otter/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

const (
	// popularKept is how many of the tags of a time are listed.
	popularKept = 1000
	// popularFor is how long the tags of a time are served before they are counted again.
	popularFor = time.Minute
	// longTime is from when on it is faster to count all entries of the index of tags than to look up
	// the tags of each question of the time.
	longTime = 100 * 24 * time.Hour
)

// popularTag is a tag with the id of its word and the number of its questions since a time.
type popularTag struct {
	Tag
	word int
}

// popularTags returns a page of the tags that the most questions since a time have.
func (m *Module) popularTags(ctx context.Context, in *tagsInput) (*tagsOutput, error) {
	for name, given := range map[string]bool{"prefix": in.Prefix != "", "sort": in.Sort != "popular"} {
		if given {
			return nil, problem.Invalid(problem.Field{
				Name: name, Code: problem.FieldNotCombinable, Args: []any{"since"},
			})
		}
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	at, err := time.Parse(time.RFC3339, in.Since)
	since := at.Truncate(time.Hour).Unix()
	if err != nil || !web.ValidUnix(since) {
		return nil, problem.Invalid(problem.Field{Name: "since", Code: problem.FieldWrongForm})
	}
	all, err := m.popular.Get(ctx, since, otter.LoaderFunc[int64, []popularTag](m.readPopular))
	if err != nil {
		return nil, err
	}
	list := "tags:since:" + strconv.FormatInt(since, 10)
	rest, size := all, in.Size(o.Int(option.PageSizeTags))
	if in.Cursor != "" {
		var at tagPosition
		if err := web.DecodeCursor(list, in.Cursor, &at); err != nil {
			return nil, err
		}
		for len(rest) > 0 && !rest[0].after(at) {
			rest = rest[1:]
		}
	}
	rest = rest[min(in.Offset(size), len(rest)):]
	shown := rest[:min(size, len(rest))]
	favorites, err := m.favoritesAmong(ctx, shown)
	if err != nil {
		return nil, err
	}
	out := &tagsOutput{Body: web.List[Tag]{Items: []Tag{}}}
	for _, t := range shown {
		if favorites != nil {
			is := favorites[t.word]
			t.IsFavorite = &is
		}
		out.Body.Items = append(out.Body.Items, t.Tag)
	}
	if len(rest) > size {
		last := rest[size-1]
		out.Body.NextCursor = web.EncodeCursor(list, &tagPosition{last.RecentCount, last.word, last.Tag.Tag})
	}
	total := len(all)
	out.Body.Total = &total
	return out, nil
}

// favoritesAmong returns those of the tags that the caller follows, nil for anonymous callers.
func (m *Module) favoritesAmong(ctx context.Context, tags []popularTag) (map[int]bool, error) {
	caller := auth.CallerOf(ctx)
	if caller.Anonymous() || len(tags) == 0 {
		return nil, nil //nolint:nilnil // nobody has none
	}
	ids, favorites := make([]int, len(tags)), map[int]bool{}
	for i, t := range tags {
		ids[i] = t.word
	}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		err := rows.Scan(&id)
		favorites[id] = true
		return err
	}, "SELECT entityid FROM {userfavorites} WHERE userid = ? AND entitytype = 'T' AND entityid IN ?",
		caller.UserID, ids)
	if err != nil {
		return nil, fmt.Errorf("read favourite tags: %w", err)
	}
	return favorites, nil
}

// after reports whether the tag comes after the position, also if its number has changed since.
func (t popularTag) after(at tagPosition) bool {
	return t.RecentCount < at.Count || t.RecentCount == at.Count && t.word < at.ID
}

// readPopular reads the tags that the most questions since a time have, the most questions first.
func (m *Module) readPopular(ctx context.Context, since int64) ([]popularTag, error) {
	from := `{posts} p
			JOIN {posttags} t ON t.postid = p.postid
			WHERE p.type = 'Q' AND p.created >= FROM_UNIXTIME(?)`
	if m.db.Now()-since > int64(longTime/time.Second) {
		from = "{posttags} t WHERE t.postcreated >= FROM_UNIXTIME(?)"
	}
	var all []popularTag
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var t popularTag
		err := rows.Scan(&t.word, &t.Tag.Tag, &t.QuestionCount, &t.RecentCount)
		all = append(all, t)
		return err
	}, `SELECT y.wordid, w.word, w.tagcount, y.questions
		FROM (SELECT t.wordid, COUNT(*) AS questions
			FROM `+from+`
			GROUP BY t.wordid
			ORDER BY questions DESC, t.wordid DESC
			LIMIT ?) y
		JOIN {words} w ON w.wordid = y.wordid
		WHERE w.tagcount > 0
		ORDER BY y.questions DESC, y.wordid DESC`, since, popularKept)
	if err != nil {
		return nil, fmt.Errorf("count the tags of a time: %w", err)
	}
	return all, nil
}
