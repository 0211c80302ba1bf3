package qa

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
)

// postActions are what can be done with many posts in one request. Each is the use case of an operation for a
// single post.
var postActions = map[string]func(*change, *post) error{
	"approve": (*change).approve, "reject": (*change).reject,
	"hide": (*change).hide, "reshow": (*change).show,
	"clear-flags": (*change).clearFlags, "delete": (*change).deleteForGood,
}

type moderatePostsInput struct {
	Body struct {
		Action string `json:"action" enum:"approve,reject,hide,reshow,clear-flags,delete" doc:"What is to be done with each post; delete is for good, and only of hidden ones that nothing stands below"`
		IDs    []int  `json:"ids" minItems:"1" maxItems:"100" uniqueItems:"true" minimum:"1" maximum:"4294967295" doc:"Ids of the posts, of any types, in the order in which they are dealt with"`
	}
}

// PostOutcome is what has become of one of the posts of a request.
type PostOutcome struct {
	ID        int          `json:"id" doc:"Id of the post"`
	Done      bool         `json:"done" doc:"Whether the post is now as was asked for"`
	State     string       `json:"state,omitempty" enum:"visible,hidden,queued" doc:"Who can see the post now; absent for posts that are deleted, or with which nothing was done"`
	FlagCount *int         `json:"flagCount,omitempty" doc:"How many flags it has now; absent like state"`
	Problem   *web.Problem `json:"problem,omitempty" doc:"Why it was not done: the problem with which the operation for this post alone would have been refused"`
}

type moderatePostsOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         web.List[PostOutcome]
}

// registerModeratePosts adds the operation for many posts.
func (m *Module) registerModeratePosts(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "moderate-posts", Method: http.MethodPost, Path: "/v1/admin/posts/actions",
		Tags: []string{"Moderation"}, Summary: "Approve, reject, hide, show again or delete up to 100 posts",
		Description: "Each post is dealt with as by the operation for it alone, by its own rules and in a transaction " +
			"of its own; the items say what became of each, in the order of the request. A post that is refused " +
			"does not keep the others from being done. With an Idempotency-Key the request can be sent again after " +
			"it was cut off: what was done then is not done again. For those whom the site's options let approve, " +
			"hide or delete posts, all over or in some category; others get 403.",
		Errors: []int{http.StatusForbidden, http.StatusConflict},
	}, m.moderatePosts)
}

func (m *Module) moderatePosts(ctx context.Context, in *moderatePostsInput) (*moderatePostsOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	if err := mayModerate(o, auth.CallerOf(ctx), moderationPermissions); err != nil {
		return nil, err
	}
	out := &moderatePostsOutput{}
	out.Body.Items, out.CacheControl, err = web.Parts(ctx, m.db, in.Body.IDs,
		func(ctx context.Context, id int) (PostOutcome, error) {
			return m.moderatePost(ctx, id, postActions[in.Body.Action])
		}, func(id int, p *web.Problem) PostOutcome { return PostOutcome{ID: id, Problem: p} })
	return out, err
}

// moderatePost runs a use case on one of the posts of a request.
func (m *Module) moderatePost(
	ctx context.Context, id int, use func(*change, *post) error,
) (PostOutcome, error) {
	out := PostOutcome{ID: id, Done: true}
	ran := false
	_, err := m.change(ctx, id, anyKind, wholeThread, func(c *change, p *post) (int, error) {
		ran = true
		err := use(c, p)
		out.show(p, len(c.removed) > 0)
		return 0, err
	})
	if err == nil && !ran { // it was done when the request was sent before
		err = m.showPost(ctx, id, &out)
	}
	return out, err
}

// show sets the state of the post in the outcome, unless the post was deleted.
func (out *PostOutcome) show(p *post, deleted bool) {
	out.State, out.FlagCount = "", nil
	if !deleted {
		r := p.stateResult()
		out.State, out.FlagCount = r.State, &r.FlagCount
	}
}

// showPost sets the state of the post as it is now, if it is still there.
func (m *Module) showPost(ctx context.Context, id int, out *PostOutcome) error {
	p, kind := &post{}, ""
	found, err := m.db.Get(ctx, []any{&kind, &p.flags},
		"SELECT type, flagcount FROM {posts} WHERE postid = ?", id)
	if err != nil {
		return fmt.Errorf("read the state of a post: %w", err)
	}
	p.hidden, p.queued = strings.HasSuffix(kind, "_HIDDEN"), strings.HasSuffix(kind, "_QUEUED")
	out.show(p, !found)
	return nil
}
