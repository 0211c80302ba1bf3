package events

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"38qa.net/backend/modules/kernel/problem"
)

// TestStreamsEndWithTheirPermission checks that a stream ends when its client could not begin one any more, that
// it goes on while that cannot be found out, and that the check has the values of the request's context.
func TestStreamsEndWithTheirPermission(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		var unknown, closed atomic.Bool
		asked := make(chan struct{}, 1)
		may := func(ctx context.Context) error {
			if ctx.Err() != nil {
				t.Error("the permission is asked for with a context that has ended")
			}
			select {
			case asked <- struct{}{}:
			default:
			}
			switch {
			case closed.Load():
				return problem.New(problem.CodeUnavailable)
			case unknown.Load():
				return errors.New("the database does not answer")
			}
			return nil
		}
		db := s.open(t)
		one := listen(t, streamServer(t, db, StreamSettings{May: may}).URL+"/v1/events", "")
		one.expect(t, "0 hello")
		unknown.Store(true)
		for range 4 { // the last of which were asked after that
			<-asked
		}
		happen(t, db, 1)
		one.expect(t, "1 question")
		closed.Store(true)
		for {
			m, ok := one.next(t)
			if !ok {
				break
			}
			t.Logf("before the end: %+v", m)
		}
		if err := one.lines.Err(); err != nil {
			t.Errorf("it did not end in order: %v", err)
		}
	})
}
