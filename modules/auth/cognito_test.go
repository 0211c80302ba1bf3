package auth_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// account holds the fields of GET /v1/auth/session and GET /v1/me that the tests read.
type account struct {
	User struct {
		ID            int
		Handle, Level string
	}
	Email          string
	EmailConfirmed bool
	HasPassword    bool
	Permissions    []string
}

// asBearer sends a request with a token and decodes the response, which must have the status.
func asBearer[T any](t *testing.T, s *testsite.Site, token, method, path string, body any, status int) (v T) {
	t.Helper()
	var content io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, s.URL+path, content)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		t.Fatalf("%s %s: %s, want %d: %v %s", method, path, res.Status, status, err, answer)
	}
	if err := json.Unmarshal(answer, &v); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, answer)
	}
	return v
}

// accountOf returns the account to which a token belongs.
func accountOf(t *testing.T, s *testsite.Site, token string) account {
	t.Helper()
	return asBearer[account](t, s, token, http.MethodGet, "/v1/me", nil, http.StatusOK)
}

// isUser checks that a token belongs to the user with the id.
func isUser(t *testing.T, s *testsite.Site, what, token string, id int) {
	t.Helper()
	if got := accountOf(t, s, token); got.User.ID != id {
		t.Errorf("%s: the token is taken for one of user %d (%s), want %d", what, got.User.ID,
			got.User.Handle, id)
	}
}

// linked returns how many logins through Cognito the user with the id has for the sub of the token.
func linked(t *testing.T, s *testsite.Site, id int, token string) int {
	t.Helper()
	return s.Scalar(t,
		"SELECT COUNT(*) FROM {userlogins} WHERE userid = ? AND source = 'cognito' AND identifier = ?",
		id, []byte(claim(t, token, "sub")))
}

func numberOfUsers(t *testing.T, s *testsite.Site) int {
	t.Helper()
	return s.Scalar(t, "SELECT COUNT(*) FROM {users}")
}

// TestCognitoLocal follows people of Q2A into a user pool, with their passwords, and new people from the pool
// into Q2A. The pool is the emulator cognito-local, which differs from Cognito; this is how, and what the
// test makes of that:
//   - Users who migrate get no sub, and a made-up username. The bridge adds both.
//   - It has no sign-in by SRP, and does not check which flows a client may use. People sign in by
//     USER_PASSWORD_AUTH, which the migration needs in any case.
//   - It never calls the trigger for forgotten passwords. TestMigrationTrigger sends that event.
//   - All its pools have the same triggers, and a refusal by PreSignUp contains the function's name.
//   - It calls a trigger once and waits for a long time, whereas Cognito calls up to three times and waits
//     5 seconds each. The bridge calls twice.
//   - AliasAttributes have no effect, so that people cannot sign in by address in pools of names.
//   - Addresses stay verified when people change them, and any value of email_verified is read as true.
//     In this test, addresses are verified only by migration.
//   - Names and attributes are not checked: not their form, length or case, nor whether aliases are unique.
//   - Its key never changes, and its openid-configuration has a fixed address, which we never ask for.
//   - Tokens are valid for up to a day and have no origin_jti, and refreshed ones have a new auth_time.
func TestCognitoLocal(t *testing.T) {
	t.Parallel()
	packages := os.Getenv("COGNITO_LOCAL")
	if packages == "" {
		t.Skip("needs cognito-local: `make cognito` installs it and runs this")
	}
	b := newBridge(t)
	e := startCognitoLocal(t, packages, b.server.URL)
	names, addresses := b.newPool(t, e, false), b.newPool(t, e, true)

	t.Log("Pool of names:")
	tanaka := b.comesIn(t, names, "tanaka", "tanaka-legacy-pass", 10)
	asksQuestion(t, names.site, tanaka.AccessToken)
	b.isRefused(t, names)
	later := b.migratesForLater(t, names)

	t.Log("Pool of addresses:")
	haru := b.comesIn(t, addresses, "haru@example.jp", "haru-pass-123", 16)
	asBearer[any](t, names.site, haru.AccessToken, http.MethodGet, "/v1/me", nil, http.StatusUnauthorized)
	t.Log("a token of the one pool is nothing to the application of the other")
	newcomers(t, addresses)
	claimsAddress(t, addresses)

	unseen := names.refresh(t, "tanaka", tanaka.RefreshToken)
	e.Kill()
	if b.slowest > 5*time.Second {
		t.Errorf("a trigger was answered after %s only", b.slowest)
	}
	t.Logf("The slowest answer to a trigger took %s; Cognito waits for 5 s",
		b.slowest.Round(time.Millisecond))

	t.Log("The pool is killed:")
	isUser(t, names.site, "seen before", tanaka.AccessToken, 10)
	isUser(t, names.site, "never seen", unseen.AccessToken, 10)
	isUser(t, addresses.site, "seen before", haru.AccessToken, 16)
	isUser(t, names.site, "first request", later.AccessToken, 11)
	if res := names.site.Request(t, http.MethodGet, "/readyz",
		testsite.Visitor); res.StatusCode != http.StatusOK {
		t.Errorf("readyz: %s", res.Status)
	}
	t.Log("tokens that were seen, new ones, and those of somebody who never came before are good as ever, and the application is ready")
	started := names.open(t)
	asBearer[any](t, started, tanaka.AccessToken, http.MethodGet, "/v1/me", nil,
		http.StatusServiceUnavailable)
	testsite.Get[any](t, started, "/v1/questions/1")
	t.Log("an application that starts now has no keys yet: to whoever has a token it says that it is unavailable, and others read on")
}

