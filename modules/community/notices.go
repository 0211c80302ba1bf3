package community

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// The notices of the site that are no rows, by the names by which they are closed.
const (
	welcomeNotice = "welcome"
	visitorNotice = "visitor"
)

type noticeInput struct {
	ID string `path:"id" pattern:"^([0-9]{1,10}|welcome|visitor)$" doc:"Id of the notice; \"welcome\" or \"visitor\" for the site's own"`
}

type noContent struct{ Status int }

type closeNoticeOutput struct {
	Status int
	Cookie []http.Cookie `header:"Set-Cookie" doc:"The old site's cookie qa_noticed, when a visitor has closed the notice for visitors"`
}

// siteNotice is a notice that the site shows to the caller above its pages.
type siteNotice struct {
	ID        string     `json:"id" doc:"By which it is closed: DELETE /v1/me/notices/{id}"`
	Kind      string     `json:"kind" enum:"personal,welcome,visitor" doc:"A message to the caller, the site's welcome to new members, or what it says to visitors"`
	HTML      string     `json:"html" doc:"As HTML that is safe to show"`
	CreatedAt *time.Time `json:"createdAt,omitempty" doc:"Of personal notices"`
}

type siteNoticesInput struct {
	Noticed string `cookie:"qa_noticed" doc:"The old site's cookie of visitors who have closed the notice"`
}

type siteNoticesOutput struct{ Body web.List[siteNotice] }

// registerNotices adds the operations on what the site tells the caller.
func (m *Module) registerNotices(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "list-site-notices", Method: http.MethodGet, Path: "/v1/notices",
		Summary:     "What the site tells the caller above its pages",
		Description: "Of visitors the notice for visitors; of users their own, the oldest first, and the site's welcome.",
		Tags:        []string{"Site"},
	}, m.listSiteNotices)
	web.Register(api, huma.Operation{
		OperationID: "close-notice", Method: http.MethodDelete, Path: "/v1/me/notices/{id}",
		Summary: "Close a notice of the site to the caller", Tags: []string{"Me"},
		DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, m.closeNotice)
	m.registerNewNotices(api)
}

// listSiteNotices returns the notices in the order of the old site's pages.
func (m *Module) listSiteNotices(ctx context.Context, in *siteNoticesInput) (*siteNoticesOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	out := &siteNoticesOutput{Body: web.List[siteNotice]{Items: []siteNotice{}}}
	if !caller.Anonymous() {
		own, err := m.notices(ctx, o, caller.UserID)
		if err != nil {
			return nil, err
		}
		for _, n := range own {
			out.Body.Items = append(out.Body.Items,
				siteNotice{strconv.Itoa(n.ID), "personal", n.HTML, &n.CreatedAt})
		}
	}
	if kind, text := ownNotice(o, caller, in.Noticed != ""); kind != "" {
		out.Body.Items = append(out.Body.Items, siteNotice{kind, kind, m.qa.SafeHTML(text), nil})
	}
	return out, nil
}

// ownNotice returns which of the site's own notices the caller is to see, "" for none, and its HTML.
// noticed reports whether the caller has closed the notice for visitors.
func ownNotice(o *site.Options, c auth.Caller, noticed bool) (kind, text string) {
	switch {
	case c.Anonymous() && o.Bool(option.ShowNoticeVisitor) && !noticed:
		return visitorNotice, o.String(option.NoticeVisitor)
	case !c.Anonymous() && o.Bool(option.ShowNoticeWelcome) && c.AwaitsWelcome():
		return welcomeNotice, o.String(option.NoticeWelcome)
	}
	return "", ""
}

// notices returns the notices to a user, the oldest first.
func (m *Module) notices(ctx context.Context, o *site.Options, userID int) ([]notice, error) {
	list := []notice{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var n notice
		var created int64
		if err := rows.Scan(&n.ID, &n.Content, &n.Format, &created); err != nil {
			return err
		}
		n.CreatedAt, n.HTML = time.Unix(created, 0).UTC(), m.qa.HTML(o, n.Content, n.Format)
		if n.Format == "" {
			n.Format = "plain"
		}
		list = append(list, n)
		return nil
	}, `SELECT noticeid, content, format, UNIX_TIMESTAMP(created)
		FROM {usernotices}
		WHERE userid = ?
		ORDER BY created, noticeid`,
		userID)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	return list, nil
}

// noticedAge is how long a browser remembers that a visitor has closed the notice, in seconds: ten years,
// as in Q2A.
const noticedAge = 3650 * 24 * 3600

// closeNotice deletes one of the caller's notices. The site's own notices are not rows like the others:
// the welcome is a flag of the account, and the notice for visitors a cookie.
func (m *Module) closeNotice(ctx context.Context, in *noticeInput) (*closeNoticeOutput, error) {
	out := &closeNoticeOutput{Status: http.StatusNoContent}
	if in.ID == visitorNotice {
		//nolint:gosec // Secure follows the connection, since the old site may be reached without TLS
		out.Cookie = []http.Cookie{{Name: "qa_noticed", Value: "1", Path: "/", MaxAge: noticedAge,
			HttpOnly: true, Secure: auth.CallerOf(ctx).Secure, SameSite: http.SameSiteLaxMode}}
		return out, nil
	}
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	if in.ID == welcomeNotice {
		return out, m.auth.CloseWelcome(ctx, caller)
	}
	id, err := strconv.Atoi(in.ID)
	if err != nil {
		return nil, problem.NotFound()
	}
	closed, err := m.db.Exec(ctx, "DELETE FROM {usernotices} WHERE noticeid = ? AND userid = ?",
		id, caller.UserID)
	if err != nil {
		return nil, fmt.Errorf("close a notice: %w", err)
	}
	if closed == 0 {
		return nil, problem.NotFound()
	}
	return out, nil
}

// ListenToAccounts removes, when an account is deleted or anonymised, its drafts, the favourites by which other users
// follow it, as Q2A does, the rows by which others have muted it, and what is kept about its messages. The
// favourites of the account itself are deleted with its row.
func (m *Module) ListenToAccounts(accounts *auth.Module) {
	accounts.Listen(func(ctx context.Context, tx *database.DB, c auth.AccountChange) error {
		if c.Kind != auth.Deleting && c.Kind != auth.Anonymised {
			return nil
		}
		if c.Kind == auth.Anonymised {
			if err := anonymise(ctx, tx, c.UserID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "DELETE FROM {userfavorites} WHERE entitytype IN ('U', 'M') AND entityid = ?",
			c.UserID); err != nil {
			return fmt.Errorf("forget who follows a user: %w", err)
		}
		if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_drafts} WHERE userid = ?", c.UserID); err != nil {
			return fmt.Errorf("forget a user's drafts: %w", err)
		}
		return forgetBox(ctx, tx, c.UserID)
	})
}
