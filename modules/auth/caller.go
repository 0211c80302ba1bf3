package auth

import (
	"context"
	"net/netip"
	"strconv"

	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/web"
)

// Levels of users, as Q2A keeps them in users.level.
const (
	LevelBasic     = 0
	LevelApproved  = 10
	LevelExpert    = 20
	LevelEditor    = 50
	LevelModerator = 80
	LevelAdmin     = 100
	LevelSuper     = 120
)

// Flags of users, as Q2A keeps them in users.flags.
const (
	FlagEmailConfirmed = 1
	FlagBlocked        = 2
	FlagShowAvatar     = 4
	FlagShowGravatar   = 8
	FlagNoMessages     = 16
	FlagNoMailings     = 32
	FlagWelcomeNotice  = 64
	FlagMustConfirm    = 128
	FlagNoWallPosts    = 256
)

// Caller is the one on whose behalf a request is made. The zero Caller is an anonymous visitor.
type Caller struct {
	// UserID is 0 for anonymous visitors.
	UserID int
	Handle string
	Level  int
	Flags  int
	Points int
	// CategoryLevels are the levels that the user has in single categories, by category id.
	CategoryLevels map[int]int
	// CookieID is that of Q2A's cookie for anonymous visitors (qa_id), or "".
	CookieID string
	// IP is the client's address; the zero Addr when it is not known.
	IP netip.Addr
	// Secure reports whether the request came by TLS.
	Secure bool
}

// Anonymous tells whether nobody is signed in.
func (c Caller) Anonymous() bool { return c.UserID == 0 }

// LevelIn is the caller's level for a post whose category path has the given ids: the highest of the general level and
// the levels in those categories.
func (c Caller) LevelIn(categoryIDs ...int) int {
	level := c.Level
	for _, id := range categoryIDs {
		level = max(level, c.CategoryLevels[id])
	}
	return level
}

// Wrote tells whether the caller is the author of a post with that user or, without a user, that cookie.
func (c Caller) Wrote(userID int, cookieID string) bool {
	if userID != 0 || c.UserID != 0 {
		return userID == c.UserID
	}
	return cookieID != "" && cookieID == c.CookieID
}

type callerKey struct{}

// IdempotencyCaller says whose an Idempotency-Key is: a user's, or that of the visitor who has a cookie, which nobody else
// knows. Visitors who have none yet have their keys for themselves at their address. Cookies are for the taking, so that
// visitors are counted by their addresses.
func IdempotencyCaller(ctx context.Context) web.IdempotencyCaller {
	c := CallerOf(ctx)
	address := "address " + limit.ClientKey(c.IP)
	switch {
	case !c.Anonymous():
		user := "user " + strconv.Itoa(c.UserID)
		return web.IdempotencyCaller{Space: user, Client: user}
	case c.CookieID != "":
		return web.IdempotencyCaller{Space: "cookie " + c.CookieID, Client: address}
	}
	return web.IdempotencyCaller{Space: address, Client: address}
}

// WithCaller returns a context of a request made by the caller.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf is the caller of the request that the context belongs to.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
