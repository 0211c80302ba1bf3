package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
)

// refreshGrace is for how many seconds a used refresh token is still taken, for clients that sent it twice at once or whose answer
// got lost. Later it is a sign that somebody else has it too.
const refreshGrace = 30

// session is one refresh token of a session: the tokens of one sign-in are a family.
type session struct {
	token   string
	family  []byte
	started int64
}

// stampOf changes with the password and with Q2A's session code, whoever changes them: sessions from before end.
func stampOf(u user) []byte {
	sum := sha256.Sum256([]byte(u.sessionCode + "\n" + u.password.Hash))
	return sum[:16]
}

// beginSession starts a session of the user, within the transaction that signs in.
func (m *Module) beginSession(ctx context.Context, tx *database.DB, u user) (session, error) {
	now := tx.Now()
	if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_sessions} WHERE userid = ? AND expires <= ?", u.id, now); err != nil {
		return session{}, fmt.Errorf("drop old sessions: %w", err)
	}
	family := make([]byte, 16)
	if _, err := rand.Read(family); err != nil {
		return session{}, err
	}
	return m.addToken(ctx, tx, u, session{family: family, started: now})
}

// addToken adds a refresh token to a session.
func (m *Module) addToken(ctx context.Context, tx *database.DB, u user, s session) (session, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return session{}, err
	}
	s.token = base64.RawURLEncoding.EncodeToString(secret)
	_, err := tx.Exec(ctx, "INSERT INTO {q2ab_sessions} (id, family, userid, stamp, started, expires) VALUES (?, ?, ?, ?, ?, ?)",
		tokenID(s.token), s.family, u.id, stampOf(u), s.started, tx.Now()+int64(m.settings.RefreshTTL.Seconds()))
	if err != nil {
		return session{}, fmt.Errorf("begin a session: %w", err)
	}
	return s, nil
}

func tokenID(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// endSessions ends all sessions of a user.
func endSessions(ctx context.Context, tx *database.DB, userID int) error {
	if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_sessions} WHERE userid = ?", userID); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

type refreshInput struct {
	Body struct {
		RefreshToken string `json:"refreshToken" maxLength:"200"`
	}
}

// refresh gives new tokens for a refresh token, which is good for once. One that comes again later is in other hands too, so
// its whole session ends.
func (m *Module) refresh(ctx context.Context, in *refreshInput) (*tokenOutput, error) {
	var u user
	var next session
	refused := false
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		refused = false
		id := tokenID(in.Body.RefreshToken)
		var s session
		var stamp []byte
		var userID int
		var expires, used int64
		found, err := tx.Get(ctx, []any{&s.family, &userID, &stamp, &s.started, &expires, &used},
			"SELECT family, userid, stamp, started, expires, used FROM {q2ab_sessions} WHERE id = ?"+tx.ForUpdate(), id)
		if err != nil {
			return fmt.Errorf("read a session: %w", err)
		}
		now := tx.Now()
		if refused = !found || expires <= now; refused {
			return nil
		}
		users, err := findUsers(ctx, tx, "userid = ?", userID)
		if err != nil {
			return err
		}
		reused := used != 0 && now-used > refreshGrace
		if reused || len(users) == 0 || subtle.ConstantTimeCompare(stamp, stampOf(users[0])) != 1 {
			if reused {
				slog.WarnContext(ctx, "a refresh token came again; its session ends", "user", userID)
			}
			refused = true
			return endFamily(ctx, tx, s.family)
		}
		u = users[0]
		if used == 0 {
			if _, err := tx.Exec(ctx, "UPDATE {q2ab_sessions} SET used = ? WHERE id = ?", now, id); err != nil {
				return fmt.Errorf("use a refresh token: %w", err)
			}
		}
		next, err = m.addToken(ctx, tx, u, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	if refused {
		return nil, problem.New("session_ended")
	}
	return m.tokensFor(ctx, u, next)
}

func endFamily(ctx context.Context, tx *database.DB, family []byte) error {
	if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_sessions} WHERE family = ?", family); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

type signOutInput struct {
	Body struct {
		RefreshToken string `json:"refreshToken,omitempty" maxLength:"200" doc:"Of the session that ends; without it, the one of the access token that comes with the request"`
		Everywhere   bool   `json:"everywhere,omitempty" doc:"Ends all sessions of the user"`
	}
}

type noContent struct{ Status int }

// signOut ends a session, or all of the user, and with them their access tokens.
func (m *Module) signOut(ctx context.Context, in *signOutInput) (*noContent, error) {
	err := m.transact(ctx, func(a *action) error {
		family := personOf(ctx).family()
		userID := a.caller.UserID
		if in.Body.RefreshToken != "" {
			// Also of somebody else, or nobody's: whoever has the token may end the session.
			if _, err := a.tx.Get(ctx, []any{&family, &userID}, "SELECT family, userid FROM {q2ab_sessions} WHERE id = ?"+a.tx.ForUpdate(), tokenID(in.Body.RefreshToken)); err != nil {
				return fmt.Errorf("read a session: %w", err)
			}
		}
		if userID == 0 {
			return nil // it ended before
		}
		users, err := findUsers(ctx, a.tx, "userid = ?", userID)
		if err != nil || len(users) == 0 {
			return err
		}
		a.reportBy(userID, users[0].handle, "u_logout")
		if in.Body.Everywhere {
			return endSessions(ctx, a.tx, userID)
		}
		return endFamily(ctx, a.tx, family)
	})
	return &noContent{http.StatusNoContent}, err
}
