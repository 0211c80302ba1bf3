package auth

import (
	"net/http"
	"strings"

	"38qa.net/backend/modules/kernel/problem"
)

// The scopes of API tokens: what a program may do for the token's owner.
const (
	// scopeRead is for reading what the owner may read, except for what is below /v1/me.
	scopeRead = "read"
	// scopeWrite is for posting, voting and all else that changes something, except below /v1/me.
	scopeWrite = "write"
	// scopeMe is for all below /v1/me: profile, favourites, drafts, messages, inbox.
	scopeMe = "me"
	// scopeModerate is for acting with the owner's level, up to that of moderators. Without it a token acts
	// with the rights of an approved user.
	scopeModerate = "moderate"
	// scopeAdmin is for acting with the owner's level, whatever it is.
	scopeAdmin = "admin"
)

// scopes are all scopes, in the order in which they are shown.
var scopes = []string{scopeRead, scopeWrite, scopeMe, scopeModerate, scopeAdmin}

// neverByToken are the beginnings of the paths that no API token opens, whatever its scopes: signing in, and
// what would let a program keep the account, or more rights than it was given.
var neverByToken = []string{"/v1/auth/", "/v1/me/password", "/v1/me/email", "/v1/me/tokens", "/v1/me/push-subscriptions",
	"/v1/events"}

// byToken are the exceptions of neverByToken: what tells programs who they are.
var byToken = []string{"GET /v1/auth/session"}

// scopeFor returns the scope that a request needs, and whether an API token can make it at all.
func scopeFor(method, path string) (scope string, ok bool) {
	for _, allowed := range byToken {
		if method+" "+path == allowed {
			return scopeRead, true
		}
	}
	if method == http.MethodDelete && path == "/v1/me" {
		return "", false
	}
	for _, start := range neverByToken {
		if path == start || strings.HasPrefix(path, strings.TrimSuffix(start, "/")+"/") {
			return "", false
		}
	}
	switch {
	case path == "/v1/me" || strings.HasPrefix(path, "/v1/me/"):
		return scopeMe, true
	case method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions:
		return scopeRead, true
	}
	return scopeWrite, true
}

// mayRequest returns the problem if a token with the scopes may not make a request.
func mayRequest(granted []string, method, path string) *problem.Error {
	scope, ok := scopeFor(method, path)
	if !ok {
		return problem.New(codeNotByToken)
	}
	for _, g := range granted {
		if g == scope {
			return nil
		}
	}
	return problem.New(codeTokenScope, scope)
}

// limitedTo returns the caller with the levels that a token with the scopes leaves: without the scopes
// moderate and admin those of an approved user, with moderate those of a moderator at most. What follows from
// levels is decided as for everybody.
func limitedTo(granted []string, c Caller) Caller {
	most := LevelApproved
	for _, g := range granted {
		switch g {
		case scopeModerate:
			most = max(most, LevelModerator)
		case scopeAdmin:
			most = LevelSuper
		}
	}
	c.Level = min(c.Level, most)
	levels := make(map[int]int, len(c.CategoryLevels))
	for category, level := range c.CategoryLevels {
		levels[category] = min(level, most)
	}
	c.CategoryLevels = levels
	return c
}
