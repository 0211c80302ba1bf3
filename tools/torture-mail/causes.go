package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/tools/internal/trialsite"
)

// cause is why each member is mailed to, once.
type cause struct {
	// prepare, if there is one, changes the site before the servers start.
	prepare func(ctx context.Context, d *site) error
	// begin has the members be mailed to, and returns when all is in the database that the servers need.
	begin func(ctx context.Context, d *site, mails int) error
	// queued is a statement that counts the members for whom a mail was queued, if a job of the servers queues
	// them; they are killed during the job as well then.
	queued string
}

var causes = map[string]cause{
	"approvals": {begin: approveAll},
	"mailing":   {begin: beginMailing},
	"digests": {prepare: prepareDigests, begin: beginDigests,
		queued: "SELECT COUNT(*) FROM {q2ab_digests} WHERE userid > 0"},
}

// sendingNowhere switches mails on, which an application wants to have on before it queues any.
func sendingNowhere(cfg *config.Config) { cfg.MailURL = "smtp://localhost:1" }

// causeNames are the names of all causes, for people.
func causeNames() string {
	names := make([]string, 0, len(causes))
	for name := range causes {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// approveAll reports in small transactions that members were approved, while the servers send.
func approveAll(ctx context.Context, d *site, mails int) error {
	const atOnce = 20
	for first := 1; first <= mails; first += atOnce {
		if err := d.approve(ctx, first, min(first+atOnce-1, mails)); err != nil {
			return err
		}
	}
	return nil
}

// beginMailing has the servers mail to all members, at 6,000 mails a minute.
func beginMailing(ctx context.Context, d *site, _ int) error {
	if _, err := d.Exec(ctx, "UPDATE {users} SET level = ? WHERE userid = 1", auth.LevelAdmin); err != nil {
		return err
	}
	return d.WithApp(ctx, sendingNowhere, func(app *modules.App) error {
		const text = `{"fromName":"","fromEmail":"","subject":"News","body":"Hello.","perMinute":6000}`
		if err := trialsite.Call(ctx, app, http.MethodPut, "/v1/admin/mailing", text); err != nil {
			return err
		}
		return trialsite.Call(ctx, app, http.MethodPut, "/v1/admin/mailing/state", `{"state":"running"}`)
	})
}

// prepareDigests lets all members follow a tag that has new questions, which they want to be told of daily.
func prepareDigests(ctx context.Context, d *site) error {
	return d.Tx(ctx, func(tx *database.DB) error {
		for _, query := range []string{
			"INSERT INTO {words} (wordid, word, tagcount) VALUES (1, 'hive', 48)",
			`INSERT INTO {q2ab_follow_mails} (userid, tags, categories, users, questions, site)
				SELECT userid, 'daily', 'none', 'none', 'none', 'none' FROM {users}`,
			`INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents)
				SELECT userid, 'T', 1, 0 FROM {users}`,
		} {
			if _, err := tx.Exec(ctx, query); err != nil {
				return err
			}
		}
		for hours := range 48 { // some are of yesterday, whatever the time is
			at := tx.Now() - int64(hours)*int64(time.Hour/time.Second)
			if _, err := tx.Exec(ctx, `INSERT INTO {posts} (postid, type, created, format, title, content)
				VALUES (?, 'Q', FROM_UNIXTIME(?), '', 'What is it?', '')`, hours+1, at); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO {posttags} (postid, wordid, postcreated)
				VALUES (?, 1, FROM_UNIXTIME(?))`, hours+1, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// beginDigests has the servers make the digests, if they have not begun with it on their own.
func beginDigests(ctx context.Context, d *site, _ int) error {
	return d.WithApp(ctx, sendingNowhere, func(app *modules.App) error {
		_, err := app.Jobs.Request(ctx, "digests", jobs.Options{})
		return err
	})
}
