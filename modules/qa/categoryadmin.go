package qa

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/cespare/xxhash/v2"
	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// CategoryDefinition is a category as administrators see it.
type CategoryDefinition struct {
	ID               int    `json:"id"`
	ParentID         int    `json:"parentId,omitempty" doc:"Absent at the top"`
	Title            string `json:"title"`
	Slug             string `json:"slug"`
	Path             string `json:"path" doc:"Slugs from the top category down, separated by /"`
	Description      string `json:"description"`
	Position         int    `json:"position" doc:"Place among its siblings, from 1"`
	QuestionCount    int    `json:"questionCount" doc:"Visible questions in it and below"`
	OwnQuestionCount int    `json:"ownQuestionCount" doc:"Visible questions in none of its subcategories"`
	OwnPostCount     int    `json:"ownPostCount" doc:"All posts in none of its subcategories: also answers and comments, hidden and waiting ones"`
	MovingTo         *int   `json:"movingTo,omitempty" doc:"While its posts are moved to another category: that one's id, or 0 for none"`
	Leaving          bool   `json:"leaving,omitempty" doc:"It is deleted once its posts are moved"`
	ETag             string `json:"etag" doc:"For the header If-Match of a change of it"`

	Children []CategoryDefinition `json:"children,omitempty"`
}

// CategoryPath names a category in the address of an operation.
type CategoryPath struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the category"`
}

// treeChange is what a change of categories results in.
type treeChange struct {
	Category *CategoryDefinition `json:"category,omitempty"`
	Run      *jobs.RunInfo       `json:"run,omitempty" doc:"How far its posts are taken along; absent if there are none"`
}

type (
	definitionsOutput struct {
		Body struct {
			web.List[CategoryDefinition]
			UncategorizedCount int `json:"uncategorizedCount" doc:"Visible questions without a category"`
		}
	}
	definitionOutput struct {
		ETag string `header:"ETag"`
		Body CategoryDefinition
	}
	treeChangeOutput struct {
		Status int
		ETag   string `header:"ETag"`
		Body   treeChange
	}
	treeRunOutput struct {
		Status int
		Body   treeChange
	}
)

