package qa

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// ModerationCounts says how much waits for those who moderate. A count is absent for callers who may not see
// the whole of its list, and where the site has no such list.
type ModerationCounts struct {
	Queued          *int `json:"queuedCount,omitempty" doc:"Posts that wait for approval"`
	Flagged         *int `json:"flaggedCount,omitempty" doc:"Flags of visible posts, as Question2Answer counts them; each flag of a post counts"`
	Hidden          *int `json:"hiddenCount,omitempty" doc:"Hidden posts"`
	UnapprovedUsers *int `json:"unapprovedUserCount,omitempty" doc:"Users who wait for approval"`
}

type queuesOutput struct{ Body ModerationCounts }

// registerQueues adds the operation that counts what waits for moderators.
func (m *Module) registerQueues(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "count-queues", Method: http.MethodGet, Path: "/v1/admin/queues",
		Tags: []string{"Moderation"}, Summary: "How much waits for those who moderate",
		Description: "For badges beside the lists of /v1/moderation. The counts are those that Question2Answer keeps " +
			"for its own menu, and are as current as options are. Who moderates in some categories only is told " +
			"none of what they may not see whole; who moderates nowhere gets 403.",
		Errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, _ *struct{}) (*queuesOutput, error) { return m.countQueues(ctx) })
}

func (m *Module) countQueues(ctx context.Context) (*queuesOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	if err := mayModerate(o, caller, moderationPermissions); err != nil {
		return nil, err
	}
	out := &queuesOutput{Body: cachedQueues(o, caller)}
	if !everywhere(o, caller, option.PermitHideShow) {
		return out, nil // hidden posts show to those who may hide posts
	}
	var hidden int
	if _, err := m.db.Get(ctx, []any{&hidden},
		"SELECT COUNT(*) FROM {posts} WHERE type IN ('Q_HIDDEN', 'A_HIDDEN', 'C_HIDDEN')"); err != nil {
		return nil, fmt.Errorf("count hidden posts: %w", err)
	}
	out.Body.Hidden = &hidden
	return out, nil
}

// everywhere reports whether the option permits the caller something in all categories.
func everywhere(o *site.Options, c auth.Caller, key option.Key) bool {
	return auth.Permit(o, c, key, c.Level) == auth.Permitted
}

// cachedQueues returns the counts that Q2A keeps in its options, of the lists that the caller may see whole.
func cachedQueues(o *site.Options, c auth.Caller) ModerationCounts {
	count := func(key option.Key, shown bool) *int {
		if !shown {
			return nil
		}
		n := max(0, o.Int(key))
		return &n
	}
	return ModerationCounts{
		Queued: count(option.CacheQueuedcount, everywhere(o, c, option.PermitModerate)),
		Flagged: count(option.CacheFlaggedcount,
			o.Bool(option.FlaggingOfPosts) && everywhere(o, c, option.PermitHideShow)),
		UnapprovedUsers: count(option.CacheUapprovecount,
			o.Bool(option.ModerateUsers) && c.Level >= auth.LevelModerator),
	}
}
