package media

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/media/internal/storage"
	"38qa.net/backend/modules/site"
)

// directFor is how long a client may use the address at which it sends a file to the store
// directly.
const directFor = 15 * time.Minute

// incoming returns the key to which a client sends a file. Objects under it must not be public:
// the CDN must not serve files that have not been checked.
func incoming(id string) string { return "incoming/" + id }

// awaited is what is recorded about a file that a client has announced and is to send.
type awaited struct {
	Name   string     `json:"name"`
	Bytes  int64      `json:"bytes"`
	UserID int        `json:"userId,omitempty"`
	Cookie string     `json:"cookie,omitempty"`
	IP     netip.Addr `json:"ip"`
}

// Direct tells a client how to send a file to the store directly.
type Direct struct {
	ID        string            `json:"id" doc:"Of the file, once it is confirmed; text, since it can be beyond 2^53"`
	Method    string            `json:"method" enum:"PUT"`
	URL       string            `json:"url" doc:"Where to send the file, without this API's token"`
	Headers   map[string]string `json:"headers" doc:"To send with it, just so; browsers set Content-Length by themselves"`
	ExpiresAt time.Time         `json:"expiresAt" doc:"Until when it has to be sent and confirmed"`
	Confirm   string            `json:"confirm" doc:"Where to POST to afterwards"`
}

type directInput struct {
	Body struct {
		Name        string `json:"name" minLength:"1" maxLength:"255" doc:"The file's name"`
		ContentType string `json:"contentType" minLength:"1" maxLength:"100" pattern:"^[a-z0-9.+-]+/[a-z0-9.+-]+$" doc:"As the file will be sent; what it is, its content says"`
		Bytes       int64  `json:"bytes" minimum:"1" doc:"Its length"`
	}
}

type directOutput struct {
	auth.VisitorHeaders

	Body Direct
}

type confirmInput struct {
	ID string `path:"id" pattern:"^[0-9]{1,20}$" doc:"Id of the upload"`
}

func (m *Module) registerDirect(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "begin-upload", Method: http.MethodPost, Path: uploadPath + "/uploads",
		Tags: []string{"Media"}, Summary: "Get an address to send a file to the store by oneself",
		Description:   "For sites whose files are in S3: large files do not pass through the API. It counts as an upload. The file is there once it is confirmed.",
		DefaultStatus: http.StatusCreated, Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, m.beginUpload)
	web.Register(api, huma.Operation{
		OperationID: "confirm-upload", Method: http.MethodPost,
		Path: uploadPath + "/uploads/{id}/confirmation", Tags: []string{"Media"},
		Summary:       "Have a file taken in that was sent to the store",
		Description:   "By who got the address. The file is looked at and cleaned as one that is posted; if it is refused it is gone, and if it is confirmed again the answer is the same.",
		DefaultStatus: http.StatusCreated, Errors: []int{http.StatusForbidden, http.StatusNotFound,
			http.StatusConflict, http.StatusRequestEntityTooLarge},
	}, m.confirmUpload)
}

// beginUpload returns an address to which the client may send a file, and records that the file
// is awaited.
func (m *Module) beginUpload(ctx context.Context, in *directInput) (*directOutput, error) {
	u, err := m.uploader(ctx, mayUpload)
	if err != nil {
		return nil, err
	}
	if in.Body.Bytes > m.settings.UploadLimit {
		return nil, problem.New(problem.CodeBodyTooLarge)
	}
	out := &directOutput{}
	expected := awaited{Name: in.Body.Name, Bytes: in.Body.Bytes, UserID: u.caller.UserID, IP: u.caller.IP}
	id, err := freeID(ctx, m.db)
	if err != nil {
		return nil, err
	}
	// This comes before anything is written, since folder stores do not support it.
	address, headers, err := m.store.Presign(ctx, incoming(id), in.Body.ContentType, in.Body.Bytes, directFor)
	if errors.Is(err, storage.ErrNotSupported) {
		return nil, problem.New(codeNoDirectUploads)
	}
	if err != nil {
		return nil, failed(ctx, "sign an address", err)
	}
	expires := time.Unix(m.db.Now(), 0).Add(directFor).UTC()
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		c, err := u.charge(ctx, tx)
		if err != nil {
			return err
		}
		expected.Cookie, out.VisitorHeaders = c.CookieID, auth.HeadersOf(c)
		upload, err := json.Marshal(expected)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx,
			"INSERT INTO {q2ab_media} (blobid, state, noted, upload) VALUES (?, ?, ?, ?)",
			id, stateAwaited, tx.Now(), string(upload))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("await an upload: %w", err)
	}
	out.Body = Direct{ID: id, Method: http.MethodPut, URL: address, Headers: map[string]string{},
		ExpiresAt: expires, Confirm: m.site.APIURL() + uploadPath + "/uploads/" + id + "/confirmation"}
	for name := range headers {
		out.Body.Headers[name] = headers.Get(name)
	}
	return out, nil
}

