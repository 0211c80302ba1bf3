package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"unicode"

	"github.com/aws/aws-lambda-go/events"
	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
)

// maxTrigger is the largest trigger event that is accepted, in bytes.
const maxTrigger = 64 << 10

// errTrigger is the error that Cognito gets when a user may not be migrated. It gives no reason,
// since the pool may show it to whoever tries to sign in.
var errTrigger = errors.New("user not found or password not correct")

// HandleTrigger responds to the triggers of a user pool, as AWS Lambda passes them on:
//   - UserMigration_Authentication: a user whom the pool does not know signs in. If the handle or
//     address and the password are those of a user of Q2A, the pool makes its own user, with the
//     returned attributes and that password, and does not ask for this user again.
//   - UserMigration_ForgotPassword: the same without a password, for a pool that then sends a code to
//     the address.
//   - PreSignUp_SignUp: somebody wants a new account in the pool. It is refused under the names and
//     addresses of Q2A's users, who should sign in and thereby be migrated.
//
// The same event gets the same response each time. The event is never logged, since it contains a
// password.
func (m *Module) HandleTrigger(ctx context.Context, event json.RawMessage) (any, error) {
	var header events.CognitoEventUserPoolsHeader
	if len(event) > maxTrigger || json.Unmarshal(event, &header) != nil {
		return nil, errors.New("this is no trigger event of a user pool")
	}
	if pool := m.settings.Cognito.pool(); pool != "" && header.UserPoolID != pool {
		return nil, errors.New("this event comes from another user pool")
	}
	switch header.TriggerSource {
	case "UserMigration_Authentication", "UserMigration_ForgotPassword":
		var e events.CognitoEventUserPoolsMigrateUser
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, errors.New("this is no migration event")
		}
		return e, m.migrate(ctx, &e)
	case "PreSignUp_SignUp":
		var e events.CognitoEventUserPoolsPreSignup
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, errors.New("this is no sign-up event")
		}
		return e, m.preSignUp(ctx, e)
	case "PreSignUp_AdminCreateUser", "PreSignUp_ExternalProvider":
		return event, nil
	}
	return nil, fmt.Errorf("triggers of the source %q are not for this function",
		strings.Map(printable, header.TriggerSource))
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}

// migrate fills in the response to a migration event.
func (m *Module) migrate(ctx context.Context, e *events.CognitoEventUserPoolsMigrateUser) error {
	u, err := m.toMigrate(ctx, e)
	var refused *problem.Error
	switch {
	case errors.As(err, &refused):
		slog.InfoContext(ctx, "migration refused", "trigger", e.TriggerSource, "reason", refused.Code)
		return errTrigger
	case err != nil:
		slog.ErrorContext(ctx, "migration failed", "trigger", e.TriggerSource, "error", err)
		return errors.New("migration failed")
	}
	attributes := map[string]string{"preferred_username": u.handle, "custom:q2a_id": strconv.Itoa(u.id)}
	name := e.UserName
	// The typed name may be the address, which cannot be a username in such a pool.
	if m.settings.Cognito.AliasPool {
		name = poolName(u)
		attributes["username"] = name
	}
	if u.email != "" {
		attributes["email"] = u.email
		if u.flags&FlagEmailConfirmed != 0 {
			attributes["email_verified"] = "true"
		}
	}
	e.UserAttributes, e.FinalUserStatus, e.MessageAction = attributes, "CONFIRMED", "SUPPRESS"
	e.DesiredDeliveryMediums = []string{"EMAIL"}
	if _, err := m.db.Exec(ctx,
		"INSERT INTO {q2ab_migrated} (userid, username, at, sub) VALUES (?, ?, ?, NULL)"+
			m.db.Upsert("userid")+
			"username = "+m.db.Given("username")+", at = "+m.db.Given("at")+", sub = NULL",
		u.id, strings.ToLower(name), m.db.Now()); err != nil {
		slog.ErrorContext(ctx, "migration failed", "trigger", e.TriggerSource, "error", err)
		return errors.New("migration failed")
	}
	slog.InfoContext(ctx, "user migrates to Cognito", "trigger", e.TriggerSource, "user", u.id)
	return nil
}

