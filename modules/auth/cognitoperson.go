package auth

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // Q2A's table of logins has an MD5 of the identifier, as its index
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"38qa.net/backend/modules/auth/internal/tokens"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// cognitoSource is the name of Cognito in the column source of Q2A's table userlogins.
const cognitoSource = "cognito"

// linkWindow is how long after the migration trigger has accepted a user's password the first token
// with that username is taken to be the same person's, in seconds. The pool creates its user within
// the same request.
const linkWindow = 24 * 3600

// cognitoPerson returns the person to whom a token of Cognito belongs. For a sub that has not been
// seen before, link finds or makes the user.
func (m *Module) cognitoPerson(ctx context.Context, token string, c *tokens.Claims) (Person, error) {
	p := Person{SignedInAt: c.AuthTime}
	for _, group := range c.Groups {
		p.Level = max(p.Level, m.settings.Cognito.GroupLevels[group])
	}
	if id, ok := m.people.GetIfPresent(c.Subject); ok {
		p.UserID = id
		return p, nil
	}
	id, found, err := findLogin(ctx, m.db, cognitoSource, c.Subject)
	if err == nil && !found {
		full, known := m.withAttributes(ctx, token, c)
		id, err = m.link(ctx, full, known)
	}
	if err != nil {
		return Person{}, err
	}
	m.people.Set(c.Subject, id)
	p.UserID = id
	return p, nil
}

// withAttributes returns the claims of a token with the person's attributes. An access token contains
// few of them, so Cognito is asked for the rest, once for each person. If the token lacks the scope
// for that, its own claims have to do. If Cognito merely fails to respond, known is false, because a
// later request may still find out who the person is.
func (m *Module) withAttributes(
	ctx context.Context, token string, c *tokens.Claims,
) (full *tokens.Claims, known bool) {
	if c.Use != "access" {
		return c, true
	}
	with := *c
	switch err := m.readAttributes(ctx, token, &with); {
	case err == nil:
		return &with, true
	case errors.Is(err, errNotTold):
		slog.InfoContext(ctx, "Cognito tells no more of a person than the token", "error", err)
		return c, true
	default:
		slog.WarnContext(ctx, "Cognito does not tell of a person now", "error", err)
		return c, false
	}
}

// errNotTold is the error for Cognito's permanent refusal to return the person's attributes for a
// token.
var errNotTold = errors.New("GetUser is refused")

// attributesWait is how long to wait for Cognito's response.
const attributesWait = 3 * time.Second

// readAttributes calls Cognito's operation GetUser, which needs no credentials but the token, and
// puts the attributes into c.
func (m *Module) readAttributes(ctx context.Context, token string, c *tokens.Claims) error {
	ctx, done := context.WithTimeout(ctx, attributesWait)
	defer done()
	body, err := json.Marshal(map[string]string{"AccessToken": token})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.settings.Cognito.endpoint(),
		bytes.NewReader(body))
	if err != nil {
		return errors.New("the issuer is no address")
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.GetUser")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("GetUser: %w", err)
	}
	defer res.Body.Close()
	var got struct {
		Type           string `json:"__type"`
		UserAttributes []struct{ Name, Value string }
	}
	err = json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&got)
	switch {
	case res.StatusCode == http.StatusBadRequest && strings.Contains(got.Type, "NotAuthorized"):
		return errNotTold // too many requests have the same status
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("GetUser: %s", res.Status)
	case err != nil:
		return fmt.Errorf("GetUser: %w", err)
	}
	for _, a := range got.UserAttributes {
		switch a.Name {
		case "sub":
			if a.Value != c.Subject {
				return errors.New("GetUser: it tells of somebody else")
			}
		case "email":
			c.Email = a.Value
		case "email_verified":
			c.EmailVerified = a.Value == "true"
		case "preferred_username":
			c.PreferredUsername = a.Value
		case "name":
			c.Name = a.Value
		case "custom:q2a_id":
			c.AccountID = a.Value
		case "identities":
			var list []struct {
				Provider string `json:"providerName"`
				UserID   string `json:"userId"`
			}
			if json.Unmarshal([]byte(a.Value), &list) == nil {
				for _, i := range list {
					c.Identities = append(c.Identities,
						tokens.Identity{Provider: i.Provider, UserID: i.UserID})
				}
			}
		}
	}
	return nil
}

