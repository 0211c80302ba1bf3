package qa_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// modelCategory and modelPost are rows of a site without a database. 0 stands for NULL.
type (
	modelCategory struct {
		id, parent, questions, position int
		title, slug, content, backpath  string
	}
	modelPost struct {
		id, parent int
		kind       string
		place      [4]int // categoryid, catidpath1, catidpath2, catidpath3
	}
)

// model does with categories what Q2A's page of categories does, statement by statement, followed by Q2A's
// recalculation of categories. What this backend leaves has to be the same rows.
type model struct {
	categories map[int]*modelCategory
	posts      map[int]*modelPost
}

// readModel reads the rows of a site.
func readModel(t testing.TB, s *testsite.Site) *model {
	t.Helper()
	m := &model{map[int]*modelCategory{}, map[int]*modelPost{}}
	err := s.App.DB.Select(t.Context(), func(rows *sql.Rows) error {
		c := &modelCategory{}
		err := rows.Scan(&c.id, &c.parent, &c.title, &c.slug, &c.content, &c.questions, &c.position, &c.backpath)
		m.categories[c.id] = c
		return err
	}, "SELECT categoryid, COALESCE(parentid, 0), title, tags, content, qcount, position, backpath FROM {categories}")
	if err != nil {
		t.Fatal(err)
	}
	err = s.App.DB.Select(t.Context(), func(rows *sql.Rows) error {
		p := &modelPost{}
		err := rows.Scan(&p.id, &p.parent, &p.kind, &p.place[0], &p.place[1], &p.place[2], &p.place[3])
		m.posts[p.id] = p
		return err
	}, `SELECT postid, COALESCE(parentid, 0), type, COALESCE(categoryid, 0), COALESCE(catidpath1, 0),
		COALESCE(catidpath2, 0), COALESCE(catidpath3, 0) FROM {posts}`)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *model) siblings(parent int) []*modelCategory {
	var list []*modelCategory
	for _, c := range m.categories {
		if c.parent == parent {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b *modelCategory) int { return cmp.Compare(a.position, b.position) })
	return list
}

func (m *model) last(parent int) int {
	last := 0
	for _, c := range m.siblings(parent) {
		last = max(last, c.position)
	}
	return last
}

// setPosition moves a category among its siblings.
func (m *model) setPosition(id, to int) {
	c := m.categories[id]
	from, last := c.position, m.last(c.parent)
	if to == from {
		return
	}
	to = max(1, min(to, last))
	c.position = 1 + last
	for _, s := range m.siblings(c.parent) {
		switch {
		case to < from && to <= s.position && s.position <= from:
			s.position++
		case to >= from && from <= s.position && s.position <= to:
			s.position--
		}
	}
	c.position = to
}

func (m *model) setParent(id, parent int) {
	c := m.categories[id]
	if c.parent == parent {
		return
	}
	m.setPosition(id, m.last(c.parent))
	last := m.last(parent)
	c.parent, c.position = parent, 1+last
}

func (m *model) reassign(from, to int) {
	for _, p := range m.posts {
		if p.place[0] == from {
			p.place[0] = to
		}
	}
}

func (m *model) remove(id int) {
	c := m.categories[id]
	delete(m.categories, id)
	for _, s := range m.siblings(c.parent) {
		if s.position > c.position {
			s.position--
		}
	}
}

// recalculate computes the categories and paths of posts, and the counts and paths of categories.
func (m *model) recalculate() {
	question := func(p *modelPost) *modelPost {
		for range 2 {
			if p != nil && p.kind[0] != 'Q' {
				p = m.posts[p.parent]
			}
		}
		return p
	}
	for _, c := range m.categories {
		c.questions = 0
	}
	for _, p := range m.posts {
		p.place = [4]int{question(p).place[0]}
		path := []int{}
		for c := m.categories[p.place[0]]; c != nil; c = m.categories[c.parent] {
			path = append([]int{c.id}, path...)
		}
		copy(p.place[1:], path)
		for _, id := range path {
			if p.kind == "Q" {
				m.categories[id].questions++
			}
		}
	}
	for _, c := range m.categories {
		slugs := []string{}
		for up := c; up != nil; up = m.categories[up.parent] {
			slugs = append(slugs, up.slug)
		}
		c.backpath = strings.Join(slugs, "/")
	}
}

// String returns all rows in the order of their ids.
func (m *model) lines() (lines []string) {
	for _, c := range m.categories {
		lines = append(lines, fmt.Sprintf("category %3d %+v", c.id, *c))
	}
	for _, p := range m.posts {
		lines = append(lines, fmt.Sprintf("post %6d %+v", p.id, *p))
	}
	slices.Sort(lines)
	return lines
}

// differences returns what differs between the rows of two sites.
func (m *model) differences(other *model) (lines []string) {
	ours, theirs := m.lines(), other.lines()
	for _, line := range ours {
		if _, found := slices.BinarySearch(theirs, line); !found {
			lines = append(lines, "is "+line)
		}
	}
	for _, line := range theirs {
		if _, found := slices.BinarySearch(ours, line); !found {
			lines = append(lines, "should be "+line)
		}
	}
	return lines
}
