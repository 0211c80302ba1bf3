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

// cognitoSource is Q2A's name for Cognito in the table of logins.
const cognitoSource = "cognito"

// linkWindow is for how long after a password was checked for Cognito the first token of that name is taken for the same
// person's, in seconds. The pool makes its user within the same request.
const linkWindow = 24 * 3600

// cognitoPerson finds the user whom a token of Cognito belongs to. Of a sub that was never seen, link decides.
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

// withAttributes adds to the claims of an access token, which tells little of the person, what Cognito tells of them to whoever
// has the token. It is asked once for each person. Tokens without the scope for that have to do as they are; but where Cognito
// just does not answer, known is false: who the person is may come out later.
func (m *Module) withAttributes(ctx context.Context, token string, c *tokens.Claims) (full *tokens.Claims, known bool) {
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

// errNotTold is Cognito's refusal to tell of the person, for good.
var errNotTold = errors.New("GetUser is refused")

// attributesWait is how long Cognito is waited for.
const attributesWait = 3 * time.Second

// readAttributes calls Cognito's GetUser, which needs no credentials but the token.
func (m *Module) readAttributes(ctx context.Context, token string, c *tokens.Claims) error {
	ctx, done := context.WithTimeout(ctx, attributesWait)
	defer done()
	body, err := json.Marshal(map[string]string{"AccessToken": token})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.settings.Cognito.endpoint(), bytes.NewReader(body))
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
					c.Identities = append(c.Identities, tokens.Identity{Provider: i.Provider, UserID: i.UserID})
				}
			}
		}
	}
	return nil
}

// findLogin finds the user of a login from elsewhere, as Q2A keeps them. Several rows of the same login are an error, as in Q2A.
func findLogin(ctx context.Context, db *database.DB, source, identifier string) (userID int, found bool, err error) {
	var ids []int
	sum := md5.Sum([]byte(identifier)) //nolint:gosec // see the import
	err = db.Select(ctx, database.Append(&ids), "SELECT DISTINCT l.userid FROM {userlogins} l JOIN {users} u ON u.userid = l.userid "+
		"WHERE l.source = ? AND l.identifiermd5 = ? AND l.identifier = ?", source, sum[:], []byte(identifier))
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

// link finds or makes the user for a sub that was never seen, and remembers it. In this order:
//   - people who came to the old site through another issuer that they come to Cognito through now keep their accounts;
//   - so do those whose password the migration trigger has checked for Cognito under this name;
//   - and those whose address both Cognito and Q2A have seen confirmed;
//   - everybody else gets a new account. An address that is not verified at Cognito, or not confirmed in Q2A, links nobody: whoever
//     only claims it must not get into an account, nor have somebody else come into theirs.
//
// While the attributes of the person are not known, only the first two can be told; others are asked to come again.
func (m *Module) link(ctx context.Context, c *tokens.Claims, known bool) (userID int, err error) {
	ctx = WithCaller(ctx, Caller{IP: clientIP(ctx)})
	err = m.transact(ctx, func(a *action) error {
		// The row is unique: of two requests that come at once the second one waits here, and finds what the first one did.
		if _, err := a.tx.Exec(ctx, a.tx.InsertIgnore()+" {q2ab_people} (sub, userid, created) VALUES (?, 0, ?)", c.Subject, a.tx.Now()); err != nil {
			return fmt.Errorf("link a person: %w", err)
		}
		var ignored int
		if _, err := a.tx.Get(ctx, []any{&ignored}, "SELECT userid FROM {q2ab_people} WHERE sub = ?"+a.tx.ForUpdate(), c.Subject); err != nil {
			return fmt.Errorf("link a person: %w", err)
		}
		var found bool
		if userID, found, err = findLogin(ctx, a.tx, cognitoSource, c.Subject); err != nil || found {
			return err
		}
		ways := []func(*tokens.Claims) (int, error){a.knownElsewhere, a.migrated, a.sameAddress, a.newPerson}
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
			return problem.New("unavailable")
		}
		sum := md5.Sum([]byte(c.Subject)) //nolint:gosec // see the import
		_, err := a.tx.Exec(ctx, "INSERT INTO {userlogins} (userid, source, identifier, identifiermd5) VALUES (?, ?, ?, ?)", userID, cognitoSource, []byte(c.Subject), sum[:])
		if err != nil {
			return fmt.Errorf("link a person: %w", err)
		}
		if _, err := a.tx.Exec(ctx, "UPDATE {q2ab_people} SET userid = ? WHERE sub = ?", userID, c.Subject); err != nil {
			return fmt.Errorf("link a person: %w", err)
		}
		return nil
	})
	return userID, err
}

