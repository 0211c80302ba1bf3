package testsite

import (
	"net/url"
	"strings"
)

// accountFields are the profile fields of the recorded site, by their names in the old site's forms.
var accountFields = map[string]string{
	"field_1": "name", "field_2": "location", "field_3": "website", "field_4": "about", "field_5": "experience",
}

// levels are the API's names of Q2A's levels.
var levels = map[string]string{
	"0": "basic", "10": "approved", "20": "expert", "50": "editor",
	"80": "moderator", "100": "admin", "120": "super",
}

// accountCalls returns the API requests that stand for a recorded action on an account, and nil for other
// actions. Where the old site saved the correct half of a form and refused the other half, the API refuses
// the whole request; there, each half is a request of its own.
func (tr *Transition) accountCalls() []Call {
	path, has := tr.Action.Request.Path, tr.hasField
	handle := strings.TrimPrefix(path, "/user/")
	if text, err := url.PathUnescape(handle); err == nil {
		handle = text
	}
	user := "/v1/users/" + url.PathEscape(handle)
	query := url.Values{}
	if _, raw, ok := strings.Cut(path, "?"); ok {
		query, _ = url.ParseQuery(raw)
	}
	one := func(method, path string, body map[string]any) []Call { return []Call{{method, path, body}} }
	switch {
	case has("dosaveprofile") && !strings.HasPrefix(tr.Field("file"), "@file"):
		avatars := map[string]string{"": "none", "uploaded": "upload", "gravatar": "gravatar"}
		body := map[string]any{"email": tr.Field("email"),
			"messages": has("messages"), "wallPosts": has("wall"),
			"mailings": has("mailings"), "avatar": avatars[tr.Field("avatar")], "fields": tr.ProfileFields()}
		if handle := tr.Field("handle"); len(tr.Response.Errors) > 0 {
			return []Call{{"PATCH", "/v1/me", map[string]any{"handle": handle}}, {"PATCH", "/v1/me", body}}
		}
		body["handle"] = tr.Field("handle")
		return one("PATCH", "/v1/me", body)
	case has("dochangepassword") && path == "/account":
		return one("PUT", "/v1/me/password",
			map[string]any{"oldPassword": tr.Field("oldpassword"), "newPassword": tr.Field("newpassword1")})
	case has("dochangepassword"):
		return one("POST", "/v1/auth/reset", map[string]any{"login": tr.Field("emailhandle"),
			"code": tr.Field("code"), "newPassword": tr.Field("newpassword1")})
	case has("doregister"):
		return one("POST", "/v1/auth/sign-up", map[string]any{"handle": tr.Field("handle"),
			"email": tr.Field("email"), "password": tr.Field("password"), "fields": tr.ProfileFields()})
	case has("dologin"):
		return one("POST", "/v1/auth/sign-in",
			map[string]any{"login": tr.Field("emailhandle"), "password": tr.Field("password")})
	case path == "logout":
		return one("POST", "/v1/auth/sign-out", map[string]any{})
	case strings.HasPrefix(path, "confirm?"):
		return one("POST", "/v1/auth/confirm",
			map[string]any{"handle": query.Get("u"), "code": query.Get("c")})
	case has("dosendconfirm"):
		return one("POST", "/v1/me/email/confirmation", map[string]any{})
	case has("doforgot"):
		return one("POST", "/v1/auth/forgot", map[string]any{"login": tr.Field("emailhandle")})
	case has("doapprove"):
		return []Call{{"PUT", user + "/approval", nil}}
	case has("doblock"):
		return []Call{{"PUT", user + "/block", nil}}
	case has("dounblock"):
		return []Call{{"DELETE", user + "/block", nil}}
	case has("dohideall"):
		return []Call{{"PUT", user + "/hidden-posts", nil}}
	case has("dodelete") && strings.HasPrefix(path, "/user/"):
		return []Call{{"DELETE", user, nil}}
	case has("dosetbonus"):
		return one("PUT", user+"/bonus-points", map[string]any{"bonus": number(tr.Field("bonus"))})
	case has("dosave") && strings.HasPrefix(path, "/user/"):
		body := map[string]any{"email": tr.Field("email"), "fields": tr.ProfileFields(),
			"removeAvatar": has("removeavatar")}
		return []Call{{"PATCH", user, body},
			{"PUT", user + "/level", map[string]any{"level": levels[tr.Field("level")]}}}
	}
	for name := range tr.Action.Request.Fields {
		if id, ok := strings.CutPrefix(name, "notice_"); ok && path == "/" {
			return []Call{{"DELETE", "/v1/me/notices/" + id, nil}}
		}
	}
	return nil
}

// ProfileFields returns the fields of the profile in the form that was sent, by their names in the API.
func (tr *Transition) ProfileFields() map[string]string {
	values := map[string]string{}
	for form, name := range accountFields {
		if tr.hasField(form) {
			values[name] = tr.Field(form)
		}
	}
	return values
}
