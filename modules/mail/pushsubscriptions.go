package mail

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/mail/internal/webpush"
	"38qa.net/backend/modules/site/option"
)

// maxDevices is how many devices of a member are told. A further one takes the place of the one that was
// told longest ago.
const maxDevices = 20

// pushSubscription is a device of the caller's. Its endpoint and its keys are never shown.
type pushSubscription struct {
	ID        int64      `json:"id"`
	Service   string     `json:"service" doc:"Host of the browser's push service"`
	CreatedAt time.Time  `json:"createdAt"`
	UsedAt    *time.Time `json:"usedAt,omitempty" doc:"When something was pushed last"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty" doc:"As the browser said"`
}

type pushSubscriptionsOutput struct{ Body web.List[pushSubscription] }

type pushSubscriptionOutput struct{ Body pushSubscription }

// subscribeInput is what toJSON of a browser's PushSubscription returns.
type subscribeInput struct {
	Body struct {
		Endpoint       string   `json:"endpoint" minLength:"1" maxLength:"1000" format:"uri"`
		ExpirationTime *float64 `json:"expirationTime,omitempty" minimum:"0" maximum:"1e15" doc:"In milliseconds since 1970; left out where the browser says null"`
		Keys           pushKeys `json:"keys"`
	}
}

// pushKeys are those of a browser, in base64.
type pushKeys struct {
	P256dh string `json:"p256dh" maxLength:"100" doc:"Public key"`
	Auth   string `json:"auth" maxLength:"40" doc:"Secret"`
}

type pushSubscriptionInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type noContent struct{ Status int }

func (m *Module) registerPush(api huma.API) {
	operation := func(id, method, path, summary string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/me/push-subscriptions" + path,
			Summary: summary, Tags: []string{"Me"}, Errors: append(errors, http.StatusForbidden)}
	}
	web.Register(api, operation("list-push-subscriptions", http.MethodGet, "",
		"Browsers to which one's inbox is pushed, the newest first"), m.listDevices)
	add := operation("create-push-subscription", http.MethodPost, "", "Have one's inbox pushed to a browser",
		http.StatusNotFound, http.StatusUnprocessableEntity)
	add.DefaultStatus = http.StatusCreated
	add.Description = "The body is what toJSON of the browser's PushSubscription returns, without nulls; it is made " +
		"with `pushKey` of GET /v1/site as applicationServerKey; where that is absent, this is 404. The same browser " +
		"again changes its entry, and takes it from whoever had it before. At most 20 browsers are kept; a " +
		"further one replaces the one to which nothing was pushed for longest. What is pushed is JSON: id, kind " +
		"and count of the entry, title, body, url, unread. Which kinds are pushed is chosen by PATCH " +
		"/v1/me/preferences. Delete the entry when the member signs out."
	web.Register(api, add, m.addDevice)
	remove := operation("delete-push-subscription", http.MethodDelete, "/{id}", "Push to a browser no more",
		http.StatusNotFound)
	remove.DefaultStatus = http.StatusNoContent
	web.Register(api, remove, m.removeDevice)
}

// readDevices returns devices that meet a condition.
func readDevices(
	ctx context.Context, db *database.DB, condition string, args ...any,
) (list []pushSubscription, err error) {
	list = []pushSubscription{}
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var d pushSubscription
		var created, used, expires int64
		r := webpush.Receiver{}
		err := rows.Scan(&d.ID, &r.Endpoint, &created, &used, &expires)
		d.Service, d.CreatedAt = r.Host(), time.Unix(created, 0).UTC()
		d.UsedAt, d.ExpiresAt = timeOrNil(used), timeOrNil(expires)
		list = append(list, d)
		return err
	}, "SELECT id, endpoint, created, used, expires FROM {q2ab_push_subscriptions} WHERE "+condition+
		" ORDER BY id DESC", args...)
	if err != nil {
		return nil, fmt.Errorf("read devices: %w", err)
	}
	return list, nil
}

func timeOrNil(seconds int64) *time.Time {
	if seconds == 0 {
		return nil
	}
	t := time.Unix(seconds, 0).UTC()
	return &t
}

func (m *Module) listDevices(ctx context.Context, _ *struct{}) (*pushSubscriptionsOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	list, err := readDevices(ctx, m.db, "userid = ?", caller.UserID)
	return &pushSubscriptionsOutput{Body: web.List[pushSubscription]{Items: list}}, err
}