// toMigrate returns the user whom a migration event is about, and checks the password if the event
// has to contain one.
func (m *Module) toMigrate(
	ctx context.Context, e *events.CognitoEventUserPoolsMigrateUser,
) (u user, err error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return user{}, err
	}
	login := formtext.Exact(e.UserName)
	u, found, err := byLogin(ctx, m.db, o, login)
	if err != nil {
		return user{}, err
	}
	if e.TriggerSource == "UserMigration_Authentication" {
		// Cognito does not pass on the client's address.
		g, err := m.guess(ctx, locksOf(passwordGuesses, login, netip.Addr{}, m.settings.SignInAttempts, 0))
		if err != nil {
			return user{}, err
		}
		matches, _, err := m.passwords.Matches(ctx, u.password, formtext.Exact(e.Password))
		if err != nil {
			return user{}, errors.Join(err, g.withdrawn(ctx))
		}
		if !matches {
			return user{}, problem.New(codeInvalidCredentials)
		}
		if err := g.succeeded(ctx, m.db); err != nil {
			return user{}, err
		}
	}
	switch {
	case !found:
		return user{}, problem.NotFound()
	case u.flags&FlagBlocked != 0:
		return user{}, problem.New(codeUserBlocked)
	case e.TriggerSource == "UserMigration_ForgotPassword" && u.flags&FlagEmailConfirmed == 0:
		// The pool would send its code to an address that nobody has confirmed.
		return user{}, problem.New(codeEmailUnconfirmed)
	}
	return u, nil
}

// preSignUp refuses new accounts of the pool under the handles and addresses of Q2A's users.
func (m *Module) preSignUp(ctx context.Context, e events.CognitoEventUserPoolsPreSignup) error {
	names := []string{e.UserName, e.Request.UserAttributes["email"]}
	if m.settings.Cognito.AliasPool { // an alias that a user of Q2A will need must stay free
		names = append(names, e.Request.UserAttributes["preferred_username"])
	}
	for _, name := range names {
		column, name := "handle", cleanHandle(formtext.Exact(name))
		if strings.Contains(name, "@") { // which handles cannot have
			column = "email"
		}
		if name == "" {
			continue
		}
		users, err := findUsers(ctx, m.db, column+" = ? LIMIT 1", name)
		if err != nil {
			slog.ErrorContext(ctx, "sign-up not checked", "error", err)
			return errors.New("sign-up cannot be checked now")
		}
		if len(users) > 0 {
			return errors.New("this name or address has an account already; sign in with its password")
		}
	}
	return nil
}

// serveTrigger responds to triggers over HTTP in the form of AWS Lambda's own API, for emulators of
// Cognito.
func (m *Module) serveTrigger(c echo.Context) error {
	event, err := io.ReadAll(io.LimitReader(c.Request().Body, maxTrigger+1))
	if err != nil {
		return err
	}
	answer, err := m.HandleTrigger(c.Request().Context(), event)
	if err != nil {
		c.Response().Header().Set("X-Amz-Function-Error", "Unhandled")
		return c.JSON(http.StatusOK, map[string]string{"errorType": "Error", "errorMessage": err.Error()})
	}
	return c.JSON(http.StatusOK, answer)
}

// MigrationState describes the progress of the move of accounts to Cognito, in numbers of users.
type MigrationState struct {
	Users int
	// Migrated users were accepted by the migration trigger. Linked is how many of them have used
	// this API since.
	Migrated, Linked int
	// Others came to Cognito in another way: with a new account, or through another issuer.
	Others int
	// These count the users who are not in Cognito yet: those with a bcrypt password, with one of the
	// old kind, and with none; and those of them who are blocked.
	Bcrypt, Legacy, NoPassword, Blocked int
}

