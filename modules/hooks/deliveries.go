package hooks

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// webhookDelivery is a delivery as administrators see it.
type webhookDelivery struct {
	ID             int64      `json:"id"`
	MessageID      string     `json:"messageId" doc:"The header webhook-id of all its attempts"`
	Kind           string     `json:"kind" enum:"question,answer,comment,edit,selected,unselected,closed,reopened,hidden,reshown,moved,converted,vote,claimed,test"`
	PostID         int        `json:"postId,omitempty"`
	QuestionID     int        `json:"questionId,omitempty"`
	State          string     `json:"state" enum:"waiting,delivered,failed,withdrawn" doc:"waiting: to be sent, or sent again; failed: given up; withdrawn: not sent, because everybody may not see the post any more"`
	Attempts       int        `json:"attempts" doc:"How often it was sent, since the last replay"`
	ResponseStatus int        `json:"responseStatus,omitempty" doc:"Status of the receiver's last response"`
	Failure        string     `json:"failure,omitempty" enum:"timeout,forbidden-address,unknown-host,bad-certificate,no-connection,redirect,gone,refused" doc:"Why the last attempt failed; refused is any status that is none of success"`
	Milliseconds   *int       `json:"milliseconds,omitempty" doc:"How long the last attempt took"`
	OccurredAt     time.Time  `json:"occurredAt"`
	CreatedAt      time.Time  `json:"createdAt" doc:"When it was queued"`
	LastAttemptAt  *time.Time `json:"lastAttemptAt,omitempty"`
	NextAttemptAt  *time.Time `json:"nextAttemptAt,omitempty" doc:"When it is sent again, if the webhook is enabled and not paused"`
}

type (
	deliveriesInput struct {
		WebhookPath
		Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items"`
		Cursor string `query:"cursor" maxLength:"1000" doc:"nextCursor of the page before"`
		State  string `query:"state" enum:"waiting,delivered,failed,withdrawn" doc:"Only those"`
	}
	deliveryPath struct {
		WebhookPath
		Delivery int64 `path:"delivery" minimum:"1" maximum:"9007199254740991" doc:"Id of the delivery"`
	}
	deliveriesOutput struct{ Body web.List[webhookDelivery] }
	deliveryOutput   struct{ Body webhookDelivery }
)

// registerDeliveries adds the operations on the log of deliveries.
func (m *Module) registerDeliveries(api huma.API) {
	op := func(id, method, path, summary string, statuses ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/admin/webhooks/{id}" + path,
			Summary: summary, Description: "For administrators.", Tags: []string{"Administration"},
			Errors: append([]int{http.StatusForbidden, http.StatusNotFound}, statuses...)}
	}
	list := op("list-deliveries", http.MethodGet, "/deliveries", "What a receiver is told, the newest first")
	list.Description = "For administrators. Deliveries are kept for as long as the setting WEBHOOK_LOG_KEPT " +
		"says."
	web.Register(api, list, auth.ForAdmins(m.listDeliveries))
	replay := op("replay-delivery", http.MethodPost, "/deliveries/{delivery}/replay", "Send a message again",
		http.StatusConflict)
	replay.DefaultStatus = http.StatusAccepted
	replay.Description = "For administrators. It goes out in the background, with the same webhook-id, and is " +
		"tried as often as a new one. A message that waits is sent at once."
	web.Register(api, replay, auth.ForAdmins(m.replay))
	test := op("test-webhook", http.MethodPost, "/test", "Send a test message", http.StatusConflict)
	test.DefaultStatus = http.StatusAccepted
	test.Description = "For administrators. It goes out in the background; the list of deliveries tells how " +
		"it went."
	web.Register(api, test, auth.ForAdmins(m.test))
}

// deliveryPosition is a position in the list of deliveries.
type deliveryPosition struct {
	ID int64 `json:"i"`
}

// Valid reports whether a delivery can have such a position.
func (p *deliveryPosition) Valid() bool { return p.ID < 1<<32 && web.ValidID(int(p.ID)) }

const deliveryColumns = `id, messageid, kind, topics, state, attempts, status, failure, milliseconds, at,
	created, tried, due`