// clientIP is the address of the request.
func clientIP(ctx context.Context) netip.Addr { return web.ClientOf(ctx).IP }

// knownElsewhere finds the user whom Q2A knows by the other issuer that the person came to Cognito through.
func (a *action) knownElsewhere(c *tokens.Claims) (int, error) {
	for _, i := range a.m.identitiesOf(c) {
		id, found, err := findLogin(a.ctx, a.tx, strings.ToLower(i.Provider), i.UserID)
		if err != nil || found {
			return id, err
		}
	}
	return 0, nil
}

// identitiesOf are the other issuers' names for the person. ID tokens tell them. Access tokens tell them in the username, as
// PROVIDER_ID, which anybody could choose for a name; but only of people who came so does Cognito itself say that they are in
// the group POOL_PROVIDER.
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

// migrated finds the user whose password was checked for Cognito under the name of the token.
func (a *action) migrated(c *tokens.Claims) (int, error) {
	names := []string{c.Username}
	if c.EmailVerified {
		names = append(names, c.Email) // in pools whose users sign in by address, the username is an id
	}
	// Of an address that nobody has confirmed, the account's id has to tell that it was the trigger that set it.
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
	found, err := a.tx.Get(a.ctx, []any{&id}, "SELECT m.userid FROM {q2ab_migrated} m JOIN {users} u ON u.userid = m.userid WHERE (m.username IN ? OR m.username = ? AND m.userid = ?) "+
		"AND m.username <> '' AND m.sub IS NULL AND m.at > ? ORDER BY m.at DESC LIMIT 1", names, strings.ToLower(unverified), account, since-linkWindow)
	if err != nil {
		return 0, fmt.Errorf("look for a migrated account: %w", err)
	}
	if !found {
		return 0, nil
	}
	if _, err := a.tx.Exec(a.ctx, "UPDATE {q2ab_migrated} SET sub = ? WHERE userid = ?", c.Subject, id); err != nil {
		return 0, fmt.Errorf("link a migrated account: %w", err)
	}
	return id, nil
}

// sameAddress finds the only user with the person's address, if both sides have seen it confirmed.
func (a *action) sameAddress(c *tokens.Claims) (int, error) {
	if !c.EmailVerified || !ValidEmail(c.Email) {
		return 0, nil
	}
	users, err := findUsers(a.ctx, a.tx, "email = ? LIMIT 2", c.Email)
	if err != nil || len(users) != 1 || users[0].flags&FlagEmailConfirmed == 0 {
		return 0, err
	}
	return users[0].id, nil
}

// isID tells names that are no wish of a person: Cognito's own ids, and those of other issuers.
var isID = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-|^[A-Za-z]+_[0-9]+$`)

// newPerson makes an account for somebody whom Q2A does not know, by its rules of registration.
func (a *action) newPerson(c *tokens.Claims) (int, error) {
	if err := mayRegister(a.o, a.caller); err != nil {
		return 0, err
	}
	if err := a.lockNames(); err != nil {
		return 0, err
	}
	wish := ""
	for _, name := range []string{c.PreferredUsername, c.Name, c.Username} {
		if name, _, _ = strings.Cut(name, "@"); name != "" && !isID.MatchString(name) { // of an address no more than the name
			wish = name
			break
		}
	}
	handle, err := a.freeHandle(wish)
	if err != nil {
		return 0, err
	}
	n := newAccount{handle: handle, source: cognitoSource}
	if code, _ := wrongEmail(c.Email); c.EmailVerified && code == "" {
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
