package hooks

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/secret"
	"38qa.net/backend/modules/kernel/web"
)

// Webhook is a webhook as administrators see it.
type Webhook struct {
	ID             int        `json:"id"`
	URL            string     `json:"url" doc:"Address of the receiver"`
	Description    string     `json:"description,omitempty"`
	Kinds          []string   `json:"kinds" enum:"question,answer,comment,edit,selected,unselected,closed,reopened,hidden,reshown,moved,converted,vote,claimed" doc:"Of which events the receiver is told; empty for all, also those that later releases may add"`
	Enabled        bool       `json:"enabled"`
	DisabledReason string     `json:"disabledReason,omitempty" enum:"gone,failing" doc:"Why the server has switched it off: gone if the receiver said 410, failing if a delivery was given up and none had succeeded for five days. Absent if an administrator has"`
	PublicKey      string     `json:"publicKey,omitempty" doc:"whpk_…: verifies the signatures v1a. Absent if AUTH_KEY_SECRET was changed: rotate the secret then"`
	PreviousUntil  *time.Time `json:"previousSecretUntil,omitempty" doc:"Until when the secret before signs too"`
	FailingSince   *time.Time `json:"failingSince,omitempty" doc:"The first failed attempt since one has succeeded; absent if the last one has"`
	PausedUntil    *time.Time `json:"pausedUntil,omitempty" doc:"Before when nothing is sent, as the receiver has asked by Retry-After"`
	CreatedAt      time.Time  `json:"createdAt"`
	UpdatedAt      time.Time  `json:"updatedAt" doc:"When it was last changed, also by the server"`
}

// issuedWebhook is a webhook with its secret, which is told once.
type issuedWebhook struct {
	Webhook
	Secret string `json:"secret" doc:"whsec_…: verifies the signatures v1. It is not told again"`
}

// newWebhook is a webhook to be made.
type newWebhook struct {
	URL         string   `json:"url" minLength:"1" maxLength:"2000" doc:"Address of the receiver: https, and public"`
	Description string   `json:"description,omitempty" maxLength:"500"`
	Kinds       []string `json:"kinds,omitempty" maxItems:"50" enum:"question,answer,comment,edit,selected,unselected,closed,reopened,hidden,reshown,moved,converted,vote,claimed" doc:"Of which events the receiver is told; all if empty or absent"`
	Disabled    bool     `json:"disabled,omitempty" doc:"Make it, and send nothing yet"`
}

// webhookPatch is what changes of a webhook.
type webhookPatch struct {
	URL         *string   `json:"url,omitempty" minLength:"1" maxLength:"2000" doc:"What waits to be sent goes to the new address"`
	Description *string   `json:"description,omitempty" maxLength:"500"`
	Kinds       *[]string `json:"kinds,omitempty" maxItems:"50" enum:"question,answer,comment,edit,selected,unselected,closed,reopened,hidden,reshown,moved,converted,vote,claimed" doc:"All if empty"`
	Enabled     *bool     `json:"enabled,omitempty" doc:"false: what waits is kept, and what happens meanwhile is not told. true also ends a pause"`
}

// WebhookPath names a webhook in the address of an operation.
type WebhookPath struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the webhook"`
}

type (
	newWebhookInput   struct{ Body newWebhook }
	webhookPatchInput struct {
		WebhookPath
		Body webhookPatch
	}
	secretRotation struct {
		OverlapHours *int `json:"overlapHours,omitempty" minimum:"0" maximum:"168" doc:"For how long the secret before signs too; 24 by default. 0 if somebody else knows it"`
	}
	rotateInput struct {
		WebhookPath
		Body *secretRotation `required:"false"`
	}
	webhookOutput struct {
		ETag string `header:"ETag"`
		Body Webhook
	}
	issuedOutput struct {
		// Responses with secrets are not kept for repeated requests.
		CacheControl string `header:"Cache-Control"`
		ETag         string `header:"ETag"`
		Body         issuedWebhook
	}
	webhooksOutput struct{ Body web.List[Webhook] }
)

// byDefault is for how long the secret before signs too after a rotation.
const byDefault = 24

