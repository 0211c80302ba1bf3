package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// A ticket stands for a bearer token in the address of a stream of events, because a browser's
// EventSource cannot send headers. Addresses end up in the logs of proxies, so a ticket is good for one
// request and not for long, and the database holds only its hash.

// ticketSeconds is how long a ticket can be used.
const ticketSeconds = 60

type ticketOutput struct {
	Body struct {
		Ticket    string    `json:"ticket" doc:"Goes into the address: /v1/events?mine=true&ticket=…"`
		ExpiresAt time.Time `json:"expiresAt" doc:"Until when a stream can be opened with it; the stream lasts longer"`
	}
}

func (m *Module) registerTickets(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "create-event-ticket", Method: http.MethodPost, Path: events.Path + "/tickets",
		Tags: []string{"Activity"}, Summary: "Get a ticket for a stream of events",
		Description: "For a browser's `EventSource`, which cannot send a bearer token. Good for one stream, within a minute. " +
			"An `Idempotency-Key` has no effect: each request gets a ticket of its own.",
		DefaultStatus: http.StatusCreated, Errors: []int{http.StatusForbidden},
	}, m.createTicket)
}

// createTicket makes a ticket for the caller. It also deletes the caller's expired ones.
func (m *Module) createTicket(ctx context.Context, _ *struct{}) (*ticketOutput, error) {
	holder, err := m.StreamHolder(ctx)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	ticket := base64.RawURLEncoding.EncodeToString(secret)
	var expires int64
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_tickets} WHERE userid = ? AND expires <= ?",
			holder.UserID, tx.Now()); err != nil {
			return fmt.Errorf("drop old tickets: %w", err)
		}
		expires = tx.Now() + ticketSeconds
		if _, err := tx.Exec(ctx,
			"INSERT INTO {q2ab_tickets} (id, userid, session, level, expires) VALUES (?, ?, ?, ?, ?)",
			tokenID(ticket), holder.UserID, holder.Session, personOf(ctx).Level, expires); err != nil {
			return fmt.Errorf("make a ticket: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &ticketOutput{}
	out.Body.Ticket, out.Body.ExpiresAt = ticket, time.Unix(expires, 0).UTC()
	return out, nil
}

// eventTicket returns the ticket in the address of a request for a stream of events, "" in all others.
func eventTicket(address *url.URL) string {
	if address.Path != events.Path || address.RawQuery == "" {
		return ""
	}
	return address.Query().Get("ticket")
}

// useTicket returns who got the ticket, which cannot be used again then. The problem is the same for a
// ticket that was used, one that is too old, and one that never was.
func (m *Module) useTicket(ctx context.Context, ticket string) (Person, error) {
	var p Person
	good := false
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		p, good = Person{}, false
		id := tokenID(ticket)
		var expires int64
		found, err := tx.Get(ctx, []any{&p.UserID, &p.session, &p.Level, &expires},
			"SELECT userid, session, level, expires FROM {q2ab_tickets} WHERE id = ?"+tx.ForUpdate(), id)
		if err != nil || !found {
			return err
		}
		good = expires > tx.Now()
		_, err = tx.Exec(ctx, "DELETE FROM {q2ab_tickets} WHERE id = ?", id)
		return err
	})
	if err != nil {
		return Person{}, fmt.Errorf("use a ticket: %w", err)
	}
	if !good {
		return Person{}, problem.New(codeTicketEnded)
	}
	return p, nil
}

// StreamHolder returns who is calling, as the holder of a stream of what concerns the caller alone. The
// error is login_required for visitors, and user_blocked for blocked users.
func (m *Module) StreamHolder(ctx context.Context) (events.Holder, error) {
	c, err := RequireUser(ctx)
	if err != nil {
		return events.Holder{}, err
	}
	if c.Flags&FlagBlocked != 0 {
		return events.Holder{}, problem.New(codeUserBlocked)
	}
	return events.Holder{UserID: c.UserID, Session: personOf(ctx).session}, nil
}

// checkedAtOnce is how many holders of streams are checked in one statement.
const checkedAtOnce = 500

// MayHoldStreams returns which of the holders may still have their streams: those whose account is there
// and not blocked, and whose session, if the built-in issuer began it, has not ended.
func (m *Module) MayHoldStreams(
	ctx context.Context, list []events.Holder,
) (map[events.Holder]bool, error) {
	may := make(map[events.Holder]bool, len(list))
	for some := range slices.Chunk(list, checkedAtOnce) {
		users, stamps, err := m.stampsOf(ctx, some)
		if err != nil {
			return nil, fmt.Errorf("check the holders of streams: %w", err)
		}
		for _, h := range some {
			u, ok := users[h.UserID]
			may[h] = ok && u.flags&FlagBlocked == 0 &&
				(h.Session == "" || subtle.ConstantTimeCompare(stamps[h], stampOf(u)) == 1)
		}
	}
	return may, nil
}

// stampsOf reads the accounts of holders, by id, and the stamps of their sessions.
func (m *Module) stampsOf(
	ctx context.Context, holders []events.Holder,
) (map[int]user, map[events.Holder][]byte, error) {
	ids, families := []int{}, [][]byte{}
	for _, h := range holders {
		ids = append(ids, h.UserID)
		if family := (Person{session: h.Session}).family(); len(family) > 0 {
			families = append(families, family)
		}
	}
	users := map[int]user{}
	found, err := findUsers(ctx, m.db, "userid IN ?", ids)
	for _, u := range found {
		users[u.id] = u
	}
	stamps := map[events.Holder][]byte{}
	if err != nil || len(families) == 0 {
		return users, stamps, err
	}
	// All tokens of a session have the same stamp, unless its user has signed in anew by it; as for
	// requests, the last one counts.
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var family, stamp []byte
		var userID int
		err := rows.Scan(&family, &userID, &stamp)
		stamps[events.Holder{UserID: userID, Session: hex.EncodeToString(family)}] = stamp
		return err
	}, "SELECT family, userid, stamp FROM {q2ab_sessions} WHERE family IN ? ORDER BY expires", families)
	return users, stamps, err
}