// confirmUpload checks, cleans and stores the file that a client has sent to the store.
func (m *Module) confirmUpload(ctx context.Context, in *confirmInput) (*uploadOutput, error) {
	caller := auth.CallerOf(ctx)
	expected, err := m.expected(ctx, m.db, in.ID)
	if err != nil {
		return nil, err
	}
	if expected == nil {
		return m.confirmed(ctx, in.ID, caller)
	}
	if !expected.owner().is(caller) {
		return nil, problem.NotFound()
	}
	o, err := m.site.Options(ctx)
	if err == nil {
		err = mayUpload(o, caller) // not the limit of uploads: beginUpload has counted this one
	}
	if err != nil {
		return nil, err
	}
	a, err := m.takeIn(ctx, o, in.ID, expected)
	var refused *problem.Error
	switch {
	case errors.Is(err, errTakenIn):
		return m.confirmed(ctx, in.ID, caller)
	case errors.As(err, &refused) && refused.Code != codeUploadMissing &&
		refused.Status() < http.StatusInternalServerError:
		return nil, errors.Join(err, m.discard(ctx, in.ID))
	case err != nil:
		return nil, err
	}
	return &uploadOutput{Location: uploadPath + "/" + in.ID, Body: m.answer(in.ID, a)}, nil
}

// errTakenIn means that a file was taken in before.
var errTakenIn = errors.New("the file was taken in before")

// takeIn checks, cleans and stores an awaited file that its client has sent to the store.
func (m *Module) takeIn(
	ctx context.Context, o *site.Options, id string, expected *awaited,
) (accepted, error) {
	done, err := turn(ctx, m.taking)
	if err != nil {
		return accepted{}, err
	}
	defer done()
	content, err := m.arrived(ctx, id)
	if err != nil {
		return accepted{}, err
	}
	a, err := m.accept(ctx, o, content, expected.Name)
	if err != nil {
		return a, err
	}
	_, err = m.keep(ctx, a, id, m.once, func(tx *database.DB) (owner, error) {
		still, err := m.expected(ctx, tx, id)
		if err == nil && still == nil {
			err = errTakenIn
		}
		return expected.owner(), err
	})
	if err != nil {
		return a, err
	}
	if err := m.store.Delete(ctx, incoming(id)); err != nil {
		// The object stays until the store's own expiry rule removes it.
		slog.WarnContext(ctx, "what was sent is left over", "blob", id, "error", err)
	}
	return a, nil
}

// TakeArrived takes in a file that has arrived in the store under a key, as if its client had confirmed
// it. It does nothing for other keys, and for files that were taken in before. A file that is refused
// stays until its client confirms it, and learns the reason then.
func (m *Module) TakeArrived(ctx context.Context, key string) error {
	_, id, ok := strings.Cut("/"+key, "/"+incoming("")) // the store's own prefix may come before it
	if !ok {
		return nil
	}
	expected, err := m.expected(ctx, m.db, id)
	if err != nil || expected == nil {
		return err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	var refused *problem.Error
	switch _, err = m.takeIn(ctx, o, id, expected); {
	case errors.Is(err, errTakenIn):
		return nil
	case errors.As(err, &refused) && refused.Status() < http.StatusInternalServerError:
		slog.InfoContext(ctx, "an upload is not accepted", "blob", id, "code", refused.Code.String())
		return nil
	}
	return err
}

func (a *awaited) owner() owner { return owner{a.UserID, a.Cookie, a.IP} }

// expected returns what is recorded about an awaited file, or nil if no file is awaited under
// that id. Within a transaction it locks the record, so that no other request can confirm the
// file meanwhile.
func (m *Module) expected(ctx context.Context, db *database.DB, id string) (*awaited, error) {
	var upload sql.NullString
	found, err := db.Get(ctx, []any{&upload},
		"SELECT upload FROM {q2ab_media} WHERE blobid = ? AND state = 'awaited'"+db.ForUpdate(), id)
	if err != nil || !found {
		return nil, err
	}
	a := &awaited{}
	if err := json.Unmarshal([]byte(upload.String), a); err != nil {
		return nil, fmt.Errorf("an awaited upload: %w", err)
	}
	return a, nil
}

// arrived returns the content that the client has sent.
func (m *Module) arrived(ctx context.Context, id string) ([]byte, error) {
	r, info, err := m.store.Get(ctx, incoming(id), 0, -1)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, problem.New(codeUploadMissing)
	}
	if err != nil {
		return nil, failed(ctx, "read an upload", err)
	}
	defer r.Close()
	if info.Size > m.settings.UploadLimit {
		return nil, errors.Join(problem.New(problem.CodeBodyTooLarge), m.discard(ctx, id))
	}
	return m.read(r)
}

// discard removes a sent file that is not accepted, and its record.
func (m *Module) discard(ctx context.Context, id string) error {
	if err := m.store.Delete(ctx, incoming(id)); err != nil {
		return failed(ctx, "remove an upload", err)
	}
	_, err := m.db.Exec(ctx, "DELETE FROM {q2ab_media} WHERE blobid = ? AND state = 'awaited'", id)
	return err
}

// confirmed returns the response for a file that was confirmed earlier.
func (m *Module) confirmed(ctx context.Context, id string, c auth.Caller) (*uploadOutput, error) {
	var user sql.NullInt64
	var cookie sql.NullString
	a := accepted{}
	found, err := m.db.Get(ctx, []any{&a.format, &user, &cookie, &a.info.Width, &a.info.Height},
		`SELECT b.format, b.userid, b.cookieid, m.width, m.height
			FROM {blobs} b
			JOIN {q2ab_media} m ON m.blobid = b.blobid
			WHERE b.blobid = ?`,
		id)
	if err != nil {
		return nil, fmt.Errorf("read an upload: %w", err)
	}
	by := owner{userID: int(user.Int64), cookie: cookie.String}
	if !found || !by.is(c) {
		return nil, problem.NotFound()
	}
	b, err := m.find(ctx, id)
	if err != nil {
		return nil, unread(ctx, err)
	}
	out := &uploadOutput{Location: uploadPath + "/" + id, Body: m.answer(id, a)}
	out.Body.Bytes = int(b.size)
	return out, nil
}
