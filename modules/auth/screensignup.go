package auth

import (
	"context"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/web"
)

// KeepSuspicion stores, in the transaction that makes an account, what is suspicious about its registration.
type KeepSuspicion func(ctx context.Context, tx *database.DB, userID int) error

// screenSignUp returns what stores a suspicion about a registration, or nil if there is none. It may ask a
// service outside, so it must not be called within a transaction. Nobody is asked about addresses that are
// refused anyway, nor again when a request is repeated.
func (m *Module) screenSignUp(ctx context.Context, email string) KeepSuspicion {
	email = formtext.Exact(email)
	if m.settings.ScreenSignUp == nil || !ValidEmail(email) {
		return nil
	}
	if done, err := web.Done(ctx, m.db); done || err != nil {
		return nil
	}
	return m.settings.ScreenSignUp(ctx, CallerOf(ctx).IP, email)
}
