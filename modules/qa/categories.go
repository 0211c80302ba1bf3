package qa

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
)

// maxDepth is the number of levels of categories that Q2A has.
const maxDepth = 4

// categoryAge is how long the tree of categories is served before it is read from the database again.
const categoryAge = time.Second

// category is a row of the table of categories, with its place in the tree.
type category struct {
	id, parentID, questions, position int
	title, slug, content, path        string
	depth                             int // 1 for top categories
	children                          []*category
}

// categoryTree holds all categories of the site as they were at one moment.
type categoryTree struct {
	byID   map[int]*category
	byPath map[string]*category
	top    []*category
	read   time.Time
}

// tree returns the categories of the site, as they were at most one second ago.
func (m *Module) tree(ctx context.Context) (*categoryTree, error) {
	if t := m.categories.Load(); t != nil && time.Since(t.read) < categoryAge {
		return t, nil
	}
	m.reading.Lock()
	defer m.reading.Unlock()
	if t := m.categories.Load(); t != nil && time.Since(t.read) < categoryAge {
		return t, nil
	}
	t, err := readTree(ctx, m.db, "")
	if err != nil {
		return nil, err
	}
	m.categories.Store(t)
	return t, nil
}

// readTree reads the categories of the site as they are now. lock is the end of the query, "" for none.
func readTree(ctx context.Context, db *database.DB, lock string) (*categoryTree, error) {
	read := time.Now()
	var all []*category
	err := db.Select(ctx, func(rows *sql.Rows) error {
		c := &category{}
		var parent sql.NullInt64
		var backpath string
		if err := rows.Scan(&c.id, &parent, &c.title, &c.slug, &c.content, &c.questions, &c.position,
			&backpath); err != nil {
			return err
		}
		c.parentID = int(parent.Int64)
		slugs := strings.Split(backpath, "/")
		slices.Reverse(slugs)
		c.path, c.depth = strings.Join(slugs, "/"), len(slugs)
		all = append(all, c)
		return nil
	}, "SELECT categoryid, parentid, title, tags, content, qcount, position, backpath FROM {categories}"+lock)
	if err != nil {
		return nil, fmt.Errorf("read categories: %w", err)
	}
	t := newTree(all)
	t.read = read
	return t, nil
}

// newTree makes a tree of categories, whose children it sets.
func newTree(all []*category) *categoryTree {
	t := &categoryTree{byID: make(map[int]*category, len(all)), byPath: make(map[string]*category, len(all))}
	slices.SortFunc(all, func(a, b *category) int {
		return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(a.id, b.id))
	})
	for _, c := range all {
		t.byID[c.id], t.byPath[c.path], c.children = c, c, nil
	}
	for _, c := range all {
		if parent := t.byID[c.parentID]; parent != nil {
			parent.children = append(parent.children, c)
		} else {
			t.top = append(t.top, c)
		}
	}
	return t
}

// surroundings returns what every response about questions needs: the site's options and its categories.
func (m *Module) surroundings(ctx context.Context) (*site.Options, *categoryTree, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, nil, err
	}
	t, err := m.tree(ctx)
	return o, t, err
}

// find returns the category with the given id or path of slugs, or nil if there is none. As in Q2A,
// paths match in any case of letters.
func (t *categoryTree) find(idOrPath string) *category {
	idOrPath = strings.Trim(idOrPath, "/")
	if c := t.byPath[idOrPath]; c != nil {
		return c
	}
	if id, err := strconv.Atoi(idOrPath); err == nil {
		return t.byID[id]
	}
	for path, c := range t.byPath {
		if strings.EqualFold(path, idOrPath) {
			return c
		}
	}
	return nil
}

// CategoryID returns the id of the category that a request's parameter names by its id or its path of
// slugs, or 0 if the parameter is empty. If there is no such category, the error is a problem with the
// field category.
func (m *Module) CategoryID(ctx context.Context, idOrPath string) (int, error) {
	t, err := m.tree(ctx)
	if err != nil {
		return 0, err
	}
	c, err := categoryParam(t, idOrPath)
	if err != nil || c == nil {
		return 0, err
	}
	return c.id, nil
}

func (t *categoryTree) ref(id int) *Category {
	c := t.byID[id]
	if c == nil {
		return nil
	}
	return &Category{ID: c.id, Title: c.title, Path: c.path}
}

// condition returns the SQL condition that posts p in the category, or in any category below it, meet.
// Its only argument is the category's id. A post stores the ids of the upper three levels of its
// categories and, separately, the id of its own category, which is the fourth level where there are four.
func (c *category) condition() string {
	if c.depth >= maxDepth {
		return "p.categoryid = ?"
	}
	return "p.catidpath" + itoa(c.depth) + " = ?"
}

