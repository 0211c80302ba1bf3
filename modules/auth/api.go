package auth

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/web"
)

// Register adds the module's operations to the API.
func (m *Module) Register(api huma.API) {
	m.registerSession(api)
	m.registerTickets(api)
	m.registerTokens(api)
	m.registerMe(api)
	m.registerAdministration(api)
	m.registerAccountWork(api)
	m.registerModerateUsers(api)
	m.registerBlockAddress(api)
	m.registerFindUsers(api)
	m.registerUserHistory(api)
	if m.settings.Cognito.Issuer == "" {
		m.registerIssuer(api)
	}
}

// Routes adds the routes that are not operations of the API: the published keys of the built-in
// issuer and, for emulators of Cognito, the migration trigger.
func (m *Module) Routes(router *echo.Echo) {
	if m.settings.Cognito.Issuer == "" {
		router.GET("/.well-known/jwks.json", m.publishKeys)
	}
	if m.settings.Cognito.TriggersOverHTTP {
		router.POST(triggerPath+":name/invocations", m.serveTrigger)
	}
}

// triggerPath is the path at which AWS Lambda's own API accepts calls of functions.
const triggerPath = "/2015-03-31/functions/"

// registerIssuer adds the operations of the built-in issuer.
func (m *Module) registerIssuer(api huma.API) {
	op := func(id, path, summary, description string, status int, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodPost, Path: "/v1/auth/" + path,
			Summary: summary, Description: description, Tags: []string{"Authentication"},
			DefaultStatus: status, Errors: errors}
	}
	web.Register(api, op("sign-up", "sign-up", "Make an account",
		"By the site's rules; the new user is signed in.", http.StatusCreated, http.StatusForbidden),
		m.signUp)
	web.Register(api, op("sign-in", "sign-in", "Sign in", "By handle or e-mail address.",
		http.StatusOK, http.StatusUnauthorized, http.StatusForbidden), m.signIn)
	web.Register(api, op("refresh-tokens", "refresh", "Get new tokens",
		"A refresh token is good for once; one that comes again later ends its session, since somebody else has it too.",
		http.StatusOK, http.StatusUnauthorized, http.StatusForbidden), m.refresh)
	web.Register(api, op("sign-out", "sign-out", "Sign out",
		"Ends the session of the refresh token or, without one, of the access token. Its access tokens end with it.",
		http.StatusNoContent, http.StatusForbidden), m.signOut)
	web.Register(api, op("confirm-email", "confirm", "Confirm an e-mail address", "By the code that was mailed.",
		http.StatusNoContent), m.confirm)
	web.Register(api, op("request-password-reset", "forgot", "Ask for a new password",
		"A code is mailed if there is such an account; the answer is the same in any case.",
		http.StatusAccepted), m.forgot)
	web.Register(api, op("reset-password", "reset", "Choose a new password",
		"By the code that was mailed; signs in, and ends all other sessions of this API.", http.StatusOK),
		m.reset)
	me := func(id, method, path, summary string, status int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/me/" + path, Summary: summary,
			Tags: []string{"Me"}, DefaultStatus: status, Errors: []int{http.StatusForbidden}}
	}
	web.Register(api, me("change-password", http.MethodPut, "password",
		"Change one's password; all other sessions end", http.StatusOK), m.changePassword)
	web.Register(api, me("send-confirmation", http.MethodPost, "email/confirmation",
		"Have the code to confirm one's address sent again", http.StatusAccepted), m.sendConfirmation)
	web.Register(api, huma.Operation{OperationID: "send-password-reset", Method: http.MethodPost,
		Path: "/v1/users/{handle}/password-reset", Tags: []string{"Administration"},
		Summary: "Mail a user a code to choose a new password with", DefaultStatus: http.StatusAccepted,
		Errors: []int{http.StatusForbidden, http.StatusNotFound}}, m.sendReset)
}

type emailInput struct {
	Body struct {
		Email string `json:"email" maxLength:"200" doc:"Has to be confirmed anew"`
	}
}

type notificationsInput struct{ Body notifications }

