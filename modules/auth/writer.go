package auth

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Writer is one run of a use case that writes: its transaction, on whose behalf it writes, and the
// events that it reports.
type Writer struct {
	Ctx context.Context
	Tx  *database.DB
	// Options are the site's options, as they were when the transaction began.
	Options *site.Options
	Caller  Caller

	events []events.Event
}

// Write runs a use case of a request in a transaction and publishes the events that it reports: in the
// outbox, within the transaction, and after it in Q2A's event log, if the site keeps that. The
// transaction may be run again after a deadlock, each time with a new Writer. If the client sends a
// request again with the same Idempotency-Key, the use case is not run again. Write returns the id of
// the resource that the use case made, 0 for none.
func (m *Module) Write(
	ctx context.Context, run func(w *Writer) (resource int, err error),
) (resource int, err error) {
	return m.writeIn(ctx, web.Once, run)
}

// transaction runs work in a transaction of the database. It is web.Once for requests that clients
// may repeat, otherwise inTx.
type transaction func(
	ctx context.Context, db *database.DB, work func(tx *database.DB) (int, error),
) (int, error)

func inTx(
	ctx context.Context, db *database.DB, work func(tx *database.DB) (int, error),
) (resource int, err error) {
	err = db.Tx(ctx, func(tx *database.DB) error {
		resource, err = work(tx)
		return err
	})
	return resource, err
}

// writeIn is like Write, in a given kind of transaction.
func (m *Module) writeIn(
	ctx context.Context, in transaction, run func(w *Writer) (resource int, err error),
) (resource int, err error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return 0, err
	}
	var w *Writer
	resource, err = in(ctx, m.db, func(tx *database.DB) (int, error) {
		w = &Writer{Ctx: ctx, Tx: tx, Options: o, Caller: CallerOf(ctx)}
		resource, err := run(w)
		if err != nil {
			return 0, err
		}
		return resource, events.Append(ctx, tx, w.events...)
	})
	if err == nil && w != nil && o.Bool(option.EventLoggerToDatabase) {
		events.Log(context.WithoutCancel(ctx), m.db, w.events)
	}
	return resource, err
}

// Report adds one of Q2A's events, with the caller as the actor. params are alternating names and
// values, in Q2A's order.
func (w *Writer) Report(name string, params ...any) {
	w.reportBy(w.Caller.UserID, w.Caller.Handle, name, params...)
}

// ReportTo is like Report, for an event that concerns the users with the given ids. Besides all that
// follows from an event, it is told to them, and to nobody else, in their streams
// (/v1/events?mine=true). What they are told is who caused it, and the values of the parameters
// messageid and groupid.
func (w *Writer) ReportTo(users []int, name string, params ...any) {
	w.Report(name, params...)
	w.events[len(w.events)-1].Topics = events.ToUsers(name, users...)
}

// reportBy is like Report, with the given user as the actor.
func (w *Writer) reportBy(userID int, handle, name string, params ...any) {
	e := events.Event{Name: name, At: w.Tx.Now(), Actor: events.Actor{
		UserID: userID, Handle: handle, CookieID: w.Caller.CookieID, IP: w.Caller.IP,
	}}
	for i := 0; i+1 < len(params); i += 2 {
		e.Params = append(e.Params, events.Param{Name: fmt.Sprint(params[i]), Value: params[i+1]})
	}
	w.events = append(w.events, e)
}

// Wrote records that the caller has written something just now, as Q2A does for most actions.
func (w *Writer) Wrote() error { return Wrote(w.Ctx, w.Tx, w.Caller) }
