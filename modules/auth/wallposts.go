package auth

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
)

// CountWallPosts counts the posts on a user's wall again, which accounts keep, as Q2A does after each
// one that is written or deleted.
func CountWallPosts(ctx context.Context, tx *database.DB, userID int) error {
	_, err := tx.Exec(ctx, `UPDATE {users}
		SET wallposts = (SELECT COUNT(*) FROM {messages} WHERE touserid = ? AND type = 'PUBLIC')
		WHERE userid = ?`, userID, userID)
	if err != nil {
		return fmt.Errorf("count the posts on a wall: %w", err)
	}
	return nil
}
