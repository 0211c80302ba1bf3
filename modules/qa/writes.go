package qa

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/cespare/xxhash/v2"
	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
)

// createdQuestion, createdAnswer and createdComment are the responses to requests that create a post.
type createdQuestion struct {
	Status   int
	Location string        `header:"Location"`
	Cookie   []http.Cookie `header:"Set-Cookie"`
	ETag     string        `header:"ETag"`
	Body     question
}

type createdAnswer struct {
	Status   int
	Location string        `header:"Location"`
	Cookie   []http.Cookie `header:"Set-Cookie"`
	ETag     string        `header:"ETag"`
	Body     answer
}

type createdComment struct {
	Status   int
	Location string        `header:"Location"`
	Cookie   []http.Cookie `header:"Set-Cookie"`
	ETag     string        `header:"ETag"`
	Body     comment
}

// postID is the input of the writes that take only the id of a post.
type postID struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
}

// moveInput and retagInput are the inputs of the operations that change only a question's category or
// only its tags.
type moveInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the question"`
	Body struct {
		CategoryID int  `json:"categoryId" minimum:"0" maximum:"4294967295" doc:"0 takes it out of its category"`
		Silent     bool `json:"silent,omitempty" doc:"Leaves no trace of the edit, for those who may do that"`
	}
}

type retagInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the question"`
	Body struct {
		Tags   []string `json:"tags" nullable:"false" maxItems:"100" maxLength:"800"`
		Silent bool     `json:"silent,omitempty" doc:"Leaves no trace of the edit, for those who may do that"`
	}
}

// registerWrites adds the operations that change posts.
func (m *Module) registerWrites(api huma.API) {
	op := func(id, method, path, summary, description string) huma.Operation {
		o := huma.Operation{
			OperationID: id, Method: method, Path: "/v1/" + path, Summary: summary, Description: description,
			Tags: []string{"Writing"},
			Errors: []int{
				http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed,
			},
		}
		if method == http.MethodPost {
			o.DefaultStatus = http.StatusCreated
		}
		return o
	}
	web.Register(api,
		op("ask", http.MethodPost, "questions", "Ask a question",
			"Where new posts have to be approved, the answer's state is queued."),
		m.ask,
	)
	web.Register(api,
		op("answer", http.MethodPost, "questions/{id}/answers", "Answer a question", ""),
		m.answer,
	)
	web.Register(api,
		op("comment", http.MethodPost, "posts/{id}/comments", "Comment on a question or an answer", ""),
		m.comment,
	)
	web.Register(api,
		op("edit-question", http.MethodPatch, "questions/{id}", "Edit a question",
			"Only what is sent changes."),
		m.editQuestion,
	)
	web.Register(api, op("edit-answer", http.MethodPatch, "answers/{id}", "Edit an answer", ""), m.editAnswer)
	web.Register(api,
		op("edit-comment", http.MethodPatch, "comments/{id}", "Edit a comment", ""),
		m.editComment,
	)
	convert := op("turn-into-comment", http.MethodPost, "answers/{id}/comment",
		"Turn an answer into a comment",
		"On the question, or on another answer to it. What stands below it moves along.")
	convert.DefaultStatus = http.StatusOK
	web.Register(api, convert, m.convert)
	web.Register(api,
		op("move-question", http.MethodPut, "questions/{id}/category",
			"Move a question to another category", ""),
		func(ctx context.Context, in *moveInput) (*threadOutput, error) {
			edit := &editQuestionInput{ID: in.ID}
			edit.Body.CategoryID, edit.Body.Silent = &in.Body.CategoryID, in.Body.Silent
			return m.editQuestion(ctx, edit)
		},
	)
	web.Register(api,
		op("retag-question", http.MethodPut, "questions/{id}/tags", "Change a question's tags", ""),
		func(ctx context.Context, in *retagInput) (*threadOutput, error) {
			edit := &editQuestionInput{ID: in.ID}
			edit.Body.Tags, edit.Body.Silent = &in.Body.Tags, in.Body.Silent
			return m.editQuestion(ctx, edit)
		},
	)
	web.Register(api,
		op("select-answer", http.MethodPut, "questions/{id}/selected-answer", "Choose the best answer", ""),
		func(ctx context.Context, in *selectInput) (*threadOutput, error) {
			return m.selectAnswer(ctx, in.ID, in.Body.AnswerID)
		},
	)
	web.Register(api,
		op("unselect-answer", http.MethodDelete, "questions/{id}/selected-answer",
			"Take the choice of the best answer back", ""),
		func(ctx context.Context, in *postID) (*threadOutput, error) {
			return m.selectAnswer(ctx, in.ID, 0)
		},
	)
	web.Register(api,
		op("close-question", http.MethodPut, "questions/{id}/closure", "Close a question",
			"As a duplicate of another, or with a note that says why."),
		m.closeQuestion,
	)
	web.Register(api,
		op("reopen-question", http.MethodDelete, "questions/{id}/closure",
			"Open a closed question again", ""),
		func(ctx context.Context, in *postID) (*threadOutput, error) {
			return m.reopen(ctx, in.ID)
		},
	)
	m.registerVotes(api, op)
}

