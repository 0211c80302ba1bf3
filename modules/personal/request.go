package personal

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// exportEvery is for how many seconds after an export its member can ask for no other.
const exportEvery = 24 * 60 * 60

// States of an export.
const (
	stateWaiting = "waiting"
	stateWorking = "working"
	stateReady   = "ready"
	stateExpired = "expired" // the archive has been removed
	stateFailed  = "failed"
	stateDropped = "dropped" // its member's no longer; it is to be removed
)

// eventAsked is the name of an event that Q2A does not have: a member has asked for an export.
const eventAsked = "u_export_ask"

var codeExportToday = problem.Define("export_today", http.StatusTooManyRequests,
	problem.Text("One export a day", "エクスポートは1日1回までです"),
	problem.Text("You can have one export a day; try again in %d minutes.",
		"データのエクスポートは1日1回までです。%d 分後にもう一度お試しください。"))

// Export is a copy of what the site holds about a member, and how far it is.
type Export struct {
	State       string     `json:"state" enum:"waiting,working,ready,expired,failed" doc:"ready: it can be fetched; expired: it could be; failed: ask again"`
	RequestedAt time.Time  `json:"requestedAt"`
	Done        int        `json:"done" doc:"How many files of the archive are written"`
	Total       int        `json:"total" doc:"How many files the archive will have; 0 before the work begins"`
	FinishedAt  *time.Time `json:"finishedAt,omitempty"`
	Bytes       int64      `json:"bytes,omitempty" doc:"Size of the archive"`
	URL         string     `json:"url,omitempty" doc:"Where the archive is, once it is ready. Whoever has the address can fetch it"`
	ExpiresAt   *time.Time `json:"expiresAt,omitempty" doc:"When the archive is removed"`
}

type exportOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         Export
}

// registerRequests adds the operations by which members ask for exports.
func (m *Module) registerRequests(api huma.API) {
	op := func(id, method, summary, description string, status int, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/me/export", Summary: summary,
			Description: description, Tags: []string{"Me"}, DefaultStatus: status, Errors: errors}
	}
	web.Register(api, op("start-export", http.MethodPost, "Ask for a copy of all that the site holds about oneself",
		"The archive (ZIP) is made in the background, and a mail tells when it is ready. Once a day; while one is being "+
			"made, the same request returns that one.",
		http.StatusAccepted, http.StatusForbidden, http.StatusTooManyRequests), m.ask)
	web.Register(api, op("get-export", http.MethodGet, "The latest copy that one asked for, and how far it is", "",
		http.StatusOK, http.StatusForbidden, http.StatusNotFound), m.latest)
}

// row is a row of q2ab_exports.
type row struct {
	id, userID, attempts, done, total int
	state, object                     string
	asked, finished, expires, bytes   int64
}

// find returns the latest export that meets a condition.
func find(ctx context.Context, db *database.DB, tail string, args ...any) (r row, found bool, err error) {
	found, err = db.Get(ctx, []any{&r.id, &r.userID, &r.attempts, &r.done, &r.total, &r.state, &r.object, &r.asked,
		&r.finished, &r.expires, &r.bytes},
		`SELECT id, userid, attempts, done, total, state, object, asked, finished, expires, bytes
			FROM {q2ab_exports} `+tail, args...)
	if err != nil {
		err = fmt.Errorf("read an export: %w", err)
	}
	return r, found, err
}

const latestOf = "WHERE userid = ? ORDER BY id DESC LIMIT 1"