// comesIn signs a user of Q2A in at the pool, twice and with a refreshed token, and checks that all tokens
// belong to that user.
func (b *bridge) comesIn(t *testing.T, p *userPool, login, password string, id int) poolTokens {
	t.Helper()
	users := numberOfUsers(t, p.site)
	first := p.signIn(t, login, password)
	if first.Error != "" {
		t.Fatalf("%s: %s", login, first.Error)
	}
	testsite.Same(t, "calls of the migration trigger", b.timesAsked(login), 1)
	t.Logf("%s signs in; the pool asks the application whether the password is right, and keeps it", login)

	session := asBearer[account](t, p.site, first.AccessToken, http.MethodGet, "/v1/auth/session", nil,
		http.StatusOK)
	testsite.Same(t, "user of the session", session.User.ID, id)
	isUser(t, p.site, "access token", first.AccessToken, id)
	isUser(t, p.site, "ID token", first.IDToken, id)
	testsite.Same(t, "users", numberOfUsers(t, p.site), users)
	testsite.Same(t, "logins through Cognito", p.site.Scalar(t,
		"SELECT COUNT(*) FROM {userlogins} WHERE userid = ? AND source = 'cognito'", id), 1)
	testsite.Same(t, "logins with the sub", linked(t, p.site, id, first.AccessToken), 1)
	t.Logf("the tokens belong to the same user of Q2A, %s (%d), who now has one login through Cognito",
		session.User.Handle, id)

	second := p.signIn(t, login, password)
	isUser(t, p.site, "second sign-in", second.AccessToken, id)
	testsite.Same(t, "calls of the migration trigger", b.timesAsked(login), 1)
	t.Logf("%s signs in again: the application is not asked", login)

	refreshed := p.refresh(t, login, second.RefreshToken)
	if refreshed.AccessToken == second.AccessToken {
		t.Error("the refreshed token is the old one")
	}
	isUser(t, p.site, "refreshed", refreshed.AccessToken, id)
	testsite.Same(t, "logins through Cognito", p.site.Scalar(t,
		"SELECT COUNT(*) FROM {userlogins} WHERE userid = ? AND source = 'cognito'", id), 1)
	t.Log("refreshed tokens are good too")
	return second
}

// asksQuestion asks a question with a token of tanaka, and checks its author.
func asksQuestion(t *testing.T, s *testsite.Site, token string) {
	t.Helper()
	q := asBearer[struct {
		ID     int
		Author struct{ Handle string }
	}](t, s, token, http.MethodPost, "/v1/questions", map[string]any{
		"title": "Does my hive take the new door well?", "content": "It has been a week.",
		"tags": []string{"hive"},
	}, http.StatusCreated)
	testsite.Same(t, "author", q.Author.Handle, "tanaka")
	testsite.Same(t, "author in the database",
		s.Scalar(t, "SELECT userid FROM {posts} WHERE postid = ?", q.ID), 10)
	t.Log("and ask a question, whose author is tanaka")
}

