package web

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/secret"
)

// headerIdempotencyKey is the header with which a client identifies a POST request, so that it can
// send it again without its being done again.
const headerIdempotencyKey = "Idempotency-Key"

// keptFor is how long the response to a request with an Idempotency-Key is kept, in seconds.
const keptFor = 24 * 3600

// onceKey is the context key of a request's *once.
type onceKey struct{}

// once identifies a POST request with an Idempotency-Key. All of its fields are keyed hashes, so
// that neither keys nor bodies (such as a sign-up with its password) can be guessed from them.
type once struct {
	// id identifies the key, client is what the rows of the table are counted by, and fingerprint
	// stands for the request's content.
	id, client, fingerprint []byte
}

// IdempotencyCaller says to whom an Idempotency-Key belongs.
type IdempotencyCaller struct {
	// Space separates callers, who may use the same keys. For a visitor it is made from something
	// that only that visitor knows, if there is such a thing.
	Space string
	// Client identifies the client for counting requests. It must be something that a client cannot
	// change at will.
	Client string
}

// maxKept is how many requests with an Idempotency-Key a client may make within keptFor.
const maxKept = 2000

// maxKeptBody is the size, in bytes, of the largest response body that is kept. A repeated request
// whose response was larger gets one made anew from the resource.
const maxKeptBody = 64 << 10

// Once runs the transaction of a request and returns the id of the resource that run returns. If the
// request has an Idempotency-Key, run takes effect only once: Once records the request in a row
// written in the same transaction, whatever becomes of the process, and if there is such a row
// already, it returns the recorded resource without calling run. Requests with the same key that
// arrive at the same time wait for each other.
func Once(
	ctx context.Context, db *database.DB, run func(tx *database.DB) (resource int, err error),
) (resource int, err error) {
	o, ok := ctx.Value(onceKey{}).(*once)
	if !ok {
		err := db.Tx(ctx, func(tx *database.DB) error {
			resource, err = run(tx)
			return err
		})
		return resource, err
	}
	errDone := errors.New("done before")
	err = db.Tx(ctx, func(tx *database.DB) error {
		if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_idempotency} WHERE id = ? AND created <= ?", o.id,
			tx.Now()-keptFor); err != nil {
			return fmt.Errorf("idempotency: %w", err)
		}
		if err := o.mayKeep(ctx, tx); err != nil {
			return err
		}
		added, err := tx.Exec(ctx, tx.InsertIgnore()+` {q2ab_idempotency}
			(id, client, fingerprint, resource, created)
			VALUES (?, ?, ?, 0, ?)`, o.id, o.client, o.fingerprint, tx.Now())
		if err != nil {
			return fmt.Errorf("idempotency: %w", err)
		}
		if added == 0 {
			return errDone
		}
		if resource, err = run(tx); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE {q2ab_idempotency} SET resource = ? WHERE id = ?", resource, o.id)
		return err
	})
	if errors.Is(err, errDone) {
		row, found, err := o.find(ctx, db)
		if err != nil || !found {
			return 0, errors.Join(errors.New("idempotency: the row is gone"), err)
		}
		return row.resource, nil
	}
	return resource, err
}

// Done reports whether an earlier request with the same Idempotency-Key has been done. Callers use
// it to skip permission checks for a request that Once would not do again.
func Done(ctx context.Context, db *database.DB) (bool, error) {
	o, ok := ctx.Value(onceKey{}).(*once)
	if !ok {
		return false, nil
	}
	_, found, err := o.find(ctx, db)
	return found, err
}

// mayKeep returns the problem rate_limit if the client has too many rows already and this request
// would add one.
func (o *once) mayKeep(ctx context.Context, tx *database.DB) error {
	var own, kept int
	_, err := tx.Get(ctx, []any{&own, &kept}, `SELECT COALESCE(SUM(id = ?), 0), COUNT(*)
		FROM {q2ab_idempotency}
		WHERE client = ? AND created > ?`, o.id, o.client, tx.Now()-keptFor)
	if err != nil {
		return fmt.Errorf("idempotency: %w", err)
	}
	if kept >= maxKept && own == 0 {
		const pause = 3600
		e := problem.New(problem.CodeRateLimit, pause)
		e.RetryAfter = pause
		return e
	}
	return nil
}

// onceRow is what is stored about an earlier request with the same key.
type onceRow struct {
	resource int
	status   int
	headers  http.Header
	body     []byte
}

// find looks for an earlier request with the same key. It returns the problem idempotency_conflict
// if that request had other content.
func (o *once) find(ctx context.Context, db *database.DB) (row onceRow, found bool, err error) {
	var fingerprint, headers []byte
	var status *int
	found, err = db.Get(ctx, []any{&fingerprint, &row.resource, &status, &headers, &row.body},
		`SELECT fingerprint, resource, status, headers, body
			FROM {q2ab_idempotency}
			WHERE id = ? AND created > ?`,
		o.id, db.Now()-keptFor)
	if err != nil || !found {
		return row, false, err
	}
	if !bytes.Equal(fingerprint, o.fingerprint) {
		return row, false, problem.New(problem.CodeIdempotencyConflict)
	}
	if status != nil {
		row.status = *status
		if err := json.Unmarshal(headers, &row.headers); err != nil {
			return row, false, fmt.Errorf("idempotency: %w", err)
		}
	}
	return row, true, nil
}