// registerWebhooks adds the operations on webhooks.
func (m *Module) registerWebhooks(api huma.API) {
	op := func(id, method, path, summary string, statuses ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/admin/webhooks" + path,
			Summary: summary, Description: "For administrators.", Tags: []string{"Administration"},
			Errors: append([]int{http.StatusForbidden}, statuses...)}
	}
	web.Register(api, op("list-webhooks", http.MethodGet, "", "Who is told of events by HTTP"), auth.ForAdmins(m.list))
	create := op("create-webhook", http.MethodPost, "", "Tell a receiver of events by HTTP", http.StatusConflict)
	create.DefaultStatus = http.StatusCreated
	create.Description = fmt.Sprintf("For administrators. The receiver is told of what happens from then on, "+
		"signed by the secret in the response. A site has %d webhooks at most.", maxWebhooks)
	web.Register(api, create, auth.ForAdmins(m.create))
	web.Register(api, op("get-webhook", http.MethodGet, "/{id}", "A webhook", http.StatusNotFound),
		auth.ForAdmins(m.get))
	web.Register(api, op("update-webhook", http.MethodPatch, "/{id}", "Change a webhook, or switch it on or off",
		http.StatusNotFound, http.StatusPreconditionFailed), auth.ForAdmins(m.update))
	remove := op("delete-webhook", http.MethodDelete, "/{id}", "Delete a webhook with all that waits to be sent",
		http.StatusNotFound, http.StatusPreconditionFailed)
	remove.DefaultStatus = http.StatusNoContent
	web.Register(api, remove, auth.ForAdmins(m.remove))
	rotate := op("rotate-secret", http.MethodPost, "/{id}/rotate-secret", "Give a webhook a new secret",
		http.StatusNotFound, http.StatusPreconditionFailed)
	rotate.Description = "For administrators. Both keys are new. Messages are signed by those before too " +
		"until the overlap ends; of two rotations within it the first one's secret ends at once."
	web.Register(api, rotate, auth.ForAdmins(m.rotate))
}

// show returns the webhook as administrators see it.
func (m *Module) show(s *subscription) (Webhook, error) {
	w := Webhook{ID: s.id, URL: s.url, Description: s.description, Kinds: append([]string{}, s.kinds...),
		Enabled: s.enabled, DisabledReason: s.disabledReason,
		FailingSince: at(s.failingSince), CreatedAt: *at(s.created), UpdatedAt: *at(s.updated)}
	now := m.db.Now()
	if s.previous != nil && s.previousUntil > now {
		w.PreviousUntil = at(s.previousUntil)
	}
	if s.pausedUntil > now {
		w.PausedUntil = at(s.pausedUntil)
	}
	k, err := m.newestKeys(s)
	switch {
	case err == nil:
		w.PublicKey = k.publicKey()
	case errors.Is(err, secret.ErrNoKey), errors.Is(err, secret.ErrOtherKey):
		err = nil // the others must still be seen, and this one rotated
	}
	return w, err
}

// at returns a time of Unix seconds, and nil for 0.
func at(seconds int64) *time.Time {
	if seconds == 0 {
		return nil
	}
	t := time.Unix(seconds, 0).UTC()
	return &t
}

func (m *Module) list(ctx context.Context, _ *struct{}) (*webhooksOutput, error) {
	out := &webhooksOutput{Body: web.List[Webhook]{Items: []Webhook{}}}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		s, err := scanSubscription(rows)
		if err != nil {
			return err
		}
		w, err := m.show(s)
		out.Body.Items = append(out.Body.Items, w)
		return err
	}, "SELECT "+subscriptionColumns+" FROM {q2ab_webhooks} ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return out, nil
}

