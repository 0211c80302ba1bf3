package qa

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa/internal/worddiff"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Revision is a version of a post, in a list of all.
type Revision struct {
	Number  int          `json:"number" doc:"1 for the oldest version that is known; versions are not numbered anew when old ones are dropped"`
	At      *time.Time   `json:"at,omitempty" doc:"When it was made; absent where that is not known"`
	By      *auth.Author `json:"by,omitempty" doc:"Who made it; absent for visitors, deleted accounts, and where that is not known"`
	Current bool         `json:"current,omitempty" doc:"It is what the post is now"`
	Silent  bool         `json:"silent,omitempty" doc:"The edit left no trace on the post; told to the author and to those who hide posts"`
	Changed []string     `json:"changed" enum:"title,content,format,tags,category" doc:"What is different from the version before"`
	// Differences is nil for the first of the versions that the caller sees.
	Differences *textDifferences `json:"differences,omitempty" doc:"From the version before, by words; absent for the first one"`
}

// textDifferences are those of two versions, of what changed.
type textDifferences struct {
	Title   []textDifference `json:"title,omitempty"`
	Content []textDifference `json:"content,omitempty" doc:"Of the text, without its formatting"`
	Tags    []textDifference `json:"tags,omitempty" doc:"Each tag"`
}

// textDifference is a piece of a text that is in both versions or in one of them.
type textDifference struct {
	Op   string `json:"op" enum:"same,removed,added"`
	Text string `json:"text" doc:"Plain text"`
}

// RevisionDetail is a version of a post with what it consists of.
type RevisionDetail struct {
	Revision
	Title string `json:"title,omitempty" doc:"Of a question"`
	Text
	Tags     []string  `json:"tags,omitempty" doc:"Of a question"`
	Category *Category `json:"category,omitempty" doc:"Of a question; absent where it is not known"`
}

type revisionsInput struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	web.Page
}

type revisionInput struct {
	ID     int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	Number int `path:"number" minimum:"1" maximum:"4294967295" doc:"Number of the version"`
}

type revisionsOutput struct{ Body web.List[Revision] }

type revisionOutput struct{ Body RevisionDetail }

const revisionsDescription = "Every edit makes one, also a silent one; the version before the first edit is the first. " +
	"The versions of the old site's plugin Edit History are among them, where it is in use; other edits of the old site are noticed when the post is edited here.\n\n" +
	"Whoever sees the post sees them, unless the option of that plugin says otherwise. Versions from before a silent edit, from before an edit of a post that was hidden or waited for approval, " +
	"and from before somebody else's edit of a post that was flagged, are for the author and those who hide posts. At most 100 versions of a post are kept: the first one and the newest."

// registerRevisions adds the operations on earlier versions of posts.
func (m *Module) registerRevisions(api huma.API) {
	read := func(id, path, summary, description string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: "/v1/posts/{id}/revisions" + path, Summary: summary,
			Description: description, Tags: []string{"Questions"},
			Errors: []int{http.StatusForbidden, http.StatusNotFound},
		}
	}
	web.Register(api, read("list-revisions", "", "The versions of a post, the newest first",
		revisionsDescription), m.listRevisions)
	web.Register(api, read("get-revision", "/{number}", "A version of a post", ""), m.getRevision)
	restore := writeOperation("restore-revision", http.MethodPost, "posts/{id}/revisions/{number}/restore",
		"Make a post again what it was in a version",
		"An edit like any other, by whoever may edit the post: it makes a new version. Of a question the title, the text, the tags and the category come back, as far as they differ.")
	restore.DefaultStatus = http.StatusOK
	web.Register(api, restore, m.restore)
}

// defaultRevisions is how many versions a page of the list has unless the client says.
const defaultRevisions = 20

// revisionPosition is the place in a list of versions after the one with the number.
type revisionPosition struct {
	Number int `json:"n"`
}

// Valid reports whether a version can have the number.
func (p *revisionPosition) Valid() bool { return web.ValidID(p.Number) }

// openVersions returns a post and those of its versions that the caller sees, the oldest first.
func (m *Module) openVersions(
	ctx context.Context, id int,
) (*site.Options, *post, []version, error) {
	o, _, p, err := m.openPost(ctx, id, anyKind, nil)
	if err != nil {
		return nil, nil, nil, err
	}
	if reason := mayReadRevisions(o, auth.CallerOf(ctx), p); reason != auth.Permitted {
		return nil, nil, nil, reason.Problem()
	}
	list, err := m.versions(ctx, o, p)
	return o, p, list, err
}

// mayReadRevisions returns auth.Permitted if a caller who sees the post may see its versions, and otherwise
// the reason why not. Only the plugin Edit History has an option that says so.
func mayReadRevisions(o *site.Options, c auth.Caller, p *post) auth.Reason {
	return auth.PermitReading(o, c, option.EditHistoryViewPerms, c.LevelIn(p.categoryPath...))
}

