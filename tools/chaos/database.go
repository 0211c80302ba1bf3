package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"

	"38qa.net/backend/tools/internal/process"
)

// database is a MariaDB server of its own.
type database struct {
	folder, address string
	id              int
	cmd             *exec.Cmd
	db              *sql.DB
}

// newDatabase makes a MariaDB server in a folder and starts it, without a database in it. id tells servers of a
// replication apart.
func newDatabase(ctx context.Context, folder string, id int) (*database, error) {
	address, err := process.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	d := &database{folder: folder, address: address, id: id}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	//nolint:gosec // a known program
	install := exec.CommandContext(ctx, "mariadb-install-db", "--no-defaults", "--user="+me.Username,
		"--datadir="+filepath.Join(folder, "data"), "--auth-root-authentication-method=normal", "--skip-test-db",
		"--skip-name-resolve")
	if out, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mariadb-install-db: %w: %s", err, out)
	}
	if err := d.start(ctx); err != nil {
		return nil, err
	}
	if d.db, err = d.open("root", "q2a"); err != nil {
		return nil, err
	}
	d.db.SetMaxOpenConns(2)
	return d, nil
}

// open returns a pool of a user's connections to a database of the server, or to none if name is "". It does not
// connect yet.
func (d *database) open(user, name string) (*sql.DB, error) {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr, cfg.DBName, cfg.MultiStatements = user, "tcp", d.address, name, true
	return sql.Open("mysql", cfg.FormatDSN())
}

// create makes the empty database of the site, and the user whose connections use up all that there are: root's own
// last one is always free.
func (d *database) create(ctx context.Context) error {
	server, err := d.open("root", "")
	if err != nil {
		return err
	}
	defer server.Close()
	_, err = server.ExecContext(ctx, "CREATE DATABASE q2a CHARACTER SET utf8mb4; CREATE USER hog@'%'")
	return err
}

func (d *database) port() string { return d.address[strings.LastIndex(d.address, ":")+1:] }

func (d *database) url() string { return "mysql://root@" + d.address + "/q2a" }

// start starts the server and waits until it accepts connections.
func (d *database) start(ctx context.Context) error {
	me, err := user.Current()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(d.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	//nolint:gosec // a known program
	d.cmd = exec.CommandContext(ctx, "mariadbd", "--no-defaults", "--user="+me.Username,
		"--datadir="+filepath.Join(d.folder, "data"), "--socket="+filepath.Join(d.folder, "s"), "--port="+d.port(),
		"--pid-file="+filepath.Join(d.folder, "pid"), "--bind-address=127.0.0.1", "--skip-name-resolve",
		"--max-connections=300", "--default-time-zone=+00:00", fmt.Sprintf("--server-id=%d", d.id), "--log-bin",
		"--log-slave-updates", "--gtid-strict-mode",
		// Enough for a process that is killed; only a power cut would need the disk to be waited for.
		"--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0")
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if err := d.cmd.Start(); err != nil {
		return err
	}
	for range 600 {
		if c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", d.address); err == nil {
			return c.Close()
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("MariaDB does not start; see %s", d.folder)
}

func (d *database) signal(s syscall.Signal) error { return d.cmd.Process.Signal(s) }

// stop ends the server with a signal and waits for its end.
func (d *database) stop(s syscall.Signal) error {
	if err := d.signal(s); err != nil {
		return err
	}
	err := d.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil // because of the signal
	}
	return err
}

func (d *database) close() {
	if d.db != nil {
		_ = d.db.Close()
	}
	if d.cmd.ProcessState == nil {
		_ = d.stop(syscall.SIGKILL)
	}
}

// killConnections ends the connections of everybody else.
func (d *database) killConnections(ctx context.Context) error {
	ids, err := d.connections(ctx)
	for _, id := range ids {
		_, _ = d.db.ExecContext(ctx, fmt.Sprintf("KILL %d", id)) // it may have ended by itself
	}
	return err
}

// connections returns the ids of the connections of everybody else, but for a replica's.
func (d *database) connections(ctx context.Context) (ids []int, err error) {
	rows, err := d.db.QueryContext(ctx,
		`SELECT id
			FROM information_schema.processlist
			WHERE id <> CONNECTION_ID() AND user = 'root' AND command <> 'Binlog Dump'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// follower makes another server that follows this one, which must be new.
func (d *database) follower(ctx context.Context, folder string) (*database, error) {
	f, err := newDatabase(ctx, folder, d.id+1)
	if err != nil {
		return nil, err
	}
	server, err := f.open("root", "") // there is no database of the site yet
	if err != nil {
		return nil, err
	}
	defer server.Close()
	_, err = server.ExecContext(ctx, fmt.Sprintf(`RESET MASTER;
		CHANGE MASTER TO master_host = '127.0.0.1', master_port = %s, master_user = 'root',
			master_use_gtid = slave_pos;
		START SLAVE`, d.port()))
	return f, err
}

// catchUp waits until the server has all that the other one has.
func (d *database) catchUp(ctx context.Context, primary *database) error {
	var position string
	if err := primary.db.QueryRowContext(ctx, "SELECT @@gtid_binlog_pos").Scan(&position); err != nil {
		return err
	}
	var late int
	if err := d.db.QueryRowContext(ctx, "SELECT MASTER_GTID_WAIT(?, 20)", position).Scan(&late); err != nil {
		return err
	}
	if late != 0 {
		return errors.New("the replica does not catch up")
	}
	return nil
}

// promote ends the replication, so that the server takes writes.
func (d *database) promote(ctx context.Context) error {
	_, err := d.db.ExecContext(ctx, "STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only = 0")
	return err
}