func (m *Module) addDevice(ctx context.Context, in *subscribeInput) (*pushSubscriptionOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	if m.push == nil {
		return nil, problem.New(problem.CodeFeatureOff)
	}
	r, err := webpush.NewReceiver(in.Body.Endpoint, in.Body.Keys.P256dh, in.Body.Keys.Auth)
	if err != nil {
		field := map[error]string{webpush.ErrEndpoint: "endpoint", webpush.ErrP256dh: "keys.p256dh",
			webpush.ErrAuth: "keys.auth"}[err]
		return nil, problem.Invalid(problem.Field{Name: field, Code: fieldBadSubscription})
	}
	expires := int64(0)
	if in.Body.ExpirationTime != nil {
		expires = int64(*in.Body.ExpirationTime / 1000)
	}
	id, err := m.settings.Auth.Write(ctx, func(w *auth.Writer) (int, error) {
		if p := auth.Refusal(w.Options, w.Caller, option.None, w.Caller.Level); p != nil {
			return 0, p
		}
		return storeDevice(ctx, w.Tx, caller.UserID, r, expires)
	})
	if err != nil {
		return nil, err
	}
	list, err := readDevices(ctx, m.db, "id = ? AND userid = ?", id, caller.UserID)
	if err == nil && len(list) == 0 {
		err = problem.NotFound()
	}
	if err != nil {
		return nil, err
	}
	return &pushSubscriptionOutput{list[0]}, nil
}

// storeDevice stores a device of a member, and removes those beyond maxDevices. Of a device that another
// member had before, what waits for that member is removed.
func storeDevice(
	ctx context.Context, tx *database.DB, userID int, r webpush.Receiver, expires int64,
) (id int, err error) {
	hash := sha256.Sum256([]byte(r.Endpoint))
	if _, err = tx.Exec(ctx, `DELETE FROM {q2ab_pushes} WHERE subscriptionid IN (SELECT id
			FROM {q2ab_push_subscriptions} WHERE hash = ? AND userid <> ?)`, hash[:], userID); err == nil {
		_, err = tx.Exec(ctx, `INSERT INTO {q2ab_push_subscriptions} (userid, hash, endpoint, p256dh, auth,
				created, expires)
			VALUES (?, ?, ?, ?, ?, ?, ?)`+tx.Overwrite("hash", "userid", "p256dh", "auth", "expires")+", failures = 0",
			userID, hash[:], r.Endpoint, r.P256dh, r.Auth, tx.Now(), expires)
	}
	if err == nil {
		_, err = tx.Get(ctx, []any{&id}, "SELECT id FROM {q2ab_push_subscriptions} WHERE hash = ?", hash[:])
	}
	if err != nil {
		return 0, fmt.Errorf("store a device: %w", err)
	}
	var others []int
	if err := tx.Select(ctx, database.Append(&others), `SELECT id
		FROM {q2ab_push_subscriptions}
		WHERE userid = ? AND id <> ?
		ORDER BY CASE WHEN used > created THEN used ELSE created END DESC, id DESC`, userID, id); err != nil {
		return 0, fmt.Errorf("read devices: %w", err)
	}
	if len(others) >= maxDevices {
		return id, dropDevices(ctx, tx, others[maxDevices-1:])
	}
	return id, nil
}

func (m *Module) removeDevice(ctx context.Context, in *pushSubscriptionInput) (*noContent, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		var own []int
		if err := tx.Select(ctx, database.Append(&own),
			"SELECT id FROM {q2ab_push_subscriptions} WHERE id = ? AND userid = ?", in.ID,
			caller.UserID); err != nil {
			return fmt.Errorf("read a device: %w", err)
		}
		if len(own) == 0 {
			return problem.NotFound()
		}
		return dropDevices(ctx, tx, own)
	})
	return &noContent{http.StatusNoContent}, err
}

// dropDevices removes devices, and what waits for them.
func dropDevices(ctx context.Context, tx *database.DB, ids []int) error {
	_, err := tx.Exec(ctx, "DELETE FROM {q2ab_pushes} WHERE subscriptionid IN ?", ids)
	if err == nil {
		_, err = tx.Exec(ctx, "DELETE FROM {q2ab_push_subscriptions} WHERE id IN ?", ids)
	}
	if err != nil {
		return fmt.Errorf("remove a device: %w", err)
	}
	return nil
}

// forgetDevices removes the devices of an account that is deleted.
func forgetDevices(ctx context.Context, tx *database.DB, userID int) error {
	var ids []int
	if err := tx.Select(ctx, database.Append(&ids), "SELECT id FROM {q2ab_push_subscriptions} WHERE userid = ?",
		userID); err != nil {
		return fmt.Errorf("read the devices of a user: %w", err)
	}
	if len(ids) == 0 {
		return nil
	}
	return dropDevices(ctx, tx, ids)
}