func scanDelivery(rows *sql.Rows) (d webhookDelivery, err error) {
	var topics string
	var milliseconds int
	var occurred, created, tried, due int64
	err = rows.Scan(&d.ID, &d.MessageID, &d.Kind, &topics, &d.State, &d.Attempts, &d.ResponseStatus,
		&d.Failure, &milliseconds, &occurred, &created, &tried, &due)
	if err != nil {
		return d, err
	}
	var about events.Topics
	if err := json.Unmarshal([]byte(topics), &about); err != nil {
		return d, err
	}
	d.PostID, d.QuestionID = about.PostID, about.QuestionID
	d.OccurredAt, d.CreatedAt = time.Unix(occurred, 0).UTC(), time.Unix(created, 0).UTC()
	if tried > 0 {
		d.LastAttemptAt, d.Milliseconds = at(tried), &milliseconds
	}
	if d.State == string(waiting) {
		d.NextAttemptAt = at(max(due, created))
	}
	return d, nil
}

func (m *Module) listDeliveries(ctx context.Context, in *deliveriesInput) (*deliveriesOutput, error) {
	if _, err := m.existing(ctx, in.ID); err != nil {
		return nil, err
	}
	condition, args := "webhookid = ?", []any{in.ID}
	if in.State != "" {
		condition, args = condition+" AND state = ?", append(args, in.State)
	}
	if in.Cursor != "" {
		var p deliveryPosition
		if err := web.DecodeCursor("deliveries", in.Cursor, &p); err != nil {
			return nil, err
		}
		condition, args = condition+" AND id < ?", append(args, p.ID)
	}
	list := web.List[webhookDelivery]{Items: []webhookDelivery{}}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		if len(list.Items) == in.Limit {
			list.NextCursor = web.EncodeCursor("deliveries", &deliveryPosition{list.Items[in.Limit-1].ID})
			return nil
		}
		d, err := scanDelivery(rows)
		list.Items = append(list.Items, d)
		return err
	}, "SELECT "+deliveryColumns+" FROM {q2ab_deliveries} WHERE "+condition+" ORDER BY id DESC LIMIT ?",
		append(args, in.Limit+1)...)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return &deliveriesOutput{list}, nil
}

// lockEnabled reads a webhook for a change, or returns a problem if there is none or it is switched off.
func (m *Module) lockEnabled(ctx context.Context, tx *database.DB, id int) error {
	s, err := m.lock(ctx, tx, id)
	if err == nil && !s.enabled {
		err = problem.New(codeWebhookDisabled)
	}
	return err
}

func (m *Module) replay(ctx context.Context, in *deliveryPath) (*deliveryOutput, error) {
	_, err := m.settings.Auth.Write(ctx, func(w *auth.Writer) (int, error) {
		if err := m.lockEnabled(ctx, w.Tx, in.ID); err != nil {
			return 0, err
		}
		var now int
		found, err := w.Tx.Get(ctx, []any{&now},
			"SELECT 1 FROM {q2ab_deliveries} WHERE id = ? AND webhookid = ?"+w.Tx.ForUpdate(), in.Delivery, in.ID)
		if err == nil && !found {
			return 0, problem.NotFound()
		}
		if err == nil {
			_, err = w.Tx.Exec(ctx, "UPDATE {q2ab_deliveries} SET state = ?, attempts = 0, due = ? WHERE id = ?",
				string(waiting), w.Tx.Now(), in.Delivery)
		}
		if err != nil {
			return 0, fmt.Errorf("replay a webhook: %w", err)
		}
		return in.ID, nil
	})
	if err != nil {
		return nil, err
	}
	m.wake.Signal()
	return m.delivery(ctx, in.ID, in.Delivery)
}

func (m *Module) test(ctx context.Context, in *WebhookPath) (*deliveryOutput, error) {
	id, err := m.settings.Auth.Write(ctx, func(w *auth.Writer) (int, error) {
		if err := m.lockEnabled(ctx, w.Tx, in.ID); err != nil {
			return 0, err
		}
		id, err := add(ctx, w.Tx, in.ID,
			&events.Event{At: w.Tx.Now(), Topics: events.Topics{Public: true, What: kindTest}})
		return int(id), err
	})
	if err != nil {
		return nil, err
	}
	m.wake.Signal()
	return m.delivery(ctx, in.ID, int64(id))
}

// delivery returns one delivery of a webhook, or the problem not_found.
func (m *Module) delivery(ctx context.Context, webhook int, id int64) (*deliveryOutput, error) {
	var out *deliveryOutput
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		d, err := scanDelivery(rows)
		out = &deliveryOutput{d}
		return err
	}, "SELECT "+deliveryColumns+" FROM {q2ab_deliveries} WHERE id = ? AND webhookid = ?", id, webhook)
	if err != nil {
		return nil, fmt.Errorf("read a delivery: %w", err)
	}
	if out == nil {
		return nil, problem.NotFound()
	}
	return out, nil
}
