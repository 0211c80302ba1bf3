package auth_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// trigger sends a trigger event, and returns the response of the trigger and Lambda's error.
func trigger(
	t *testing.T, s *testsite.Issuer, source, userName, password string, attributes map[string]string,
) (response map[string]any, failure string) {
	t.Helper()
	event := map[string]any{"version": "1", "triggerSource": source, "region": "ap-northeast-1",
		"userPoolId": poolID, "userName": userName,
		"callerContext": map[string]string{"clientId": "client-1"}, "request": map[string]any{"password": password, "userAttributes": attributes}, "response": map[string]any{}}
	status, answer := testsite.Ask[struct {
		ErrorMessage string
		UserName     string
		Response     map[string]any
	}](t, s, "POST", "/2015-03-31/functions/migrate/invocations", "", testsite.Home, event)
	if status != 200 {
		t.Fatalf("trigger: %d", status)
	}
	return answer.Response, answer.ErrorMessage
}

// TestMigrationTrigger checks the responses to the triggers of a user pool: those that move users of Q2A
// there with their passwords, and those that ask whether somebody new may sign up.
func TestMigrationTrigger(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		_, s := openPool(t, db.Copy(t), nil)
		for range 2 { // asked again it answers the same
			got, failure := trigger(t, s, "UserMigration_Authentication", "TANAKA", "tanaka-legacy-pass", nil)
			attributes := fmt.Sprint(got["userAttributes"])
			if failure != "" || attributes != "map[custom:q2a_id:10 email:tanaka@example.jp email_verified:true preferred_username:tanaka]" ||
				got["finalUserStatus"] != "CONFIRMED" || got["messageAction"] != "SUPPRESS" {
				t.Errorf("tanaka: %v %q", got, failure)
			}
		}
		if got, failure := trigger(t, s, "UserMigration_Authentication", "newbie2@example.com",
			"newbie-pass-2", nil); failure != "" ||
			fmt.Sprint(got["userAttributes"]) != "map[custom:q2a_id:28 email:newbie2@example.com preferred_username:newbie2]" {
			t.Errorf("an unconfirmed address: %v %q", got, failure)
		}
		if got, failure := trigger(t, s, "UserMigration_ForgotPassword", "haru@example.jp", "",
			nil); failure != "" ||
			!strings.Contains(fmt.Sprint(got["userAttributes"]), "email_verified:true") {
			t.Errorf("a forgotten password: %v %q", got, failure)
		}
		refusals := map[string]bool{}
		for _, c := range [][3]string{
			{"UserMigration_Authentication", "tanaka", "wrong"}, {"UserMigration_Authentication", "nobody", "wrong"}, {"UserMigration_Authentication", "troll_x", "troll-pass-xx"},
			{"UserMigration_Authentication", "Google Sensei", ""}, {"UserMigration_ForgotPassword", "nobody", ""}, {"UserMigration_ForgotPassword", "newbie2", ""},
			{"UserMigration_ForgotPassword", "troll_x", ""}, {"UserMigration_Authentication", "", ""}, {"UserMigration_Authentication", "🐝", "x"},
		} {
			got, failure := trigger(t, s, c[0], c[1], c[2], nil)
			if failure == "" {
				t.Errorf("%v: %v", c, got)
			}
			refusals[failure] = true
		}
		if len(refusals) != 1 {
			t.Errorf("refusals tell accounts apart: %v", refusals)
		}
		for name, attributes := range map[string]map[string]string{
			"AKI": {"email": "new@example.jp"}, "somebody-new": {"email": "AKI@example.jp"},
		} {
			if _, failure := trigger(t, s, "PreSignUp_SignUp", name, "", attributes); failure == "" {
				t.Errorf("somebody signs up in the pool as %s %v", name, attributes)
			}
		}
		if _, failure := trigger(t, s, "PreSignUp_SignUp", "somebody-new", "",
			map[string]string{"email": "new@example.jp"}); failure != "" {
			t.Errorf("a new name: %s", failure)
		}
		if _, failure := trigger(t, s, "CustomMessage_SignUp", "aki", "", nil); failure == "" {
			t.Error("a trigger that is not for us")
		}
		state, err := s.App.Auth.Migration(t.Context())
		if err != nil || state.Users != 27 || state.Migrated != 3 || state.Linked != 0 || state.Legacy != 2 ||
			state.NoPassword != 1 || state.Blocked != 2 || state.Bcrypt != 21 {
			t.Errorf("%+v %v", state, err)
		}
		var file bytes.Buffer
		n, err := s.App.Auth.ExportUsers(t.Context(), &file)
		lines := strings.Split(strings.TrimSpace(file.String()), "\n")
		if err != nil || n != len(lines)-1 || n < 15 || strings.Contains(file.String(), "troll") ||
			strings.Contains(file.String(), "tanaka") || strings.Contains(file.String(), "newbie") {
			t.Errorf("%d users, %v\n%s", n, err, file.String())
		}
		if !strings.Contains(file.String(), "\nq2a-9,,,,,,José Miel,,,,jose@example.org,true,") {
			t.Errorf("a handle with a space:\n%s", file.String())
		}
	})
}