// ask queues an export for the caller, unless there is one already that is new enough.
func (m *Module) ask(ctx context.Context, _ *struct{}) (*exportOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	_, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		// The user's row is locked, so that two requests do not make two exports.
		var user int
		if found, err := w.Tx.Get(ctx, []any{&user}, "SELECT userid FROM {users} WHERE userid = ?"+w.Tx.ForUpdate(),
			caller.UserID); err != nil || !found {
			return 0, orGone(err)
		}
		last, found, err := find(ctx, w.Tx, latestOf, caller.UserID)
		if err != nil {
			return 0, err
		}
		if found {
			if last.state == stateWaiting || last.state == stateWorking {
				return last.id, nil
			}
			if wait := last.asked + exportEvery - w.Tx.Now(); wait > 0 && last.state != stateFailed {
				p := problem.New(codeExportToday, (wait+59)/60)
				p.RetryAfter = int(wait)
				return 0, p
			}
			if err := giveUp(ctx, w.Tx, caller.UserID); err != nil {
				return 0, err
			}
		}
		w.Report(eventAsked, "userid", caller.UserID)
		return m.queue(ctx, w.Tx, caller.UserID)
	})
	if err != nil {
		return nil, err
	}
	return m.latest(ctx, nil)
}

func orGone(err error) error {
	if err == nil {
		err = problem.New(problem.CodeUnauthenticated)
	}
	return err
}

// queue writes the row of a new export, and returns its id.
func (m *Module) queue(ctx context.Context, tx *database.DB, userID int) (int, error) {
	name := make([]byte, 16)
	if _, err := rand.Read(name); err != nil {
		return 0, err
	}
	id, err := tx.Insert(ctx, "INSERT INTO {q2ab_exports} (userid, state, asked, object) VALUES (?, ?, ?, ?)",
		userID, stateWaiting, tx.Now(), hex.EncodeToString(name)+".zip")
	if err != nil {
		return 0, fmt.Errorf("queue an export: %w", err)
	}
	return int(id), nil
}

// latest returns the caller's latest export.
func (m *Module) latest(ctx context.Context, _ *struct{}) (*exportOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	r, found, err := find(ctx, m.db, latestOf, caller.UserID)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, problem.NotFound()
	}
	at := func(unix int64) *time.Time {
		if unix == 0 {
			return nil
		}
		t := time.Unix(unix, 0).UTC()
		return &t
	}
	out := &exportOutput{CacheControl: "no-store", Body: Export{State: r.state, RequestedAt: *at(max(r.asked, 1)),
		Done: r.done, Total: r.total, FinishedAt: at(r.finished)}}
	if r.state != stateReady {
		return out, nil
	}
	if r.expires <= m.db.Now() { // the clean-up has not come yet
		out.Body.State = stateExpired
		return out, nil
	}
	out.Body.Bytes, out.Body.ExpiresAt = r.bytes, at(r.expires)
	out.Body.URL, err = m.address(ctx, r)
	return out, err
}

// token returns the secret by which the link of an export is known. It is made of the key of the site's links
// and what is never used twice, so that its owner can be shown it again while the table has only its hash.
func (m *Module) token(ctx context.Context, r row) (string, error) {
	key, err := m.links.Read(ctx, m.db)
	if err != nil {
		return "", err
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte("export " + strconv.Itoa(r.id) + " " + r.object))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)), nil
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func (m *Module) address(ctx context.Context, r row) (string, error) {
	token, err := m.token(ctx, r)
	return m.site.APIURL() + downloadPath + "?token=" + token, err
}

// Link returns the address of a user's export, and until when it works. The address is "" if there is no such
// export any more.
func (m *Module) Link(ctx context.Context, userID, id int) (address string, until time.Time, err error) {
	r, found, err := find(ctx, m.db, "WHERE id = ? AND userid = ? AND state = ?", id, userID, stateReady)
	if err != nil || !found || r.expires <= m.db.Now() {
		return "", time.Time{}, err
	}
	address, err = m.address(ctx, r)
	return address, time.Unix(r.expires, 0), err
}

// owned returns the export to which a token belongs.
func (m *Module) owned(ctx context.Context, token string) (row, error) {
	r, found, err := find(ctx, m.db, "WHERE hash = ? AND state = ?", hashOf(token), stateReady)
	if err == nil && (!found || r.expires <= m.db.Now()) {
		err = problem.NotFound()
	}
	return r, err
}
