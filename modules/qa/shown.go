package qa

import (
	"slices"

	"38qa.net/backend/modules/site"
)

// shown turns a loaded thread into answers of the API, with what the caller asked to include.
type shown struct {
	m       *Module
	o       *site.Options
	t       *loaded
	include []string
}

func (s shown) has(what string) bool { return slices.Contains(s.include, what) }

// base is the common part of a post, with permissions if asked for.
func (s shown) base(p *post) PostBase {
	b := s.m.base(s.o, p)
	if s.has("permissions") {
		can := s.t.rules[p.id].public()
		b.Can = &can
	}
	return b
}

func (s shown) question(tree *categoryTree) Question {
	q := s.t.question
	out := Question{QuestionItem: s.m.item(s.o, tree, q), Text: s.m.text(s.o, q)}
	out.PostBase = s.base(q)
	if s.o.Bool("extra_field_active") && s.o.Bool("extra_field_display") {
		out.Extra = s.m.blockedWords(s.o).Censor(q.extra)
	}
	if s.t.follows != nil {
		ref := s.m.ref(s.o, s.t.follows, s.t.origin)
		out.Follows = &ref
	}
	if c := s.t.closing; c != nil {
		out.Closure = &Closure{}
		if c.kind == "Q" {
			ref := s.m.ref(s.o, c, c)
			out.Closure.DuplicateOf = &ref
		} else {
			note := s.m.text(s.o, c)
			out.Closure.Note = &note
		}
	}
	for _, d := range s.t.duplicates {
		out.Duplicates = append(out.Duplicates, s.m.ref(s.o, d, d))
	}
	if s.has("answers") {
		out.Answers = s.answers()
	}
	if s.has("comments") {
		out.Comments = s.comments(q)
	}
	return out
}

func (s shown) answers() []Answer {
	answers := make([]Answer, len(s.t.answers))
	for i, a := range s.t.answers {
		answers[i] = s.answer(a)
	}
	return answers
}

func (s shown) answer(p *post) Answer {
	a := Answer{PostBase: s.base(p), Text: s.m.text(s.o, p), QuestionID: s.t.question.id, Selected: p.id == s.t.question.selectedID}
	if s.has("comments") {
		a.Comments = s.comments(p)
	}
	for _, f := range s.t.comments {
		if f.kind == "Q" && f.parentID == p.id {
			a.FollowUps = append(a.FollowUps, s.m.ref(s.o, f, f))
		}
	}
	return a
}

// comments are those right below a post, the oldest first.
func (s shown) comments(parent *post) []Comment {
	var comments []Comment
	for _, c := range s.t.comments {
		if c.kind == "C" && c.parentID == parent.id {
			comments = append(comments, s.comment(c))
		}
	}
	return comments
}

func (s shown) comment(p *post) Comment {
	c := Comment{PostBase: s.base(p), Text: s.m.text(s.o, p), ParentID: p.parentID, QuestionID: s.t.question.id, ParentType: "answer"}
	if p.parentID == s.t.question.id {
		c.ParentType = "question"
	}
	return c
}

// ref points to a post of a question.
func (m *Module) ref(o *site.Options, p, question *post) PostRef {
	ref := PostRef{ID: p.id, Type: typeNames[p.kind], QuestionID: question.id, Title: m.shown(o, question.title).title,
		Path: m.path(o, question.id, question.title)}
	switch p.kind {
	case "A", "C": // as Q2A links to a part of a page
		ref.Path += "?show=" + itoa(p.id) + "#" + map[string]string{"A": "a", "C": "c"}[p.kind] + itoa(p.id)
	}
	return ref
}
