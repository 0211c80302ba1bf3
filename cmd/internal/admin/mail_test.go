package admin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
)

// TestMailCommand goes through the commands on an empty site.
func TestMailCommand(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("DATABASE_URL", "sqlite:"+filepath.Join(folder, "q2a.sqlite"))
	t.Setenv("DATA_DIR", folder)
	url := os.Getenv("DATABASE_URL") // reading the settings takes it away
	run := func(args ...string) (string, error) {
		t.Helper()
		t.Setenv("DATABASE_URL", url)
		var out strings.Builder
		err := dispatch(t.Context(), args, &out)
		return out.String(), err
	}
	if _, err := run("init"); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.From(map[string]string{"DATABASE_URL": url, "DATA_DIR": folder})
	if err != nil {
		t.Fatal(err)
	}
	app, err := modules.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	for id := range 2 {
		if _, err := app.DB.Exec(t.Context(), `INSERT INTO {q2ab_dead_mail} (id, seq, kind, userid, postid, created, attempts, refused, reason, at)
			VALUES (?, ?, 'reset', 1, 0, 1700000000, 1, 1, '550 5.1.1', 1700000000)`, id+1, id+1); err != nil {
			t.Fatal(err)
		}
	}
	report := filepath.Join("..", "..", "..", "modules", "mail", "internal", "undelivered", "testdata", "postfix.eml")
	for _, c := range []struct {
		args, input string
		want        string // of the output or the error
	}{
		{"mail list", "", "0 mails wait"}, {"mail list", "", "         1  2023-11-14 22:13:20  reset             refused   550 5.1.1"},
		{"mail retry 1", "", ""}, {"mail retry 1", "", "no mail 1"}, {"mail drop 2", "", ""}, {"mail drop x", "", "no number"},
		{"mail list", "", "1 mails wait, 1 of them are due, 0 have failed before\n"},
		{"mail bounce", report, "left alone: this is a report about a mail that this backend has not sent"},
		{"mail bounce --trust", report, "reports about 1 addresses"}, {"mail bounce", "mail.go", "left alone: this mail is no report"},
		{"mail clear aki@example.com", "", ""}, {"mail clear aki", "", "no e-mail address"}, {"mail", "", "usage"}, {"mail bounce --all", "", "usage"},
	} {
		if c.input != "" {
			in, err := os.Open(c.input)
			if err != nil {
				t.Fatal(err)
			}
			before := os.Stdin
			os.Stdin = in
			defer func() { os.Stdin = before; in.Close() }()
		}
		out, err := run(strings.Fields(c.args)...)
		if err != nil {
			out += err.Error()
		}
		if !strings.Contains(out, c.want) || c.want == "" && out != "" {
			t.Errorf("admin %s: %q, expected %q", c.args, out, c.want)
		}
	}
	if problem, err := app.Mail.AddressProblem(t.Context(), "aki@example.com"); err != nil || problem != "" {
		t.Error(problem, err)
	}
}