func (m *Module) listRevisions(ctx context.Context, in *revisionsInput) (*revisionsOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	o, _, list, err := m.openVersions(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	total, size := len(list), in.Size(defaultRevisions)
	end := max(0, len(list)-in.Offset(size)) // the page ends before this version
	if in.Cursor != "" {
		at := &revisionPosition{}
		if err := web.DecodeCursor("revisions:"+itoa(in.ID), in.Cursor, at); err != nil {
			return nil, err
		}
		if end = slices.IndexFunc(list, func(v version) bool { return v.number >= at.Number }); end < 0 {
			end = len(list)
		}
	}
	start := max(0, end-size)
	items, err := m.revisions(ctx, o, list, start, end)
	if err != nil {
		return nil, err
	}
	slices.Reverse(items)
	out := &revisionsOutput{Body: web.List[Revision]{Items: items, Total: &total}}
	if start > 0 && end > start {
		out.Body.NextCursor = web.EncodeCursor("revisions:"+itoa(in.ID),
			&revisionPosition{list[start].number})
	}
	return out, nil
}

func (m *Module) getRevision(ctx context.Context, in *revisionInput) (*revisionOutput, error) {
	o, p, list, err := m.openVersions(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	i, err := find(list, in.Number)
	if err != nil {
		return nil, err
	}
	items, err := m.revisions(ctx, o, list, i, i+1)
	if err != nil {
		return nil, err
	}
	tree, err := m.tree(ctx)
	if err != nil {
		return nil, err
	}
	v := list[i]
	was := *p
	was.content, was.format, was.pictures = v.content, v.format, nil
	if err := m.illustrate(ctx, o, &was); err != nil {
		return nil, err
	}
	out := &revisionOutput{Body: RevisionDetail{Revision: items[0], Text: m.text(o, &was)}}
	if p.kind == KindQuestion {
		out.Body.Title, out.Body.Tags = m.shown(o, v.title).title, tagList(v.tags)
		out.Body.Category = tree.ref(v.categoryID)
	}
	return out, nil
}

// find returns the index of the version with a number, or not_found.
func find(list []version, number int) (int, error) {
	i := slices.IndexFunc(list, func(v version) bool { return v.number == number })
	if i < 0 {
		return 0, problem.NotFound()
	}
	return i, nil
}

// revisions returns the versions from start on and before end as responses show them.
func (m *Module) revisions(
	ctx context.Context, o *site.Options, list []version, start, end int,
) ([]Revision, error) {
	var users []int
	for _, v := range list[start:end] {
		if v.userID != 0 {
			users = append(users, v.userID)
		}
	}
	slices.Sort(users)
	authors, err := m.auth.Authors(ctx, o, slices.Compact(users))
	if err != nil {
		return nil, err
	}
	items := make([]Revision, 0, end-start)
	for _, v := range list[start:end] {
		r := Revision{Number: v.number, By: authors[v.userID], Current: v.current, Silent: v.silent,
			Changed: []string{}}
		if v.at != 0 {
			at := unixTime(v.at)
			r.At = &at
		}
		items = append(items, r)
	}
	return items, m.compare(ctx, o, list, start, items)
}

const (
	// compareFor is how long the differences of one text are looked for, and comparePage those of all
	// texts of a response together.
	compareFor  = 100 * time.Millisecond
	comparePage = 400 * time.Millisecond
	// quickToCompare is up to how many bytes of text need no turn.
	quickToCompare = 20_000
)

// compare sets what is different in the items, which are the versions from start on, from the versions
// before.
func (m *Module) compare(
	ctx context.Context, o *site.Options, list []version, start int, items []Revision,
) error {
	bytes := 0
	for i := range items {
		bytes += len(list[start+i].content)
	}
	if bytes > quickToCompare {
		end, err := m.heavyTurns.Take(ctx)
		if err != nil {
			return err
		}
		defer end()
	}
	censor := m.blockedWords(o)
	deadline := time.Now().Add(comparePage)
	words := func(before, after string) []textDifference {
		var list []textDifference
		longest := min(compareFor, time.Until(deadline))
		for _, p := range worddiff.Compare(censor.Censor(before), censor.Censor(after), longest) {
			list = append(list, textDifference{string(p.Op), p.Text})
		}
		return list
	}
	for i := range items {
		if start+i == 0 {
			continue // there is none before, or none that the caller sees
		}
		before, after := list[start+i-1], list[start+i]
		items[i].Changed = changed(before, after)
		d := &textDifferences{}
		for _, what := range items[i].Changed {
			switch what {
			case "title":
				d.Title = words(before.title, after.title)
			case "content":
				d.Content = words(TextOf(before.content, before.format), TextOf(after.content, after.format))
			case "tags":
				d.Tags = tagDifferences(tagList(before.tags), tagList(after.tags))
			}
		}
		items[i].Differences = d
	}
	return nil
}

// changed returns what is different in two versions, as far as it is known.
func changed(before, after version) []string {
	list := []string{}
	known := !before.partial && !after.partial
	for _, c := range []struct {
		what    string
		differs bool
	}{
		{"title", before.title != after.title},
		{"content", before.content != after.content},
		{"format", known && before.format != after.format},
		{"tags", before.tags != after.tags},
		{"category", known && before.categoryID != after.categoryID},
	} {
		if c.differs {
			list = append(list, c.what)
		}
	}
	return list
}

// tagDifferences returns the tags of two versions: those of the first one, and then the new ones.
func tagDifferences(before, after []string) []textDifference {
	var list []textDifference
	for _, tag := range before {
		op := worddiff.Removed
		if slices.Contains(after, tag) {
			op = worddiff.Same
		}
		list = append(list, textDifference{string(op), tag})
	}
	for _, tag := range after {
		if !slices.Contains(before, tag) {
			list = append(list, textDifference{string(worddiff.Added), tag})
		}
	}
	return list
}
