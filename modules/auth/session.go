package auth

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/web"
)

// Session describes the caller: who it is, and what the caller may do.
type Session struct {
	User        *Author           `json:"user,omitempty" doc:"Absent for anonymous visitors"`
	Permissions []string          `json:"permissions" doc:"The site's permit_… options that the caller meets"`
	Captcha     *CaptchaChallenge `json:"captcha,omitempty" doc:"The challenge that the site asks of the caller; absent where it asks none"`
	// Limits has the names that the field action of problems has as its keys.
	Limits map[string]int `json:"limits" doc:"How often the caller may still do things in this hour, by the account and the address: ask, answer, comment, vote, flag, upload, message, wall, register, login"`
}

type sessionOutput struct{ Body Session }

// permitOptions are the site's permissions, in the order of Q2A's admin page.
var permitOptions = []string{
	"permit_view_q_page", "permit_post_q", "permit_post_a", "permit_post_c", "permit_vote_q",
	"permit_vote_a", "permit_vote_c", "permit_vote_down", "permit_retag_cat", "permit_edit_q", "permit_edit_a", "permit_edit_c",
	"permit_edit_silent", "permit_close_q", "permit_select_a",
	"permit_anon_view_ips", "permit_view_voters_flaggers", "permit_flag", "permit_moderate",
	"permit_hide_show", "permit_delete_hidden", "permit_post_wall",
	"permit_view_new_users_page", "permit_view_special_users_page",
}

// registerSession adds the operation that returns the caller's Session.
func (m *Module) registerSession(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "get-session", Method: http.MethodGet, Path: "/v1/auth/session",
		Tags: []string{"Authentication"}, Summary: "Who am I, and what may I do?",
	}, func(ctx context.Context, _ *struct{}) (*sessionOutput, error) {
		o, err := m.site.Options(ctx)
		if err != nil {
			return nil, err
		}
		caller := CallerOf(ctx)
		out := &sessionOutput{Body: Session{Permissions: []string{}}}
		for _, option := range permitOptions {
			if Permit(o, caller, option, caller.Level) == Permitted {
				out.Body.Permissions = append(out.Body.Permissions, option)
			}
		}
		if out.Body.Limits, err = limitsLeft(ctx, m.db, o, caller); err != nil {
			return nil, err
		}
		out.Body.Captcha = m.challenge(o, caller)
		if !caller.Anonymous() {
			authors, err := m.Authors(ctx, o, []int{caller.UserID})
			if err != nil {
				return nil, err
			}
			if out.Body.User = authors[caller.UserID]; out.Body.User != nil {
				out.Body.User.Level = LevelName(caller.Level) // groups of the pool may give a higher one
			}
		}
		return out, nil
	})
}