// isRefused tries sign-ins that the pool must refuse.
func (b *bridge) isRefused(t *testing.T, p *userPool) {
	t.Helper()
	users := p.users(t)
	for _, c := range []struct{ who, name, password string }{
		{"a wrong password", "suzuki_legacy", "tanaka-legacy-pass"},
		{"a blocked user", "troll_x", "troll-pass-xx"},
		{"somebody whom nobody knows", "nobody_here", "whatever-pass"},
		{"somebody without a password", "Google Sensei", "whatever-pass"},
	} {
		testsite.Same(t, c.who, p.signIn(t, c.name, c.password).Error, "NotAuthorizedException")
		testsite.Same(t, "calls of the migration trigger", b.timesAsked(c.name), 1)
		testsite.Same(t, "users of the pool", p.users(t), users)
		t.Logf("%s is refused, and the pool makes no user", c.who)
	}
}

// migratesForLater signs in a user whose tokens are used only after the pool was killed.
func (b *bridge) migratesForLater(t *testing.T, p *userPool) poolTokens {
	t.Helper()
	s := p.signIn(t, "suzuki_legacy", "suzuki-legacy-pass")
	testsite.Same(t, "sign-in", s.Error, "")
	testsite.Same(t, "calls of the migration trigger", b.timesAsked("suzuki_legacy"), 2)
	t.Log("with the right password the same name comes in; its tokens are kept for later")
	return s
}

// signUp makes a new user of the pool, whom an administrator confirms, and signs the user in.
func (p *userPool) signUp(t *testing.T, email, preferred string) poolTokens {
	t.Helper()
	const password = "new-here-Pass-1"
	p.must(t, "SignUp", map[string]any{
		"ClientId": p.client, "Username": email, "Password": password,
		"UserAttributes": attributes("email", email, "preferred_username", preferred),
	})
	p.must(t, "AdminConfirmSignUp", map[string]any{"UserPoolId": p.id, "Username": email})
	s := p.signIn(t, email, password)
	if s.Error != "" {
		t.Fatalf("%s: %s", email, s.Error)
	}
	return s
}

// newcomers signs new people up at the pool, who send several first requests at once, and checks their
// accounts.
func newcomers(t *testing.T, p *userPool) {
	t.Helper()
	s := p.site
	cached := func() int {
		return s.Scalar(t,
			"SELECT CAST(content AS INTEGER) FROM {options} WHERE title = 'cache_userpointscount'")
	}
	for _, c := range []struct{ email, wish, handle string }{
		{"bee@new.example", "Busy Bee", "Busy Bee"},
		{"bee@other.example", "Busy Bee", "Busy Bee 1"},
		{"haru@new.example", "haru", "haru 1"},
		{"long@new.example", "a+name/far too long for Question2Answer", "a name far too long"},
	} {
		users, points := numberOfUsers(t, s), cached()
		token := p.signUp(t, c.email, c.wish).AccessToken
		var first [8]account
		var requests sync.WaitGroup
		for i := range first {
			requests.Go(func() {
				r, _ := http.NewRequest(http.MethodGet, s.URL+"/v1/me", http.NoBody)
				r.Header.Set("Authorization", "Bearer "+token)
				if res, err := http.DefaultClient.Do(r); err == nil {
					defer res.Body.Close()
					json.NewDecoder(res.Body).Decode(&first[i])
				}
			})
		}
		requests.Wait()
		me := accountOf(t, s, token)
		for _, a := range first {
			testsite.Same(t, c.email+": first requests", a.User, me.User)
		}
		testsite.Same(t, c.email+": handle", me.User.Handle, c.handle)
		testsite.Same(t, c.email+": level", me.User.Level, "basic")
		testsite.Same(t, c.email+": password", me.HasPassword, false)
		testsite.Same(t, c.email+": address", me.Email, "")
		testsite.Same(t, "users", numberOfUsers(t, s), users+1)
		testsite.Same(t, "rows of points", s.Scalar(t,
			"SELECT COUNT(*) FROM {userpoints} WHERE userid = ?", me.User.ID), 1)
		testsite.Same(t, "cache_userpointscount", cached(), points+1)
		testsite.Same(t, "logins with the sub", linked(t, s, me.User.ID, token), 1)
		testsite.Same(t, "source", s.Scalar(t, `SELECT COUNT(*)
			FROM {users}
			WHERE userid = ? AND sessionsource = 'cognito' AND passhash IS NULL`, me.User.ID), 1)
		t.Logf("somebody new who calls themselves %q signs up at the pool and gets one account, %q, though the first requests come at once", c.wish, c.handle)
	}
}

