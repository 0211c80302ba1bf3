package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
)

// site is the database that the servers share: an empty site with members who are to be mailed to.
type site struct {
	name, url string
	folder    string       // of the database file, with SQLite
	server    *database.DB // another database of the same server, else
	db        *database.DB
}

// newSite makes the database.
func newSite(ctx context.Context, s *settings) (*site, error) {
	d := &site{name: fmt.Sprintf("q2ab_torture_mail_%d", time.Now().Unix())}
	if err := d.open(ctx, s.databaseURL); err != nil {
		return nil, err
	}
	if err := errors.Join(d.db.CreateSchema(ctx), d.db.Migrate(ctx)); err != nil {
		return nil, err
	}
	for title, content := range map[string]string{"site_title": "Torture", "site_url": "https://qa.example/", "from_email": "hello@qa.example"} {
		if _, err := d.db.Exec(ctx, "REPLACE INTO {options} (title, content) VALUES (?, ?)", title, content); err != nil {
			return nil, err
		}
	}
	const atOnce = 1000
	for first := 1; first <= s.mails; first += atOnce {
		err := d.db.Tx(ctx, func(tx *database.DB) error {
			for id := first; id < first+atOnce && id <= s.mails; id++ {
				if _, err := tx.Exec(ctx, `INSERT INTO {users}
						(userid, created, createip, email, handle, level, loggedin, loginip, emailcode, flags)
					VALUES (?, '2026-01-02 03:04:05', '', ?, ?, 10, '2026-01-02 03:04:05', '', '', ?)`,
					id, addressOf(id), fmt.Sprint("member", id), auth.FlagEmailConfirmed); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return d, nil
}

// addressOf is the address of the member with the id.
func addressOf(id int) string { return fmt.Sprintf("member%d@example.com", id) }

func (d *site) open(ctx context.Context, address string) (err error) {
	if address == "sqlite" {
		if d.folder, err = os.MkdirTemp("", d.name); err != nil {
			return err
		}
		d.url = "sqlite:" + filepath.Join(d.folder, "q2a.sqlite")
	} else {
		u, err := url.Parse(address)
		if err != nil {
			return errors.New("TORTURE_DATABASE_URL is no address") // it may hold a password
		}
		u.Path = "/information_schema"
		if d.server, err = database.Open(ctx, database.Settings{URL: u.String(), MaxConnections: 1}); err != nil {
			return err
		}
		if _, err := d.server.Exec(ctx, "CREATE DATABASE "+d.name+" CHARACTER SET utf8mb3"); err != nil {
			return err
		}
		u.Path = "/" + d.name
		d.url = u.String()
	}
	d.db, err = database.Open(ctx, database.Settings{URL: d.url, Prefix: "qa_", MaxConnections: 4})
	return err
}

// approve reports that members were approved, which is to be mailed to each.
func (d *site) approve(ctx context.Context, first, last int) error {
	return d.db.Tx(ctx, func(tx *database.DB) error {
		for id := first; id <= last; id++ {
			if err := events.Append(ctx, tx, events.Event{Name: "u_level", At: tx.Now(), Params: []events.Param{
				{Name: "userid", Value: id}, {Name: "level", Value: 10}, {Name: "oldlevel", Value: 0}}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// number returns the number that a statement selects.
func (d *site) number(ctx context.Context, query string) (n int, err error) {
	_, err = d.db.Get(ctx, []any{&n}, query)
	return n, err
}

// close drops the database unless it is to be kept. It prints what goes wrong.
func (d *site) close(keep bool) {
	d.db.Close()
	if d.server != nil {
		if !keep {
			if _, err := d.server.Exec(context.Background(), "DROP DATABASE "+d.name); err != nil {
				fmt.Println(err)
			}
		}
		d.server.Close()
	}
	if d.folder != "" && !keep {
		if err := os.RemoveAll(d.folder); err != nil {
			fmt.Println(err)
		}
	}
}