func (m *Module) get(ctx context.Context, in *WebhookPath) (*webhookOutput, error) {
	s, err := m.existing(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	w, err := m.show(s)
	return &webhookOutput{web.RevisionTag(s.revisionText()), w}, err
}

// existing reads the webhook with the id, or returns the problem not_found.
func (m *Module) existing(ctx context.Context, id int) (*subscription, error) {
	s, found, err := m.read(ctx, m.db, id)
	if err == nil && !found {
		err = problem.NotFound()
	}
	return s, err
}

// checkURL returns the problem of an address that no receiver can have.
func (m *Module) checkURL(address string) error {
	if isReceiver(address, m.settings.AllowHTTP, m.settings.Outbound.Allow) {
		return nil
	}
	return problem.Invalid(problem.Field{Name: "url", Code: fieldNoReceiver})
}

// stored returns the kinds as the table holds them, each once.
func stored(wanted []string) string {
	list := slices.Clone(wanted)
	slices.SortFunc(list, func(a, b string) int { return slices.Index(kinds, a) - slices.Index(kinds, b) })
	return strings.Join(slices.Compact(list), ",")
}

func (m *Module) create(ctx context.Context, in *newWebhookInput) (*issuedOutput, error) {
	if err := m.checkURL(in.Body.URL); err != nil {
		return nil, err
	}
	id, err := m.settings.Auth.Write(ctx, func(w *auth.Writer) (int, error) {
		var there int
		if _, err := w.Tx.Get(ctx, []any{&there}, "SELECT COUNT(*) FROM {q2ab_webhooks}"); err != nil {
			return 0, fmt.Errorf("count webhooks: %w", err)
		}
		if there >= maxWebhooks {
			return 0, problem.New(codeTooManyWebhooks, maxWebhooks)
		}
		now := w.Tx.Now()
		id, err := w.Tx.Insert(ctx, `INSERT INTO {q2ab_webhooks}
				(url, description, kinds, enabled, secret, sealed, created, updated)
			VALUES (?, ?, ?, ?, '', 0, ?, ?)`,
			in.Body.URL, in.Body.Description, stored(in.Body.Kinds), !in.Body.Disabled, now, now)
		if err != nil {
			return 0, fmt.Errorf("make a webhook: %w", err)
		}
		made := &subscription{id: int(id), url: in.Body.URL, description: in.Body.Description,
			kinds: in.Body.Kinds, enabled: !in.Body.Disabled}
		if err := made.audit(ctx, w.Tx, nil, made.audited()); err != nil {
			return 0, err
		}
		return int(id), m.setNewKeys(ctx, w.Tx, &subscription{id: int(id)}, 0)
	})
	if err != nil {
		return nil, err
	}
	return m.issue(ctx, id)
}

// issue returns the webhook with its secret.
func (m *Module) issue(ctx context.Context, id int) (*issuedOutput, error) {
	s, err := m.existing(ctx, id)
	if err != nil {
		return nil, err
	}
	w, err := m.show(s)
	if err != nil {
		return nil, err
	}
	k, err := m.newestKeys(s)
	if err != nil {
		return nil, err
	}
	return &issuedOutput{CacheControl: "no-store", ETag: web.RevisionTag(s.revisionText()),
		Body: issuedWebhook{Webhook: w, Secret: k.secret()}}, nil
}

func (m *Module) update(ctx context.Context, in *webhookPatchInput) (*webhookOutput, error) {
	if in.Body.URL != nil {
		if err := m.checkURL(*in.Body.URL); err != nil {
			return nil, err
		}
	}
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		s, err := m.lock(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		if err := web.CheckMatch(ctx, s.revisionText()); err != nil {
			return err
		}
		before := s.audited()
		if err := s.change(ctx, tx, in.Body); err != nil {
			return err
		}
		return s.audit(ctx, tx, before, s.audited())
	})
	if err != nil {
		return nil, err
	}
	m.wake.Signal()
	s, err := m.existing(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	w, err := m.show(s)
	return &webhookOutput{web.RevisionTag(s.revisionText()), w}, err
}

// change makes the changes of a patch.
func (s *subscription) change(ctx context.Context, tx *database.DB, p webhookPatch) error {
	if p.URL != nil {
		s.url = *p.URL
	}
	if p.Description != nil {
		s.description = *p.Description
	}
	if p.Kinds != nil {
		s.kinds = *p.Kinds
	}
	if p.Enabled != nil {
		s.enabled, s.disabledReason, s.pausedUntil = *p.Enabled, "", 0
		if s.enabled {
			s.failingSince = 0 // it gets a whole new chance
		}
	}
	_, err := tx.Exec(ctx, `UPDATE {q2ab_webhooks}
		SET url = ?, description = ?, kinds = ?, enabled = ?, disabled_reason = ?, paused_until = ?,
			failing_since = ?, revision = revision + 1, updated = ?
		WHERE id = ?`, s.url, s.description, stored(s.kinds), s.enabled, s.disabledReason, s.pausedUntil,
		s.failingSince, tx.Now(), s.id)
	if err != nil {
		return fmt.Errorf("change a webhook: %w", err)
	}
	return nil
}

// remove deletes a webhook. What was queued for it goes with the next clean-up, and is not sent.
func (m *Module) remove(ctx context.Context, in *WebhookPath) (*struct{}, error) {
	return nil, m.db.Tx(ctx, func(tx *database.DB) error {
		s, err := m.lock(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		if err := web.CheckMatch(ctx, s.revisionText()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_webhooks} WHERE id = ?", s.id); err != nil {
			return fmt.Errorf("delete a webhook: %w", err)
		}
		return s.audit(ctx, tx, s.audited(), nil)
	})
}

func (m *Module) rotate(ctx context.Context, in *rotateInput) (*issuedOutput, error) {
	overlap := byDefault
	if in.Body != nil && in.Body.OverlapHours != nil {
		overlap = *in.Body.OverlapHours
	}
	_, err := m.settings.Auth.Write(ctx, func(w *auth.Writer) (int, error) {
		s, err := m.lock(ctx, w.Tx, in.ID)
		if err != nil {
			return 0, err
		}
		if err := web.CheckMatch(ctx, s.revisionText()); err != nil {
			return 0, err
		}
		if err := m.setNewKeys(ctx, w.Tx, s, w.Tx.Now()+int64(overlap)*3600); err != nil {
			return 0, err
		}
		_, err = w.Tx.Exec(ctx,
			"UPDATE {q2ab_webhooks} SET revision = revision + 1, updated = ? WHERE id = ?", w.Tx.Now(), s.id)
		if err != nil {
			return 0, fmt.Errorf("rotate the secret of a webhook: %w", err)
		}
		return s.id, s.audit(ctx, w.Tx, nil, nil)
	})
	if err != nil {
		return nil, err
	}
	return m.issue(ctx, in.ID)
}
