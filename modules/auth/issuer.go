package auth

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"

	"38qa.net/backend/modules/auth/internal/tokens"
)

// builtinClient is the client id in the tokens of the built-in issuer.
const builtinClient = "q2a"

// tokenSet holds the tokens that a client gets when its user signs in.
type tokenSet struct {
	AccessToken  string  `json:"accessToken" doc:"For the header Authorization: Bearer …"`
	IDToken      string  `json:"idToken" doc:"Says who the user is, to the client"`
	RefreshToken string  `json:"refreshToken,omitempty" doc:"Is worth new tokens once, at /v1/auth/refresh. Absent if it went into the cookie"`
	TokenType    string  `json:"tokenType" enum:"Bearer"`
	ExpiresIn    int     `json:"expiresIn" doc:"Seconds until the access token expires"`
	User         *Author `json:"user"`
}

type tokenOutput struct {
	Status       int
	CacheControl string        `header:"Cache-Control"`
	Cookie       []http.Cookie `header:"Set-Cookie" doc:"The refresh token, where the request asked for it"`
	Body         tokenSet
}

// tokensFor signs the tokens of a user's session. The server does not store them, except for the hash
// of the refresh token. inCookie says whether the refresh token goes into a cookie.
func (m *Module) tokensFor(ctx context.Context, u user, s session, inCookie bool) (*tokenOutput, error) {
	key, err := m.keys.current(ctx)
	if err != nil {
		return nil, err
	}
	now := m.db.Now()
	ttl := int64(m.settings.AccessTTL.Seconds())
	family := hex.EncodeToString(s.family)
	common := func(use string) map[string]any {
		return map[string]any{"iss": m.settings.Issuer, "sub": strconv.Itoa(u.id), "token_use": use,
			"iat": now, "exp": now + ttl, "auth_time": s.started, "jti": rand.Text(), "origin_jti": family, "cognito:groups": []string{LevelName(u.level)}}
	}
	access, id := common("access"), common("id")
	access["client_id"], access["username"], access["scope"] = builtinClient, u.handle, "openid"
	id["aud"], id["cognito:username"], id["preferred_username"] = builtinClient, u.handle, u.handle
	if u.email != "" {
		id["email"], id["email_verified"] = u.email, u.flags&FlagEmailConfirmed != 0
	}
	out := &tokenOutput{Status: http.StatusOK, CacheControl: "no-store",
		Body: tokenSet{TokenType: "Bearer", ExpiresIn: int(ttl)}}
	if inCookie {
		out.Cookie = []http.Cookie{newRefreshCookie(s.token, m.settings.RefreshTTL)}
	} else {
		out.Body.RefreshToken = s.token
	}
	if out.Body.AccessToken, err = sign(key, access); err != nil {
		return nil, err
	}
	if out.Body.IDToken, err = sign(key, id); err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	authors, err := m.Authors(ctx, o, []int{u.id})
	out.Body.User = authors[u.id]
	return out, err
}

func sign(key *signingKey, claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	headers := jws.NewHeaders()
	if err := headers.Set(jws.KeyIDKey, key.id); err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	signed, err := jws.Sign(payload, jws.WithKey(jwa.ES256, key.private, jws.WithProtectedHeaders(headers)))
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return string(signed), nil
}

// builtinPerson returns the person whom the claims of an access token of the built-in issuer name. An
// ID token is refused: it describes the user to a client, which may pass it on to others, so it must
// not give access to the API.
func builtinPerson(_ context.Context, _ string, c *tokens.Claims) (Person, error) {
	if c.Use != "access" {
		return Person{}, fmt.Errorf("%w: it is no access token", tokens.ErrInvalid)
	}
	id, err := strconv.Atoi(c.Subject)
	if err != nil || id <= 0 {
		return Person{}, fmt.Errorf("%w: sub is no user", tokens.ErrInvalid)
	}
	if family, err := hex.DecodeString(c.SessionID); err != nil || len(family) == 0 {
		return Person{}, fmt.Errorf("%w: origin_jti is no session", tokens.ErrInvalid)
	}
	return Person{UserID: id, SignedInAt: c.AuthTime, session: c.SessionID}, nil
}

// publishKeys responds with the public keys of the built-in issuer.
func (m *Module) publishKeys(c echo.Context) error {
	set, err := m.keys.public(c.Request().Context())
	if err != nil {
		return err
	}
	body, err := json.Marshal(set)
	if err != nil {
		return fmt.Errorf("publish keys: %w", err)
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=900")
	return c.Blob(http.StatusOK, "application/json", body)
}
