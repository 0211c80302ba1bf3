package modules

import (
	"context"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/mail"
	"38qa.net/backend/modules/site"
)

// Examine inspects a database and the configuration with which it is to be served. It returns
// findings about what is there and about what looks wrong, and writes nothing.
func Examine(ctx context.Context, cfg config.Config, db *database.DB) []site.Finding {
	findings := site.Examine(ctx, db)
	settings := site.New(db, site.Settings{SiteURL: cfg.SiteURL})
	o, err := settings.Options(ctx)
	if err != nil {
		return findings // site.Examine has reported it
	}
	findings = append(findings, auth.Examine(o, db.Dialect(), authSettings(cfg))...)
	findings = append(findings, mail.ExamineKinds(o, mailSwitches(cfg))...)
	findings = append(findings, mail.ExamineSending(cfg.MailURL, cfg.MailSNSTopics)...)
	return append(findings, mail.ExamineNotices(ctx, db)...)
}