// registerCategoryAdmin adds the operations by which administrators change categories.
func (m *Module) registerCategoryAdmin(api huma.API) {
	op := func(id, method, path, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/admin/categories" + path,
			Tags: []string{"Administration"}, Summary: summary, Description: "For administrators. " + description,
			Errors: append([]int{http.StatusForbidden}, errors...)}
	}
	const along = "If posts are concerned, the response is 202 and the job categories takes them along in the " +
		"background; both sites go on meanwhile."
	web.Register(api, op("list-category-definitions", http.MethodGet, "",
		"All categories as a tree, with what is in them", "Also those without questions."),
		auth.ForAdmins(m.listDefinitions))
	web.Register(api, op("get-category-definition", http.MethodGet, "/{id}", "A category with those below it",
		"Its ETag is for If-Match.", http.StatusNotFound), auth.ForAdmins(m.getDefinition))
	create := op("create-category", http.MethodPost, "", "Make a category",
		"Without a slug it gets one that follows from its title, as on the old site.")
	create.DefaultStatus = http.StatusCreated
	web.Register(api, create, auth.ForAdmins(m.createCategory))
	update := op("update-category", http.MethodPatch, "/{id}", "Rename, describe, move or reorder a category",
		"Only what is sent changes. With another parentId it comes last there, unless a position is sent too. "+
			"The addresses of all categories below it change with its slug and its parent. "+along,
		http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	update.Responses = accepted(api, true)
	web.Register(api, update, auth.ForAdmins(m.updateCategory))
	remove := op("delete-category", http.MethodDelete, "/{id}", "Delete a category",
		"Not with subcategories: category_has_children. With posts it needs moveTo. "+along,
		http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity)
	remove.DefaultStatus, remove.Responses = http.StatusNoContent, accepted(api, false)
	web.Register(api, remove, auth.ForAdmins(m.deleteCategory))
	merge := op("merge-category", http.MethodPost, "/{id}/merge", "Merge a category into another",
		"Its subcategories come after those of the other one, its posts into the other one, and it is deleted. "+
			along,
		http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	merge.Responses = accepted(api, true)
	web.Register(api, merge, auth.ForAdmins(m.mergeCategory))
	empty := op("empty-category", http.MethodPost, "/{id}/move-posts",
		"Move the posts of a category into another one",
		"Of the category alone, not of its subcategories; with id 0 the posts without a category. As on the old "+
			"site where a category, or a subcategory, has become mandatory. "+along,
		http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	empty.Responses = accepted(api, false)
	web.Register(api, empty, auth.ForAdmins(m.emptyCategory))
}

// accepted describes the response of an operation while the job takes posts along.
func accepted(api huma.API, tagged bool) map[string]*huma.Response {
	r := &huma.Response{Description: "Done, except that posts are still to be taken along",
		Content: map[string]*huma.MediaType{"application/json": {
			Schema: api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[treeChange](), true, ""),
		}}}
	if tagged {
		r.Headers = map[string]*huma.Param{"ETag": {Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	return map[string]*huma.Response{strconv.Itoa(http.StatusAccepted): r}
}

// revision returns a text that changes whenever an administrator changes the category.
func (c *category) revision() string {
	h := xxhash.New()
	fmt.Fprintf(h, "%d\x00%d\x00%d\x00%s\x00%s\x00%s", c.id, c.parentID, c.position, c.title, c.slug, c.content)
	return strconv.FormatUint(h.Sum64(), 36)
}

// definitions describes categories for administrators.
type definitions struct {
	tree  *categoryTree
	moves map[int]categoryMove
	// questions and posts are how many visible questions and posts there are in exactly a category; of 0,
	// without a category.
	questions, posts map[int]int
}

// readDefinitions reads all about categories that administrators see, as it is now.
func (m *Module) readDefinitions(ctx context.Context) (*definitions, error) {
	d := &definitions{moves: map[int]categoryMove{}, questions: map[int]int{}, posts: map[int]int{}}
	var err error
	if d.tree, err = readTree(ctx, m.db, ""); err != nil {
		return nil, err
	}
	moves, err := readMoves(ctx, m.db)
	if err != nil {
		return nil, err
	}
	for _, move := range moves {
		d.moves[move.from] = move
	}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var id, questions, posts int
		err := rows.Scan(&id, &questions, &posts)
		d.questions[id], d.posts[id] = questions, posts
		return err
	}, `SELECT COALESCE(categoryid, 0), SUM(CASE WHEN type = 'Q' THEN 1 ELSE 0 END), COUNT(*)
		FROM {posts}
		GROUP BY categoryid`)
	if err != nil {
		return nil, fmt.Errorf("count the posts of categories: %w", err)
	}
	return d, nil
}

// show returns a category with those below it.
func (d *definitions) show(c *category) CategoryDefinition {
	s := CategoryDefinition{
		ID: c.id, ParentID: c.parentID, Title: c.title, Slug: c.slug, Path: c.path, Description: c.content,
		Position: c.position, QuestionCount: c.questions, OwnQuestionCount: d.questions[c.id],
		OwnPostCount: d.posts[c.id], ETag: web.RevisionTag(c.revision()),
	}
	if move, ok := d.moves[c.id]; ok {
		s.MovingTo, s.Leaving = &move.to, move.removes
	}
	for _, child := range c.children {
		s.Children = append(s.Children, d.show(child))
	}
	return s
}

// list returns all categories as a tree.
func (d *definitions) list() []CategoryDefinition {
	list := []CategoryDefinition{}
	for _, c := range d.tree.top {
		list = append(list, d.show(c))
	}
	return list
}

// CategoryDefinitions returns all categories of the site as a tree.
func (m *Module) CategoryDefinitions(ctx context.Context) ([]CategoryDefinition, error) {
	d, err := m.readDefinitions(ctx)
	if err != nil {
		return nil, err
	}
	return d.list(), nil
}

func (m *Module) listDefinitions(ctx context.Context, _ *struct{}) (*definitionsOutput, error) {
	d, err := m.readDefinitions(ctx)
	if err != nil {
		return nil, err
	}
	out := &definitionsOutput{}
	out.Body.Items = d.list()
	total := len(d.tree.byID)
	out.Body.Total, out.Body.UncategorizedCount = &total, d.questions[0]
	return out, nil
}

func (m *Module) getDefinition(ctx context.Context, in *CategoryPath) (*definitionOutput, error) {
	c, err := m.definition(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &definitionOutput{c.ETag, *c}, nil
}

// definition returns the category with the id, or the problem not_found.
func (m *Module) definition(ctx context.Context, id int) (*CategoryDefinition, error) {
	d, err := m.readDefinitions(ctx)
	if err != nil {
		return nil, err
	}
	c := d.tree.byID[id]
	if c == nil {
		return nil, problem.NotFound()
	}
	s := d.show(c)
	return &s, nil
}

// hasPosts reports whether there are posts, of any kind and state, in exactly one of the categories.
func hasPosts(ctx context.Context, tx *database.DB, categories ...int) (bool, error) {
	var id int
	found, err := tx.Get(ctx, []any{&id}, "SELECT postid FROM {posts} WHERE categoryid IN ? LIMIT 1", categories)
	if err != nil {
		return false, fmt.Errorf("look for posts of a category: %w", err)
	}
	return found, nil
}
