// Package trialsite makes recorded sites on a database server, for the programs that try out what
// happens under load.
package trialsite

import (
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Database is a new database that holds a recorded site.
type Database struct {
	// Name is the database's name, URL its address as the setting DATABASE_URL has it.
	Name, URL string
	// DB are connections to it that take several statements at once.
	DB *sql.DB

	server *sql.DB // without a database
}

// Load makes a database whose name begins with q2ab_ and the given name, on the server at the address
// mysql://user:password@host:port/, and reads a compressed dump into it. change are statements by which
// the site is to differ from the dump.
func Load(ctx context.Context, server, name, dump, change string) (*Database, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, errors.New("the address of the database server is not a URL") // it may hold a password
	}
	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr, cfg.MultiStatements = u.User.Username(), "tcp", u.Host, true
	cfg.Passwd, _ = u.User.Password()
	d := &Database{Name: fmt.Sprintf("q2ab_%s_%d", name, time.Now().Unix())}
	u.Path = "/" + d.Name
	d.URL = u.String()
	if d.server, err = open(cfg); err != nil {
		return nil, err
	}
	cfg.DBName = d.Name
	if d.DB, err = open(cfg); err != nil {
		return nil, err
	}
	text, err := read(dump)
	if err != nil {
		return nil, err
	}
	conn, err := d.server.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for _, query := range []string{"CREATE DATABASE " + d.Name + " CHARACTER SET utf8mb3",
		"USE " + d.Name, "SET NAMES utf8mb4, foreign_key_checks = 0;\n" + text,
		"SET foreign_key_checks = 1", change} {
		if _, err := conn.ExecContext(ctx, query); err != nil {
			return nil, fmt.Errorf("%.60s: %w", query, err)
		}
	}
	return d, nil
}

func open(cfg *mysql.Config) (*sql.DB, error) {
	connector, err := mysql.NewConnector(cfg.Clone())
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// read returns the text of a compressed file.
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

// Close drops the database unless it is to be kept, and closes the connections. It prints what goes
// wrong.
func (d *Database) Close(keep bool) {
	if !keep {
		if _, err := d.server.ExecContext(context.Background(), "DROP DATABASE "+d.Name); err != nil {
			fmt.Println(err)
		}
	}
	d.DB.Close()
	d.server.Close()
}
