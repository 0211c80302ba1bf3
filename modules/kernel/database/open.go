package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/libtnb/sqlite"
	gormtrace "gopkg.in/DataDog/dd-trace-go.v1/contrib/gorm.io/gorm.v1"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Settings say which database to open and how.
type Settings struct {
	// URL is mysql://user:password@host:port/name or sqlite:path; mariadb:// means the same as mysql://. The only
	// query parameter is tls (true, skip-verify, preferred), for MySQL.
	URL string
	// Prefix of the table names, as QA_MYSQL_TABLE_PREFIX in the site's qa-config.php.
	Prefix string
	// MaxConnections bounds the pool; RDS Proxy and small servers like it small.
	MaxConnections int
	// Importing leaves foreign keys of SQLite unchecked until the end of an import, which checks them all.
	Importing bool
	// Trace puts every statement into the Datadog trace of its request.
	Trace bool
	// Clock is what Now asks; nil for the process's own.
	Clock Clock
}

// prefixForm is what may stand before Q2A's table names; it is put into SQL as it is.
var prefixForm = regexp.MustCompile(`^[A-Za-z0-9_]{0,30}$`)

// Open opens the database and checks that it answers. It does not look at the tables: CheckSchema does.
func Open(ctx context.Context, s Settings) (*DB, error) {
	if !prefixForm.MatchString(s.Prefix) {
		return nil, fmt.Errorf("table prefix %q: only letters, digits and _ are allowed", s.Prefix)
	}
	if s.MaxConnections <= 0 {
		s.MaxConnections = 10
	}
	db := &DB{prefix: s.Prefix, clock: s.Clock, names: &sync.Map{}, health: newHealth()}
	scheme, rest, _ := strings.Cut(s.URL, ":")
	var dialector gorm.Dialector
	switch scheme {
	case "mysql", "mariadb":
		mysqlSettings, err := mysqlConfig(s)
		if err != nil {
			return nil, err
		}
		pool, err := poolOf(mysqlSettings, s.MaxConnections)
		if err != nil {
			return nil, err
		}
		db.dialect, db.pool, db.mysql = MySQL, pool, mysqlSettings
		// SkipInitializeWithVersion: no SELECT VERSION() of GORM's on each start; none of its features depend on it here.
		dialector = mysql.New(mysql.Config{Conn: pool, SkipInitializeWithVersion: true})
	case "sqlite":
		db.file = sqlitePath(rest)
		pool, err := openSQLite(db.file, s)
		if err != nil {
			return nil, err
		}
		db.dialect, db.pool, db.writers = SQLite, pool, make(chan struct{}, 1)
		dialector = sqlite.New(sqlite.Config{Conn: pool})
	default:
		return nil, fmt.Errorf("DATABASE_URL starts with %q: mysql://, mariadb:// or sqlite: was expected", scheme)
	}
	open := gorm.Open
	if s.Trace {
		open = func(d gorm.Dialector, opts ...gorm.Option) (*gorm.DB, error) {
			cfg := opts[0].(*gorm.Config)
			return gormtrace.Open(d, cfg)
		}
	}
	g, err := open(dialector, &gorm.Config{
		Logger:                 logger.Discard, // errors are returned and logged once, by web
		TranslateError:         true,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", db.dialect, err), db.pool.Close())
	}
	db.gorm = g
	if err := db.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the database does not answer: %w", err), db.pool.Close())
	}
	return db, nil
}

// mysqlConfig are the settings of connections that leave no state in its sessions, so that RDS Proxy need not pin a connection: values
// are put into the text by the driver (no server-side prepared statements), no SET is sent, and time zone, SQL mode and
// collation stay the server's.
func mysqlConfig(s Settings) (*mysqldriver.Config, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, errors.New("DATABASE_URL is not a URL (are special characters of the password percent-encoded?)")
	}
	cfg := mysqldriver.NewConfig()
	cfg.Net = "tcp"
	cfg.Addr = u.Host
	if u.Port() == "" {
		cfg.Addr = u.Hostname() + ":3306"
	}
	if socket := u.Query().Get("socket"); socket != "" {
		cfg.Net, cfg.Addr = "unix", socket
	}
	cfg.User = u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	cfg.DBName = strings.TrimPrefix(u.Path, "/")
	if cfg.DBName == "" {
		return nil, errors.New("DATABASE_URL names no database: mysql://user:password@host:port/NAME")
	}
	if tls := u.Query().Get("tls"); tls != "" {
		cfg.TLSConfig = tls
	}
	for name := range u.Query() {
		if name != "tls" && name != "socket" {
			return nil, fmt.Errorf("DATABASE_URL: unknown parameter %q (known: tls, socket)", name)
		}
	}
	cfg.InterpolateParams = true
	cfg.Timeout = 5 * time.Second
	cfg.Logger = driverLog{}
	return cfg, nil
}

// poolOf opens a pool of at most so many connections.
func poolOf(cfg *mysqldriver.Config, connections int) (*sql.DB, error) {
	connector, err := mysqldriver.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxLifetime(15 * time.Minute) // below RDS Proxy's 30 minutes of idleness
	return pool, nil
}

// driverLog takes the driver's remarks, most about connections that the server closed. In an outage there is one for
// each connection, beside the error that the statement gets.
type driverLog struct{}

// Print writes one remark.
func (driverLog) Print(v ...any) { slog.Debug("mysql", "message", fmt.Sprint(v...)) }