// claimsAddress checks that nobody gets into the account of mod_kenji by claiming his address.
func claimsAddress(t *testing.T, p *userPool) {
	t.Helper()
	const address, moderator = "kenji@example.com", 3
	refused := p.call(t, "SignUp", map[string]any{
		"ClientId": p.client, "Username": address, "Password": "evil-Pass-1",
		"UserAttributes": attributes("email", address),
	})
	testsite.Same(t, "sign-up", refused.Refusal, "UserLambdaValidationException")
	t.Log("nobody can sign up with the address of a user of Q2A")

	token := p.signUp(t, "evil@new.example", "evil").AccessToken
	p.must(t, "UpdateUserAttributes", map[string]any{
		"AccessToken": token, "UserAttributes": attributes("email", address),
	})
	me := accountOf(t, p.site, token)
	if me.User.ID == moderator || me.User.Level != "basic" || me.Email != "" || me.EmailConfirmed {
		t.Errorf("whoever claims an address is %+v", me)
	}
	testsite.Same(t, "users with the address",
		p.site.Scalar(t, "SELECT COUNT(*) FROM {users} WHERE email = ?", address), 1)
	testsite.Same(t, "logins through Cognito", p.site.Scalar(t,
		"SELECT COUNT(*) FROM {userlogins} WHERE userid = ?", moderator), 0)
	t.Log("whoever changes to that address in the pool, and has not shown to have it, gets an account of their own without an address")
}

