// Package lambda is the triggers of a Cognito user pool as an AWS Lambda function: user migration and the check of sign-ups. It
// is the same application as the server, on the same database and settings; see .env.example.
//
// Build it with `-tags lambda.norpc`. Set MIGRATE_ON_START=false, so that a cold start has nothing to do but connect: Cognito
// waits for five seconds.
package lambda

import (
	"context"
	"encoding/json"
	"log/slog"

	awslambda "github.com/aws/aws-lambda-go/lambda"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/observe"
)

// Main handles the events of AWS Lambda until it ends the process; it returns an exit status if it cannot start. It takes
// no arguments; all programs' Main have them.
func Main([]string) int {
	app, err := open(context.Background())
	if err != nil {
		slog.Error("not started", "error", err)
		return 1
	}
	awslambda.Start(func(ctx context.Context, event json.RawMessage) (any, error) {
		return app.Auth.HandleTrigger(ctx, event)
	})
	return 0
}

func open(ctx context.Context) (*modules.App, error) {
	cfg, err := config.Load()
	if err != nil {
		return nil, err
	}
	// The process is never asked to end.
	if _, err := observe.Start(cfg.LogLevel, cfg.LogFormat, cfg.Tracing()); err != nil {
		return nil, err
	}
	return modules.New(ctx, cfg)
}
