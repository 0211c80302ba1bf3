package qa

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/auth"
)

// checkCaptcha returns an error if the site requires a solved challenge from the author of a new post
// and the token does not prove one. The parent is the id of the post below which the new post is to
// stand, or 0 for a question.
func (m *Module) checkCaptcha(ctx context.Context, parent int, token string) error {
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	caller := auth.CallerOf(ctx)
	level := caller.Level
	if parent != 0 && len(caller.CategoryLevels) > 0 {
		if level, err = m.levelAt(ctx, caller, parent); err != nil {
			return err
		}
	}
	return m.auth.CheckCaptcha(ctx, o, level, auth.CaptchaPost, token)
}

// levelAt returns the caller's level in the categories of the post with the given id.
func (m *Module) levelAt(ctx context.Context, caller auth.Caller, postID int) (int, error) {
	var path [4]int
	_, err := m.db.Get(ctx, []any{&path[0], &path[1], &path[2], &path[3]}, `
		SELECT COALESCE(categoryid, 0),
			COALESCE(catidpath1, 0), COALESCE(catidpath2, 0), COALESCE(catidpath3, 0)
		FROM {posts} WHERE postid = ?`, postID)
	if err != nil {
		return 0, fmt.Errorf("read a post's categories: %w", err)
	}
	return caller.LevelIn(path[:]...), nil
}
