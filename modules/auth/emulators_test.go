package auth_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// emulator is a child process that stands in for Amazon Cognito.
type emulator struct{ *testsite.Emulator }

// cognitoAnswer holds the fields that the tests read of the responses of Cognito's API, for all calls.
type cognitoAnswer struct {
	UserPool             struct{ ID string }
	UserPoolClient       struct{ ClientID string }
	Users                []struct{ Username string }
	AuthenticationResult poolTokens
	// Refusal is the name of the error, "" if the call succeeded.
	Refusal string `json:"__type"`
}

// poolTokens are the tokens of somebody who signed in. Error is why nobody was signed in, "" if somebody was.
type poolTokens struct{ AccessToken, IDToken, RefreshToken, Error string }

// call calls Cognito's API. Operations that need an administrator work too, because the emulators do not
// check signatures.
func (e *emulator) call(t *testing.T, action string, input any) (answer cognitoAnswer) {
	t.Helper()
	body, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, e.URL+"/", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+action)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=x")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &answer); err != nil && len(content) > 0 {
		t.Fatalf("%s: %v in %.500s", action, err, content)
	}
	if (res.StatusCode == http.StatusOK) != (answer.Refusal == "") {
		t.Fatalf("%s: %s %s", action, res.Status, content)
	}
	return answer
}

// must is like call, for calls that must succeed.
func (e *emulator) must(t *testing.T, action string, input any) cognitoAnswer {
	t.Helper()
	answer := e.call(t, action, input)
	if answer.Refusal != "" {
		t.Fatalf("%s: %s", action, answer.Refusal)
	}
	return answer
}

// attributes returns the attributes of a user in the form of Cognito's API.
func attributes(namesAndValues ...string) []map[string]string {
	list := []map[string]string{} // moto breaks on null
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		list = append(list, map[string]string{"Name": namesAndValues[i], "Value": namesAndValues[i+1]})
	}
	return list
}

// userPool is a user pool of an emulator, with an application that accepts its tokens, on a copy of the
// recorded site.
type userPool struct {
	*emulator
	id, client string
	site       *testsite.Site
	// byAddress reports whether people can sign in only by their addresses.
	byAddress bool
}

// nowhere is the address that the pools claim to have. Nothing responds there, so the tests fail if the
// application does not use COGNITO_JWKS_URL and COGNITO_ENDPOINT.
const nowhere = "https://cognito.invalid"

// startCognitoLocal starts cognito-local, which calls its triggers at the address triggers.
func startCognitoLocal(t *testing.T, packages, triggers string) *emulator {
	t.Helper()
	dir := t.TempDir()
	settings := map[string]any{
		"ServerConfig": map[string]any{"hostname": "127.0.0.1", "port": 0},
		"TokenConfig":  map[string]any{"IssuerDomain": nowhere},
		"LambdaClient": map[string]any{"endpoint": triggers, "region": "local", "credentials": map[string]any{"accessKeyId": "local", "secretAccessKey": "local"}},
		// The names of the functions are in the path that is called. How people sign in is set for each pool.
		"TriggerFunctions": map[string]any{"UserMigration": "q2a", "PreSignUp": "q2a"},
		"UserPoolDefaults": map[string]any{"UsernameAttributes": []string{}},
	}
	content, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".cognito"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".cognito", "config.json"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return &emulator{
		testsite.StartEmulator(t, dir, "node", filepath.Join(packages, "cognito-local/lib/bin/start.js")),
	}
}

