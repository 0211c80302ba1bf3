package moderation

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Suspects reports whether posts of the caller are looked at. Those of experts and above, generally or in any
// category, never are, nor those of whoever may approve posts, or of members with enough points.
func (m *Module) Suspects(o *site.Options, c auth.Caller) bool {
	return (m.akismet != nil || m.stopForum != nil) && suspected(o, c, m.settings.SuspectBelow)
}

func suspected(o *site.Options, c auth.Caller, below int) bool {
	level := c.MaximumLevel()
	if level >= auth.LevelExpert || auth.Permit(o, c, option.PermitModerate, level) == auth.Permitted {
		return false
	}
	return c.Anonymous() || c.Points-o.Int(option.PointsBase) < below
}

// Screen implements qa.Screening. The service is asked about the post itself; besides, posts of accounts whose
// registration was suspicious wait until a moderator has approved the account or cleared it. If the service is
// of no use, nothing is suspicious about the post itself.
func (m *Module) Screen(ctx context.Context, o *site.Options, d *qa.Draft) *qa.Suspicion {
	if m.akismet != nil {
		verdict, err := m.akismet.check(ctx, m.submission(o, d, web.ClientOf(ctx).UserAgent), checkTime)
		if err != nil {
			m.akismet.guard.failed(ctx, err)
		}
		if verdict != "" {
			return &qa.Suspicion{Service: akismetName, Verdict: verdict, Reason: "content",
				At: unixTime(m.db.Now())}
		}
	}
	if d.UserID == 0 || auth.CallerOf(ctx).Level >= auth.LevelApproved {
		return nil
	}
	held, err := m.held(ctx, d.UserID)
	if err != nil || !held {
		return nil // a database that fails here fails for the post as well
	}
	return &qa.Suspicion{Service: stopForumName, Verdict: "listed", Reason: "registration",
		At: unixTime(m.db.Now())}
}

// submission returns what the service is told of a post.
func (m *Module) submission(o *site.Options, d *qa.Draft, userAgent string) *submission {
	language, _, _ := strings.Cut(o.String(option.SiteLanguage), "-")
	return &submission{Draft: d, Site: m.site.SiteURL(o), Language: language,
		UserAgent: shortUserAgent(userAgent)}
}

// held reports whether a user's registration was suspicious and no moderator has cleared it.
func (m *Module) held(ctx context.Context, userID int) (bool, error) {
	var n int
	found, err := m.db.Get(ctx, []any{&n},
		"SELECT 1 FROM {q2ab_spam_checks} WHERE kind = 'user' AND subject = ?", userID)
	if err != nil {
		return false, fmt.Errorf("look for a suspicion: %w", err)
	}
	return found, nil
}

// Keep implements qa.Screening.
func (m *Module) Keep(ctx context.Context, tx *database.DB, postID int, s *qa.Suspicion) error {
	userAgent := ""
	if s.Service == akismetName { // which is told of the decision, and needs it then
		userAgent = shortUserAgent(web.ClientOf(ctx).UserAgent)
	}
	return keep(ctx, tx, aboutPost, postID, s, userAgent)
}

func keep(
	ctx context.Context, tx *database.DB, k kind, id int, s *qa.Suspicion, userAgent string,
) error {
	_, err := tx.Exec(ctx, `INSERT INTO {q2ab_spam_checks} (kind, subject, service, verdict, reason, at, useragent)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, string(k), id, s.Service, s.Verdict, s.Reason, s.At.Unix(), userAgent)
	if err != nil {
		return fmt.Errorf("keep a suspicion: %w", err)
	}
	return nil
}

// ScreenSignUp looks at a registration, and returns what stores that it is suspicious, or nil. If the service
// is of no use, nothing is suspicious.
func (m *Module) ScreenSignUp(ctx context.Context, ip netip.Addr, email string) auth.KeepSuspicion {
	if m.stopForum == nil {
		return nil
	}
	reason, err := m.stopForum.check(ctx, ip, email)
	if err != nil {
		m.stopForum.guard.failed(ctx, err)
	}
	if reason == "" {
		return nil
	}
	s := &qa.Suspicion{Service: stopForumName, Verdict: "listed", Reason: reason, At: unixTime(m.db.Now())}
	return func(ctx context.Context, tx *database.DB, userID int) error {
		return keep(ctx, tx, aboutUser, userID, s, "")
	}
}
