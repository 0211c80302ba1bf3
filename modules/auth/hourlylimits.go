package auth

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strconv"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Action is a kind of action that hourly limits count, as the letter that Q2A stores.
type Action string

// The actions of Q2A's limits page. Messages and WallPosts have the same limits, but are counted
// separately.
const (
	Questions     Action = "Q"
	Answers       Action = "A"
	Comments      Action = "C"
	Votes         Action = "V"
	Registrations Action = "R"
	Logins        Action = "L"
	Uploads       Action = "U"
	Flags         Action = "F"
	Messages      Action = "M"
	WallPosts     Action = "W"
)

// limitOptions holds the options with the limits of each action, for an account and for an address.
// Q2A limits registrations and logins by address only.
var limitOptions = map[Action]struct{ user, ip option.Key }{
	Questions:     {option.MaxRateUserQs, option.MaxRateIPQs},
	Answers:       {option.MaxRateUserAs, option.MaxRateIPAs},
	Comments:      {option.MaxRateUserCs, option.MaxRateIPCs},
	Votes:         {option.MaxRateUserVotes, option.MaxRateIPVotes},
	Registrations: {ip: option.MaxRateIPRegisters},
	Logins:        {ip: option.MaxRateIPLogins},
	Uploads:       {option.MaxRateUserUploads, option.MaxRateIPUploads},
	Flags:         {option.MaxRateUserFlags, option.MaxRateIPFlags},
	Messages:      {option.MaxRateUserMessages, option.MaxRateIPMessages},
	WallPosts:     {option.MaxRateUserMessages, option.MaxRateIPMessages},
}

// actionNames holds the API's names of the actions.
var actionNames = map[Action]string{
	Questions: "ask", Answers: "answer", Comments: "comment", Votes: "vote",
	Registrations: "register", Logins: "login", Uploads: "upload", Flags: "flag",
	Messages: "message", WallPosts: "wall",
}

// hour is the length of the period in which actions are counted, in seconds.
const hour = 3600

// CheckLimit returns the problem rate_limit if the caller's account or address has done the action as
// often as the site allows in the current hour. As in Q2A, both are limited, and the one with fewer
// actions left decides.
func CheckLimit(ctx context.Context, tx *database.DB, o *site.Options, c Caller, action Action) error {
	now := tx.Now()
	used := map[string]int{}
	var query string
	var args []any
	if !c.Anonymous() {
		query = "SELECT 'user', count FROM {userlimits} WHERE userid = ? AND action = ? AND period = ?"
		args = []any{c.UserID, string(action), now / hour}
	}
	if c.IP.IsValid() {
		if query != "" {
			query += " UNION ALL "
		}
		query += "SELECT 'ip', count FROM {iplimits} WHERE ip = ? AND action = ? AND period = ?"
		args = append(args, c.IP.AsSlice(), string(action), now/hour)
	}
	if query == "" {
		return nil
	}
	err := tx.Select(ctx, func(rows *sql.Rows) error {
		var whose string
		var count int
		err := rows.Scan(&whose, &count)
		used[whose] = count
		return err
	}, query, args...)
	if err != nil {
		return fmt.Errorf("read limits: %w", err)
	}
	if leftOf(o, action, used["user"], used["ip"]) > 0 {
		return nil
	}
	p := problem.New(problem.CodeRateLimit, hour-now%hour)
	p.Action, p.RetryAfter = actionNames[action], int(hour-now%hour)
	return p
}

// leftOf returns how often an action may still be done in an hour in which the account has done it
// byUser times and the address byIP times. The result is not positive if the limit is reached.
func leftOf(o *site.Options, action Action, byUser, byIP int) int {
	limits := limitOptions[action]
	left := o.Int(limits.ip) - byIP
	if limits.user != option.None {
		left = min(left, o.Int(limits.user)-byUser)
	}
	return left
}

// limitsLeft returns how often the caller may still do each action in the current hour, by the
// action's name in the API.
func limitsLeft(ctx context.Context, db *database.DB, o *site.Options, c Caller) (actionCounts, error) {
	byUser, byIP := map[Action]int{}, map[Action]int{}
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var whose, action string
		var count int
		err := rows.Scan(&whose, &action, &count)
		if whose == "user" {
			byUser[Action(action)] = count
		} else {
			byIP[Action(action)] = count
		}
		return err
	}, `SELECT 'user', action, count
		FROM {userlimits}
		WHERE userid = ? AND period = ?
		UNION ALL SELECT 'ip', action, count
		FROM {iplimits}
		WHERE ip = ? AND period = ?`,
		c.UserID, db.Now()/hour, c.binaryIP(), db.Now()/hour)
	if err != nil {
		return nil, fmt.Errorf("read limits: %w", err)
	}
	left := actionCounts{}
	for action, name := range actionNames {
		left[name] = max(0, leftOf(o, action, byUser[action], byIP[action]))
	}
	return left, nil
}