// TestPoolOfAliases checks, for a pool in which people sign in by aliases, that a user of Q2A who signs in by
// mail address gets a username, and that nobody new can take an alias that a user of Q2A will need.
func TestPoolOfAliases(t *testing.T) {
	t.Parallel()
	_, s := openPool(t, testsite.SQLite.Copy(t), func(c *config.Config) { c.CognitoAliases = true })
	for login, want := range map[[2]string]string{
		{"haru@example.jp", "haru-pass-123"}: "haru", {"jose@example.org", "jose-pass-ñ1"}: "q2a-9",
	} {
		got, failure := trigger(t, s, "UserMigration_Authentication", login[0], login[1], nil)
		if name := got["userAttributes"].(map[string]any)["username"]; failure != "" || name != want {
			t.Errorf("%s gets the username %v, %q", login[0], name, failure)
		}
		var n int
		if _, err := s.App.DB.Get(t.Context(), []any{&n},
			"SELECT COUNT(*) FROM {q2ab_migrated} WHERE username = ?", want); err != nil || n != 1 {
			t.Errorf("%s: %d rows, %v", want, n, err)
		}
	}
	if _, failure := trigger(t, s, "PreSignUp_SignUp", "3f1c-id", "", map[string]string{
		"email": "new@example.jp", "preferred_username": "Bee Keeper",
	}); failure == "" {
		t.Error("somebody takes an alias that a user of Q2A will need")
	}
}

// TestLambda runs the binary of the Lambda function against a stand-in for the API that AWS Lambda has for
// functions.
func TestLambda(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "lambda")
	if out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", binary,
		"38qa.net/backend/cmd/lambda").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	events := make(chan string, 2)
	events <- `{"triggerSource": "UserMigration_Authentication", "userName": "haru", "request": {"password": "haru-pass-123"}, "response": {}}`
	events <- `{"triggerSource": "UserMigration_Authentication", "userName": "haru", "request": {"password": "wrong"}, "response": {}}`
	answers := make(chan string, 2)
	runtime := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/invocation/next") {
			select {
			case event := <-events:
				w.Header().Set("Lambda-Runtime-Aws-Request-Id", "id")
				w.Header().Set("Lambda-Runtime-Deadline-Ms",
					fmt.Sprint(time.Now().Add(5*time.Second).UnixMilli()))
				fmt.Fprint(w, event)
			case <-r.Context().Done():
			}
			return
		}
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		answers <- filepath.Base(r.URL.Path) + " " + body.String()
		w.WriteHeader(http.StatusAccepted)
	}))
	defer runtime.Close()
	cmd := exec.Command(binary)
	var log bytes.Buffer
	cmd.Stderr = &log
	cmd.Env = append(os.Environ(), "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(runtime.URL, "http://"),
		"DATABASE_URL="+testsite.SQLite.Copy(t), "LOG_LEVEL=debug")
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if strings.Contains(log.String(), "haru-pass-123") {
			t.Errorf("the log tells a password:\n%s", log.String())
		}
	}()
	for i, want := range []string{"response", "error"} {
		select {
		case got := <-answers:
			if !strings.HasPrefix(got, want) ||
				i == 0 && !strings.Contains(got, `"finalUserStatus":"CONFIRMED"`) ||
				i == 1 && !strings.Contains(got, "user not found or password not correct") {
				t.Errorf("%s", got)
			}
			t.Logf("answered %s after the start", time.Since(start).Round(time.Millisecond))
		case <-time.After(30 * time.Second):
			t.Fatalf("no answer\n%s", log.String())
		}
	}
}
