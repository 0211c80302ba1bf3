package auth

import (
	"context"
	"net/netip"
	"strconv"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/web"
)

// The levels of users, as Q2A stores them in users.level.
const (
	LevelBasic     = 0
	LevelApproved  = 10
	LevelExpert    = 20
	LevelEditor    = 50
	LevelModerator = 80
	LevelAdmin     = 100
	LevelSuper     = 120
)

// The flags of users, as Q2A stores them in users.flags.
const (
	FlagEmailConfirmed = 1
	FlagBlocked        = 2
	flagShowAvatar     = 4
	flagShowGravatar   = 8
	FlagNoMessages     = 16
	FlagNoMailings     = 32
	flagWelcomeNotice  = 64
	flagMustConfirm    = 128
	FlagNoWallPosts    = 256
)

// Caller is the user or visitor on whose behalf a request is made. The zero Caller is an anonymous
// visitor.
type Caller struct {
	// UserID is 0 for anonymous visitors.
	UserID int
	Handle string
	Level  int
	Flags  int
	Points int
	// CategoryLevels are the levels that the user has in single categories, by category id.
	CategoryLevels map[int]int
	// CookieID is the id in Q2A's cookie for anonymous visitors (qa_id), "" without one.
	CookieID string
	// IP is the client's address. It is the zero Addr if the address is not known.
	IP netip.Addr
	// Secure reports whether the request came over TLS.
	Secure bool
}

// Anonymous reports whether the caller is a visitor, who is not signed in.
func (c Caller) Anonymous() bool { return c.UserID == 0 }

// AwaitsWelcome reports whether the site's welcome is still to be shown to the user, if the site has one.
func (c Caller) AwaitsWelcome() bool { return c.Flags&flagWelcomeNotice != 0 }

// LevelIn returns the caller's level for a post whose category path has the given ids: the highest of
// the general level and the levels in those categories.
func (c Caller) LevelIn(categoryIDs ...int) int {
	level := c.Level
	for _, id := range categoryIDs {
		level = max(level, c.CategoryLevels[id])
	}
	return level
}

// Wrote reports whether the caller is the author of a post that has the given user or, if it has
// none, the given cookie.
func (c Caller) Wrote(userID int, cookieID string) bool {
	if userID != 0 || c.UserID != 0 {
		return userID == c.UserID
	}
	return cookieID != "" && cookieID == c.CookieID
}

type callerKey struct{}

// IdempotencyCaller returns to whom an Idempotency-Key of the request belongs. It belongs to the user
// or, for visitors, to the cookie, which nobody else knows; visitors without a cookie share a space
// of keys with others at their address. For limits, visitors are counted by their address, because
// anybody can get any number of cookies.
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

// WithCaller returns a context for a request that is made by the caller.
func WithCaller(ctx context.Context, c Caller) context.Context {
	ctx = audit.By(ctx, audit.Actor{UserID: c.UserID, Handle: c.Handle, IP: c.IP})
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns the caller of the request to which the context belongs.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
