package community

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
)

// muted reports whether the user by has muted the user whom.
func muted(ctx context.Context, tx *database.DB, by, whom int) (bool, error) {
	var one int
	found, err := tx.Get(ctx, []any{&one},
		"SELECT 1 FROM {userfavorites} WHERE userid = ? AND entitytype = 'M' AND entityid = ?", by, whom)
	if err != nil {
		return false, fmt.Errorf("look for a mute: %w", err)
	}
	return found, nil
}

// refuseMuted returns the problem for what the user from sends to the user to, if to has muted from and
// the site obeys that.
func (m *Module) refuseMuted(ctx context.Context, tx *database.DB, from, to int) error {
	if !m.auth.ObeysMutes() {
		return nil
	}
	is, err := muted(ctx, tx, to, from)
	if err == nil && is {
		err = problem.New(auth.CodeMuted)
	}
	return err
}
