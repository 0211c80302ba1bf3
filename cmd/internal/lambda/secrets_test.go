package lambda

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"38qa.net/backend/config"
)

// TestSecretsAreFetched checks that the settings that SECRET_ARNS names have the values of their secrets when the
// configuration is read, and that one that cannot be had is named. It is not parallel, because the environment
// belongs to the whole process.
func TestSecretsAreFetched(t *testing.T) {
	const arn = "arn:aws:secretsmanager:x:1:secret:"
	secrets := map[string]string{arn + "db": "mysql://q2a:secret@db:3306/q2a", arn + "key": "a key"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			SecretID string `json:"SecretId"`
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		value, ok := secrets[asked.SecretID]
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if !ok || r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type": "ResourceNotFoundException"}`)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"SecretString": value})
	}))
	defer server.Close()
	for name, value := range map[string]string{"AWS_ENDPOINT_URL_SECRETS_MANAGER": server.URL, "AWS_REGION": "x",
		"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "DATABASE_URL": "", "AUTH_KEY_SECRET": "",
		"SECRET_ARNS": "DATABASE_URL=" + arn + "db,AUTH_KEY_SECRET=" + arn + "key"} {
		t.Setenv(name, value)
	}
	arns, err := config.SecretARNs()
	if err != nil {
		t.Fatal(err)
	}
	if err := fetchSecrets(t.Context(), arns); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(cfg.DatabaseURL, "q2a:secret@db") || cfg.KeySecret != "a key" {
		t.Errorf("the settings are not those of the secrets")
	}
	err = fetchSecrets(t.Context(), map[string]string{"MAIL_URL": "arn:none"})
	if err == nil || !strings.Contains(err.Error(), "MAIL_URL") || os.Getenv("MAIL_URL") != "" {
		t.Errorf("a secret that is not there: %v", err)
	}
}
