// Package demo fills a new site with a small community.
package demo

import (
	"context"

	"38qa.net/backend/modules/kernel/database"
)

// Fill fills.
func Fill(ctx context.Context, db *database.DB, blobs string) error { return nil }