// findLogin returns the user to whom Q2A's table userlogins assigns a login at another issuer.
// Several users with the same login are an error, as in Q2A.
func findLogin(
	ctx context.Context, db *database.DB, source, identifier string,
) (userID int, found bool, err error) {
	var ids []int
	sum := md5.Sum([]byte(identifier)) //nolint:gosec // see the import
	err = db.Select(ctx, database.Append(&ids),
		`SELECT DISTINCT l.userid
			FROM {userlogins} l
			JOIN {users} u ON u.userid = l.userid
			WHERE l.source = ? AND l.identifiermd5 = ? AND l.identifier = ?`,
		source, sum[:], []byte(identifier))
	switch {
	case err != nil:
		return 0, false, fmt.Errorf("look for a login: %w", err)
	case len(ids) > 1:
		return 0, false, fmt.Errorf("a login of %s belongs to several users", source)
	case len(ids) == 1:
		return ids[0], true, nil
	}
	return 0, false, nil
}

// link returns the user for a sub of Cognito that has not been seen before, and stores the
// connection. It tries in this order:
//   - People who used the old site through another issuer, and now come to Cognito through the same
//     issuer, keep their accounts.
//   - So do people whose password the migration trigger has accepted for Cognito under this name.
//   - So do people whose address has been confirmed both at Cognito and in Q2A.
//   - Everybody else gets a new account.
//
// An address that is not verified at Cognito or not confirmed in Q2A never links anybody: a person
// who merely claims an address must not get into the account of its owner, nor have its owner end up
// in theirs.
//
// If known is false, the attributes of the person could not be read. Only the first two ways can work
// then; everybody else gets the error unavailable and may try again.
func (m *Module) link(ctx context.Context, c *tokens.Claims, known bool) (userID int, err error) {
	ctx = WithCaller(ctx, Caller{IP: clientIP(ctx)})
	err = m.transact(ctx, func(a *action) error {
		// The row is unique: if two requests come at once, the second one waits here and then finds
		// what the first one has stored.
		if _, err := a.Tx.Exec(ctx,
			a.Tx.InsertIgnore()+" {q2ab_people} (sub, userid, created) VALUES (?, 0, ?)",
			c.Subject, a.Tx.Now()); err != nil {
			return fmt.Errorf("link a person: %w", err)
		}
		var ignored int
		if _, err := a.Tx.Get(ctx, []any{&ignored},
			"SELECT userid FROM {q2ab_people} WHERE sub = ?"+a.Tx.ForUpdate(), c.Subject); err != nil {
			return fmt.Errorf("link a person: %w", err)
		}
		var found bool
		if userID, found, err = findLogin(ctx, a.Tx, cognitoSource, c.Subject); err != nil || found {
			return err
		}
		ways := []func(*tokens.Claims) (int, error){
			a.knownElsewhere, a.migrated, a.sameAddress, a.newPerson,
		}
		if !known {
			ways = ways[:2]
		}
		for _, find := range ways {
			if userID, err = find(c); err != nil {
				return err
			}
			if userID != 0 {
				break
			}
		}
		if userID == 0 {
			return problem.New(problem.CodeUnavailable)
		}
		sum := md5.Sum([]byte(c.Subject)) //nolint:gosec // see the import
		_, err := a.Tx.Exec(ctx,
			"INSERT INTO {userlogins} (userid, source, identifier, identifiermd5) VALUES (?, ?, ?, ?)",
			userID, cognitoSource, []byte(c.Subject), sum[:])
		if err != nil {
			return fmt.Errorf("link a person: %w", err)
		}
		if _, err := a.Tx.Exec(ctx, "UPDATE {q2ab_people} SET userid = ? WHERE sub = ?",
			userID, c.Subject); err != nil {
			return fmt.Errorf("link a person: %w", err)
		}
		return nil
	})
	return userID, err
}

// clientIP returns the address of the client that sent the request.
func clientIP(ctx context.Context) netip.Addr { return web.ClientOf(ctx).IP }

// knownElsewhere returns the user whom Q2A knows by the other issuer through which the person came to
// Cognito, 0 if there is none.
func (a *action) knownElsewhere(c *tokens.Claims) (int, error) {
	for _, i := range a.m.identitiesOf(c) {
		id, found, err := findLogin(a.Ctx, a.Tx, strings.ToLower(i.Provider), i.UserID)
		if err != nil || found {
			return id, err
		}
	}
	return 0, nil
}