// newPool makes a pool with a client, and opens the application for it.
func (b *bridge) newPool(t *testing.T, e *emulator, byAddress bool) *userPool {
	t.Helper()
	p := &userPool{emulator: e, byAddress: byAddress}
	input := map[string]any{"PoolName": "q2a", "AliasAttributes": []string{"email", "preferred_username"}}
	if byAddress {
		input = map[string]any{"PoolName": "q2a", "UsernameAttributes": []string{"email"}}
	}
	p.id = e.must(t, "CreateUserPool", input).UserPool.ID
	p.client = e.must(t, "CreateUserPoolClient", map[string]any{
		"UserPoolId": p.id, "ClientName": "web",
		"ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	}).UserPoolClient.ClientID
	p.site = p.open(t)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pools[p.id] = p
	return p
}

// open opens the application for the pool, on a copy of the recorded site.
func (p *userPool) open(t *testing.T) *testsite.Site {
	t.Helper()
	return testsite.New(t, testsite.Config(func(c *config.Config) {
		c.CognitoIssuer, c.CognitoClients = nowhere+"/"+p.id, []string{p.client}
		c.CognitoKeysURL, c.CognitoEndpoint = p.URL+"/"+p.id+"/.well-known/jwks.json", p.URL
		c.CognitoTriggers = true
	}), testsite.GenuineTokens())
}

// signIn signs a person in with AWS's library, in a process of its own, as a browser would.
func (p *userPool) signIn(t *testing.T, name, password string) poolTokens {
	t.Helper()
	return p.run(t, map[string]string{"name": name, "password": password})
}

// refresh gets new tokens for a refresh token.
func (p *userPool) refresh(t *testing.T, name, token string) poolTokens {
	t.Helper()
	return p.run(t, map[string]string{"name": name, "refreshToken": token})
}

func (p *userPool) run(t *testing.T, input map[string]string) (s poolTokens) {
	t.Helper()
	input["endpoint"], input["pool"], input["client"] = p.URL, p.id, p.client
	body, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	script := exec.Command("node", "testdata/cognito-sign-in.cjs")
	script.Env = append(os.Environ(), "NODE_PATH="+os.Getenv("COGNITO_LOCAL"))
	script.Stdin, script.Stderr = bytes.NewReader(body), os.Stderr
	output, err := script.Output()
	if err != nil {
		t.Fatalf("cognito-sign-in.cjs: %v", err)
	}
	if err := json.Unmarshal(output, &s); err != nil || (s.Error == "") != (s.AccessToken != "") {
		t.Fatalf("cognito-sign-in.cjs: %v: %s", err, output)
	}
	return s
}

// users returns how many users the pool has.
func (p *userPool) users(t *testing.T) int {
	t.Helper()
	return len(p.must(t, "ListUsers", map[string]any{"UserPoolId": p.id}).Users)
}

// bridge passes the triggers of cognito-local on to the application of the pool that calls. It adds what
// Cognito itself would: users who migrate get a sub and, where people sign in by names, the name that they
// typed as their username.
type bridge struct {
	server *httptest.Server
	t      *testing.T

	mu    sync.Mutex
	pools map[string]*userPool
	// asked counts how often the migration trigger was called for a name.
	asked map[string]int
	// slowest is the longest time that the application took to respond.
	slowest time.Duration
}

func newBridge(t *testing.T) *bridge {
	b := &bridge{t: t, pools: map[string]*userPool{}, asked: map[string]int{}}
	b.server = httptest.NewServer(b)
	t.Cleanup(b.server.Close)
	return b
}

func (b *bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var event struct{ TriggerSource, UserPoolID, UserName string }
	if err != nil || json.Unmarshal(body, &event) != nil {
		b.t.Errorf("trigger: %v in %.300s", err, body)
	}
	migration := event.TriggerSource == "UserMigration_Authentication"
	b.mu.Lock()
	p := b.pools[event.UserPoolID]
	if migration {
		b.asked[event.UserName]++
	}
	b.mu.Unlock()
	if p == nil {
		b.t.Errorf("trigger of the unknown pool %q", event.UserPoolID)
		http.Error(w, "unknown pool", http.StatusNotFound)
		return
	}
	asked := time.Now()
	header, answer := b.forward(p, r, body)
	b.mu.Lock()
	b.slowest = max(b.slowest, time.Since(asked))
	b.mu.Unlock()
	// Cognito calls up to three times if a response is late, so the application must respond to the same
	// event in the same way.
	if _, again := b.forward(p, r, body); !bytes.Equal(answer, again) {
		b.t.Errorf("asked again, %s is answered in another way:\n%s\n%s", event.TriggerSource, answer, again)
	}
	if failed := header.Get("X-Amz-Function-Error"); failed != "" {
		w.Header().Set("X-Amz-Function-Error", failed)
	} else if migration {
		answer = completed(b.t, answer, p, event.UserName)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(answer)
}

// forward sends an event to the application, with the signature that cognito-local adds for Lambda's API.
func (b *bridge) forward(p *userPool, r *http.Request, body []byte) (http.Header, []byte) {
	req, err := http.NewRequest(http.MethodPost, p.site.URL+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		b.t.Error(err)
		return http.Header{}, nil
	}
	req.Header = r.Header.Clone()
	if req.Header.Get("Authorization") == "" {
		b.t.Error("cognito-local signs its calls no more; that the application bears the signature has to be shown otherwise")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Errorf("trigger: %v", err)
		return http.Header{}, nil
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.t.Errorf("trigger: %s %v %s", res.Status, err, answer)
	}
	return res.Header, answer
}

// completed returns the response of the migration trigger with what Cognito would add to it.
func completed(t *testing.T, answer []byte, p *userPool, name string) []byte {
	var event map[string]any
	if err := json.Unmarshal(answer, &event); err != nil {
		t.Errorf("migration trigger: %v in %s", err, answer)
		return answer
	}
	response, _ := event["response"].(map[string]any)
	user, ok := response["userAttributes"].(map[string]any)
	if !ok {
		t.Errorf("migration trigger: no attributes in %s", answer)
		return answer
	}
	id := make([]byte, 16)
	rand.Read(id)
	user["sub"] = fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
	if !p.byAddress {
		user["username"] = name
	}
	answer, err := json.Marshal(event)
	if err != nil {
		t.Error(err)
	}
	return answer
}

// timesAsked returns how often the migration trigger was called for a name.
func (b *bridge) timesAsked(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked[name]
}

// claim returns a claim of a token, without verifying the token.
func claim(t *testing.T, token, name string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no token", token)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	value, _ := claims[name].(string)
	return value
}
