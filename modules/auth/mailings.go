package auth

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
)

// RefuseMailings notes that a user wants no more mailings of the site, as the link at the end of Q2A's
// mailings does. It does nothing if there is no such user.
func (m *Module) RefuseMailings(ctx context.Context, userID int) error {
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		_, err := tx.Exec(ctx, "UPDATE {users} SET flags = flags | ? WHERE userid = ?", FlagNoMailings, userID)
		return err
	})
	if err != nil {
		return fmt.Errorf("refuse mailings: %w", err)
	}
	return nil
}