// TestMoto tests what an administrator does in a user pool, with the emulator moto. It differs from Cognito
// in this:
//   - It calls no triggers.
//   - Its pools have names like real ones and its tokens the real issuer, but all are signed with one key
//     that everybody has.
//   - It does not check the signatures of the administrator's calls, or which flows a client may use.
//   - It accepts all attributes that an administrator gives. ID tokens contain them only if the client lists
//     them among those that it may read.
//   - auth_time is always the time of the token, and groups are in no particular order.
func TestMoto(t *testing.T) {
	t.Parallel()
	server := os.Getenv("MOTO_SERVER")
	if server == "" {
		t.Skip("needs moto: `make cognito` installs it and runs this")
	}
	e := &emulator{testsite.StartEmulator(t, t.TempDir(), server, "-H", "127.0.0.1", "-p", "0")}
	p := &userPool{emulator: e}
	p.id = e.must(t, "CreateUserPool", map[string]any{"PoolName": "q2a"}).UserPool.ID
	client := func(name string) string {
		return e.must(t, "CreateUserPoolClient", map[string]any{
			"UserPoolId": p.id, "ClientName": name,
			"ExplicitAuthFlows": []string{"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		}).UserPoolClient.ClientID
	}
	p.client = client("web")
	other := client("another application")
	p.site = testsite.New(t, testsite.Config(func(c *config.Config) {
		c.CognitoIssuer, c.CognitoClients = "https://cognito-idp.us-east-1.amazonaws.com/"+p.id,
			[]string{p.client}
		c.CognitoKeysURL, c.CognitoEndpoint = e.URL+"/"+p.id+"/.well-known/jwks.json", e.URL
		c.GroupLevels = map[string]string{"staff": "editor"}
	}), testsite.GenuineTokens())

	inGroup(t, p)

	stranger := p.adminSignIn(t, "colleague", other)
	asBearer[any](t, p.site, stranger.AccessToken, http.MethodGet, "/v1/me", nil, http.StatusUnauthorized)
	asBearer[any](t, p.site, stranger.IDToken, http.MethodGet, "/v1/me", nil, http.StatusUnauthorized)
	t.Log("tokens of another client of the pool are refused")

	verifiedAddresses(t, p)
}

const adminsChoice = "Chosen-by-admin-1"

// adminCreate makes a user of the pool, as an administrator does.
func (p *userPool) adminCreate(t *testing.T, name string, namesAndValues ...string) {
	t.Helper()
	p.must(t, "AdminCreateUser", map[string]any{
		"UserPoolId": p.id, "Username": name, "MessageAction": "SUPPRESS",
		"UserAttributes": attributes(namesAndValues...),
	})
	p.must(t, "AdminSetUserPassword", map[string]any{
		"UserPoolId": p.id, "Username": name, "Password": adminsChoice, "Permanent": true,
	})
}

// adminSignIn signs in a user whom adminCreate has made.
func (p *userPool) adminSignIn(t *testing.T, name, client string) poolTokens {
	t.Helper()
	return p.must(t, "AdminInitiateAuth", map[string]any{
		"UserPoolId": p.id, "ClientId": client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
		"AuthParameters": map[string]string{"USERNAME": name, "PASSWORD": adminsChoice},
	}).AuthenticationResult
}

// inGroup checks that a group of the pool gives its members a level.
func inGroup(t *testing.T, p *userPool) {
	t.Helper()
	session := func(token string) account {
		return asBearer[account](t, p.site, token, http.MethodGet, "/v1/auth/session", nil, http.StatusOK)
	}
	p.must(t, "CreateGroup", map[string]any{"UserPoolId": p.id, "GroupName": "staff"})
	p.must(t, "CreateGroup", map[string]any{"UserPoolId": p.id, "GroupName": "moderators"})
	p.adminCreate(t, "boss")
	p.adminCreate(t, "colleague")
	for _, group := range []string{"staff", "moderators"} { // the configuration does not know the second one
		p.must(t, "AdminAddUserToGroup", map[string]any{
			"UserPoolId": p.id, "Username": "boss", "GroupName": group,
		})
	}
	boss, colleague := p.adminSignIn(t, "boss", p.client).AccessToken,
		p.adminSignIn(t, "colleague", p.client).AccessToken
	granted, usual := session(boss), session(colleague)
	const level = "SELECT level FROM {users} WHERE userid = ?"
	testsite.Same(t, "level in the database", p.site.Scalar(t, level, granted.User.ID), 0)

	// The group must permit the same as the level in Q2A does.
	if _, err := p.site.App.DB.Exec(t.Context(),
		"UPDATE {users} SET level = 50 WHERE userid = ?", usual.User.ID); err != nil {
		t.Fatal(err)
	}
	testsite.Same(t, "permissions of the group", granted.Permissions, session(colleague).Permissions)
	if slices.Equal(granted.Permissions, usual.Permissions) {
		t.Error("an editor may do no more than others")
	}
	t.Logf("somebody in the group \"staff\" may do what editors may (%d things instead of %d), and the level in the database stays the user's own", len(granted.Permissions), len(usual.Permissions))

	p.must(t, "AdminRemoveUserFromGroup", map[string]any{
		"UserPoolId": p.id, "Username": "boss", "GroupName": "staff",
	})
	testsite.Same(t, "permissions after leaving",
		session(p.adminSignIn(t, "boss", p.client).AccessToken).Permissions, usual.Permissions)
	t.Log("with the next token after leaving the group that is over")
}

// verifiedAddresses checks that an address leads into the account that has it only if it was confirmed both
// in the pool and in Q2A.
func verifiedAddresses(t *testing.T, p *userPool) {
	t.Helper()
	users := numberOfUsers(t, p.site)
	p.adminCreate(t, "aki_at_work", "email", "aki@example.jp", "email_verified", "true")
	token := p.adminSignIn(t, "aki_at_work", p.client).AccessToken
	isUser(t, p.site, "confirmed on both sides", token, 13)
	testsite.Same(t, "logins with the sub", linked(t, p.site, 13, token), 1)
	testsite.Same(t, "users", numberOfUsers(t, p.site), users)
	t.Log("an address that is verified in the pool and confirmed in Q2A comes into the account that has it")

	for _, c := range []struct {
		what, name, email, verified string
		id, logins                  int
	}{
		{"verified in the pool, but not confirmed in Q2A,", "newbie_again", "newbie1@example.com", "true", 27, 0},
		{"confirmed in Q2A, but not verified in the pool,", "aki_perhaps", "aki@example.jp", "false", 13, 1},
	} {
		p.adminCreate(t, c.name, "email", c.email, "email_verified", c.verified)
		me := accountOf(t, p.site, p.adminSignIn(t, c.name, p.client).AccessToken)
		if me.User.ID == c.id || me.User.Handle != c.name || me.Email != "" {
			t.Errorf("an address that is %s makes %+v", c.what, me)
		}
		testsite.Same(t, "logins through Cognito", p.site.Scalar(t,
			"SELECT COUNT(*) FROM {userlogins} WHERE userid = ?", c.id), c.logins)
		testsite.Same(t, "users with the address",
			p.site.Scalar(t, "SELECT COUNT(*) FROM {users} WHERE email = ?", c.email), 1)
		t.Logf("one that is %s does not", c.what)
	}

	p.adminCreate(t, "fresh_one", "email", "fresh@new.example", "email_verified", "true")
	me := accountOf(t, p.site, p.adminSignIn(t, "fresh_one", p.client).AccessToken)
	testsite.Same(t, "address of a new account", []any{me.Email, me.EmailConfirmed},
		[]any{"fresh@new.example", true})
	t.Log("one that nobody has comes with the new account, confirmed")
}
