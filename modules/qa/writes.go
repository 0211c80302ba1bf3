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
	auth.VisitorHeaders

	Status   int
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     question
}

type createdAnswer struct {
	auth.VisitorHeaders

	Status   int
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     answer
}

type createdComment struct {
	auth.VisitorHeaders

	Status   int
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     comment
}

// postID is the input of the writes that take only the id of a post.
type postID struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
}

// registerWrites adds the operations that change posts.
func (m *Module) registerWrites(api huma.API) {
	m.registerAsk(api)
	m.registerReplies(api)
	m.registerEdits(api)
	m.registerConvert(api)
	m.registerSelect(api)
	m.registerClose(api)
	m.registerVote(api)
	m.registerFlag(api)
	m.registerVisibility(api)
	m.registerClaim(api)
	m.registerDeletion(api)
}

// writeOperation returns the description of an operation that changes posts, below /v1/.
func writeOperation(id, method, path, summary, description string) huma.Operation {
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

// questionAt returns the question as it is now, for the response to a write. Unlike a read, it does not
// count a view, and it returns the question also to callers who may not see it any more: an edit that
// has to be approved hides what was edited, also from editors who do not moderate. They are told what
// became of it. answerAt and commentAt do the same for answers and comments.
func (m *Module) questionAt(ctx context.Context, id int) (*threadOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	t, err := m.load(ctx, o, id, false)
	if err != nil {
		return nil, err
	}
	if err := m.illustrateThread(ctx, o, t); err != nil {
		return nil, err
	}
	tree, err := m.tree(ctx)
	if err != nil {
		return nil, err
	}
	return &threadOutput{
		ETag: web.RevisionTag(t.question.revision()), Body: m.show(ctx, o, t, nil).question(tree),
	}, nil
}

func (m *Module) answerAt(ctx context.Context, id int) (*answerOutput, error) {
	o, t, p, err := m.findPost(ctx, id, onlyAnswers, nil)
	if err != nil {
		return nil, err
	}
	if err := m.illustrateThread(ctx, o, t); err != nil {
		return nil, err
	}
	return m.show(ctx, o, t, nil).answerOutput(p), nil
}

func (m *Module) commentAt(ctx context.Context, id int) (*commentOutput, error) {
	o, t, p, err := m.findPost(ctx, id, onlyComments, nil)
	if err != nil {
		return nil, err
	}
	if err := m.illustrateThread(ctx, o, t); err != nil {
		return nil, err
	}
	return m.show(ctx, o, t, nil).commentOutput(p), nil
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