// identitiesOf returns the accounts at other issuers through which the person came to Cognito. ID
// tokens list them. Access tokens contain one only in the username, as PROVIDER_ID, which anybody
// could choose as a name. It is believed only if the person is in the group POOL_PROVIDER, into which
// Cognito puts just those who came through that provider.
func (m *Module) identitiesOf(c *tokens.Claims) []tokens.Identity {
	if len(c.Identities) > 0 {
		return c.Identities
	}
	provider, id, ok := strings.Cut(c.Username, "_")
	if !ok || c.Use != "access" {
		return nil
	}
	pool := m.settings.Cognito.pool()
	for _, group := range c.Groups {
		if name, ours := strings.CutPrefix(group, pool+"_"); ours && strings.EqualFold(name, provider) {
			return []tokens.Identity{{Provider: name, UserID: id}}
		}
	}
	return nil
}

// migrated returns the user whose password the migration trigger accepted for Cognito under the name
// in the token, 0 if there is none.
func (a *action) migrated(c *tokens.Claims) (int, error) {
	names := []string{c.Username}
	if c.EmailVerified {
		names = append(names, c.Email) // in pools whose users sign in by address, the username is an id
	}
	// An address that nobody has confirmed counts only if the token also has the account's id, which
	// shows that the trigger has set the address.
	account, err := strconv.Atoi(c.AccountID)
	unverified := c.Email
	if c.EmailVerified || err != nil {
		unverified = ""
	}
	since := c.AuthTime
	if since == 0 {
		since = c.IssuedAt
	}
	for i, n := range names {
		names[i] = strings.ToLower(n)
	}
	var id int
	found, err := a.Tx.Get(a.Ctx, []any{&id},
		`SELECT m.userid
			FROM {q2ab_migrated} m
			JOIN {users} u ON u.userid = m.userid
			WHERE (m.username IN ? OR m.username = ? AND m.userid = ?) AND m.username <> '' AND m.sub IS NULL
				AND m.at > ?
			ORDER BY m.at DESC LIMIT 1`,
		names, strings.ToLower(unverified), account, since-linkWindow)
	if err != nil {
		return 0, fmt.Errorf("look for a migrated account: %w", err)
	}
	if !found {
		return 0, nil
	}
	if _, err := a.Tx.Exec(a.Ctx, "UPDATE {q2ab_migrated} SET sub = ? WHERE userid = ?",
		c.Subject, id); err != nil {
		return 0, fmt.Errorf("link a migrated account: %w", err)
	}
	return id, nil
}

// sameAddress returns the only user with the person's address if it is confirmed both at Cognito and
// in Q2A, otherwise 0.
func (a *action) sameAddress(c *tokens.Claims) (int, error) {
	if !c.EmailVerified || !ValidEmail(c.Email) {
		return 0, nil
	}
	users, err := findUsers(a.Ctx, a.Tx, "email = ? LIMIT 2", c.Email)
	if err != nil || len(users) != 1 || users[0].flags&FlagEmailConfirmed == 0 {
		return 0, err
	}
	return users[0].id, nil
}

// isID matches names that no person has chosen: Cognito's own ids, and those that other issuers
// assign.
var isID = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-|^[A-Za-z]+_[0-9]+$`)

// newPerson makes an account, by Q2A's rules of registration, for a person whom Q2A does not know.
func (a *action) newPerson(c *tokens.Claims) (int, error) {
	if err := mayRegister(a.Options, a.Caller); err != nil {
		return 0, err
	}
	if err := a.lockNames(); err != nil {
		return 0, err
	}
	wish := ""
	for _, name := range []string{c.PreferredUsername, c.Name, c.Username} {
		// Of an address only the part before the @ is used.
		if name, _, _ = strings.Cut(name, "@"); name != "" && !isID.MatchString(name) {
			wish = name
			break
		}
	}
	handle, err := a.freeHandle(wish)
	if err != nil {
		return 0, err
	}
	n := newAccount{handle: handle, source: cognitoSource}
	if code, _ := wrongEmail(c.Email); c.EmailVerified && code.IsZero() {
		taken, err := a.taken("email", c.Email, 0)
		if err != nil {
			return 0, err
		}
		if !taken {
			n.email, n.confirmed = c.Email, true
		}
	}
	u, err := a.create(n)
	return u.id, err
}
