// Package lambda is an AWS Lambda function that handles the triggers of a Cognito user pool: the
// migration of users and the check of sign-ups. It is the same application as the server, with the
// same database and settings; see .env.example.
//
// Build it with `-tags lambda.norpc`. Set MIGRATE_ON_START=false, so that a cold start only has to
// connect to the database: Cognito waits for five seconds.
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

// Main handles the events of AWS Lambda, which ends the process when it is done with it. It returns
// an exit status only if it cannot start. It ignores its arguments, which it has because the Main
// functions of all programs have the same signature.
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
