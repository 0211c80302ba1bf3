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

// refreshGrace is how long a used refresh token is still accepted, in seconds, for clients that sent
// it twice at once or did not receive the response. If it is sent later than that, somebody else
// probably has it too.
const refreshGrace = 30

// session is a session with one of its refresh tokens. All tokens that come from one sign-in belong
// to the same family. started is in Unix seconds.
type session struct {
	token   string
	family  []byte
	started int64
}

// stampOf returns a hash that changes with the password and with Q2A's session code, whichever site
// changes them. A session whose stamp is not the current one has ended.
func stampOf(u user) []byte {
	sum := sha256.Sum256([]byte(u.sessionCode + "\n" + u.password.Hash))
	return sum[:16]
}

// beginSession begins a session of the user, within the transaction that signs the user in. It also
// deletes the user's expired sessions.
func (m *Module) beginSession(ctx context.Context, tx *database.DB, u user) (session, error) {
	now := tx.Now()
	if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_sessions} WHERE userid = ? AND expires <= ?",
		u.id, now); err != nil {
		return session{}, fmt.Errorf("drop old sessions: %w", err)
	}
	family := make([]byte, 16)
	if _, err := rand.Read(family); err != nil {
		return session{}, err
	}
	return m.addToken(ctx, tx, u, session{family: family, started: now})
}

// addToken returns the session with a new refresh token, which it stores.
func (m *Module) addToken(ctx context.Context, tx *database.DB, u user, s session) (session, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return session{}, err
	}
	s.token = base64.RawURLEncoding.EncodeToString(secret)
	_, err := tx.Exec(ctx,
		"INSERT INTO {q2ab_sessions} (id, family, userid, stamp, started, expires) VALUES (?, ?, ?, ?, ?, ?)",
		tokenID(s.token), s.family, u.id, stampOf(u), s.started,
		tx.Now()+int64(m.settings.RefreshTTL.Seconds()))
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
	TokenCookie

	Body struct {
		RefreshChoice
		RefreshToken string `json:"refreshToken,omitempty" maxLength:"200" doc:"Without one, that of the cookie counts, and the next one goes there too"`
	}
}

// refresh returns new tokens for a refresh token, which can be used only once. If a used token is
// sent again after refreshGrace, somebody else has it too, and its whole session ends.
func (m *Module) refresh(ctx context.Context, in *refreshInput) (*tokenOutput, error) {
	var u user
	var next session
	token, fromCookie, err := in.token(ctx, in.Body.RefreshToken)
	if err != nil {
		return nil, err
	}
	refused := false
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		refused = false
		id := tokenID(token)
		var s session
		var stamp []byte
		var userID int
		var expires, used int64
		found, err := tx.Get(ctx, []any{&s.family, &userID, &stamp, &s.started, &expires, &used},
			"SELECT family, userid, stamp, started, expires, used FROM {q2ab_sessions} WHERE id = ?"+
				tx.ForUpdate(), id)
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
			if _, err := tx.Exec(ctx, "UPDATE {q2ab_sessions} SET used = ? WHERE id = ?",
				now, id); err != nil {
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
		return nil, problem.New(codeSessionEnded)
	}
	return m.tokensFor(ctx, u, next, fromCookie || in.Body.RefreshCookie)
}

func endFamily(ctx context.Context, tx *database.DB, family []byte) error {
	if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_sessions} WHERE family = ?", family); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

type signOutInput struct {
	TokenCookie

	Body struct {
		RefreshToken string `json:"refreshToken,omitempty" maxLength:"200" doc:"Of the session that ends; without it, that of the cookie, or else the one of the access token that comes with the request"`
		Everywhere   bool   `json:"everywhere,omitempty" doc:"Ends all sessions of the user"`
	}
}

type noContent struct{ Status int }

type signOutOutput struct {
	Status int
	Cookie []http.Cookie `header:"Set-Cookie" doc:"Takes the cookie with the refresh token away"`
}

// signOut ends one session of a user, or all of them. Access tokens end with their sessions.
func (m *Module) signOut(ctx context.Context, in *signOutInput) (*signOutOutput, error) {
	token, fromCookie, err := in.token(ctx, in.Body.RefreshToken)
	if err != nil {
		return nil, err
	}
	out := &signOutOutput{Status: http.StatusNoContent}
	if fromCookie {
		out.Cookie = []http.Cookie{newRefreshCookie("", 0)}
	}
	err = m.transact(ctx, func(a *action) error {
		family := personOf(ctx).family()
		userID := a.Caller.UserID
		if token != "" {
			// Whoever has the token may end its session, even if it is not the caller's.
			if _, err := a.Tx.Get(ctx, []any{&family, &userID},
				"SELECT family, userid FROM {q2ab_sessions} WHERE id = ?"+a.Tx.ForUpdate(),
				tokenID(token)); err != nil {
				return fmt.Errorf("read a session: %w", err)
			}
		}
		if userID == 0 {
			return nil // the session has already ended
		}
		users, err := findUsers(ctx, a.Tx, "userid = ?", userID)
		if err != nil || len(users) == 0 {
			return err
		}
		a.reportBy(userID, users[0].handle, "u_logout")
		if in.Body.Everywhere {
			return endSessions(ctx, a.Tx, userID)
		}
		return endFamily(ctx, a.Tx, family)
	})
	return out, err
}
