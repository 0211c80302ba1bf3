package auth

import (
	"context"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// SetAvatar gives the caller a picture of their own and shows it. take stores the picture and returns
// its id, within the same transaction, which also drops the previous picture. width and height are
// those of the stored picture, in pixels.
func (m *Module) SetAvatar(
	ctx context.Context, width, height int, take func(tx *database.DB) (blob int, err error),
) (blob int, err error) {
	caller, err := RequireUser(ctx)
	if err != nil {
		return 0, err
	}
	return m.transactIn(ctx, web.Once, func(a *action) (int, error) {
		if !a.Options.Bool(option.AvatarAllowUpload) {
			return 0, problem.New(codeAvatarsOff)
		}
		u, err := lockUser(ctx, a.Tx, caller.UserID)
		if err != nil {
			return 0, err
		}
		if err := a.mayChangeOwn(u, false); err != nil {
			return 0, err
		}
		blob, err := take(a.Tx)
		if err != nil {
			return 0, err
		}
		flags := u.flags&^flagShowGravatar | flagShowAvatar
		if err := set(ctx, a.Tx, u.id, "avatarblobid = ?, avatarwidth = ?, avatarheight = ?, flags = ?",
			blob, width, height, flags); err != nil {
			return 0, err
		}
		if u.avatarBlob != "" {
			if err := m.settings.DropImage(ctx, a.Tx, u.avatarBlob); err != nil {
				return 0, err
			}
		}
		a.reportBy(u.id, u.handle, "u_save")
		return blob, a.Wrote()
	})
}
