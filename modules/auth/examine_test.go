package auth

import (
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
)

func TestExamineKeys(t *testing.T) {
	t.Parallel()
	options := map[string]string{
		"captcha_on_register": "0", "captcha_on_reset_password": "0", "captcha_on_anon_post": "0",
	}
	for _, c := range []struct {
		name     string
		dialect  database.Dialect
		settings Settings
		warns    bool
	}{
		{"open keys on a server", database.MySQL, Settings{}, true},
		{"sealed keys", database.MySQL, Settings{KeySecret: "secret"}, false},
		{"no keys of our own", database.MySQL, Settings{Cognito: Cognito{Issuer: "https://pool.example"}}, false},
		{"the embedded database, which is a file of the owner's", database.SQLite, Settings{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			found := Examine(site.NewOptions(options), c.dialect, c.settings)
			if warned := len(found) == 1 &&
				strings.Contains(found[0].Text, "AUTH_KEY_SECRET"); warned != c.warns || len(found) > 1 {
				t.Errorf("Examine = %+v", found)
			}
		})
	}
}
