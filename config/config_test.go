package config_test

import (
	"os"
	"strings"
	"testing"

	"38qa.net/backend/config"
)

func TestEnvExampleIsCurrent(t *testing.T) {
	text, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != config.EnvExample() {
		t.Error(".env.example is not what config.go says: run go generate ./config")
	}
}

func TestNothingNeedsToBeSet(t *testing.T) {
	c, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	if c.DatabaseURL != "sqlite:data/q2a.sqlite" || c.Tracing() {
		t.Errorf("%+v", c)
	}
}

func TestFromHeedsNoEnvironment(t *testing.T) {
	t.Setenv("TABLE_PREFIX", "forum_")
	c, err := config.From(map[string]string{"DATA_DIR": "elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	if c.TablePrefix != "qa_" || c.DatabaseURL != "sqlite:elsewhere/q2a.sqlite" {
		t.Errorf("prefix %q, database %q", c.TablePrefix, c.DatabaseURL)
	}
}

func TestBadSettingsAreNamed(t *testing.T) {
	for name, value := range map[string]string{
		"TRUSTED_PROXIES":      "10.0.0.0",
		"PUBLIC_URL":           "38qa.net",
		"LOG_LEVEL":            "loud",
		"TIME_ZONE":            "Asia/Osaka",
		"DATABASE_CONNECTIONS": "many",
		"REQUEST_TIMEOUT":      "soon",
		"CONSOLE":              "maybe",
		"FOLLOWERS_SHOWN_TO":   "friends",
		"DIGEST_HOUR":          "24",
		"MAILS_PER_DAY":        "-1",
		"EXPORT_KEPT_FOR":      "59m",
		"AKISMET_URL":          "https://rest.akismet.com/1.1/", // without a key
		"SPAM_CHECK_POINTS":    "-1",
		"STOPFORUMSPAM":        "perhaps",

		"STOPFORUMSPAM_CONFIDENCE": "101",

		"ASK_RESTRICTION":         "yes",
		"BEST_ANSWER_RESTRICTION": "never",
		"TAG_SET_RESTRICTION":     "ON",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if _, err := config.Load(); err == nil {
				t.Fatalf("%s=%s was taken", name, value)
			} else if text := strings.ToUpper(strings.ReplaceAll(err.Error(), "_", "")); !strings.Contains(
				text, strings.ReplaceAll(name, "_", "")) &&
				!strings.Contains(err.Error(), "DatabaseConns") &&
				!strings.Contains(err.Error(), "RequestTimeout") {
				t.Errorf("the message does not name %s: %v", name, err)
			}
		})
	}
}
