package main

import (
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/observe"
)

// target is the database under test, with the application on it.
type target struct {
	name   string
	server *sql.DB // without a database
	db     *sql.DB
	app    *modules.App
}

// The users of the load. Each belongs to one client, so that what a user follows is known for sure.
const (
	firstUser     = 1000
	usersOfClient = 3
)

// newTarget loads the dump into a new database, lifts the limits that would stop the load, and adds users.
// Streams are not trimmed to a length, so that each update that was ever written can be looked for.
func newTarget(ctx context.Context, s *settings) (*target, error) {
	u, err := url.Parse(s.databaseURL)
	if err != nil {
		return nil, errors.New("STREAMS_DATABASE_URL is not a URL")
	}
	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr, cfg.MultiStatements = u.User.Username(), "tcp", u.Host, true
	cfg.Passwd, _ = u.User.Password()
	d := &target{name: fmt.Sprintf("q2ab_streams_%d", time.Now().Unix())}
	if d.server, err = open(cfg); err != nil {
		return nil, err
	}
	inside := cfg.Clone()
	inside.DBName = d.name
	if d.db, err = open(inside); err != nil {
		return nil, err
	}
	dump, err := read(s.dump)
	if err != nil {
		return nil, err
	}
	conn, err := d.server.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for _, query := range []string{"CREATE DATABASE " + d.name + " CHARACTER SET utf8mb3",
		"USE " + d.name, "SET NAMES utf8mb4, foreign_key_checks = 0;\n" + dump,
		"SET foreign_key_checks = 1", prepared(s)} {
		if _, err := conn.ExecContext(ctx, query); err != nil {
			return nil, fmt.Errorf("%.60s: %w", query, err)
		}
	}
	u.Path = "/" + d.name
	c, err := config.From(map[string]string{"DATABASE_URL": u.String(), "DATABASE_CONNECTIONS": "32",
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

func open(cfg *mysql.Config) (*sql.DB, error) {
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

func read(name string) (string, error) {
	file, err := os.Open(name) //nolint:gosec // the operator names it
	if err != nil {
		return "", err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(unzipped)
	return string(text), err
}

func (d *target) close(keep bool) {
	if err := d.app.Close(); err != nil {
		fmt.Println(err)
	}
	if !keep {
		if _, err := d.server.ExecContext(context.Background(), "DROP DATABASE "+d.name); err != nil {
			fmt.Println(err)
		}
	}
	d.db.Close()
	d.server.Close()
}
