package auth

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// Session describes the caller: who it is, and what the caller may do.
type Session struct {
	User        *Author           `json:"user,omitempty" doc:"Absent for anonymous visitors"`
	Permissions []permission      `json:"permissions" doc:"The site's permit_… options that the caller meets"`
	Cannot      *Restrictions     `json:"cannot,omitempty" doc:"What rules of the site besides the permissions keep the caller from; absent where there are none"`
	Captcha     *captchaChallenge `json:"captcha,omitempty" doc:"The challenge that the site asks of the caller; absent where it asks none"`
	// Limits has the names that the field action of problems has as its keys.
	Limits actionCounts `json:"limits" doc:"How often the caller may still do things in this hour, by the account and the address"`
}

// Restrictions says why the caller may not do what the permissions alone would allow, where that depends on
// no single post. A field is absent if the caller may do it.
type Restrictions struct {
	Ask string `json:"ask,omitempty" format:"problem-code" doc:"Ask a question"`
	Tag string `json:"tag,omitempty" format:"problem-code" doc:"Choose the tags of a question"`
}

// permission is the name of an option that says who may do something.
type permission string

// Schema implements huma.SchemaProvider.
func (permission) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, name := range PermissionNames() {
		s.Enum = append(s.Enum, name)
	}
	s.PrecomputeMessages()
	return s
}

// PermissionNames returns the names of the options that say who may do what.
func PermissionNames() []string {
	names := make([]string, len(permitOptions))
	for i, key := range permitOptions {
		names[i] = key.Name()
	}
	return names
}

// actionCounts is a number for each action, by its name in the API.
type actionCounts map[string]int

// Schema implements huma.SchemaProvider.
func (actionCounts) Schema(r huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, AdditionalProperties: false}
	for _, name := range slices.Sorted(maps.Values(actionNames)) {
		s.Properties[name] = r.Schema(reflect.TypeFor[int](), true, "")
		s.Required = append(s.Required, name)
	}
	s.PrecomputeMessages()
	return s
}

type sessionOutput struct{ Body Session }

// permitOptions are the site's permissions, in the order of Q2A's admin page.
var permitOptions = []option.Key{
	option.PermitViewQPage, option.PermitPostQ, option.PermitPostA, option.PermitPostC,
	option.PermitVoteQ, option.PermitVoteA, option.PermitVoteC, option.PermitVoteDown,
	option.PermitRetagCat, option.PermitEditQ, option.PermitEditA, option.PermitEditC,
	option.PermitEditSilent, option.PermitCloseQ, option.PermitSelectA,
	option.PermitAnonViewIPs, option.PermitViewVotersFlaggers, option.PermitFlag, option.PermitModerate,
	option.PermitHideShow, option.PermitDeleteHidden, option.PermitPostWall,
	option.PermitViewNewUsersPage, option.PermitViewSpecialUsersPage,
	option.PluginTagDescPermitEdit, option.PluginCatDescPermitEdit,
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
		out := &sessionOutput{Body: Session{Permissions: []permission{}}}
		for _, key := range permitOptions {
			if Permit(o, caller, key, caller.Level) == Permitted {
				out.Body.Permissions = append(out.Body.Permissions, permission(key.Name()))
			}
		}
		if out.Body.Limits, err = limitsLeft(ctx, m.db, o, caller); err != nil {
			return nil, err
		}
		out.Body.Captcha = m.challenge(o, caller)
		if m.settings.Cannot != nil {
			if out.Body.Cannot, err = m.settings.Cannot(ctx, o, caller); err != nil {
				return nil, err
			}
		}
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
