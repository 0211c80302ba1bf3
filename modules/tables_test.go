package modules_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// owners are the modules that write to each table. Other modules may read it.
var owners = map[string]string{
	"blobs": "media", "cache": "media", "q2ab_media": "media",
	"categories": "qa", "contentwords": "qa", "postmetas": "qa", "posts": "qa", "posttags": "qa", "q2ab_postings": "qa", "q2ab_revisions": "qa", "tagwords": "qa", "titlewords": "qa",
	"uservotes": "qa", "words": "qa",
	"q2ab_hide_requests": "qa", "q2ab_related_tags": "qa", "tagmetas": "qa", "categorymetas": "qa", "q2ab_category_moves": "qa",
	"q2ab_account_work": "auth", "q2ab_exports": "personal",
	"cookies": "auth", "q2ab_api_tokens": "auth", "q2ab_attempts": "auth", "q2ab_codes": "auth", "q2ab_keys": "auth", "q2ab_locks": "auth", "q2ab_migrated": "auth",
	"q2ab_people": "auth", "q2ab_sessions": "auth", "q2ab_tickets": "auth", "iplimits": "auth", "userlevels": "auth", "userlimits": "auth", "userlogins": "auth",
	"userprofile": "auth", "users": "auth",
	"messages": "community", "msg_group_messages": "community", "msg_group_users": "community", "msg_groups": "community",
	"q2ab_conversations": "community", "q2ab_group_messages": "community", "q2ab_message_boxes": "community",
	"sharedevents": "community", "userevents": "community", "userfavorites": "community", "usernotices": "community",
	"q2ab_drafts": "community", "q2ab_notices": "community", "usermetas": "community",
	"eventlog": "kernel/events", "q2ab_consumers": "kernel/events", "q2ab_outbox": "kernel/events",
	"q2ab_job_runs": "kernel/jobs", "q2ab_schedules": "kernel/jobs", "q2ab_state": "ranking",
	"q2ab_audit": "kernel/audit", "q2ab_idempotency": "kernel/web", "q2ab_secrets": "kernel/secret",
	"emailbounce": "mail", "q2ab_dead_mail": "mail", "q2ab_mail_addresses": "mail", "q2ab_mail_hosts": "mail", "q2ab_mail_notifications": "mail",
	"q2ab_inbox": "mail", "q2ab_mail": "mail", "q2ab_preferences": "mail", "q2ab_push_subscriptions": "mail", "q2ab_pushes": "mail", "sn_notice": "mail",
	"q2ab_digests": "mail", "q2ab_follow_mails": "mail", "q2ab_followed": "mail",
	"q2ab_deliveries": "hooks", "q2ab_webhooks": "hooks",
	"q2ab_notes": "moderation", "q2ab_review_locks": "moderation", "q2ab_spam_checks": "moderation",
	"q2ab_engagement": "mail", "q2ab_mailings": "mail",
	"q2ab_boards": "ranking", "q2ab_points_next": "ranking", "q2ab_rankings": "ranking", "userpoints": "ranking", "ysb_badge_ranking": "ranking",
	"ysb_badges": "ranking",
	"options":    "site", "pages": "site", "q2ab_statistics": "site", "statics_cohort": "site", "userfields": "site",
}

// fillers are modules that may write to every table, since they make whole sites.
var fillers = map[string]bool{"demo": true, "kernel/database": true}

// written matches the name of the table that a statement writes to, also in statements that are put together
// from parts.
var written = regexp.MustCompile(`(?:(?:INSERT|REPLACE) (?:IGNORE |OR IGNORE )?INTO|UPDATE|DELETE(?: \w+)? FROM|InsertIgnore\(\)\s*\+\s*["\x60]\s*|Reassign\(ctx, tx, ")\s*\{(\w+)\}`)

// TestTablesHaveOneWriter checks that no module writes to a table of another.
func TestTablesHaveOneWriter(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		parts := strings.Split(filepath.ToSlash(path), "/")
		module := parts[0]
		if module == "kernel" {
			module += "/" + parts[1]
		}
		if fillers[module] || module == "testsite" {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range written.FindAllSubmatch(source, -1) {
			table := string(m[1])
			seen[table] = true
			if owner := owners[table]; owner != module {
				t.Errorf("%s writes to %s, which is %q's", path, table, owner)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) < 30 {
		t.Errorf("statements for %d tables have been found only", len(seen))
	}
}
