package qa

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Suspicion is what is suspicious about a post or an account, for moderators.
type Suspicion struct {
	Service string    `json:"service" enum:"akismet,stopforumspam" doc:"Which service was asked"`
	Verdict string    `json:"verdict" enum:"spam,blatant,listed" doc:"The service takes it for spam, is quite sure of it, or has the sender on its list"`
	Reason  string    `json:"reason" enum:"content,ip,email,ip-and-email,registration" doc:"What the verdict is about: the content of the post, what the account was registered with, or, of a post, the registration of its author"`
	At      time.Time `json:"at" doc:"When the service was asked"`
}

// ReviewLock says who is looking at a post or an account, so that no two moderators decide about the same one.
type ReviewLock struct {
	By    auth.Author `json:"by" doc:"The moderator who looks at it"`
	Until time.Time   `json:"until" doc:"When the lock ends unless the moderator renews it"`
}

// Review is what moderators see of a post or an account beside the thing itself. The zero Review has nothing
// to show.
type Review struct {
	Suspicion  *Suspicion  `json:"suspicion,omitempty" doc:"Why it was held back, if a service found it suspicious; told to moderators only"`
	ReviewedBy *ReviewLock `json:"reviewedBy,omitempty" doc:"Who is looking at it now; told to moderators only"`
}

// MayReview returns nil if the caller may approve, hide or delete the post with the id, and so may see what
// moderators note about it. Otherwise it returns the problem.
func (m *Module) MayReview(ctx context.Context, id int) error {
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	caller := auth.CallerOf(ctx)
	if err := mayModerate(o, caller, moderationPermissions); err != nil {
		return err
	}
	_, t, p, err := m.findPost(ctx, id, anyKind, nil)
	if err != nil {
		return err
	}
	if err := seen(o, caller, t, p); err != nil {
		return err
	}
	return mayDecide(o, caller, p)
}

// mayDecide returns nil if the caller may approve, hide or delete posts in the category of the post, and
// otherwise the problem.
func mayDecide(o *site.Options, c auth.Caller, p *post) error {
	level := c.LevelIn(p.categoryPath...)
	if !slices.ContainsFunc(moderationPermissions, func(key option.Key) bool {
		return auth.Permit(o, c, key, level) == auth.Permitted
	}) {
		return problem.New(auth.CodePermissionLevel)
	}
	return nil
}

// addReviews sets the reviews of the posts in a list for moderators.
func (m *Module) addReviews(ctx context.Context, items []ActivityItem) error {
	if m.screening == nil || len(items) == 0 {
		return nil
	}
	ids := make([]int, len(items))
	for i := range items {
		ids[i] = items[i].Post.ID
	}
	reviews, err := m.screening.Reviews(ctx, ids)
	if err != nil {
		return fmt.Errorf("read reviews of posts: %w", err)
	}
	for i := range items {
		items[i].Review = reviews[items[i].Post.ID]
	}
	return nil
}

// isProblem reports whether the error is a problem, and not a failure.
func isProblem(err error) bool {
	var p *problem.Error
	return errors.As(err, &p)
}