type avatarInput struct {
	Body struct {
		Avatar string `json:"avatar" enum:"none,upload,gravatar" doc:"Which picture to show"`
	}
}

// registerMe adds the operations on the caller's own account.
func (m *Module) registerMe(api huma.API) {
	op := func(id, method, path, summary string) huma.Operation {
		o := huma.Operation{OperationID: id, Method: method, Path: "/v1/me" + path, Summary: summary,
			Tags: []string{"Me"}, Errors: []int{http.StatusForbidden}}
		if method != http.MethodGet {
			o.Errors = append(o.Errors, http.StatusPreconditionFailed)
		}
		return o
	}
	web.Register(api, op("get-me", http.MethodGet, "", "One's own account"), m.getMe)
	web.Register(api, op("update-me", http.MethodPatch, "",
		"Change one's own account; only what is sent changes"), m.changeMe)
	remove := op("delete-me", http.MethodDelete, "", "Delete one's own account")
	remove.Description = "The posts stay, without an author. Needs a sign-in within the last five minutes."
	remove.DefaultStatus = http.StatusNoContent
	web.Register(api, remove, m.deleteMe)
	web.Register(api, op("change-email", http.MethodPut, "/email", "Change one's e-mail address"),
		func(ctx context.Context, in *emailInput) (*meOutput, error) {
			change := &changeMeInput{}
			change.Body.Email = &in.Body.Email
			return m.changeMe(ctx, change)
		})
	web.Register(api, op("change-notifications", http.MethodPut, "/notifications",
		"Say what others and the site may send"),
		func(ctx context.Context, in *notificationsInput) (*meOutput, error) {
			change := &changeMeInput{}
			change.Body.Messages = &in.Body.Messages
			change.Body.WallPosts = &in.Body.WallPosts
			change.Body.Mailings = &in.Body.Mailings
			return m.changeMe(ctx, change)
		})
	avatar := func(ctx context.Context, which string) (*meOutput, error) {
		change := &changeMeInput{}
		change.Body.Avatar = &which
		return m.changeMe(ctx, change)
	}
	web.Register(api, op("choose-avatar", http.MethodPut, "/avatar", "Choose which picture to show"),
		func(ctx context.Context, in *avatarInput) (*meOutput, error) {
			return avatar(ctx, in.Body.Avatar)
		})
	web.Register(api, op("hide-avatar", http.MethodDelete, "/avatar", "Show no picture"),
		func(ctx context.Context, _ *struct{}) (*meOutput, error) {
			return avatar(ctx, "none")
		})
}

// registerAdministration adds the operations on the accounts of others.
func (m *Module) registerAdministration(api huma.API) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/users/{handle}" + path,
			Summary: summary, Tags: []string{"Administration"},
			Errors: []int{http.StatusForbidden, http.StatusNotFound}}
	}
	web.Register(api, op("update-user", http.MethodPatch, "",
		"Change a user's account; only what is sent changes"), m.editUser)
	remove := op("delete-user", http.MethodDelete, "",
		"Delete a user's account; the posts stay, without an author")
	remove.DefaultStatus = http.StatusNoContent
	web.Register(api, remove, m.deleteUser)
	web.Register(api, op("set-level", http.MethodPut, "/level",
		"Give a user a level, and levels in single categories"), m.setLevel)
	web.Register(api, op("remove-level", http.MethodDelete, "/level", "Make a user a basic one"), m.dropLevel)
	web.Register(api, op("approve-user", http.MethodPut, "/approval", "Approve a user"), m.approve)
	web.Register(api, op("disapprove-user", http.MethodDelete, "/approval",
		"Take a user's approval back"), m.disapprove)
	web.Register(api, op("block-user", http.MethodPut, "/block",
		"Block a user, who can only read then"),
		func(ctx context.Context, in *handleInput) (*accountOutput, error) {
			return m.setBlocked(ctx, in.Handle, true)
		})
	web.Register(api, op("unblock-user", http.MethodDelete, "/block", "Let a blocked user write again"),
		func(ctx context.Context, in *handleInput) (*accountOutput, error) {
			return m.setBlocked(ctx, in.Handle, false)
		})
}
