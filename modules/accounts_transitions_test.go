package modules_test

import (
	"net/url"
	"regexp"
	"strings"
)

// accountFields are the profile fields of the recorded site, by the names of the old site's forms.
var accountFields = map[string]string{"field_1": "name", "field_2": "location", "field_3": "website", "field_4": "about", "field_5": "experience"}

// accountCalls are the requests of the API that stand for a recorded action on an account; nil for other actions. Where the old site
// saves the good half of a form and refuses the other, we refuse a request as a whole: there the halves are requests of their own.
func (tr *transition) accountCalls() []call {
	path, has := tr.Action.Request.Path, func(name string) bool {
		_, ok := tr.Action.Request.Fields[name]
		return ok
	}
	handle := strings.TrimPrefix(path, "/user/")
	if text, err := url.PathUnescape(handle); err == nil {
		handle = text
	}
	user := "/v1/users/" + url.PathEscape(handle)
	query := url.Values{}
	if _, raw, ok := strings.Cut(path, "?"); ok {
		query, _ = url.ParseQuery(raw)
	}
	switch {
	case has("dosaveprofile") && !strings.HasPrefix(tr.field("file"), "@file"):
		body := map[string]any{"email": tr.field("email"), "messages": has("messages"), "wallPosts": has("wall"), "mailings": has("mailings"),
			"avatar": map[string]string{"": "none", "uploaded": "upload", "gravatar": "gravatar"}[tr.field("avatar")], "fields": tr.profileFields()}
		if handle := tr.field("handle"); len(tr.Response.Errors) > 0 {
			return []call{{"PATCH", "/v1/me", map[string]any{"handle": handle}}, {"PATCH", "/v1/me", body}}
		}
		body["handle"] = tr.field("handle")
		return []call{{"PATCH", "/v1/me", body}}
	case has("dochangepassword") && path == "/account":
		return []call{{"PUT", "/v1/me/password", map[string]any{"oldPassword": tr.field("oldpassword"), "newPassword": tr.field("newpassword1")}}}
	case has("dochangepassword"):
		return []call{{"POST", "/v1/auth/reset", map[string]any{"login": tr.field("emailhandle"), "code": tr.field("code"), "newPassword": tr.field("newpassword1")}}}
	case has("doregister"):
		return []call{{"POST", "/v1/auth/sign-up", map[string]any{"handle": tr.field("handle"), "email": tr.field("email"), "password": tr.field("password"), "fields": tr.profileFields()}}}
	case has("dologin"):
		return []call{{"POST", "/v1/auth/sign-in", map[string]any{"login": tr.field("emailhandle"), "password": tr.field("password")}}}
	case path == "logout":
		return []call{{"POST", "/v1/auth/sign-out", map[string]any{}}}
	case strings.HasPrefix(path, "confirm?"):
		return []call{{"POST", "/v1/auth/confirm", map[string]any{"handle": query.Get("u"), "code": query.Get("c")}}}
	case has("dosendconfirm"):
		return []call{{"POST", "/v1/me/email/confirmation", map[string]any{}}}
	case has("doforgot"):
		return []call{{"POST", "/v1/auth/forgot", map[string]any{"login": tr.field("emailhandle")}}}
	case has("doapprove"):
		return []call{{"PUT", user + "/approval", nil}}
	case has("doblock"):
		return []call{{"PUT", user + "/block", nil}}
	case has("dounblock"):
		return []call{{"DELETE", user + "/block", nil}}
	case has("dohideall"):
		return []call{{"PUT", user + "/hidden-posts", nil}}
	case has("dodelete") && strings.HasPrefix(path, "/user/"):
		return []call{{"DELETE", user, nil}}
	case has("dosetbonus"):
		return []call{{"PUT", user + "/bonus-points", map[string]any{"bonus": number(tr.field("bonus"))}}}
	case has("dosave") && strings.HasPrefix(path, "/user/"):
		body := map[string]any{"email": tr.field("email"), "fields": tr.profileFields(), "removeAvatar": has("removeavatar")}
		level := map[string]string{"0": "basic", "10": "approved", "20": "expert", "50": "editor", "80": "moderator", "100": "admin", "120": "super"}[tr.field("level")]
		return []call{{"PATCH", user, body}, {"PUT", user + "/level", map[string]any{"level": level}}}
	}
	for name := range tr.Action.Request.Fields {
		if id, ok := strings.CutPrefix(name, "notice_"); ok && path == "/" {
			return []call{{"DELETE", "/v1/me/notices/" + id, nil}}
		}
	}
	return nil
}

func (tr *transition) profileFields() map[string]string {
	values := map[string]string{}
	for form, name := range accountFields {
		if _, ok := tr.Action.Request.Fields[form]; ok {
			values[name] = tr.field(form)
		}
	}
	return values
}

// secretForms are the random values in rows of users: what can be said of them is their form, and whether they changed.
var secretForms = []struct {
	column string
	form   *regexp.Regexp
}{
	{"passhash", regexp.MustCompile(`^\$2y\$10\$[./A-Za-z0-9]{53}$`)},
	{"sessioncode", regexp.MustCompile(`^[0-9a-z]{8}$`)},
	{"emailcode", regexp.MustCompile(`^[0-9a-z]{8}$`)},
}

// maskSecrets puts the form in the place of random values.
func maskSecrets(d *tableDiff) {
	for _, s := range secretForms {
		mask := func(value string) string {
			if s.form.MatchString(value) {
				return s.column + " of the right form"
			}
			return value
		}
		for _, columns := range d.updated {
			if change, ok := columns[s.column]; ok {
				columns[s.column] = [2]string{mask(change[0]), mask(change[1])}
			}
		}
		inRow := regexp.MustCompile(`\b` + s.column + `=(\S*)`)
		for i, row := range d.inserted {
			d.inserted[i] = inRow.ReplaceAllStringFunc(row, func(found string) string { return s.column + "=" + mask(strings.TrimPrefix(found, s.column+"=")) })
		}
	}
}