// keptHeaders lists the response headers that are kept and sent again. Cookies and visitors' tokens are
// not among them, because they are meant for the client that received them first.
var keptHeaders = []string{"Content-Type", "Location", "ETag"}

// keeper stores the responses to requests with an Idempotency-Key.
type keeper struct {
	db     *database.DB
	caller func(context.Context) IdempotencyCaller
	secret *secret.Secret
}

// idempotent is a middleware that responds to a repeated POST with the stored response. Refusals are
// not stored, so a refused request is judged anew when it is repeated. Neither are responses of
// requests that do not call Once.
func (k *keeper) idempotent(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		keys := r.Header.Values(headerIdempotencyKey)
		if r.Method != http.MethodPost || len(keys) == 0 {
			return next(c)
		}
		if len(keys) > 1 || !validKey(keys[0]) {
			return problem.New(problem.CodeInvalidIdempotencyKey)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		o, err := k.once(r, keys[0], body)
		if err != nil {
			return err
		}
		row, found, err := o.find(r.Context(), k.db)
		if err != nil {
			return err
		}
		h := c.Response().Header()
		if found && row.status != 0 {
			for name, values := range row.headers {
				h[name] = values
			}
			h.Set("Idempotency-Replayed", "true")
			return c.Blob(row.status, h.Get("Content-Type"), row.body)
		}
		c.SetRequest(r.WithContext(context.WithValue(r.Context(), onceKey{}, o)))
		return o.keep(c, k.db, next)
	}
}

// once computes the hashes of a request. The client's key is part of each hash. Since no table holds
// the key, the hashes reveal nothing without it, even if the server's secret is in the same
// database.
func (k *keeper) once(r *http.Request, key string, body []byte) (*once, error) {
	own, err := k.secret.Read(r.Context(), k.db)
	if err != nil {
		return nil, err
	}
	hash := func(parts ...string) []byte {
		h := hmac.New(sha256.New, own)
		for _, p := range parts {
			fmt.Fprintf(h, "%d\n%s\n", len(p), p)
		}
		return h.Sum(nil)
	}
	by := k.caller(r.Context())
	return &once{
		id:          hash("key", by.Space, key),
		client:      hash("client", by.Client),
		fingerprint: hash("request", by.Space, key, r.URL.Path, r.Header.Get("Content-Type"), string(body)),
	}, nil
}

func validKey(key string) bool {
	if key == "" || len(key) > 255 {
		return false
	}
	for i := range len(key) {
		if key[i] < 0x21 || key[i] > 0x7e {
			return false
		}
	}
	return true
}

// keep runs the handler and stores its response in the row that the handler's transaction wrote. If
// that fails, or if the process dies before, a repeated request gets a response made from the
// resource as it is then.
func (o *once) keep(c echo.Context, db *database.DB, next echo.HandlerFunc) error {
	copied := &copiedResponse{ResponseWriter: c.Response().Writer}
	c.Response().Writer = copied
	err := func() error {
		defer func() { c.Response().Writer = copied.ResponseWriter }()
		return next(c)
	}()
	status := c.Response().Status
	if err != nil || status >= http.StatusMultipleChoices ||
		c.Response().Header().Get("Cache-Control") == "no-store" || copied.body.Len() > maxKeptBody {
		return err // responses with secrets (tokens) are made anew for a retry
	}
	headers := http.Header{}
	for _, name := range keptHeaders {
		if values := c.Response().Header().Values(name); len(values) > 0 {
			headers[name] = values
		}
	}
	text, err := json.Marshal(headers)
	if err != nil {
		return err
	}
	ctx := context.WithoutCancel(c.Request().Context())
	_, err = db.Exec(ctx, "UPDATE {q2ab_idempotency} SET status = ?, headers = ?, body = ? WHERE id = ?",
		status, string(text), copied.body.Bytes(), o.id)
	if err != nil {
		slog.ErrorContext(ctx, "answer not kept for a retry", "error", err)
	}
	removeOld(ctx, db)
	return nil
}

// removedLast is when this process last removed old responses, in Unix seconds. Once a minute is
// enough, as rows live for a day.
var removedLast atomic.Int64

func removeOld(ctx context.Context, db *database.DB) {
	now, last := time.Now().Unix(), removedLast.Load()
	if now-last < 60 || !removedLast.CompareAndSwap(last, now) {
		return
	}
	err := db.Tx(ctx, func(tx *database.DB) error {
		_, err := tx.Exec(ctx, "DELETE FROM {q2ab_idempotency} WHERE created <= ?", tx.Now()-keptFor)
		return err
	})
	if err != nil {
		slog.WarnContext(ctx, "old answers not removed; a later request tries again", "error", err)
	}
}

// copiedResponse keeps a copy of the response body that it writes.
type copiedResponse struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (r *copiedResponse) Write(p []byte) (int, error) {
	r.body.Write(p)
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *copiedResponse) Unwrap() http.ResponseWriter { return r.ResponseWriter }