// Charge counts an action against the hourly limits of the caller's account and address.
func Charge(ctx context.Context, tx *database.DB, c Caller, action Action) error {
	period := tx.Now() / hour
	upsert := func(table, key string, id any) error {
		_, err := tx.Exec(ctx,
			"INSERT INTO {"+table+"} ("+key+", action, period, count) VALUES (?, ?, ?, 1)"+
				tx.Upsert(key+", action")+
				"count = CASE WHEN {"+table+"}.period = "+tx.Given("period")+
				" THEN {"+table+"}.count + 1 ELSE 1 END, period = "+tx.Given("period"),
			id, string(action), period)
		if err != nil {
			return fmt.Errorf("count against limits: %w", err)
		}
		return nil
	}
	if !c.Anonymous() {
		if err := upsert("userlimits", "userid", c.UserID); err != nil {
			return err
		}
	}
	if !c.IP.IsValid() {
		return nil
	}
	return upsert("iplimits", "ip", c.IP.AsSlice())
}

// Wrote records that the caller has written something: the time and the address are stored with the
// account or, for visitors, with the cookie. It locks the row of the account, and therefore has to
// come before the transaction's other writes that refer to that row.
func Wrote(ctx context.Context, tx *database.DB, c Caller) (err error) {
	var ip any
	if c.IP.IsValid() {
		ip = c.IP.AsSlice()
	}
	switch {
	case !c.Anonymous():
		_, err = tx.Exec(ctx,
			"UPDATE {users} SET written = FROM_UNIXTIME(?), writeip = ? WHERE userid = ?", tx.Now(), ip,
			c.UserID)
	case c.CookieID != "":
		_, err = tx.Exec(ctx,
			"UPDATE {cookies} SET written = FROM_UNIXTIME(?), writeip = ? WHERE cookieid = ?", tx.Now(),
			ip, c.CookieID)
	}
	if err != nil {
		return fmt.Errorf("note who wrote: %w", err)
	}
	return nil
}

// CookieFor returns the id of the cookie (qa_id) by which an anonymous author is recognized later. It
// is the id that came with the request if the site has issued it, otherwise a new one.
func CookieFor(ctx context.Context, tx *database.DB, c Caller) (id string, err error) {
	if n, parseErr := strconv.ParseUint(c.CookieID, 10, 64); parseErr == nil &&
		strconv.FormatUint(n, 10) == c.CookieID {
		var one int
		if found, err := tx.Get(ctx, []any{&one}, "SELECT 1 FROM {cookies} WHERE cookieid = ?",
			c.CookieID); err != nil || found {
			return c.CookieID, err
		}
	}
	free, err := tx.FreeID(ctx, "{cookies}", "cookieid", database.Q2AIDs)
	if err != nil {
		return "", err
	}
	id = strconv.FormatUint(free, 10)
	var ip any = []byte{}
	if c.IP.IsValid() {
		ip = c.IP.AsSlice()
	}
	if _, err := tx.Exec(ctx,
		"INSERT INTO {cookies} (cookieid, created, createip) VALUES (?, FROM_UNIXTIME(?), ?)", id,
		tx.Now(), ip); err != nil {
		return "", fmt.Errorf("new cookie: %w", err)
	}
	return id, nil
}

// cookieAge is how long a browser keeps a visitor's cookie, in seconds: one year, as in Q2A.
const cookieAge = 365 * 24 * 3600

// VisitorHeaders are the response headers by which an anonymous author is recognized later: the cookie
// that the old site gives, and the same id for pages of other origins, whose browsers do not keep the
// cookie. They are empty for users.
type VisitorHeaders struct {
	Cookie []http.Cookie `header:"Set-Cookie" doc:"The old site's cookie of visitors, qa_id"`
	Token  string        `header:"Visitor-Token" doc:"Of visitors only: sent with later requests, it makes the caller the author of what was written here. For pages of other origins, whose browsers do not keep the cookie"`
}

// HeadersOf returns the headers by which the caller is recognized later. The old site uses the same
// cookie and may be reached without TLS, so the cookie is limited to TLS connections only if this
// request came over TLS.
func HeadersOf(c Caller) VisitorHeaders {
	if !c.Anonymous() || c.CookieID == "" {
		return VisitorHeaders{}
	}
	//nolint:gosec // Secure follows the connection, for the reason above
	cookie := http.Cookie{Name: "qa_id", Value: c.CookieID, Path: "/", MaxAge: cookieAge,
		HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteLaxMode}
	return VisitorHeaders{Cookie: []http.Cookie{cookie}, Token: c.CookieID}
}

// Moderated reports whether what the caller writes has to wait for approval. level is the caller's level
// in the category of the post. The site has options for unapproved users, unconfirmed users, users with
// few points and anonymous visitors. Experts, and all callers who may approve posts themselves, never
// have to wait.
func Moderated(o *site.Options, c Caller, level int) bool {
	if level >= LevelExpert || Permit(o, c, option.PermitModerate, c.Level) == Permitted {
		return false
	}
	switch {
	case c.Anonymous():
		return o.Bool(option.ModerateAnonPost)
	case o.Bool(option.ModerateUsers) && o.Bool(option.ModerateUnapproved) && level < LevelApproved:
		return true
	case o.Bool(option.ConfirmUserEmails) && o.Bool(option.ModerateUnconfirmed) &&
		c.Flags&FlagEmailConfirmed == 0:
		return true
	}
	return o.Bool(option.ModerateByPoints) && c.Points < o.Int(option.ModeratePointsLimit)
}

// MaximumLevel returns the highest of the caller's general level and the levels in single categories.
func (c Caller) MaximumLevel() int {
	level := c.Level
	for _, l := range c.CategoryLevels {
		level = max(level, l)
	}
	return level
}
