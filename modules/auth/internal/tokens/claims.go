package tokens

import "slices"

// leeway is how many seconds the clocks of the issuer and of this machine may differ.
const leeway = 30

// checked holds the claims of a token that has passed every check but that of its times, which is
// made each time the token is used.
type checked struct {
	Claims
	// notBefore is the claim nbf in Unix seconds, 0 if there is none.
	notBefore int64
}

// untimely returns why the token is not valid at the Unix second now, or "" if it is. A token is
// valid from max(nbf, iat) - leeway, including this second, until exp + leeway, excluding it.
func (c *checked) untimely(now int64) string {
	switch {
	case now >= c.Expires+leeway:
		return "claim exp: expired"
	case now < c.notBefore-leeway:
		return "claim nbf: not good yet"
	case now < c.IssuedAt-leeway:
		return "claim iat: made in the future"
	}
	return ""
}

// read checks all claims but the times, which untimely checks. It ignores claims that it does not
// name.
func (v *Verifier) read(claims object) (*checked, error) {
	r := &reader{of: claims}
	c := &checked{Claims: Claims{
		Subject: r.must("sub"), Use: r.must("token_use"), Groups: r.texts("cognito:groups"),
		TokenID: r.text("jti"), SessionID: r.text("origin_jti"),
	}}
	if r.must("iss") != v.issuer {
		r.fail("iss")
	}
	var there bool
	if c.Expires, there = r.seconds("exp"); !there {
		r.fail("exp")
	}
	c.IssuedAt, _ = r.seconds("iat")
	c.AuthTime, _ = r.seconds("auth_time")
	c.notBefore, _ = r.seconds("nbf")
	switch c.Use {
	case "access":
		// The aud of Cognito's access tokens is absent, or names another server.
		c.ClientID = v.client(r, "client_id", r.must("client_id"))
		c.Username = r.must("username")
	case "id":
		c.ClientID = v.client(r, "aud", audience(r))
		c.Username = r.must("cognito:username")
		c.Email, c.EmailVerified = r.text("email"), r.yes("email_verified")
		c.PreferredUsername, c.Name = r.text("preferred_username"), r.text("name")
		c.AccountID = r.text("custom:q2a_id")
		c.Identities = identities(r)
	default:
		r.fail("token_use")
	}
	if r.wrong != "" {
		return nil, invalid("claim " + r.wrong)
	}
	return c, nil
}

// client returns the id, and records the claim as wrong if the id is not one of the accepted app
// clients.
func (v *Verifier) client(r *reader, claim, id string) string {
	if !slices.Contains(v.clients, id) {
		r.fail(claim)
	}
	return id
}

// audience returns the claim aud, which must be a string or a list of one string. A token for several
// audiences is refused, because any of the others could use it here.
func audience(r *reader) string {
	if raw := r.of["aud"]; len(raw) == 0 || raw[0] != '[' {
		return r.must("aud")
	}
	list := r.texts("aud")
	if len(list) != 1 {
		r.fail("aud")
		return ""
	}
	return list[0]
}

// identities returns the claim identities, which is a list of objects.
func identities(r *reader) []Identity {
	const claim = "identities"
	var all []Identity
	for _, raw := range r.list(claim) {
		o, _ := parseObject(raw) // an invalid object has no members, so userId is missing
		item := reader{of: o}
		all = append(all, Identity{Provider: item.must("providerName"), UserID: item.must("userId")})
		if item.wrong != "" {
			r.fail(claim)
		}
	}
	return all
}