// Migration returns the progress of the move of accounts to Cognito.
func (m *Module) Migration(ctx context.Context) (s MigrationState, err error) {
	const left = "m.userid IS NULL AND l.userid IS NULL"
	sum := func(condition string) string {
		return "COALESCE(SUM(CASE WHEN " + condition + " THEN 1 ELSE 0 END), 0)"
	}
	_, err = m.db.Get(ctx, []any{&s.Users, &s.Migrated, &s.Linked, &s.Others, &s.Bcrypt, &s.Legacy,
		&s.NoPassword, &s.Blocked}, "SELECT COUNT(*), "+
		sum("m.userid IS NOT NULL")+", "+sum("m.sub IS NOT NULL")+", "+
		sum("m.userid IS NULL AND l.userid IS NOT NULL")+", "+
		sum(left+" AND u.passhash IS NOT NULL")+", "+
		sum(left+" AND u.passhash IS NULL AND u.passsalt IS NOT NULL")+", "+
		sum(left+" AND u.passhash IS NULL AND u.passsalt IS NULL")+", "+sum(left+" AND u.flags & 2 <> 0")+
		` FROM {users} u
			LEFT JOIN {q2ab_migrated} m ON m.userid = u.userid
			LEFT JOIN (SELECT DISTINCT userid FROM {userlogins} WHERE source = 'cognito') l
				ON l.userid = u.userid`)
	if err != nil {
		return s, fmt.Errorf("count migrated accounts: %w", err)
	}
	return s, nil
}

// importColumns are the columns of a file for Cognito's import of users. The pool's own attribute
// comes last.
var importColumns = strings.Split("cognito:username,name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,email,email_verified,gender,"+
	"birthdate,zoneinfo,locale,phone_number,phone_number_verified,address,updated_at,cognito:mfa_enabled,custom:q2a_id",
	",")

// usersPerExport is how many users one statement of ExportUsers reads.
const usersPerExport = 1000

// ExportUsers writes the users who are not in Cognito yet as a file for its CSV import, and returns
// how many it has written. It leaves out blocked users, and users without a confirmed address,
// because Cognito imports only users whose address the file calls verified. Imported users choose a
// new password when they first sign in; their confirmed address then connects them to their accounts.
func (m *Module) ExportUsers(ctx context.Context, out io.Writer) (n int, err error) {
	if _, err := fmt.Fprintln(out, strings.Join(importColumns, ",")); err != nil {
		return 0, fmt.Errorf("export users: %w", err)
	}
	for last := 0; ; {
		users, err := findUsers(ctx, m.db,
			`userid > ? AND email <> '' AND flags & 3 = 1
				AND userid NOT IN (SELECT userid FROM {q2ab_migrated})
				AND userid NOT IN (SELECT userid FROM {userlogins} WHERE source = 'cognito')
				ORDER BY userid LIMIT ?`,
			last, usersPerExport)
		if err != nil {
			return n, err
		}
		for _, u := range users {
			if _, err := fmt.Fprintln(out, importRow(u)); err != nil {
				return n, fmt.Errorf("export users: %w", err)
			}
			last = u.id
			n++
		}
		if len(users) < usersPerExport {
			return n, nil
		}
	}
}

// poolName returns the username of a user in a pool whose users have aliases. A username cannot
// contain spaces, so a user whose handle does gets one made from the id, and signs in by the address
// or the preferred username.
func poolName(u user) string {
	if strings.ContainsFunc(u.handle, unicode.IsSpace) {
		return "q2a-" + strconv.Itoa(u.id)
	}
	return u.handle
}

// importRow returns the line of the import file for a user. The format is Cognito's own: values are
// not quoted, and commas and backslashes are preceded by a backslash.
func importRow(u user) string {
	values := map[string]string{"cognito:username": poolName(u), "preferred_username": u.handle,
		"email": u.email, "email_verified": "true",
		"phone_number_verified": "false", "cognito:mfa_enabled": "false",
		"custom:q2a_id": strconv.Itoa(u.id)}
	row := make([]string, len(importColumns))
	for i, column := range importColumns {
		row[i] = strings.NewReplacer(`\`, `\\`, ",", `\,`).Replace(values[column])
	}
	return strings.Join(row, ",")
}
