package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// function handles events by their kind.
type function struct {
	// api serves requests.
	api http.Handler
	// trigger handles an event of a Cognito user pool.
	trigger func(ctx context.Context, event json.RawMessage) (any, error)
	// work does what a server does in the background, until nothing is left that is due.
	work func(ctx context.Context) error
	// take takes in an upload that has arrived in the store, by its key.
	take func(ctx context.Context, key string) error
}

// shape has those fields of events by which their kinds differ.
type shape struct {
	TriggerSource  string `json:"triggerSource"`
	Source         string `json:"source"`
	RequestContext struct {
		ELB  json.RawMessage `json:"elb"`
		HTTP json.RawMessage `json:"http"`
	} `json:"requestContext"`
	Records []struct {
		EventSource string `json:"eventSource"`
	} `json:"Records"`
}

// handle handles one event of any kind. It returns an error for an event of no kind that it knows, and
// for one whose handling failed, which Lambda or the sender of the event then repeats.
func (f function) handle(ctx context.Context, event json.RawMessage) (any, error) {
	var s shape
	if err := json.Unmarshal(event, &s); err != nil {
		return nil, fmt.Errorf("the event is no JSON object: %w", err)
	}
	switch {
	case s.TriggerSource != "":
		return f.trigger(ctx, event)
	case s.RequestContext.ELB != nil:
		return serve(ctx, f.api, event, requestOfALB, responseForALB)
	case s.RequestContext.HTTP != nil:
		return serve(ctx, f.api, event, requestOfGateway, responseForGateway)
	case s.Source == "aws.events" || s.Source == "aws.scheduler":
		return nil, f.workOff(ctx)
	case len(s.Records) > 0 && s.Records[0].EventSource == "aws:s3":
		return nil, f.arrived(ctx, event)
	}
	return nil, errors.New("the event is of no known kind: " +
		"neither a request of an ALB, an HTTP API or a function URL, " +
		"nor a trigger of Cognito, a scheduled event or a notification of S3")
}

// parting is how long before Lambda ends the process the work ends, so that what is under way can be given
// back, and the next call goes on with it at once.
const parting = 5 * time.Second

// workOff does what is due, for as long as Lambda lets it. What is left is no failure.
func (f function) workOff(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-parting))
		defer cancel()
	}
	err := f.work(ctx)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		slog.InfoContext(ctx, "the time is over; the next call goes on")
		return nil
	}
	return err
}

// arrived takes in the uploads that a notification of S3 names. One that fails does not keep the others
// from being taken in.
func (f function) arrived(ctx context.Context, event json.RawMessage) error {
	var notification events.S3Event
	if err := json.Unmarshal(event, &notification); err != nil {
		return fmt.Errorf("a notification of S3: %w", err)
	}
	var failures []error
	for _, r := range notification.Records {
		key, err := url.QueryUnescape(r.S3.Object.Key) // S3 encodes keys as forms do
		if err == nil {
			err = f.take(ctx, key)
		}
		if err != nil {
			slog.ErrorContext(ctx, "an upload is not taken in", "key", r.S3.Object.Key, "error", err)
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}
