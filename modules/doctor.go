package modules

import (
	"context"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
)

// Examine looks at a database and at the configuration that it is to be served with, and reports what is there and what
// looks wrong. It writes nothing.
func Examine(ctx context.Context, cfg config.Config, db *database.DB) []site.Finding {
	findings := site.Examine(ctx, db)
	settings := site.New(db, site.Settings{SiteURL: cfg.SiteURL})
	o, err := settings.Options(ctx)
	if err != nil {
		return findings // site.Examine has reported it
	}
	return append(findings, auth.Examine(o, db.Dialect(), authSettings(cfg))...)
}