// registerVotes adds the operations that work on any kind of post, votes among them.
func (m *Module) registerVotes(
	api huma.API, op func(id, method, path, summary, description string) huma.Operation,
) {
	web.Register(api,
		op("vote", http.MethodPut, "posts/{id}/vote", "Vote on a post",
			"Another vote takes the place of the caller's earlier one; the same vote again changes nothing."),
		func(ctx context.Context, in *voteInput) (*voteOutput, error) {
			return m.setVote(ctx, in.ID, in.Body.Value)
		},
	)
	web.Register(api,
		op("take-back-vote", http.MethodDelete, "posts/{id}/vote", "Take one's vote back", ""),
		func(ctx context.Context, in *postID) (*voteOutput, error) {
			return m.setVote(ctx, in.ID, 0)
		},
	)
	web.Register(api,
		op("flag", http.MethodPut, "posts/{id}/flag", "Flag a post for the moderators",
			"A post that enough people flagged is hidden."),
		func(ctx context.Context, in *postID) (*stateOutput, error) {
			return m.setFlag(ctx, in.ID, true)
		},
	)
	web.Register(api,
		op("unflag", http.MethodDelete, "posts/{id}/flag", "Take one's flag back", ""),
		func(ctx context.Context, in *postID) (*stateOutput, error) {
			return m.setFlag(ctx, in.ID, false)
		},
	)
	web.Register(api,
		op("clear-flags", http.MethodDelete, "posts/{id}/flags", "Take all flags off a post", ""),
		func(ctx context.Context, in *postID) (*stateOutput, error) {
			return m.clearFlags(ctx, in.ID)
		},
	)
	web.Register(api,
		op("set-visibility", http.MethodPut, "posts/{id}/visibility", "Hide a post, or show it again", ""),
		m.setVisibility,
	)
	web.Register(api,
		op("set-approval", http.MethodPut, "posts/{id}/approval",
			"Approve or reject a post that waits for it", ""),
		m.setApproval,
	)
	web.Register(api,
		op("claim", http.MethodPut, "posts/{id}/owner", "Claim a post that one wrote before signing in",
			"From the browser whose cookie (qa_id) the post was written with."),
		func(ctx context.Context, in *postID) (*stateOutput, error) {
			return m.claim(ctx, in.ID)
		},
	)
	for path, kind := range map[string]string{"questions": "Q", "answers": "A", "comments": "C"} {
		web.Register(api,
			op("delete-"+typeNames[kind], http.MethodDelete, path+"/{id}",
				"Delete a hidden "+typeNames[kind]+" for good", "Only a hidden one that nothing stands below."),
			func(ctx context.Context, in *postID) (*struct{}, error) {
				return m.deletePost(ctx, in.ID, kind)
			},
		)
	}
}

// questionAt returns the question as it is now, for the response to a write. Unlike a read, it does not
// count a view. answerAt and commentAt do the same for answers and comments.
func (m *Module) questionAt(ctx context.Context, id int) (*threadOutput, error) {
	o, t, err := m.open(ctx, id, nil)
	if err != nil {
		return nil, err
	}
	tree, err := m.tree(ctx)
	if err != nil {
		return nil, err
	}
	return &threadOutput{
		ETag: web.RevisionTag(t.question.revision()), Body: shown{m, o, t, nil}.question(tree),
	}, nil
}

func (m *Module) answerAt(ctx context.Context, id int) (*answerOutput, error) {
	return m.getAnswer(ctx, &postInput{ID: id})
}

func (m *Module) commentAt(ctx context.Context, id int) (*commentOutput, error) {
	return m.getComment(ctx, &postInput{ID: id})
}

// revision returns a hash of the fields that edits, moves and decisions about a post change. Votes and
// views do not change it.
func (p *post) revision() string {
	const format = "%d\x00%s\x00%d\x00%d\x00%d\x00%d\x00%d\x00%d\x00%s\x00%d\x00%s\x00%s\x00%s\x00%s\x00%s"
	fields := fmt.Sprintf(format, p.id, p.typeName(), p.parentID, p.categoryID,
		p.selectedID, p.closedByID, p.userID, p.updated, p.updateType, p.created,
		p.title, p.content, p.format, p.tags, p.name)
	return strconv.FormatUint(xxhash.Sum64String(fields), 36)
}

// cookie returns the cookie by which an anonymous author is recognised later, and nil for users.
func (m *Module) cookie(c auth.Caller) []http.Cookie {
	if !c.Anonymous() || c.CookieID == "" {
		return nil
	}
	return []http.Cookie{auth.VisitorCookie(c, c.CookieID)}
}
