package auth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

// pool stands in for a Cognito user pool: it publishes a key, signs tokens, and returns a person's attributes
// for an access token.
type pool struct {
	*httptest.Server
	key *rsa.PrivateKey
	mu  sync.Mutex
	// attributes are what GetUser returns, by the token's sub. It refuses tokens with another sub.
	attributes map[string]map[string]string
	asked      int
	// refusal is the status with which GetUser refuses a token; 400 is permanent.
	refusal int
}

const poolID = "ap-northeast-1_bees"

// poolKey is made only once, because that takes a while.
var poolKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newPool(t *testing.T) *pool {
	t.Helper()
	key, err := poolKey()
	if err != nil {
		t.Fatal(err)
	}
	p := &pool{key: key, attributes: map[string]map[string]string{}, refusal: http.StatusBadRequest}
	public, err := jwk.FromRaw(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]any{
		jwk.KeyIDKey: "k1", jwk.AlgorithmKey: jwa.RS256, jwk.KeyUsageKey: "sig",
	} {
		if err := public.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/"+poolID+"/.well-known/jwks.json" {
			_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{public}})
			return
		}
		var in struct{ AccessToken string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked++
		sub, _ := claimsOf(t, in.AccessToken)["sub"].(string)
		attributes, ok := p.attributes[sub]
		if r.Header.Get("X-Amz-Target") != "AWSCognitoIdentityProviderService.GetUser" || !ok {
			w.WriteHeader(p.refusal)
			fmt.Fprintf(w, `{"__type": %q}`,
				map[int]string{400: "NotAuthorizedException", 429: "TooManyRequestsException"}[p.refusal])
			return
		}
		list := []map[string]string{{"Name": "sub", "Value": sub}}
		for name, value := range attributes {
			list = append(list, map[string]string{"Name": name, "Value": value})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"UserAttributes": list})
	}))
	t.Cleanup(p.Close)
	return p
}

