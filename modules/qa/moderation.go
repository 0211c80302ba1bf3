package qa

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

type moderationInput struct {
	Limit    int    `query:"limit" minimum:"1" maximum:"50" default:"50" doc:"How many items of each type"`
	Type     string `query:"type" enum:"question,answer,comment" doc:"Only posts of this type"`
	Author   string `query:"author" maxLength:"80" doc:"Only posts of the user with this handle"`
	Category string `query:"category" maxLength:"900" doc:"Id or path of slugs; categories below are included"`
}

// moderationLists are the lists for moderators, with the options that say who may see them. One of these
// must permit the caller, generally or in some category.
var moderationLists = map[string][]option.Key{
	"queue":   {option.PermitModerate},
	"flagged": {option.PermitHideShow},
	"hidden":  {option.PermitHideShow, option.PermitDeleteHidden},
}

// moderationPermissions are the options that say who decides about posts of others. Whoever has one of them,
// generally or in some category, may use what is there for moderators.
var moderationPermissions = []option.Key{
	option.PermitModerate, option.PermitHideShow, option.PermitDeleteHidden,
}

// moderationOperationIDs are the ids of the operations, by the name of the list.
var moderationOperationIDs = map[string]string{
	"queue": "list-queued-posts", "flagged": "list-flagged-posts", "hidden": "list-hidden-posts",
}

func (m *Module) registerModeration(api huma.API) {
	for name, summary := range map[string]string{
		"queue":   "Posts waiting for approval, the newest first",
		"flagged": "Flagged posts, those with most flags first",
		"hidden":  "Hidden posts, the newest first",
	} {
		web.Register(api, huma.Operation{
			OperationID: moderationOperationIDs[name], Method: http.MethodGet, Path: "/v1/moderation/" + name,
			Tags: []string{"Moderation"}, Summary: summary,
			Description: "For those whom the site's options let moderate, all over or in their categories; " +
				"others get 403.",
			Errors: []int{http.StatusForbidden, http.StatusNotFound},
		}, func(ctx context.Context, in *moderationInput) (*activityOutput, error) {
			return m.listModeration(ctx, name, in)
		})
	}
}

func (m *Module) listModeration(
	ctx context.Context, name string, in *moderationInput,
) (*activityOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	if err := mayModerate(o, caller, moderationLists[name]); err != nil {
		return nil, err
	}
	tree, err := m.tree(ctx)
	if err != nil {
		return nil, err
	}
	f, err := m.moderationFilter(ctx, tree, in)
	if err != nil {
		return nil, err
	}
	events, err := m.moderationEvents(ctx, name, in, f)
	if err != nil {
		return nil, err
	}
	out := &activityOutput{Body: web.List[ActivityItem]{Items: []ActivityItem{}}}
	for i := range events {
		e := &events[i]
		level := caller.LevelIn(e.question.categoryPath...)
		if !slices.ContainsFunc(moderationLists[name], func(permission option.Key) bool {
			return auth.Permit(o, caller, permission, level) == auth.Permitted
		}) {
			continue // the caller does not moderate in this category
		}
		p := &post{
			kind: e.kind, hidden: name == "hidden", queued: name == "queue",
			userID: e.userID, categoryPath: e.question.categoryPath,
		}
		if !mayView(o, caller, e.question) || !mayView(o, caller, p) {
			// The caller may not open the post or its question: those who may only hide posts, for
			// example, may not open queued ones.
			continue
		}
		item := m.activityItem(o, tree, e)
		text := m.text(o, &post{format: e.format, content: e.content})
		item.Excerpt = &text
		item.Flags = e.flags
		out.Body.Items = append(out.Body.Items, item)
	}
	return out, m.addReviews(ctx, out.Body.Items)
}

// mayModerate returns nil if one of the permissions suffices for the caller, at the highest level that the
// caller has generally or in any category. Otherwise it returns the problem.
func mayModerate(o *site.Options, c auth.Caller, permissions []option.Key) error {
	var reason auth.Reason
	for _, permission := range permissions {
		if reason = auth.Permit(o, c, permission, c.MaximumLevel()); reason == auth.Permitted {
			return nil
		}
	}
	return reason.Problem()
}

// moderationFilter is a condition on the posts p of a list, with its arguments.
type moderationFilter struct {
	where string
	args  []any
}

// moderationFilter returns the condition that the parameters author and category ask for.
func (m *Module) moderationFilter(
	ctx context.Context, tree *categoryTree, in *moderationInput,
) (f moderationFilter, err error) {
	c, err := categoryParam(tree, in.Category)
	if err != nil {
		return f, err
	}
	if c != nil {
		f.where, f.args = " AND "+c.condition(), append(f.args, c.id)
	}
	if in.Author == "" {
		return f, nil
	}
	account, err := m.auth.AccountByHandle(ctx, in.Author)
	if err != nil {
		return f, err
	}
	f.where, f.args = f.where+" AND p.userid = ?", append(f.args, account.ID)
	return f, nil
}

// moderationEvents reads one of the lists. Posts of all types come together: flagged ones sorted by
// their number of flags, others by time, the newest first.
func (m *Module) moderationEvents(
	ctx context.Context, name string, in *moderationInput, f moderationFilter,
) ([]event, error) {
	letters := map[string]string{"question": "Q", "answer": "A", "comment": "C"}
	if name == "flagged" {
		types := []string{"Q", "A", "C"}
		if in.Type != "" {
			types = []string{letters[in.Type]}
		}
		events, err := m.events(ctx, eventQuery{
			ids: `SELECT p.postid
				FROM {posts} p
				WHERE p.flagcount > 0 AND p.type IN ?` + f.where + `
				ORDER BY p.flagcount DESC, p.created DESC, p.postid DESC
				LIMIT ?`,
			args: append(append([]any{types}, f.args...), in.Limit),
		})
		slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(b.flags, a.flags) })
		return events, err
	}
	state := map[string]string{"queue": "_QUEUED", "hidden": "_HIDDEN"}[name]
	var all []event
	for _, kind := range []string{"question", "answer", "comment"} {
		if in.Type != "" && in.Type != kind {
			continue
		}
		events, err := m.events(ctx, eventQuery{
			ids: `SELECT p.postid
				FROM {posts} p
				WHERE p.type = ?` + f.where + `
				ORDER BY p.created DESC, p.postid DESC
				LIMIT ?`,
			args: append(append([]any{letters[kind] + state}, f.args...), in.Limit),
		})
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(b.time, a.time) })
	return all, nil
}
