package tokens_test

import (
	"encoding/json"
	"fmt"
	"strings"
)

// hostileClaims returns tokens that are signed by the issuer, but have claims that must not pass.
func hostileClaims() []hostile {
	var all []hostile
	each := func(kind string, good members, claim string, values ...any) {
		for _, v := range values {
			text := "missing"
			if v != nil {
				b, _ := json.Marshal(v)
				text = string(b)
			}
			all = append(all, hostile{
				name: fmt.Sprintf("%s: %s %s", kind, claim, text), token: signed(header, good.with(claim, v)),
			})
		}
	}
	notText := []any{nil, "", null, 1, true, []string{"x"}, members{"x": "y"}}
	for kind, good := range map[string]members{"access": access, "ID": id} {
		each(kind, good, "sub", notText...)
		each(kind, good, "iss", append(notText, issuer+"/", " "+issuer, strings.ToUpper(issuer),
			strings.Replace(issuer, "https", "http", 1),
			issuer[:len(issuer)-1], "https://accounts.google.com", []string{issuer})...)
		each(kind, good, "token_use",
			append(notText, "refresh", "Access", "access ", "ID", []string{"access"})...)
		each(kind, good, "exp", nil, null, "", fmt.Sprint(start.Unix()+3600), true,
			[]int64{start.Unix() + 3600}, members{}, 0, -1,
			json.Number("1790003600.5"), json.Number("1e400"), json.Number("1e300"), json.Number("-1e9"),
			json.Number("9223372036854775808"))
		for _, claim := range []string{"iat", "nbf", "auth_time"} {
			each(kind, good, claim, null, fmt.Sprint(start.Unix()), false, []int64{start.Unix()}, -1,
				json.Number("1.5"), json.Number("1e300"))
		}
		each(kind, good, "cognito:groups", null, "", "editors", 1, []any{"editors", 1}, []any{null},
			[]any{[]string{"editors"}}, members{"editors": true})
		each(kind, good, "jti", null, 1, []string{"x"})
		each(kind, good, "origin_jti", null, 1, []string{"x"})
	}
	each("access", access, "client_id",
		append(notText, "a stranger", clientID+" ", strings.ToUpper(clientID), []string{clientID})...)
	each("access", access, "username", notText...)
	each("ID", id, "aud", append(notText, "a stranger", []string{}, []string{""}, []string{"a stranger"},
		[]string{clientID, "a stranger"},
		[]string{clientID, "another-client"}, []string{clientID, clientID}, []any{[]string{clientID}},
		[]any{1}, members{clientID: 1})...)
	each("ID", id, "cognito:username", notText...)
	each("ID", id, "email", null, 1, true, []string{"nori@example.jp"})
	each("ID", id, "email_verified", null, 1, 0, "", "yes", "True", "TRUE", " true", []bool{true}, members{})
	each("ID", id, "preferred_username", null, 1, []string{"x"})
	each("ID", id, "name", null, 1, []string{"x"})
	google := members{"userId": "1", "providerName": "Google"}
	each("ID", id, "identities", null, "", "[]", google, []any{null}, []any{"x"}, []any{1},
		[]any{[]any{google}}, []any{google.with("userId", nil)},
		[]any{google.with("userId", "")}, []any{google.with("userId", 1)},
		[]any{google.with("providerName", nil)}, []any{google, google.with("providerName", null)},
		json.RawMessage(`[{"userId":"1","userId":"2","providerName":"Google"}]`),
		json.RawMessage(`[{"USERID":"1","providerName":"Google"}]`))
	for _, c := range []struct {
		name   string
		claims members
	}{
		{"ID token with client_id only", id.with("aud", nil, "client_id", clientID)},
		{"ID token with cognito:username missing and username there", id.with("cognito:username", nil, "username", "nori")},
		{"access token with aud only", access.with("client_id", nil, "aud", clientID)},
		{"access token with cognito:username only", access.with("username", nil, "cognito:username", "nori")},
		{"access token that says it is an ID token", access.with("token_use", "id")},
		{"ID token that says it is an access token", id.with("token_use", "access")},
		{"members in capitals", access.with("sub", nil, "SUB", "x", "Sub", "y")},
		{"no claims at all", members{}},
	} {
		all = append(all, hostile{name: c.name, token: signed(header, c.claims)})
	}
	for _, twice := range []string{
		`"sub":"x"`, `"exp":1890003600`, `"token_use":"access"`, `"s\u0075b":"x"`, `"version":2`,
	} {
		all = append(all, hostile{name: "claims with another " + twice,
			token: raw(header.json(), strings.TrimSuffix(access.json(), "}")+","+twice+"}", rsaSign)})
	}
	return all
}
