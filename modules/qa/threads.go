package qa

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

type threadInput struct {
	ID      int      `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the question"`
	Include []string `query:"include" enum:"answers,comments,related,permissions" doc:"What to give beside the question, separated by commas"`
	Answers int      `query:"answerLimit" minimum:"1" maximum:"100" doc:"How many answers come with include=answers, if not all; answersCursor leads to the others"`
}

type threadOutput struct {
	ETag string `header:"ETag"`
	Body question
}

type postInput struct {
	ID      int      `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	Include []string `query:"include" enum:"comments,permissions" doc:"What to give beside the post, separated by commas"`
}

type answerOutput struct {
	ETag string `header:"ETag"`
	Body answer
}

type commentOutput struct {
	ETag string `header:"ETag"`
	Body comment
}

type commentsOutput struct{ Body web.List[comment] }

type postRefOutput struct{ Body postRef }

type postRefsOutput struct{ Body web.List[postRef] }

func (m *Module) registerThreads(api huma.API) {
	operation := func(id, path, summary, description string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Description: description,
			Tags: []string{"Questions"}, Errors: []int{http.StatusForbidden, http.StatusNotFound},
		}
	}
	web.Register(api, operation("get-question", "/v1/questions/{id}",
		"A question, with its thread if asked for",
		"With include=answers,comments the whole thread. A view is counted as the old site counts it: of "+
			"browsers, from another address than the last view, and not the author's own."), m.getQuestion)
	web.Register(api,
		operation("list-answers", "/v1/questions/{id}/answers", "The answers to a question", ""),
		m.listAnswers,
	)
	web.Register(api, operation("list-follow-ups", "/v1/questions/{id}/follow-ups",
		"Questions that follow from the answers to a question",
		"Those of answers that became comments on the question are among them: they follow from the "+
			"question itself."), m.listFollowUps)
	web.Register(api, operation("get-answer", "/v1/answers/{id}", "An answer", ""), m.getAnswer)
	web.Register(api, operation("get-comment", "/v1/comments/{id}", "A comment", ""), m.getComment)
	web.Register(api,
		operation("get-post", "/v1/posts/{id}", "What a post is and where it lives",
			"For any id of a question, an answer or a comment."),
		m.getPost,
	)
	web.Register(api,
		operation("list-comments", "/v1/posts/{id}/comments",
			"The comments on a question or an answer, the oldest first", ""),
		m.listComments,
	)
}

func (m *Module) getQuestion(ctx context.Context, in *threadInput) (*threadOutput, error) {
	o, t, err := m.open(ctx, in.ID, in.Include)
	if err != nil {
		return nil, err
	}
	tree, err := m.tree(ctx)
	if err != nil {
		return nil, err
	}
	var more string
	if in.Answers > 0 && slices.Contains(in.Include, "answers") {
		t.answers, more = pageOfAnswers(t.answers, 0, in.Answers, "")
	}
	show := m.show(ctx, o, t, in.Include)
	out := &threadOutput{ETag: web.RevisionTag(t.question.revision()), Body: show.question(tree)}
	out.Body.AnswersCursor = more
	if slices.Contains(in.Include, "related") {
		related, err := m.related(ctx, o, in.ID, o.Int(option.PageSizeRelatedQs))
		if err != nil {
			return nil, err
		}
		for _, r := range related {
			out.Body.Related = append(out.Body.Related, m.item(o, tree, r.post))
		}
	}
	if err := m.countView(ctx, o, t.question); err != nil {
		return nil, err
	}
	return out, nil
}

func (m *Module) listFollowUps(ctx context.Context, in *postInput) (*postRefsOutput, error) {
	o, t, err := m.open(ctx, in.ID, in.Include)
	if err != nil {
		return nil, err
	}
	out := &postRefsOutput{Body: web.List[postRef]{Items: []postRef{}}}
	for _, p := range t.comments { // sorted by time, whichever post they follow from
		if t.isFollowUp(p) {
			out.Body.Items = append(out.Body.Items, m.ref(o, p, p))
		}
	}
	total := len(out.Body.Items)
	out.Body.Total = &total
	return out, nil
}

func (m *Module) getAnswer(ctx context.Context, in *postInput) (*answerOutput, error) {
	o, t, p, err := m.openPost(ctx, in.ID, onlyAnswers, in.Include)
	if err != nil {
		return nil, err
	}
	return m.show(ctx, o, t, in.Include).answerOutput(p), nil
}

func (m *Module) getComment(ctx context.Context, in *postInput) (*commentOutput, error) {
	o, t, p, err := m.openPost(ctx, in.ID, onlyComments, in.Include)
	if err != nil {
		return nil, err
	}
	return m.show(ctx, o, t, in.Include).commentOutput(p), nil
}

func (m *Module) getPost(ctx context.Context, in *struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
}) (*postRefOutput, error) {
	o, t, p, err := m.openPost(ctx, in.ID, anyKind, nil)
	if err != nil {
		return nil, err
	}
	return &postRefOutput{Body: m.ref(o, p, t.question)}, nil
}

func (m *Module) listComments(ctx context.Context, in *postInput) (*commentsOutput, error) {
	o, t, p, err := m.openPost(ctx, in.ID, questionsAndAnswers, in.Include)
	if err != nil {
		return nil, err
	}
	comments := m.show(ctx, o, t, append(in.Include, "comments")).comments(p)
	total := len(comments)
	return &commentsOutput{
		Body: web.List[comment]{Items: append([]comment{}, comments...), Total: &total},
	}, nil
}
