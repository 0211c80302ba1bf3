package mail

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/mail/internal/sns"
	"38qa.net/backend/modules/mail/internal/undelivered"
)

type notificationInput struct {
	RawBody []byte `contentType:"text/plain"`
}

type notificationOutput struct{ Status int }

func (m *Module) registerNotifications(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "take-notification", Method: http.MethodPost, Path: "/v1/mail/notifications/sns",
		Tags: []string{"Site"}, Summary: "Bounces and complaints, as Amazon SNS sends them",
		Description: "For subscriptions of the configured topics (MAIL_SNS_TOPICS) by HTTPS, which it also " +
			"confirms. Messages have to be signed by SNS, not older than an hour, and are taken once. Where no " +
			"topics are configured, this is 404.",
		DefaultStatus: http.StatusNoContent, MaxBodyBytes: sns.MaxSize,
		Errors: []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict},
	}, m.takeNotification)
}

// takeNotification takes a message of SNS. Responses of 500 and more make SNS send it again.
func (m *Module) takeNotification(ctx context.Context, in *notificationInput) (*notificationOutput, error) {
	if m.sns == nil {
		return nil, problem.New(problem.CodeFeatureOff)
	}
	out := &notificationOutput{http.StatusNoContent}
	message, err := m.sns.Read(ctx, in.RawBody, time.Unix(m.db.Now(), 0))
	switch {
	case errors.Is(err, sns.ErrForm):
		return nil, problem.New(problem.CodeBadRequest)
	case refusedBySNS(err):
		slog.WarnContext(ctx, "a notification about mails is refused", "reason", err)
		return nil, problem.New(codeNotGenuine)
	case err != nil:
		slog.WarnContext(ctx, "a notification about mails could not be checked", "error", err)
		return nil, problem.New(problem.CodeUnavailable)
	}
	switch message.Type {
	case sns.SubscriptionConfirmation:
		return out, m.confirmSubscription(ctx, message)
	case sns.UnsubscribeConfirmation:
		return out, nil
	}
	reports, err := undelivered.ParseSES(message.Message)
	if err != nil {
		slog.WarnContext(ctx, "a notification about mails is not understood", "reason", err)
		return nil, problem.New(problem.CodeBadRequest)
	}
	return out, m.db.Tx(ctx, func(tx *database.DB) error {
		if err := takeOnce(ctx, tx, message.ID); err != nil {
			return err
		}
		for _, r := range reports {
			if err := m.record(ctx, tx, r.Address, r.Kind); err != nil {
				return err
			}
		}
		return nil
	})
}

// refusedBySNS reports whether the error means that a message is not to be trusted.
func refusedBySNS(err error) bool {
	return errors.Is(err, sns.ErrTopic) || errors.Is(err, sns.ErrTime) || errors.Is(err, sns.ErrSignature)
}

func (m *Module) confirmSubscription(ctx context.Context, message *sns.Message) error {
	err := m.sns.Confirm(ctx, message)
	switch {
	case refusedBySNS(err):
		return problem.New(codeNotGenuine)
	case err != nil:
		slog.WarnContext(ctx, "a subscription to notifications about mails is not confirmed", "error", err)
		return problem.New(problem.CodeUnavailable)
	}
	slog.InfoContext(ctx, "a subscription to notifications about mails is confirmed", "topic", message.TopicARN)
	return nil
}

// takeOnce notes that the message with the id is taken. It returns the problem notification_repeated if it
// was before. Ids are kept for longer than messages are taken after they were sent.
func takeOnce(ctx context.Context, tx *database.DB, id string) error {
	sum := sha256.Sum256([]byte(id))
	taken, err := tx.Exec(ctx, tx.InsertIgnore()+" {q2ab_mail_notifications} (id, at) VALUES (?, ?)",
		sum[:], tx.Now())
	if err != nil {
		return fmt.Errorf("note a notification: %w", err)
	}
	if taken == 0 {
		return problem.New(codeRepeated)
	}
	return nil
}
