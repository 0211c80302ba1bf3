package auth

import (
	"context"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site/option"
)

// RequireModerator returns an error unless the caller is a moderator who may write now: login_required for
// visitors, permission_level for users of lower levels, and otherwise the reason why the caller may not.
func (m *Module) RequireModerator(ctx context.Context) error {
	c, err := RequireUser(ctx)
	if err != nil {
		return err
	}
	if c.Level < LevelModerator {
		return problem.New(CodePermissionLevel)
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	if refusal := Refusal(o, c, option.None, c.Level); refusal != nil {
		return refusal
	}
	return nil
}