// token returns a signed token with the claims, in addition to those that every token of the pool has.
func (p *pool) token(t *testing.T, use, sub, username string, claims map[string]any) string {
	t.Helper()
	now := time.Now().Unix()
	all := map[string]any{
		"iss": p.URL + "/" + poolID, "sub": sub, "token_use": use, "iat": now, "exp": now + 3600,
		"auth_time": now,
	}
	if use == "access" {
		all["client_id"], all["username"] = "client-1", username
	} else {
		all["aud"], all["cognito:username"] = "client-1", username
	}
	for name, value := range claims {
		all[name] = value
	}
	payload, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	headers := jws.NewHeaders()
	if err := headers.Set(jws.KeyIDKey, "k1"); err != nil {
		t.Fatal(err)
	}
	signed, err := jws.Sign(payload, jws.WithKey(jwa.RS256, p.key, jws.WithProtectedHeaders(headers)))
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

func openPool(t *testing.T, url string, change func(*config.Config)) (*pool, *testsite.Issuer) {
	t.Helper()
	p := newPool(t)
	return p, testsite.NewIssuer(t, testsite.On(url), testsite.Config(func(c *config.Config) {
		c.CognitoIssuer, c.CognitoClients, c.CognitoTriggers = p.URL+"/"+poolID, []string{"client-1"}, true
		if change != nil {
			change(c)
		}
	}))
}

// TestPeopleOfCognito checks that the bearer of a token of a user pool is taken for the right user of Q2A, or
// for a new one, and never for somebody else.
func TestPeopleOfCognito(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		p, s := openPool(t, db.Copy(t), func(c *config.Config) {
			c.GroupLevels = map[string]string{"staff": "editor"}
		})
		who := func(token string) int {
			t.Helper()
			status, account := s.Me(t, token)
			if status != 200 {
				t.Errorf("%d %+v", status, account)
			}
			return account.User.ID
		}
		row := func(userID int, columns string, dest ...any) {
			t.Helper()
			if found, err := s.App.DB.Get(t.Context(), dest,
				"SELECT "+columns+" FROM {users} WHERE userid = ?", userID); err != nil || !found {
				t.Fatalf("user %d: %v %v", userID, found, err)
			}
		}
		access := func(sub, name string, claims map[string]any) string {
			return p.token(t, "access", sub, name, claims)
		}
		id := func(sub, name string, claims map[string]any) string {
			return p.token(t, "id", sub, name, claims)
		}

		// Users who migrated under a name are recognized once, and only by that sub.
		if _, failure := trigger(t, s, "UserMigration_Authentication", "Tanaka", "tanaka-legacy-pass",
			nil); failure != "" {
			t.Fatal(failure)
		}
		if got := who(access("sub-tanaka", "tanaka", nil)); got != 10 {
			t.Errorf("tanaka is user %d", got)
		}
		if got := who(id("sub-tanaka", "tanaka", nil)); got != 10 {
			t.Errorf("tanaka is user %d by the ID token", got)
		}
		if got := who(access("sub-impostor", "tanaka", nil)); got == 10 {
			t.Error("another sub of the same name is tanaka too")
		}
		var logins []string
		err := s.App.DB.Select(t.Context(), database.Append(&logins),
			"SELECT identifier FROM {userlogins} WHERE source = 'cognito' AND userid = 10")
		if err != nil || fmt.Sprint(logins) != "[sub-tanaka]" {
			t.Errorf("logins of tanaka: %v %v", logins, err)
		}

		// Users whom the old site knows by another issuer.
		google := map[string]any{"identities": []any{map[string]any{
			"providerName": "Google", "providerType": "Google", "userId": "109876543210987654321",
		}}}
		if got := who(id("sub-google", "Google_109876543210987654321", google)); got != 24 {
			t.Errorf("Google Sensei is user %d", got)
		}
		if got := who(access("sub-google-2", "google_109876543210987654321", map[string]any{
			"cognito:groups": []string{poolID + "_Google"},
		})); got != 24 {
			t.Errorf("Google Sensei is user %d by the access token", got)
		}
		if got := who(access("sub-google-3", "google_109876543210987654321", map[string]any{
			"cognito:groups": []string{"other_Google"},
		})); got == 24 {
			t.Error("whoever calls themselves google_… is Google Sensei")
		}

		// Users with an address that was confirmed both at Cognito and in Q2A.
		verified := func(email string, is bool) map[string]any {
			return map[string]any{"email": email, "email_verified": is}
		}
		if got := who(id("sub-haru", "someone", verified("HARU@example.jp", true))); got != 16 {
			t.Errorf("haru is user %d", got)
		}
		p.attributes["sub-natsu"] = map[string]string{"email": "natsu@example.jp", "email_verified": "true"}
		if got := who(access("sub-natsu", "d2f0c1aa-0000-4000-8000-000000000000", nil)); got != 14 {
			t.Errorf("natsu is user %d", got)
		}
		for name, claims := range map[string]map[string]any{
			"unverified at Cognito": verified("aki@example.jp", false),
			"unconfirmed in Q2A":    verified("newbie2@example.com", true),
		} {
			got := who(id("sub "+name, "x", claims))
			var email string
			if row(got, "email", &email); got <= 28 || email != "" {
				t.Errorf("%s: user %d with the address %q", name, got, email)
			}
		}

		// In a pool of addresses usernames are ids. An unconfirmed address counts only together with the
		// account's id, which only the trigger sets.
		if _, failure := trigger(t, s, "UserMigration_Authentication", "newbie1@example.com", "newbie-pass-1",
			nil); failure != "" {
			t.Fatal(failure)
		}
		newbie := verified("newbie1@example.com", false)
		if got := who(id("sub-claims", "sub-claims", newbie)); got == 27 {
			t.Error("an unconfirmed address alone gives an account")
		}
		newbie["custom:q2a_id"] = "27"
		if got := who(id("sub-newbie", "sub-newbie", newbie)); got != 27 {
			t.Errorf("newbie_unconf is user %d", got)
		}

		// While Cognito does not return a person's attributes, no user is made.
		p.refusal = http.StatusTooManyRequests
		if status, refused := s.Me(t, access("sub-later", "x", nil)); status != 503 ||
			refused.Code != "unavailable" {
			t.Errorf("%d %+v", status, refused)
		}
		p.refusal = http.StatusBadRequest
		p.attributes["sub-later"] = map[string]string{"email": "lurker@example.com", "email_verified": "true"}
		if got := who(access("sub-later", "x", nil)); got != 17 {
			t.Errorf("lurker is user %d", got)
		}

		// New people get accounts by Q2A's rules.
		var email, handle, source string
		var flags, points int
		got := who(id("sub-new", "x", map[string]any{
			"email": "fresh@example.jp", "email_verified": true, "preferred_username": "巣箱/職人@home",
		}))
		row(got, "email, handle, flags, sessionsource", &email, &handle, &flags, &source)
		if email != "fresh@example.jp" || handle != "巣箱 職人" || flags != 65 || source != "cognito" {
			t.Errorf("%q %q %d %q", email, handle, flags, source)
		}
		if _, err := s.App.DB.Get(t.Context(), []any{&points},
			"SELECT points FROM {userpoints} WHERE userid = ?", got); err != nil || points != 100 {
			t.Errorf("%d points, %v", points, err)
		}
		second := who(access("sub-new-2", "aki", nil))
		if row(second, "handle", &handle); handle != "aki 1" {
			t.Errorf("a second aki is called %q", handle)
		}

		// Groups give levels if that is configured; the user's row does not change.
		status, session := testsite.Ask[struct{ Permissions []string }](t, s, "GET", "/v1/auth/session",
			access("sub-staff", "staffer", map[string]any{"cognito:groups": []string{"staff"}}),
			testsite.Home, nil)
		if status != 200 || !strings.Contains(fmt.Sprint(session.Permissions), "permit_edit_q") {
			t.Errorf("staff: %d %v", status, session.Permissions)
		}
		var level int
		if row(who(access("sub-staff", "staffer", nil)), "level", &level); level != 0 {
			t.Errorf("level %d was written", level)
		}

		// Many first requests at once make one user.
		var wait sync.WaitGroup
		ids := make([]int, 16)
		crowd := access("sub-crowd", "crowd", nil)
		for i := range ids {
			wait.Go(func() { _, account := s.Me(t, crowd); ids[i] = account.User.ID })
		}
		wait.Wait()
		for _, got := range ids {
			if got == 0 || got != ids[0] {
				t.Fatalf("users %v", ids)
			}
		}

		if status, _ := s.Me(t,
			p.token(t, "access", "sub-x", "x", map[string]any{"client_id": "client-2"})); status != 401 {
			t.Errorf("a token of another client: %d", status)
		}
		if status, _ := testsite.Ask[map[string]any](t, s, "POST", "/v1/auth/sign-in", "", testsite.Home,
			map[string]any{"login": "haru", "password": "haru-pass-123"}); status != 404 && status != 405 {
			t.Errorf("the built-in issuer beside Cognito: %d", status)
		}
		differences := testsite.Recount(t, s.App, true)
		if len(differences) > 1 {
			t.Errorf("a recount finds %v", differences)
		}
	})
}
