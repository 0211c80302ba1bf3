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

// Settings say which database to open, and how.
type Settings struct {
	// URL is mysql://user:password@host:port/name or sqlite:path; mariadb:// means the same as
	// mysql://. The query parameters, for MySQL only, are tls (true, skip-verify, preferred) and
	// socket (the path of a Unix socket).
	URL string
	// Prefix is the prefix of the table names: QA_MYSQL_TABLE_PREFIX in the site's qa-config.php.
	Prefix string
	// MaxConnections bounds the number of connections in the pool; 0 means 10. RDS Proxy and small
	// servers need a small number.
	MaxConnections int
	// Importing leaves SQLite's foreign keys unchecked, for ImportDump, which checks them all at its
	// end.
	Importing bool
	// Trace puts every statement into the Datadog trace of its request.
	Trace bool
	// Clock is the clock that Now uses; nil means the process's own.
	Clock Clock
}

// prefixForm matches the allowed table prefixes. The prefix is put into SQL as it is.
var prefixForm = regexp.MustCompile(`^[A-Za-z0-9_]{0,30}$`)

// Open opens the database and checks that it can be reached. It does not look at the tables;
// CheckSchema does.
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
		// SkipInitializeWithVersion saves GORM's SELECT VERSION() on each start; none of the
		// features that are used here depend on it.
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
		return nil, fmt.Errorf("DATABASE_URL starts with %q: mysql://, mariadb:// or sqlite: was expected",
			scheme)
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

// mysqlConfig returns connection settings that leave no state in a session, so that RDS Proxy does
// not have to pin connections: the driver puts values into the text of a statement instead of
// preparing it on the server, no SET is sent, and the time zone, SQL mode and collation remain the
// server's.
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

// poolOf returns a pool of at most the given number of connections.
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

// driverLog logs the driver's own messages, at the level debug. Most are about connections that the
// server closed; in an outage there is one for each connection, in addition to the error that the
// statement returns.
type driverLog struct{}

// Print implements the driver's Logger.
func (driverLog) Print(v ...any) { slog.Debug("mysql", "message", fmt.Sprint(v...)) }
