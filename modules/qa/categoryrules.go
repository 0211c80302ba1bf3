package qa

import (
	"fmt"
	"strings"

	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site"
)

// The lengths of Q2A's columns, in characters.
const (
	maxCategoryTitle       = 80
	maxCategorySlug        = 200
	maxCategoryDescription = 800
)

// The codes of fields of categories that are wrong.
var (
	fieldCategoryTaken = problem.DefineField("taken_by_category",
		"is used by another category of the same parent already",
		"同じ階層の別のカテゴリーがすでに使っています")
	fieldTooDeep = problem.DefineField("too_deep",
		"would make categories more than %v levels deep",
		"カテゴリーの階層が %v を超えてしまいます", problem.ParamMax)
	fieldWithinItself = problem.DefineField("within_itself",
		"is the category itself, or below it",
		"そのカテゴリー自身、またはその下のカテゴリーです")
)

// blank reports whether Q2A takes a text for missing: PHP takes "0" for empty.
func blank(text string) bool { return text == "" || text == "0" }

// checkTitle checks the title of a category that is or will be below parent; self is its id, 0 for a new one.
func (e *treeEdit) checkTitle(check *checks, name string, parent, self int, title string) {
	switch {
	case blank(title):
		check.add(name, problem.FieldRequired)
		return
	case len([]rune(title)) > maxCategoryTitle:
		check.add(name, problem.FieldTooLong, maxCategoryTitle)
		return
	}
	for _, c := range e.tree.siblings(parent) {
		if c.id != self && words.Lower(c.title) == words.Lower(title) {
			check.add(name, fieldCategoryTaken)
		}
	}
}

// checkSlug is like checkTitle, for the slug. Whether another category has it is for the database to say,
// which compares as the old site's queries and keys do.
func (e *treeEdit) checkSlug(check *checks, name string, parent, self int, slug string) error {
	switch {
	case blank(slug):
		check.add(name, problem.FieldRequired)
		return nil
	case len([]rune(slug)) > maxCategorySlug:
		check.add(name, problem.FieldTooLong, maxCategorySlug)
		return nil
	case strings.ContainsAny(slug, "+/"):
		check.add(name, problem.FieldBadCharacters, "+ /")
		return nil
	case parent == 0 && site.SlugReserved(slug):
		check.add(name, site.FieldSlugReserved)
		return nil
	}
	query, args := "SELECT categoryid FROM {categories} WHERE parentid IS NULL AND tags = ? AND categoryid <> ?",
		[]any{slug, self}
	if parent != 0 {
		query, args = "SELECT categoryid FROM {categories} WHERE parentid = ? AND tags = ? AND categoryid <> ?",
			[]any{parent, slug, self}
	}
	var id int
	taken, err := e.Tx.Get(e.Ctx, []any{&id}, query, args...)
	if err != nil {
		return fmt.Errorf("look for a category: %w", err)
	}
	if taken {
		check.add(name, fieldCategoryTaken)
		return nil
	}
	if parent != 0 {
		return nil
	}
	if taken, err = e.Tx.Get(e.Ctx, []any{&id}, "SELECT pageid FROM {pages} WHERE tags = ?", slug); err != nil {
		return fmt.Errorf("look for a page: %w", err)
	}
	if taken {
		check.add(name, site.FieldSlugOfPage)
	}
	return nil
}

// checkParent checks that a category with the given levels below it can be put below parent, 0 for the top.
func (e *treeEdit) checkParent(check *checks, name string, parent, levels int) error {
	if parent == 0 {
		return nil
	}
	p := e.tree.byID[parent]
	switch {
	case p == nil:
		check.add(name, problem.FieldNoCategory)
		return nil
	case len(e.tree.pathTo(p))+1+levels > maxDepth:
		check.add(name, fieldTooDeep, maxDepth)
	case e.tree.lastPosition(parent) >= maxSiblings:
		check.add(name, problem.FieldTooMany, maxSiblings)
	}
	return e.stays(parent)
}

// checkDescription returns the description as it is stored.
func checkDescription(check *checks, text string) string {
	text = formtext.Block(text)
	check.length("description", text, 0, maxCategoryDescription)
	return text
}