// inOrder returns all categories, each before the categories below it.
func (t *categoryTree) inOrder() []*category {
	var all []*category
	var walk func([]*category)
	walk = func(list []*category) {
		for _, c := range list {
			all = append(all, c)
			walk(c.children)
		}
	}
	walk(t.top)
	return all
}

// CategoryInfo describes a category in responses.
type CategoryInfo struct {
	ID            int            `json:"id"`
	ParentID      int            `json:"parentId,omitempty"`
	Title         string         `json:"title"`
	Slug          string         `json:"slug"`
	Path          string         `json:"path" doc:"Slugs from the top category down, separated by /"`
	Description   string         `json:"description,omitempty"`
	QuestionCount int            `json:"questionCount" doc:"Visible questions in it and below"`
	Position      int            `json:"position" doc:"Place among its siblings, from 1"`
	ChildCount    int            `json:"childCount"`
	IsFavorite    *bool          `json:"isFavorite,omitempty" doc:"Whether the caller follows it; absent for anonymous callers"`
	Children      []CategoryInfo `json:"children,omitempty"`
}

// info returns the category as responses show it, with the categories below it if deep is set. favorites
// are the caller's, nil for anonymous callers.
func (c *category) info(deep bool, favorites map[int]bool) CategoryInfo {
	info := CategoryInfo{
		ID: c.id, ParentID: c.parentID, Title: c.title, Slug: c.slug, Path: c.path, Description: c.content,
		QuestionCount: c.questions, Position: c.position, ChildCount: len(c.children),
	}
	if favorites != nil {
		is := favorites[c.id]
		info.IsFavorite = &is
	}
	if deep {
		for _, child := range c.children {
			info.Children = append(info.Children, child.info(true, favorites))
		}
	}
	return info
}

type categoryListOutput struct {
	Body web.List[CategoryInfo]
}

type categoryInput struct {
	ID string `path:"id" maxLength:"900" doc:"Id, or path of slugs with / written as %2F"`
}

// categoryDetail describes one category, with its ancestors and siblings.
type categoryDetail struct {
	CategoryInfo
	Ancestors []Category     `json:"ancestors" doc:"From the top category down to its parent"`
	Siblings  []CategoryInfo `json:"siblings" doc:"The categories of the same parent, itself included, in their order"`
	CategoryTexts
}

type categoryOutput struct {
	ETag string `header:"ETag"`
	Body categoryDetail
}

func (m *Module) registerCategories(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "list-categories", Method: http.MethodGet, Path: "/v1/categories",
		Tags:        []string{"Categories"},
		Summary:     "All categories, as a tree with counts",
		Description: "Empty on a site that does not use categories.",
	}, m.listCategories)
	web.Register(api, huma.Operation{
		OperationID: "get-category", Method: http.MethodGet, Path: "/v1/categories/{id}",
		Tags:    []string{"Categories"},
		Summary: "One category with its ancestors, siblings and children", Errors: []int{http.StatusNotFound},
	}, m.getCategoryPage)
	m.registerCategoryPages(api)
	m.registerCategoryAdmin(api)
}

func (m *Module) listCategories(ctx context.Context, _ *struct{}) (*categoryListOutput, error) {
	t, err := m.tree(ctx)
	if err != nil {
		return nil, err
	}
	favorites, err := m.favoriteCategories(ctx)
	if err != nil {
		return nil, err
	}
	out := &categoryListOutput{}
	out.Body.Items = []CategoryInfo{}
	for _, c := range t.top {
		out.Body.Items = append(out.Body.Items, c.info(true, favorites))
	}
	total := len(t.byID)
	out.Body.Total = &total
	return out, nil
}

func (m *Module) getCategory(ctx context.Context, in *categoryInput) (*categoryOutput, error) {
	t, err := m.tree(ctx)
	if err != nil {
		return nil, err
	}
	c := t.find(in.ID)
	if c == nil {
		return nil, problem.NotFound()
	}
	favorites, err := m.favoriteCategories(ctx)
	if err != nil {
		return nil, err
	}
	out := &categoryOutput{Body: categoryDetail{CategoryInfo: c.info(true, favorites), Ancestors: []Category{}}}
	for up := t.byID[c.parentID]; up != nil && len(out.Body.Ancestors) < maxDepth; up = t.byID[up.parentID] {
		out.Body.Ancestors = append(out.Body.Ancestors, *t.ref(up.id))
	}
	slices.Reverse(out.Body.Ancestors)
	siblings := t.top
	if parent := t.byID[c.parentID]; parent != nil {
		siblings = parent.children
	}
	for _, s := range siblings {
		out.Body.Siblings = append(out.Body.Siblings, s.info(false, favorites))
	}
	return out, nil
}
