package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/tools/internal/trialsite"
)

// target is the database under test, with the application on it.
type target struct {
	*trialsite.Database
	app *modules.App
}

// The users of the load. Each belongs to one client, so that what a user follows is known for sure.
const (
	firstUser     = 1000
	usersOfClient = 3
)

// newTarget loads the dump into a new database, lifts the limits that would stop the load, and adds users.
// Streams are not trimmed to a length, so that each update that was ever written can be looked for.
func newTarget(ctx context.Context, s *settings) (*target, error) {
	site, err := trialsite.Load(ctx, s.databaseURL, "streams", s.dump, prepared(s))
	if err != nil {
		return nil, fmt.Errorf("make the site at STREAMS_DATABASE_URL: %w", err)
	}
	d := &target{Database: site}
	c, err := config.From(map[string]string{"DATABASE_URL": d.URL, "DATABASE_CONNECTIONS": "32",
		"RATE_LIMIT": "off", "LOG_LEVEL": "warn", "MAIL_URL": "off", "DATA_DIR": os.TempDir()})
	if err != nil {
		return nil, err
	}
	slog.SetDefault(observe.NewLogger(os.Stderr, c.LogLevel, "text"))
	d.app, err = modules.New(ctx, c, modules.WithVerifier(
		func(_ context.Context, token string) (p auth.Person, err error) {
			_, err = fmt.Sscanf(token, "user-%d", &p.UserID)
			return p, err
		}))
	return d, err
}

// prepared returns the statements by which the site of the load differs from that of the dump.
func prepared(s *settings) string {
	var users []string
	for i := range s.clients * usersOfClient {
		users = append(users, fmt.Sprintf("(%d, NOW(), '', '', 'load%d', 10, 1, 0, NOW(), '')", firstUser+i, i))
	}
	return fmt.Sprintf(`REPLACE INTO qa_options (title, content)
			SELECT title, '1000000000' FROM qa_options WHERE title LIKE 'max_rate_%%';
		REPLACE INTO qa_options (title, content) VALUES ('max_copy_user_updates', '%d'),
			('max_store_user_updates', '1000000'), ('moderate_anon_post', '0'), ('moderate_users', '0'),
			('moderate_unconfirmed', '0'), ('moderate_by_points', '0');
		DELETE FROM qa_userfavorites;
		DELETE FROM qa_userevents;
		DELETE FROM qa_sharedevents;
		INSERT INTO qa_users (userid, created, createip, email, handle, level, flags, wallposts, loggedin, loginip)
			VALUES %s`, s.copies, strings.Join(users, ", "))
}

func (d *target) close(keep bool) {
	if err := d.app.Close(); err != nil {
		fmt.Println(err)
	}
	d.Close(keep)
}
