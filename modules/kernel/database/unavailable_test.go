package database

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/go-sql-driver/mysql"
)

func TestUnavailable(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&net.OpError{Op: "dial", Err: errors.New("connection refused")}, true},
		{fmt.Errorf("query: %w", mysql.ErrInvalidConn), true},
		{&mysql.MySQLError{Number: 1040, Message: "Too many connections"}, true},
		{&mysql.MySQLError{Number: 1064, Message: "syntax"}, false},
		{errors.New("scan"), false},
	} {
		if got := Unavailable(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

// TestTxRunsAgainAfterDeadlock checks that a transaction is run again while it fails with MySQL's deadlock
// error, and only once if it fails with any other error.
func TestTxRunsAgainAfterDeadlock(t *testing.T) {
	db, err := Open(context.Background(), Settings{URL: "sqlite:" + t.TempDir() + "/x.sqlite"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	runs := 0
	err = db.Tx(context.Background(), func(*DB) error {
		if runs++; runs < 3 {
			return &mysql.MySQLError{Number: 1213, Message: "Deadlock found"}
		}
		return nil
	})
	if err != nil || runs != 3 {
		t.Errorf("%d runs, %v", runs, err)
	}
	runs = 0
	err = db.Tx(context.Background(), func(*DB) error {
		runs++
		return errors.New("no")
	})
	if err == nil || runs != 1 {
		t.Errorf("%d runs, %v", runs, err)
	}
}
